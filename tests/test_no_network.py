"""Nothing of a search asks the network: no signal, no reading of text, no question that is read."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont

from tests.conftest import Limn

# Loaded by every Python process that has its folder in PYTHONPATH.
NO_NETWORK = """
import os, socket

def refused(name):
    def refuse(*arguments, **keywords):
        with open(os.environ["ASKED"], "a") as file:
            file.write(f"{name} {arguments[1:] or arguments}\\n")
        raise OSError("the network is shut")
    return refuse

socket.socket.connect = refused("connect")
socket.socket.connect_ex = refused("connect_ex")
socket.getaddrinfo = refused("getaddrinfo")
"""

QUESTIONS = (
    ("a red wall",),
    ("Mallorca 2019",),
    ("invoice",),
    ("the wall without people last summer, canon",),
    ("红色的墙",),
    ("wall", "--minus", "red"),
    ("wall", "--sort", "-date"),
    ("--where", "text ~ invoice"),
)


@pytest.fixture
def shut(tmp_path: Path) -> dict[str, str]:
    """Return the environment of a process whose sockets lead nowhere."""
    (tmp_path / "shut").mkdir()
    (tmp_path / "shut" / "sitecustomize.py").write_text(NO_NETWORK)
    environment = {"PYTHONPATH": str(tmp_path / "shut"), "ASKED": str(tmp_path / "asked.txt")}
    code = "import socket; socket.getaddrinfo('localhost', 80)"
    done = subprocess.run([sys.executable, "-c", code], env={**os.environ, **environment})
    assert done.returncode and Path(environment["ASKED"]).exists(), "what asks is seen"
    Path(environment["ASKED"]).unlink()
    return environment


def test_indexing_reading_and_searching_open_no_socket(
    limn: Limn, tmp_path: Path, shut: dict[str, str]
) -> None:
    pytest.importorskip("rapidocr")
    album = tmp_path / "Mallorca 2019"
    album.mkdir()
    for colour in ("red", "blue", "green"):
        Image.new("RGB", (96, 64), colour).save(album / f"{colour}.jpg")
    page = Image.new("RGB", (480, 160), "white")
    ImageDraw.Draw(page).text((40, 50), "INVOICE 4711", "black", ImageFont.load_default(40))
    page.save(album / "page.png")
    (album / "captions.csv").write_text("image,caption\nred.jpg,a red wall\n", "utf-8")
    limn("index", album, "-c", "trips", "--encoder", "builtin", LIMN_READ_TEXT="off", **shut)
    limn("read", "trips", "--every", **shut)
    for question in QUESTIONS:
        hits = json.loads(limn("search", *question, "--json", **shut).stdout)
        assert isinstance(hits, list), question
    found = json.loads(limn("search", "invoice 4711", "--json", **shut).stdout)
    assert Path(found[0]["path"]).name == "page.png"
    assert not Path(shut["ASKED"]).exists(), Path(shut["ASKED"]).read_text()
