"""Messages as patterns: a text that was made of one is found again, to be said in Chinese."""

import re
from collections.abc import Iterable
from typing import Any

Patterns = tuple[tuple[str, re.Pattern[str]], ...]


def patterns_of(messages: Iterable[Any]) -> Patterns:
    """Return each message as it is looked up, and what a text of it looks like."""
    texts = [str(each._args[0]) for each in messages]
    return tuple(
        (text, re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(text)), re.DOTALL))
        for text in texts
    )
