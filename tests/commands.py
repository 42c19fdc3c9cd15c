"""The command line of the installed program."""

import sys
from collections.abc import Sequence
from pathlib import Path


def limn_command(arguments: Sequence[str | Path]) -> list[str]:
    """Return the command of the installed program, as a shell would find it."""
    return [str(Path(sys.executable).with_name("limn")), *map(str, arguments)]
