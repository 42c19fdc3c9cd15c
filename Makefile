# make demo    index the demo pictures, answer three queries, serve the page
# make setup   make the environment to work on Limn
# make dev     serve the demo's data; restart when a file of Limn changes
# make quick   the checks that need no service, in about a minute
# make check   every check, in the environment that is there
# make bundle  bundle the page's scripts and stylesheets, after a change or a merge of them
# make test    make setup, then make check

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
PICTURES ?=
UPGRADE ?=

# One process for each core, which takes up to 2 GB.
PYTEST := $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadfile
# npm writes it after an installation.
NODE_MODULES := node_modules/.package-lock.json

# The demo has a catalog of its own, apart from the one in your home.
demo dev: export LIMN_DATA_DIR ?= $(CURDIR)/.limn-demo

.PHONY: demo before-demo setup dev bundle test check quick lint scripts contracts format lock licences clean

demo: before-demo $(VENV)/.limn
	$(BIN)/limn demo $(if $(PICTURES),"$(PICTURES)")
	$(BIN)/limn serve --port $(PORT)

# Check the port and the folder first: either would end the demo after minutes.
before-demo:
	@$(PYTHON) indexer/demo/before.py "$(PORT)" "$(PICTURES)"

setup: $(VENV)/.test

dev: setup
	$(BIN)/limn serve --reload --port $(PORT)

test: setup
	$(MAKE) check

check: lint scripts contracts
	$(BIN)/mypy
	$(PYTEST)

quick: lint contracts
	$(PYTEST) -m "not slow and not browser and not postgres and not gpu"

lint:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

contracts:
	$(BIN)/lint-imports

# What an installation serves in place of web/static; it has no Node.js.
bundle: $(NODE_MODULES)
	npm run --silent bundle

# The scripts of the page, and whether the bundle is of them.
scripts:
	@if command -v npm >/dev/null && node -e 'process.exit(+(process.versions.node.split(".")[0] < 20))'; \
	then $(MAKE) --no-print-directory $(NODE_MODULES) && npm run --silent check; \
	else echo "skipped: the checks of the page's scripts need npm of Node.js 20 or newer"; fi

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	if command -v npm >/dev/null; then $(MAKE) $(NODE_MODULES) && npm run --silent format; fi

# The versions that are tested. UPGRADE=--upgrade takes the newest of all, UPGRADE="-P torch" of one.
lock: setup
	$(BIN)/uv pip compile pyproject.toml --universal --all-extras --python-version 3.11 \
		--no-annotate --custom-compile-command "make lock" --quiet $(UPGRADE) --output-file constraints.txt

# The table of docs/licences.md; the tests check it.
licences:
	$(BIN)/python docs/licences.py

clean:
	rm -rf $(VENV) .limn-demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache node_modules

# Without LIMN_GPU=1 FAISS and onnxruntime are those for CPUs.
$(VENV)/.limn: pyproject.toml setup.py $(wildcard requirements/*.txt) | $(BIN)/python
	@echo "installing Limn into $(VENV): some 400 MB"
	$(BIN)/pip install --quiet --editable .
	touch $@

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Limn needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@echo "making the environment $(VENV)"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.test: constraints.txt pyproject.toml setup.py $(wildcard requirements/*.txt) | $(BIN)/python
	@echo "installing Limn with all its extras and the tests' tools into $(VENV): some GB, and minutes"
	$(BIN)/pip install --constraint constraints.txt --editable ".[test]"
	touch $@

$(NODE_MODULES): package.json package-lock.json
	npm ci --silent --no-fund --no-audit
	touch $@
