"""Installing Limn: what each extra brings, and a wheel in an empty environment."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

from search.errors import BadSetting
from search.packages.installing import BUILDS, check_one_build

ROOT = Path(__file__).parents[1]
UV = str(Path(sys.executable).with_name("uv"))

EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"][
    "optional-dependencies"
]
WITH_TORCH = {"all", "clip", "test", "train"}

MAX_ENVIRONMENT_BYTES = 500_000_000


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of what decides the dependencies: a build writes them next to its sources."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("pyproject.toml", "setup.py", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    return folder


def resolve(project: Path, extras: tuple[str, ...], **environment: str) -> set[str]:
    """Return the names of all packages that an installation with these extras takes."""
    chosen = [argument for extra in extras for argument in ("--extra", extra)]
    done = subprocess.run(
        [UV, "pip", "compile", "pyproject.toml", *chosen, "--no-annotate", "--no-header"],
        cwd=project,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(re.findall(r"^([\w.-]+)(?:\[.*?\])?==", done.stdout, re.MULTILINE))


@pytest.mark.parametrize("gpu", ["0", "1"])
@pytest.mark.parametrize("extras", [(), *((extra,) for extra in EXTRAS)], ids=str)
def test_each_extra_brings_one_build_of_each_library_and_torch_only_where_wanted(
    registry: None, project: Path, extras: tuple[str, ...], gpu: str
) -> None:
    names = resolve(project, extras, LIMN_GPU=gpu)
    for module, builds in BUILDS.items():
        assert len(names & set(builds)) == 1, (module, names & set(builds))
    assert ("onnxruntime-gpu" in names) == (gpu == "1")
    assert ("torch" in names) == bool(set(extras) & WITH_TORCH)
    if gpu == "0" and "torch" not in names:
        assert not [name for name in names if name.startswith(("nvidia", "cuda", "triton"))]


@pytest.fixture
def wheel(registry: None, tmp_path: Path) -> Path:
    """Build the wheel from a copy of the sources, as git lists them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file() and not name.startswith(("tests/", "benchmarks/")):
            (tmp_path / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tmp_path / "source" / name)
    run(UV, "build", "--quiet", "--wheel", "--out-dir", "dist", "source", cwd=tmp_path)
    [file] = (tmp_path / "dist").glob("*.whl")
    return file


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**kept, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


@pytest.fixture
def limn_alone(wheel: Path, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """Install the wheel into an empty environment, and return its folder and variables."""
    environment = tmp_path / "environment"
    run(UV, "venv", "--quiet", "--python", sys.executable, str(environment), cwd=tmp_path)
    python = str(environment / "bin" / "python")
    run(UV, "pip", "install", "--quiet", "--python", python, str(wheel), cwd=tmp_path)
    paths = os.pathsep.join((str(environment / "bin"), str(Path(UV).parent), os.environ["PATH"]))
    return environment, {"PATH": paths, "LIMN_DATA_DIR": str(tmp_path / "data")}


def test_a_wheel_alone_indexes_searches_and_serves_and_names_what_is_missing(
    limn_alone: tuple[Path, dict[str, str]], tmp_path: Path
) -> None:
    environment, variables = limn_alone
    limn = str(environment / "bin" / "limn")
    size_bytes = sum(
        file.lstat().st_size for file in environment.rglob("*") if not file.is_symlink()
    )
    assert size_bytes < MAX_ENVIRONMENT_BYTES
    assert not list(environment.glob("lib/*/site-packages/torch"))

    demo = run(limn, "demo", cwd=tmp_path, **variables)
    assert re.search(r"^  1 .*chelsea.png", demo.stdout, re.MULTILINE), demo.stdout
    again = run(limn, "search", "湖边的宝塔", "-k", "1", cwd=tmp_path, **variables)
    assert "china.jpg" in again.stdout
    assert "builtin" in run(limn, "encoders", cwd=tmp_path, **variables).stdout
    answered = serve_and_fetch(limn, tmp_path, variables)
    assert "Limn" in answered

    for command in (
        ("index", ".", "-c", "clip", "-e", "open_clip:ViT-B-32/openai"),
        ("export", "-e", "open_clip:ViT-B-32/openai", "--out", "pair"),
    ):
        missing = subprocess.run(
            [limn, *command], cwd=tmp_path, env={**os.environ, **variables}, capture_output=True
        )
        assert missing.returncode == 1
        assert b"uv pip install" in missing.stderr and b'"limn-search[clip]"' in missing.stderr
        assert b"Traceback" not in missing.stderr


def serve_and_fetch(limn: str, folder: Path, variables: dict[str, str]) -> str:
    """Start a server, fetch its page, and end it."""
    command = [limn, "serve", "--port", "0"]
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **variables}, stderr=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stderr is not None
            for line in server.stderr:
                if found := re.search(r"http://[\d.:]+", line):
                    with urllib.request.urlopen(f"{found[0]}/?q=cat", timeout=60) as answer:
                        return str(answer.read().decode())
        finally:
            server.terminate()
    pytest.fail("the server ended")


def test_two_builds_of_one_library_are_refused_with_the_commands_that_leave_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("faiss-cpu", "faiss-gpu"):
        facts = tmp_path / f"{name.replace('-', '_')}-1.15.1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.15.1\n")
    check_one_build.cache_clear()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadSetting, match="faiss-cpu and faiss-gpu are both") as refusal:
        check_one_build("faiss")
    assert re.search(
        r"uninstall.* faiss-cpu faiss-gpu && .*install.*\"faiss-gpu\"", str(refusal.value)
    )
    check_one_build.cache_clear()


def test_the_image_is_made_of_files_that_are_there() -> None:
    """Hold the Dockerfile to the sources: no container runs where the tests do."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    needed = ("pyproject.toml", "setup.py", "requirements", "README.md", "LICENSE", "search", "web")
    assert all((ROOT / name).exists() and name not in ignored for name in needed)
    assert "USER limn" in text and "/healthz" in text
    assert {"serve", "--host", "--port"} <= set(re.findall(r'"([\w-]+)"', text))
