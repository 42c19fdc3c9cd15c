"""The command line of the installed program."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def limn_command(arguments: Sequence[str | Path]) -> list[str]:
    """Return the command of the installed program, as a shell would find it."""
    return [str(Path(sys.executable).with_name("limn")), *map(str, arguments)]


def on_terminal(arguments: Sequence[str | Path], environment: Mapping[str, str]) -> str:
    """Run the command on a terminal, and return the words that it writes there."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        limn_command(arguments), env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        said = b""
        while True:
            try:
                part = os.read(ours, 65_536)
            except OSError:  # the terminal's end
                break
            if not part:
                break
            said += part
    os.close(ours)
    assert process.returncode == 0
    return " ".join(said.decode().split())
