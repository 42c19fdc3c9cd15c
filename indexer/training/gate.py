"""The gate that all trainings share: a result is installed only where its recall is no worse."""

from search.errors import LimnError, Message


class NotInstalled(LimnError):
    """A training result has lower held-out recall than the weights that it started from."""


def check_gate(*, worse: bool, anyway: bool, refusal: Message) -> None:
    """Accept a training's result where it is no `worse`, or wanted `anyway`.

    Raises:
        NotInstalled: it is neither; `refusal` gives the reason, and what to try.
    """
    if worse and not anyway:
        raise NotInstalled(refusal)
