"""A run's metrics for people: a line of JSON an epoch, and the curves of losses and recall."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from search.errors import StorageFailed
from search.files.atomic_file import write_atomic

METRICS = "metrics.jsonl"
CURVES = "curves.png"


def write_metrics(records: Sequence[dict[str, Any]], folder: Path) -> None:
    """Rewrite the file with all epochs, so that it matches the checkpoint.

    Raises:
        StorageFailed: the file can't be written.
    """
    lines = "".join(json.dumps(record) + "\n" for record in records)
    try:
        write_atomic(folder / METRICS, lines.encode())
    except OSError as error:
        raise _unwritable(folder / METRICS, error) from error


def draw_curves(records: Sequence[dict[str, Any]], folder: Path) -> bool:
    """Draw curves.png: losses at the left, held-out recall at the right; False without matplotlib.

    Raises:
        StorageFailed: the file can't be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axes, kind, scale, title in zip(
        figure.subplots(1, 2),
        ("losses", "recall"),
        (1, 100),
        ("losses", "held-out recall, %"),
        strict=True,
    ):
        for name in records[-1][kind]:
            points = [record for record in records if name in record[kind]]
            axes.plot(
                [record["epoch"] for record in points],
                [scale * record[kind][name] for record in points],
                "k-o" if name == "mean" else "-",
                label=name,
            )
        axes.set(title=title, xlabel="epoch")
        axes.legend(fontsize="small")
    try:
        figure.savefig(folder / CURVES)
    except OSError as error:
        raise _unwritable(folder / CURVES, error) from error
    return True


def _unwritable(file: Path, error: OSError) -> StorageFailed:
    return StorageFailed(
        "curves-unwritable", "can't write {file!r}: {error}", file=str(file), error=error
    )
