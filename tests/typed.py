"""The command line within the tests' own process, for tests with many commands."""

import signal
from collections.abc import Callable, Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from search.cli import main

Typed = Callable[..., Result]


@pytest.fixture
def typed(tmp_path: Path) -> Iterator[Typed]:
    """Run a command in the test's folder: `typed("search", "red", code=0)`."""
    handlers = {each: signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)}

    def run(*arguments: str | Path, code: int = 0, **more: str) -> Result:
        environment = {"LIMN_DATA_DIR": str(tmp_path / "data"), "LIMN_ENCODER": "tiny", **more}
        with chdir(tmp_path):
            words = list(map(str, arguments))
            done = CliRunner().invoke(main, words, env=environment, prog_name="limn")
        assert isinstance(done.exception, SystemExit | None), repr(done.exception)
        assert done.exit_code == code, f"exit {done.exit_code}\n{done.output}"
        return done

    yield run
    for each, handler in handlers.items():
        signal.signal(each, handler)
