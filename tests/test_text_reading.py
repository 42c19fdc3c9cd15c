"""Reading the text in pictures: stray letters, crashes, hangs, and the recogniser itself."""

import os
import socket
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from indexer.processes.channel import ChildEnd
from indexer.text_reading.lines import MAX_CHARACTERS, MAX_LINES, useful_lines
from indexer.text_reading.outcomes import NotReadable, ReadText, TextTask
from indexer.text_reading.reader_process import ReaderProcess, ReadersFailed
from indexer.text_reading.recogniser import Recogniser, check_installed, is_installed
from indexer.text_reading.run import ReadingOptions, read_text
from search.catalog.catalog import Catalog
from search.errors import BadSetting
from search.pictures import Limits, content_hash
from search.records import TextLine
from tests.tiny_index import run_index

needs_ocr = pytest.mark.skipif(not is_installed(), reason="the extra ocr is not installed")

BOX = (0.1, 0.1, 0.4, 0.2)


def texts(*lines: tuple[str, float]) -> list[str]:
    useful = useful_lines([TextLine(text, confidence, BOX) for text, confidence in lines])
    return [line.text for line in useful]


def test_stray_letters_are_no_text() -> None:
    assert texts(("l", 0.9), ("7", 0.97)) == []
    assert texts(("-~", 0.99), ("  ", 0.99)) == []
    assert texts(("VI", 0.6), ("|||", 0.99)) == []
    assert texts(("EXIT", 0.98), ("x", 0.6)) == ["EXIT"]
    assert texts(("出口", 0.95)) == ["出口"]


def test_long_text_is_cut_at_whole_lines_and_words() -> None:
    many = texts(*[(f"line {number}", 0.9) for number in range(10_000)])
    assert len(many) == MAX_LINES
    assert many[0] == "line 0"
    long = texts(("word " * 400, 0.9))
    assert long == [" ".join(["word"] * 200)]
    assert sum(map(len, texts(*[("x" * 900, 0.9)] * 100))) <= MAX_CHARACTERS


def crash_at_bad(end: socket.socket, _limits: Limits) -> None:
    """Answer tasks, end at a file named crash.png, and hang at one named hang.png."""
    channel = ChildEnd(end)
    channel.send(None)
    while True:
        task = channel.receive()
        if task.path.name == "crash.png":
            os._exit(1)
        if task.path.name == "hang.png":
            time.sleep(600)
        channel.send(ReadText((TextLine(task.path.name, 0.9, BOX),)))


def end_at_once(_end: socket.socket, _limits: Limits) -> None:
    """End before having started."""


@pytest.mark.slow
def test_a_crash_or_a_hang_costs_one_picture() -> None:
    with ReaderProcess(Limits(), silent_s=1.0, target=crash_at_bad) as reader:
        codes = []
        for name in ("a.png", "crash.png", "b.png", "hang.png", "c.png"):
            outcome = reader.read(TextTask(Path(name), b""))
            match outcome:
                case ReadText():
                    codes.append(outcome.lines[0].text)
                case NotReadable():
                    codes.append(outcome.detail.code)
    assert codes == ["a.png", "text-reading-crashed", "b.png", "text-reading-timed-out", "c.png"]


@pytest.mark.slow
def test_a_process_that_never_starts_is_an_error() -> None:
    with (
        ReaderProcess(Limits(), target=end_at_once) as reader,
        pytest.raises(ReadersFailed, match="ended before they had started"),
    ):
        reader.read(TextTask(Path("a.png"), b""))


def test_a_missing_package_is_an_error_that_says_what_to_install() -> None:
    with pytest.raises(BadSetting, match=r"\[ocr\]"):
        check_installed("no_such_package")


def draw(path: Path, *lines: str, turn: int = 0) -> Path:
    """Write a page with these lines, turned by so many degrees."""
    font = ImageFont.load_default(size=32)
    image = Image.new("RGB", (560, 120 + 70 * len(lines)), "white")
    for number, text in enumerate(lines):
        ImageDraw.Draw(image).text((40, 50 + 70 * number), text, fill="black", font=font)
    image.rotate(turn, expand=True).save(path)
    return path


@needs_ocr
@pytest.mark.slow
@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_page_is_read_at_any_quarter_turn(tmp_path: Path, turn: int) -> None:
    page = draw(tmp_path / "page.png", "Invoice 4711 paid", "Riverside Clinic", turn=turn)
    with Image.open(page) as image:
        lines = Recogniser().read(np.asarray(image.convert("RGB")))
    words = " ".join(line.text for line in lines).replace(" ", "").casefold()
    assert "invoice4711paid" in words
    assert "riversideclinic" in words
    [first] = [line for line in lines if "4711" in line.text]
    left, top, right, bottom = first.box
    assert (right - left > bottom - top) == (turn % 180 == 0)
    assert {0: top < 0.45, 90: left < 0.45, 180: bottom > 0.55, 270: right > 0.55}[turn]


@needs_ocr
@pytest.mark.slow
def test_pictures_are_read_once_and_failures_are_recorded(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    draw(folder / "page.png", "Invoice 4711 paid")
    Image.new("RGB", (96, 64), "red").save(folder / "red.png")
    draw(folder / "gone.png", "Platform 7")
    draw(folder / "empty.png", "Platform 8")
    run_index(catalog, folder)
    (folder / "gone.png").unlink()
    (folder / "empty.png").write_bytes(b"")
    collection = catalog.collections.one("colours")
    for options, counts in (
        (ReadingOptions(), (4, 1, 1, 2)),
        (ReadingOptions(), (1, 0, 0, 1)),  # the file that is not there may come back
        (ReadingOptions(retry=True), (2, 0, 0, 2)),
    ):
        result = read_text(catalog, collection, readers=1, limits=Limits(), options=options).counts
        assert (result.found, result.added, result.unchanged, result.failed) == counts
    [(path, _)] = catalog.text.failures(collection)
    assert path.name == "empty.png"


@needs_ocr
@pytest.mark.slow
def test_reading_opens_no_socket(tmp_path: Path) -> None:
    page = draw(tmp_path / "page.png", "Invoice 4711")
    with ReaderProcess(Limits(), target=serve_without_network) as reader:
        outcome = reader.read(TextTask(page, content_hash(page)))
    assert isinstance(outcome, ReadText)
    assert "4711" in outcome.lines[0].text


def serve_without_network(end: socket.socket, limits: Limits) -> None:
    """Serve as the real child does, where any use of the network ends the process.

    urllib3, which rapidocr imports, binds a port of this machine to see if it has IPv6.
    """
    import sys

    from indexer.text_reading.reader_process import serve

    def refuse(event: str, _arguments: object) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            os._exit(3)

    sys.addaudithook(refuse)
    serve(end, limits)
