"""Numbers of things in sentences: one picture, but two pictures."""


def amount(number: int, one: str, many: str | None = None) -> str:
    """Return a number with the noun, or the clause, that fits it.

    >>> amount(1, "picture"), amount(1200, "picture"), amount(0, "job was run", "jobs were run")
    ('1 picture', '1,200 pictures', '0 jobs were run')
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"
