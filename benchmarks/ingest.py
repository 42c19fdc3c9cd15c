"""How fast pictures become searchable, against the two limits of the same run; ratios to stdout.

python -m benchmarks.ingest PHOTOGRAPHS [--encoder builtin] [--rescan 100000]

The photographs are made into 500-pixel, 2-megapixel and 12-megapixel JPEGs first. `end to end` is
files on disk to committed rows and a store level with them; `decode` and `encode` are its two
stages, each alone with all cores. Where both compute on the same cores no pipeline can pass
`shared`, which is 1 / (1 / decode + 1 / encode); with a GPU the limit is the slower of the two.
"""

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from indexer.decoders import Decoders
from indexer.decoding import Decoded, Work
from indexer.pipeline import ENCODE_BATCH, index
from indexer.plan import Plan
from indexer.sources import NOTHING_HASH, found_in
from indexer.sources.folder import Folder
from search.bootstrap import open_engine
from search.encoders import Encoder, open_encoder
from search.pictures import Limits, read_picture
from search.records import (
    Collection,
    Counts,
    EmbeddedCaptions,
    EmbeddedPicture,
    FileState,
    PictureFacts,
)
from search.settings import Settings

SIZES = {"500 px": (500, 375), "2 MP": (1600, 1200), "12 MP": (4000, 3000)}


class Silent:
    """Watches a run and says nothing."""

    def planned(self, plan: Plan) -> None: ...

    def advanced(self, counts: Counts, at: str) -> None: ...


def make_jpegs(
    photographs: Sequence[Path], folder: Path, size: tuple[int, int], count: int
) -> Path:
    """Real photographs, upscaled and encoded again; each file differs from the others."""
    folder.mkdir(parents=True)
    data: list[bytes] = []
    for path in photographs[: min(count, 200)]:
        written = io.BytesIO()
        picture = Image.open(path).convert("RGB").resize(size, Image.Resampling.BICUBIC)
        picture.save(written, "JPEG", quality=90)
        data.append(written.getvalue())
    for number in range(count):
        # A comment behind the first marker makes every file's content its own.
        comment = f"{number}".encode()
        segment = b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment
        jpeg = data[number % len(data)]
        (folder / f"{number}.jpg").write_bytes(jpeg[:2] + segment + jpeg[2:])
    return folder


def decode_rate(encoder: Encoder, folder: Path, workers: int) -> float:
    """Pictures a second of decoding alone, workers started already."""
    work = [Work(item) for item in found_in(Folder(folder))]
    with Decoders(workers, encoder.preparation, Limits()) as decoders:
        list(decoders.run(work[: 16 * workers]))
        began = time.perf_counter()
        outcomes = list(decoders.run(work))
        took_s = time.perf_counter() - began
    assert all(isinstance(each, Decoded) for each in outcomes)
    return len(work) / took_s


