"""The gate that all trainings share: a result is installed only where it finds no less."""

from search.errors import LimnError


class NotInstalled(LimnError):
    """A training's result that finds what was held out worse than what it came from."""


def check_gate(*, worse: bool, anyway: bool, refusal: str) -> None:
    """Let a training's result be installed where it is no `worse`, or wanted `anyway`.

    Raises:
        NotInstalled: it is neither; `refusal` says why, and what to try.
    """
    if worse and not anyway:
        raise NotInstalled(refusal)
