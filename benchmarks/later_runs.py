"""What a collection costs after its first run: a rescan of unchanged files, a folder followed."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.rates import Silent
from indexer.indexing.pipeline import index
from indexer.sources import NOTHING_HASH, found_in
from indexer.sources.folder import Folder
from search.bootstrap import open_engine
from search.catalog.records import EmbeddedCaptions, EmbeddedPicture, FileState
from search.encoders import open_encoder
from search.records import PictureFacts
from search.settings import Settings


def measure_rescan(settings: Settings, photograph: Path, scratch: Path, count: int) -> None:
    """A run over files that did not change, a thousand a folder.

    They are links to a few small files, and their rows are written without decoding them.
    """
    tiny = open_encoder("tiny")
    folder = scratch / "many"
    for number in range(count):
        path = folder / f"{number // 1000:04}" / f"{number}.jpg"
        if number % 1000 == 0:  # file systems bound the links to one file
            path.parent.mkdir(parents=True)
            Image.open(photograph).convert("RGB").resize((32, 32)).save(path)
            source = path
        else:
            path.hardlink_to(source)
    items = found_in(Folder(folder))
    vector = tiny.encode_texts(["rescan"])[0]
    none = EmbeddedCaptions((), np.zeros((0, len(vector)), np.float32))
    with open_engine(settings) as engine:
        collection = engine.catalog.collections.open("rescan", tiny.space)
        for start in range(0, count, 5000):
            states = [
                FileState(each.path, each.size_bytes, each.mtime_ns, b"h" * 32, NOTHING_HASH)
                for each in items[start : start + 5000]
            ]
            facts = PictureFacts("JPEG", 32, 32)
            engine.catalog.writer.store(
                collection, [EmbeddedPicture(state, facts, vector, none) for state in states]
            )
        began, cpu_began = time.perf_counter(), time.process_time()
        _, counts = index(
            engine.catalog,
            "rescan",
            [Folder(folder)],
            tiny,
            workers=settings.workers,
            limits=engine.limits,
            progress=Silent(),
        )
        took_s, cpu_s = time.perf_counter() - began, time.process_time() - cpu_began
    assert counts.unchanged == count, counts
    print(f"rescan: {count:,} unchanged files in {took_s:.2f} s, {cpu_s:.2f} s of one core")


def measure_watch(photographs: Sequence[Path], scratch: Path, count: int = 10) -> None:
    """From a new file's last write to the line that tells it is searchable, file by file."""
    folder = scratch / "watched"
    folder.mkdir()
    shutil.copy(photographs[0], folder)
    environment = {**os.environ, "LIMN_DATA_DIR": str(scratch / "watch"), "LIMN_ENCODER": "builtin"}
    command = [str(Path(sys.executable).with_name("limn")), "index", str(folder), "--watch"]
    taken: list[float] = []
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        while "watching" not in process.stderr.readline():
            pass
        for photograph in photographs[1 : count + 1]:
            shutil.copy(photograph, folder)
            began = time.perf_counter()
            assert "1 added" in process.stdout.readline()
            taken.append(time.perf_counter() - began)
        process.terminate()
    print(
        f"watch: searchable after {np.median(taken):.2f} s, {max(taken):.2f} s at most of {count}"
    )
