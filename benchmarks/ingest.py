"""How fast pictures become searchable, against the two limits of the same run; ratios to stdout.

python -m benchmarks.ingest PHOTOGRAPHS [--encoder builtin] [--rescan 100000] [--watch]
                                        [--peers PYTHON]

The photographs are made into 500-pixel, 2-megapixel and 12-megapixel JPEGs first. `end to end` is
files on disk to committed rows and a store level with them; `decode` and `encode` are its two
stages, each alone with all cores. Where both compute on the same cores no pipeline can pass
`shared`, which is 1 / (1 / decode + 1 / encode); with a GPU the limit is the slower of the two.
PYTHON is that of an environment with clip-retrieval and rclip.
"""

import argparse
import io
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.later_runs import measure_rescan, measure_watch
from benchmarks.memory import PeakMemory
from benchmarks.rates import Rates, Silent, decode_rate, encode_rate, timed
from indexer.indexing.pipeline import index
from indexer.sources import found_in
from indexer.sources.folder import FolderSource
from search.bootstrap import open_engine
from search.catalog.records import EmbeddedPicture
from search.encoders import Encoder, open_encoder
from search.pictures import read_picture
from search.records import Collection
from search.settings import Settings

# Pictures of the encoder's own limit: it takes the same time for each.
ENCODED_AT_MOST = 1024

SIZES = {"500 px": (500, 375), "2 MP": (1600, 1200), "12 MP": (4000, 3000)}


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


@contextmanager
def timed_writes(catalog: Any) -> Iterator[list[float]]:
    """Gather the time that storing takes."""
    taken: list[float] = []
    store = catalog.writer.store

    def timed(collection: Collection, batch: Sequence[EmbeddedPicture]) -> tuple[int, int]:
        began = time.perf_counter()
        counts: tuple[int, int] = store(collection, batch)
        taken.append(time.perf_counter() - began)
        return counts

    catalog.writer.store = timed
    yield taken
    catalog.writer.store = store


def measure_pipeline(settings: Settings, encoder: Encoder, name: str, folder: Path) -> Rates:
    """One size of picture: end to end against its limits."""
    count = len(found_in(FolderSource(folder)))
    with (
        open_engine(settings) as engine,
        timed_writes(engine.catalog) as writes,
        PeakMemory() as memory,
        timed(count) as whole,
    ):
        collection, counts = index(
            engine.catalog,
            f"bench {len(engine.catalog.collections.all())}",
            [FolderSource(folder)],
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
        f"{Path(encoder.space.encoder).name:>8} {name:>7} {count:>6,} files  "
        f"end to end {rates.whole.clock:7.1f}/s  decode {rates.decode.clock:7.1f}/s  "
        f"encode {rates.encode.clock:7.1f}/s  of the slower {rates.whole.of(rates.slower)}  "
        f"of shared {rates.whole.of(rates.shared)}  "
        f"SQL {sum(writes) * rates.whole.clock / count:.1%} of the run  "
        f"memory of all processes {memory.gib:.2f} GiB",
        flush=True,
    )
    return rates


def measure_peers(settings: Settings, python: Path, folders: Mapping[str, Path]) -> None:
    """Limn and others on the same files with the same encoder, one after the other."""
    from benchmarks.peers import peer_rate, peers

    with tempfile.TemporaryDirectory() as scratch:
        measured: dict[tuple[str, str], Rates] = {}
        for peer in peers(Path(scratch)):
            for name, folder in folders.items():
                whole, decode = (peer_rate(python, peer, folder, each) for each in (False, True))
                print(f"{peer.name} {name}: {whole:.1f}/s, decode and prepare {decode:.1f}/s")
                for spec in peer.ours:
                    if (spec, name) not in measured:
                        encoder = open_encoder(spec, settings.device)
                        measured[spec, name] = measure_pipeline(settings, encoder, name, folder)
                    ours = measured[spec, name]
                    print(
                        f"  {spec.split(':')[0]} {Path(spec).name}: "
                        f"Limn does {ours.whole.clock / whole:.2f} times as many, "
                        f"decodes and prepares {ours.decode.clock / decode:.2f} times as many",
                        flush=True,
                    )


def measure_decoding(photographs: Sequence[Path], encoder: Encoder, scratch: Path) -> None:
    """Time the decoder against Pillow's opening, converting and resizing, on one core."""
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


def main() -> None:
    """Print the rates of the encoders that the arguments choose."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photographs", type=Path)
    parser.add_argument("--encoder", action="append", help="may be given several times")
    parser.add_argument("--files", type=int, default=6000, help="of 500 pixels; a fifth of 12 MP")
    parser.add_argument("--no-large", action="store_true", help="leave the 12 MP out")
    parser.add_argument(
        "--rescan", type=int, default=0, help="files of the rescan; 0 leaves it out"
    )
    parser.add_argument("--peers", type=Path, metavar="PYTHON", help="compare with other programs")
    parser.add_argument("--watch", action="store_true", help="time files that are added later")
    parser.add_argument("--no-decode", action="store_true", help="leave the decoders out")
    asked = parser.parse_args()
    photographs = [item.path for item in found_in(FolderSource(asked.photographs))]
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        settings = replace(Settings.from_environment(), data_dir=scratch, database=scratch / "db")
        folders = {
            size: make_jpegs(photographs, scratch / size, SIZES[size], max(16, count))
            for size, count in (("500 px", asked.files), ("12 MP", asked.files // 5))
            if size == "500 px" or not asked.no_large
        }
        for spec in asked.encoder or ([] if asked.peers else ["builtin"]):
            encoder = open_encoder(spec, settings.device)
            if not asked.no_decode:
                measure_decoding(photographs, encoder, scratch / spec.replace("/", "_"))
            for size, folder in folders.items():
                measure_pipeline(settings, encoder, size, folder)
        if asked.peers:
            measure_peers(settings, asked.peers, folders)
        if asked.watch:
            measure_watch(photographs, scratch)
        if asked.rescan:
            measure_rescan(settings, photographs[0], scratch, asked.rescan)


if __name__ == "__main__":
    main()
