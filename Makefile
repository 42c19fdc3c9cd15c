# make demo   index the demo pictures, answer three queries, serve the page
# make test   every check, in an environment of its own

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PORT ?= 8000
PICTURES ?=

# The demo keeps its catalog here, apart from the one in your home.
demo: export LIMN_DATA_DIR ?= $(CURDIR)/.limn-demo

.PHONY: demo before-demo test check format licences clean

demo: before-demo $(VENV)/.demo
	$(BIN)/limn demo $(if $(PICTURES),"$(PICTURES)")
	$(BIN)/limn serve --port $(PORT)

# What would end the demo after minutes is told first.
before-demo:
	@$(PYTHON) indexer/demo/before.py "$(PORT)" "$(PICTURES)"

test: $(VENV)/.test
	$(MAKE) check

check:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest

format:
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The table of docs/licences.md; the tests check it.
licences:
	$(BIN)/python docs/licences.py

clean:
	rm -rf $(VENV) .limn-demo build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Limn needs Python 3.11 or newer; name one: make PYTHON=python3.12")'
	@echo "making the environment $(VENV)"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.%: pyproject.toml | $(BIN)/python
	@echo "installing Limn with its extra $* into $(VENV): the first time some GB, and minutes"
	$(BIN)/pip install --editable ".[$*]"
	touch $@
