"""How fast pictures become searchable, against the two limits of the same run; ratios to stdout.

python -m benchmarks.ingest PHOTOGRAPHS [--encoder builtin] [--rescan 100000] [--peers PYTHON]

The photographs are made into 500-pixel, 2-megapixel and 12-megapixel JPEGs first. `end to end` is
files on disk to committed rows and a store level with them; `decode` and `encode` are its two
stages, each alone with all cores. Where both compute on the same cores no pipeline can pass
`shared`, which is 1 / (1 / decode + 1 / encode); with a GPU the limit is the slower of the two.
PYTHON is that of an environment with clip-retrieval and rclip.
"""

import argparse
import io
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
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

# Pictures of the encoder's own limit: it takes the same time for each.
ENCODED_AT_MOST = 1024

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


@dataclass(frozen=True, slots=True)
class Rate:
    """Pictures a second by the clock, and a second of one core, whoever else uses the machine."""

    clock: float
    cpu: float

    def of(self, other: "Rate") -> str:
        """The share that this is of another, both ways."""
        return f"{self.clock / other.clock:.2f} ({self.cpu / other.cpu:.2f} by CPU time)"


@dataclass(frozen=True, slots=True)
class Rates:
    """End to end, and the two stages alone, all cores each."""

    whole: Rate
    decode: Rate
    encode: Rate

    @property
    def slower(self) -> Rate:
        return min(self.decode, self.encode, key=lambda rate: rate.clock)

    @property
    def shared(self) -> Rate:
        """What no pipeline can pass whose stages compute on the same cores."""
        clock, cpu = (
            1 / (1 / decode + 1 / encode)
            for decode, encode in (
                (self.decode.clock, self.encode.clock),
                (self.decode.cpu, self.encode.cpu),
            )
        )
        return Rate(clock, cpu)


@contextmanager
def timed(count: int) -> Iterator[list[Rate]]:
    """The rate of what is done inside, with the processes that it started and ended."""
    rates: list[Rate] = []
    began, cpu_began = time.perf_counter(), _cpu_s()
    yield rates
    rates.append(
        Rate(count / (time.perf_counter() - began), count / max(1e-9, _cpu_s() - cpu_began))
    )


def _cpu_s() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def decode_rate(encoder: Encoder, folder: Path, workers: int) -> Rate:
    """Decoding alone; by the clock, workers have started already."""
    work = [Work(item) for item in found_in(Folder(folder))]
    first = 16 * workers
    with (
        timed(first + len(work)) as both,
        Decoders(workers, encoder.preparation, Limits()) as decoders,
    ):
        list(decoders.run(work[:first]))
        began = time.perf_counter()
        outcomes = list(decoders.run(work))
        took_s = time.perf_counter() - began
    assert all(isinstance(each, Decoded) for each in outcomes)
    return Rate(len(work) / took_s, both[0].cpu)


def encode_rate(encoder: Encoder, count: int) -> Rate:
    """Encoding alone, of pictures that are in memory."""
    shape = (ENCODE_BATCH, encoder.preparation.height_px, encoder.preparation.width_px, 3)
    batch = np.random.default_rng(1).integers(0, 256, shape, dtype=np.uint8)
    encoder.encode_pixels(batch)
    batches = max(1, count // ENCODE_BATCH)
    with timed(batches * ENCODE_BATCH) as rates:
        for _ in range(batches):
            encoder.encode_pixels(batch)
    return rates[0]


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


def measure_pipeline(settings: Settings, encoder: Encoder, name: str, folder: Path) -> Rates:
    """One size of picture: end to end against its limits."""
    count = len(found_in(Folder(folder)))
    with (
        open_engine(settings) as engine,
        timed_writes(engine.catalog) as writes,
        timed(count) as whole,
    ):
        collection, counts = index(
            engine.catalog,
            f"bench {encoder.space.id[:20]} {name}",
            [Folder(folder)],
            encoder,
            workers=settings.workers,
            limits=engine.limits,
            progress=Silent(),
        )
        engine.store(collection)
    assert counts.added == count, counts
    rates = Rates(
        whole[0],
        decode_rate(encoder, folder, settings.workers),
        encode_rate(encoder, min(count, ENCODED_AT_MOST)),
    )
    print(
        f"{encoder.space.encoder:>12.12} {name:>7} {count:>6,} files  "
        f"end to end {rates.whole.clock:7.1f}/s  decode {rates.decode.clock:7.1f}/s  "
        f"encode {rates.encode.clock:7.1f}/s  of the slower {rates.whole.of(rates.slower)}  "
        f"of shared {rates.whole.of(rates.shared)}  "
        f"SQL {sum(writes) * rates.whole.clock / count:.1%} of the run",
        flush=True,
    )
    return rates


def measure_peers(settings: Settings, python: Path, folders: Mapping[str, Path]) -> None:
    """Limn and others on the same files with the same encoder, one after the other."""
    from benchmarks.peers import peer_rate, peers

    with tempfile.TemporaryDirectory() as scratch:
        for peer in peers(Path(scratch)):
            encoder = open_encoder(peer.ours, settings.device)
            for name, folder in folders.items():
                ours = measure_pipeline(settings, encoder, name, folder)
                whole, decode = (peer_rate(python, peer, folder, each) for each in (False, True))
                print(
                    f"{peer.name} {name}: {whole:.1f}/s, of which Limn does "
                    f"{ours.whole.clock / whole:.2f} times; decode and prepare {decode:.1f}/s, "
                    f"{ours.decode.clock / decode:.2f} times",
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
    parser.add_argument("--files", type=int, default=6000, help="of 500 pixels; a fifth of 12 MP")
    parser.add_argument(
        "--rescan", type=int, default=0, help="files of the rescan; 0 leaves it out"
    )
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="compare with other programs")
    parser.add_argument("--no-decode", action="store_true", help="leave the decoders out")
    asked = parser.parse_args()
    photographs = [item.path for item in found_in(Folder(asked.photographs))]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        settings = replace(Settings.from_environment(), data_dir=scratch, database=scratch / "db")
        folders = {
            size: make_jpegs(photographs, scratch / size, SIZES[size], max(16, count))
            for size, count in (("500 px", asked.files), ("12 MP", asked.files // 5))
        }
        for spec in asked.encoder or ([] if asked.peers else ["builtin"]):
            encoder = open_encoder(spec, settings.device)
            if not asked.no_decode:
                measure_decoding(photographs, encoder, scratch / spec.replace("/", "_"))
            for size, folder in folders.items():
                measure_pipeline(settings, encoder, size, folder)
        if asked.peers:
            measure_peers(settings, asked.peers, folders)
        if asked.rescan:
            measure_rescan(settings, photographs[0], scratch, asked.rescan)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    workers_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(
        f"memory: {peak_kib / 2**20:.2f} GiB here, {workers_kib / 2**20:.2f} GiB a worker at most"
    )


if __name__ == "__main__":
    main()
