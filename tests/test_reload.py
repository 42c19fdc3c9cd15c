"""The command `limn serve --reload`: a change restarts the server, and Ctrl-C stops it cleanly."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.commands import limn_command

ROOT = Path(__file__).parents[1]
PATIENCE_S = 30.0


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy the packages, so that a test may change a file."""
    folder = tmp_path_factory.mktemp("code")
    ignored = shutil.ignore_patterns("*.onnx", "*.npz", "__pycache__")
    for package in ("search", "web", "migrations", "indexer"):
        shutil.copytree(ROOT / package, folder / package, ignore=ignored)
    return folder


@contextmanager
def reloading(
    environment: Mapping[str, str], code: Path, *options: str
) -> Iterator[subprocess.Popen[str]]:
    """Start `limn serve --reload` from the copied packages; kill remaining processes at the end."""
    process = subprocess.Popen(
        limn_command(["serve", "--reload", *options]),
        env={**environment, "PYTHONPATH": str(code)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        for each in [*children(process.pid), process.pid]:
            if process.poll() is None:
                os.kill(each, signal.SIGKILL)
        process.communicate()


def children(pid: int) -> list[int]:
    """Return the child processes of a process, where the system lists them."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(each) for each in listed.read_text().split()] if listed.exists() else []


def line_with(process: subprocess.Popen[str], pattern: str) -> str:
    """Return the first group of the next line on stderr that matches."""
    assert process.stderr is not None
    passed = []
    for line in process.stderr:
        if found := re.search(pattern, line):
            return found[1]
        passed.append(line)
    pytest.fail(f"no line matches {pattern!r} in {passed}")


def test_a_change_restarts_the_server_and_ctrl_c_ends_it(
    code: Path, limn_environment: dict[str, str]
) -> None:
    with reloading(limn_environment, code, "--port", "0", "--no-worker") as process:
        first = line_with(process, r"(http://\S+/)")
        (code / "web" / "notes.txt").write_text("no file that the server reads")
        (code / "web" / "new.py").write_text("")
        assert line_with(process, r"(\S+) has changed; restarting") == str(code / "web" / "new.py")
        second = line_with(process, r"(http://\S+/)")
        with urlopen(f"{second}healthz", timeout=PATIENCE_S) as answer:
            assert answer.status == 200
        port = int(first.rstrip("/").rpartition(":")[2])
        with closing(socket.socket()) as probe:
            assert first == second or probe.connect_ex(("127.0.0.1", port)) != 0
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == "Limn has ended.\n"


def test_a_server_that_cannot_start_waits_for_a_change(
    code: Path, limn_environment: dict[str, str], tmp_path: Path
) -> None:
    broken = code / "web" / "server" / "http_server.py"
    whole = broken.read_text()
    broken.write_text("raise ImportError('half written')\n")
    try:
        with reloading(limn_environment, code, "--port", "0", "--no-worker") as process:
            told = r"the server has ended with exit code (\d+); it starts again after a change"
            assert line_with(process, told) == "1"
            broken.write_text(whole)
            assert line_with(process, r"(http://\S+/)")
            process.terminate()
            assert process.wait(PATIENCE_S) == 0
    finally:
        broken.write_text(whole)


def test_a_wrong_command_line_ends_it(code: Path, limn_environment: dict[str, str]) -> None:
    with reloading(limn_environment, code, "--host", "192.0.2.1", "--port", "0") as process:
        assert process.wait(PATIENCE_S) == 2


def test_without_watchfiles_the_line_that_installs_it_is_shown(
    limn_environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "watchfiles.py").write_text("raise ImportError('not here')\n")
    done = subprocess.run(
        limn_command(["serve", "--reload"]),
        env={**limn_environment, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
    )
    assert done.returncode == 2
    assert "--reload needs watchfiles" in done.stderr and "[sources]" in done.stderr
