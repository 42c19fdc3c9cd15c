"""Walks of two requests through the rooms: which functions of the packages a warm call enters.

A walk is the list of the rooms of all functions, in each thread in the order of their first call
from each caller. Every change of room is a stay. Comprehensions and lambdas do not count.
"""

import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points
from itertools import groupby
from pathlib import Path
from types import FrameType
from typing import Any

from click.testing import CliRunner
from PIL import Image

from benchmarks.structure.sources import PACKAGES, ROOT

COLOURS = ("red", "green", "blue", "yellow", "black", "white")


Function = tuple[str, str, int]  # its file, qualified name and first line


@dataclass(frozen=True)
class Walk:
    """The stays of a call in its rooms, in order."""

    stays: tuple[str, ...]

    @property
    def rooms(self) -> list[str]:
        """The rooms of the walk, by name."""
        return sorted(set(self.stays))


def record_walk(call: Callable[[], object]) -> Walk:
    """Call once and record the walk of each thread that the call starts, one after the other."""
    rooms: dict[threading.Thread, list[str]] = {}
    steps: set[tuple[Function | None, Function]] = set()

    def on_event(frame: FrameType, event: str, _: Any) -> None:
        room = _room_of(*_function(frame)) if event == "call" else None
        if room is None:
            return
        step = (_caller(frame), _function(frame))
        if step not in steps:
            steps.add(step)
            rooms.setdefault(threading.current_thread(), []).append(room)

    threading.setprofile(on_event)
    sys.setprofile(on_event)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)
    return Walk(tuple(room for thread in rooms.values() for room, _ in groupby(thread)))


def _caller(frame: FrameType) -> Function | None:
    """Return the nearest function of the packages that waits for this one, past any library."""
    caller = frame.f_back
    while caller is not None and _room_of(*_function(caller)) is None:
        caller = caller.f_back
    return _function(caller) if caller else None


def _function(frame: FrameType) -> Function:
    """Return the function of a frame; code objects of two files may be equal."""
    return frame.f_code.co_filename, frame.f_code.co_qualname, frame.f_code.co_firstlineno


@cache
def _room_of(filename: str, qualname: str, _line: int) -> str | None:
    """Return the room of a function, such as `search.engine`; None outside the packages."""
    path = Path(filename)
    if qualname.endswith(">") or not path.is_relative_to(ROOT):
        return None
    package, *below = path.relative_to(ROOT).parts
    return f"{package}.{below[0].removesuffix('.py')}" if package in PACKAGES else None


def index_and_answer_walks() -> dict[str, Walk]:
    """Index six pictures with `tiny`, then search them; return the walk of each, when warm.

    The database of the walk exists before: to create it runs every migration, once in its life.
    """
    with tempfile.TemporaryDirectory(prefix="limn-structure-") as name:
        folder = Path(name)
        pictures = _pictures(folder / "pictures")
        with _environment(folder / "cold"):
            _index(pictures)
        with _environment(folder / "warm"):
            _make_database()
            index = record_walk(lambda: _index(pictures))
            answer = _answer_walk()
    return {"answer": answer, "index": index}


def _answer_walk() -> Walk:
    from search import Query, TextTerm, open_engine, parse_filter

    query = Query((TextTerm("a red wall"),), where=parse_filter("width > 50"))
    with open_engine() as engine:
        if len(engine.answer(query).hits) != len(COLOURS):
            raise RuntimeError("the search that is walked must find all six pictures")
        return record_walk(lambda: engine.answer(query))


def _make_database() -> None:
    from search import open_engine

    with open_engine():
        pass


def _index(pictures: Path) -> None:
    [command] = [point for point in entry_points(group="limn.commands") if point.name == "index"]
    done = CliRunner().invoke(command.load(), [str(pictures)])
    if done.exit_code:
        raise RuntimeError(f"limn index ended with {done.exit_code}: {done.output}")


def _pictures(folder: Path) -> Path:
    folder.mkdir()
    rows = ["image,caption"]
    for colour in COLOURS:
        Image.new("RGB", (96, 64), colour).save(folder / f"{colour}.jpg")
        rows.append(f"{colour}.jpg,a {colour} wall")
    (folder / "captions.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


@contextmanager
def _environment(data_dir: Path) -> Iterator[None]:
    """Set the environment of a new user, and restore it and the signal handlers on exit."""
    former = dict(os.environ)
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for name in [name for name in os.environ if name.startswith("LIMN_")]:
        del os.environ[name]
    os.environ.update(LIMN_DATA_DIR=str(data_dir), LIMN_ENCODER="tiny", LIMN_READ_TEXT="off")
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(former)
        for number, handler in handlers.items():
            signal.signal(number, handler)
