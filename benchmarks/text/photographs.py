"""The photographs of training splits, which measurements may be fitted on."""

import csv
from collections.abc import Iterable
from pathlib import Path


def training_photographs(tables: Iterable[Path]) -> list[Path]:
    """Return the files that captions tables name, but for rows of another split, each once."""
    files: dict[Path, None] = {}
    for table in tables:
        with table.open(encoding="utf-8", newline="") as stream:
            for row in csv.DictReader(stream):
                if row.get("split", "train") == "train":
                    files[table.parent / "images" / row["image"]] = None
    return list(files)
