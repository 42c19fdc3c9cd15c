"""Tables, Parquet and Arrow files with pictures in a column: rows by number, other columns."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

from search.errors import BadPicture
from search.packages.installing import install_extra
from search.pictures.containers.members import check_length
from search.pictures.faults import absent

# Rows that are decoded at a time: few, because a row may have megabytes.
BATCH_ROWS = 64


class PictureTable:
    """An open table. A picture's name is its column and its row's number from 0: image/17."""

    def __init__(self, path: Path) -> None:
        try:
            import pyarrow
        except ImportError as error:
            raise BadPicture(
                "unsupported",
                "picture-package-missing-table",
                "Parquet and Arrow files are read with pyarrow: {install}",
                install=install_extra("sources"),
            ) from error
        self.errors: tuple[type[Exception], ...] = (pyarrow.ArrowException, OSError)
        try:
            self._file = _ParquetFile(path) if path.suffix == ".parquet" else _ArrowFile(path)
        except self.errors as error:
            raise _damage_error(error) from error

    @property
    def schema(self) -> Any:
        """Return the pyarrow.Schema."""
        return self._file.schema

    @property
    def count(self) -> int:
        """Return the number of rows in the table."""
        return int(self._file.count)

    def rows(self, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield the rows of these columns in order; raise BadPicture for a damaged table."""
        try:
            for batch in self._file.batches(columns):
                yield from batch.to_pylist()
        except self.errors as error:
            raise _damage_error(error) from error

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the bytes of a cell, which may be a struct with a field `bytes`."""
        column, _, number = name.rpartition("/")
        if not number.isdecimal() or column not in self._file.schema.names:
            raise absent(name)
        try:
            value = self._file.cell(column, int(number))
        except self.errors as error:
            raise _damage_error(error) from error
        if isinstance(value, dict):  # as the datasets library stores a picture
            value = value.get("bytes")
        if not isinstance(value, bytes):
            raise BadPicture(
                "empty file",
                "picture-cell-empty",
                "the column {column!r} has no picture in row {number}",
                column=column,
                number=number,
            )
        check_length(len(value), name, most_bytes)
        return value

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _ParquetFile:
    """A reader of one column of one row group at a time, forward: workers read in order."""

    def __init__(self, path: Path) -> None:
        from pyarrow.parquet import ParquetFile

        self._file = ParquetFile(path, memory_map=True)
        self.schema = self._file.schema_arrow
        metadata = self._file.metadata
        sizes = [metadata.row_group(group).num_rows for group in range(metadata.num_row_groups)]
        self._starts = [0, *accumulate(sizes)]
        self.count = self._starts[-1]
        self._at: tuple[str, int] | None = None
        self._next = 0
        self._start = 0
        self._batch: Any = None
        self._batches: Iterator[Any] = iter(())

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        yield from self._file.iter_batches(batch_size=1024, columns=list(columns))

    def cell(self, column: str, row: int) -> Any:
        group = bisect_right(self._starts, row) - 1
        if group >= len(self._starts) - 1:
            raise absent(f"{column}/{row}")
        if self._at != (column, group) or row < self._start:
            self._at = (column, group)
            self._batches = self._file.iter_batches(
                batch_size=BATCH_ROWS, row_groups=[group], columns=[column]
            )
            self._next = self._starts[group]
        while self._next <= row:
            self._batch = next(self._batches)
            self._start = self._next
            self._next += self._batch.num_rows
        return self._batch.column(0)[row - self._start].as_py()

    def close(self) -> None:
        self._file.close()


class _ArrowFile:
    """A file mapped into memory, which takes none until a row is read."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa

        self._map = pa.memory_map(str(path))
        try:
            reader = pa.ipc.open_file(self._map)
            self._batches = [
                reader.get_batch(number) for number in range(reader.num_record_batches)
            ]
        except pa.ArrowInvalid:
            self._map.seek(0)
            reader = pa.ipc.open_stream(self._map)  # as the datasets library writes
            self._batches = list(reader)
        self.schema = reader.schema
        self._starts = [0, *accumulate(batch.num_rows for batch in self._batches)]
        self.count = self._starts[-1]

    def batches(self, columns: Sequence[str]) -> Iterator[Any]:
        for batch in self._batches:
            yield batch.select(list(columns))

    def cell(self, column: str, row: int) -> Any:
        place = bisect_right(self._starts, row) - 1
        if place >= len(self._batches):
            raise absent(f"{column}/{row}")
        return self._batches[place].column(column)[row - self._starts[place]].as_py()

    def close(self) -> None:
        self._batches = []
        self._map.close()


def _damage_error(error: BaseException) -> BadPicture:
    return BadPicture(
        "truncated",
        "picture-table-damaged",
        "the table is damaged or ends early: {error}",
        error=error,
    )