def encode_rate(encoder: Encoder, count: int) -> float:
    """Pictures a second of encoding alone, all cores."""
    shape = (ENCODE_BATCH, encoder.preparation.height_px, encoder.preparation.width_px, 3)
    batch = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    encoder.encode_pixels(batch)
    batches = max(1, count // ENCODE_BATCH)
    began = time.perf_counter()
    for _ in range(batches):
        encoder.encode_pixels(batch)
    return batches * ENCODE_BATCH / (time.perf_counter() - began)


@contextmanager
def timed_writes(catalog: Any) -> Iterator[list[float]]:
    """Gather the time that storing takes."""
    taken: list[float] = []
    store = catalog.store_pictures

    def timed(collection: Collection, batch: Sequence[EmbeddedPicture]) -> tuple[int, int]:
        began = time.perf_counter()
        counts: tuple[int, int] = store(collection, batch)
        taken.append(time.perf_counter() - began)
        return counts

    catalog.store_pictures = timed
    yield taken
    catalog.store_pictures = store


def measure_pipeline(settings: Settings, encoder: Encoder, name: str, folder: Path) -> None:
    """One size of picture: end to end against its limits."""
    count = len(found_in(Folder(folder)))
    with open_engine(settings) as engine, timed_writes(engine.catalog) as writes:
        began = time.perf_counter()
        collection, counts = index(
            engine.catalog,
            f"bench {encoder.space.encoder[:9]} {name}",
            [Folder(folder)],
            encoder,
            workers=settings.workers,
            limits=engine.limits,
            progress=Silent(),
        )
        engine.store(collection)
        took_s = time.perf_counter() - began
    assert counts.added == count, counts
    whole = count / took_s
    decode, encode = decode_rate(encoder, folder, settings.workers), encode_rate(encoder, count)
    slower, shared = min(decode, encode), 1 / (1 / decode + 1 / encode)
    print(
        f"{encoder.space.encoder:>12.12} {name:>7} {count:>6,} files  end to end {whole:7.1f}/s  "
        f"decode {decode:7.1f}/s  encode {encode:7.1f}/s  of the slower {whole / slower:.2f}  "
        f"of shared {whole / shared:.2f}  SQL {sum(writes) / took_s:.1%} of the run",
        flush=True,
    )


def measure_decoding(photographs: Sequence[Path], encoder: Encoder, scratch: Path) -> None:
    """The decoder that is used against opening, converting and resizing by Pillow, on one core."""
    for name in ("2 MP", "12 MP"):
        folder = make_jpegs(photographs, scratch / f"decode {name}", SIZES[name], 24)
        data = [path.read_bytes() for path in sorted(folder.iterdir())]
        side_px = encoder.preparation.width_px

        def exact(each: bytes) -> Any:
            return encoder.preparation.pixels(read_picture(each)[0])

        def fast(each: bytes, side_px: int = side_px) -> Any:
            return encoder.preparation.pixels(read_picture(each, target_px=side_px)[0])

        def plain(each: bytes) -> Any:
            return encoder.preparation.pixels(Image.open(io.BytesIO(each)).convert("RGB"))

        rates = [_rate(each, data) for each in (plain, exact, fast)]
        ours, theirs = (
            encoder.encode_pixels(np.stack([each(one) for one in data])) for each in (fast, plain)
        )
        cosines = np.sort((ours * theirs).sum(axis=1))
        print(
            f"decode {name}: plain Pillow {rates[0]:.1f}/s, exact {rates[1]:.1f}/s, "
            f"ours {rates[2]:.1f}/s with facts and checks, {rates[2] / rates[0]:.1f} times plain; "
            f"embedding cosine to plain: median {np.median(cosines):.4f}, worst {cosines[0]:.4f}",
            flush=True,
        )


def _rate(work: Callable[[bytes], Any], data: Sequence[bytes]) -> float:
    """Pieces a second of one core: its own time is counted, whatever else the machine does."""
    work(data[0])
    began = time.process_time()
    for each in data:
        work(each)
    return len(data) / (time.process_time() - began)


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
        collection = engine.catalog.open_collection("rescan", tiny.space)
        for start in range(0, count, 5000):
            states = [
                FileState(each.path, each.size_bytes, each.mtime_ns, b"h" * 32, NOTHING_HASH)
                for each in items[start : start + 5000]
            ]
            facts = PictureFacts("JPEG", 32, 32)
            engine.catalog.store_pictures(
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--encoder", action="append", help="may be given several times")
    parser.add_argument("--files", type=int, default=1500, help="of 500 pixels; a tenth of 12 MP")
    parser.add_argument(
        "--rescan", type=int, default=0, help="files of the rescan; 0 leaves it out"
    )
    parser.add_argument("--no-decode", action="store_true", help="leave the decoders out")
    asked = parser.parse_args()
    photographs = [item.path for item in found_in(Folder(asked.photographs))]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        settings = replace(Settings.from_environment(), data_dir=scratch, database=scratch / "db")
        for spec in asked.encoder or ["builtin"]:
            encoder = open_encoder(spec, settings.device)
            if not asked.no_decode:
                measure_decoding(photographs, encoder, scratch / spec.replace("/", "_"))
            for size, count in (("500 px", asked.files), ("12 MP", max(16, asked.files // 10))):
                folder = scratch / f"{size} {count}"
                if not folder.exists():
                    make_jpegs(photographs, folder, SIZES[size], count)
                measure_pipeline(settings, encoder, size, folder)
        if asked.rescan:
            measure_rescan(settings, photographs[0], scratch, asked.rescan)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        f"memory: {peak_kib / 2**20:.2f} GiB here, {workers_kib / 2**20:.2f} GiB a worker at most"
    )


if __name__ == "__main__":
    main()
