"""Times encoders beside one another: pictures a second, and milliseconds for one text query.

python -m benchmarks.encoder [--repeats 7] [--threads 1] [--decoders 2]

open_clip's weights are random ones, since speed does not depend on their values; it needs
`pip install ".[train]"`. The repeats are interleaved, so that whatever else the machine does meets
every contestant, and the ratios are taken within a repeat. On a machine that others use too,
--threads 1 is the fairer comparison: torch's threads wait for one another, and suffer most.
"""

import argparse
import io
import multiprocessing
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import open_clip
import torch
from PIL import Image

from indexer.exporting.export import export
from indexer.training.builtin.export import RawPictureTower
from indexer.training.builtin.load import load_pair
from search.encoders import Encoder, open_encoder
from search.encoders.onnx_pair.builtin import FOLDER, open_builtin
from search.encoders.onnx_pair.exported import open_onnx
from search.encoders.openclip.weights import quiet
from search.encoders.preparation import Preparation

QUERIES = (
    "dog",
    "red car",
    "two people on a bench",
    "a dog runs on the beach",
    "children playing football in the snow",
    "a man in a red shirt climbs a steep rock face",
    "sunset over the mountains",
    "an old wooden boat at the shore of a quiet lake",
    "street at night",
    "a woman with a yellow umbrella walks through the rain in the city",
)

KINDS = ("pictures", "pictures a CPU second", "text")

HEADINGS = ("pictures/s", "pictures/CPU second", "ms for one text")

FLOORS = (
    *((kind, "builtin", "builtin's towers in torch", 2.0) for kind in KINDS[:2]),
    *((kind, "builtin", "open_clip", 8.0) for kind in KINDS[:2]),
    *((kind, "onnx int8", "open_clip", 1.5) for kind in KINDS[:2]),
    ("text", "onnx float32", "open_clip", 2.0),
    ("text", "onnx int8", "open_clip", 2.0),
)
"""What, how many times faster, than what, at least."""

LONGEST_TEXT_MS = 10.0
"""Of builtin."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """What is timed: `pictures` embeds them all, `text` one query."""

    name: str
    pictures: Callable[[], object]
    text: Callable[[str], object]


def of_limn(name: str, encoder: Encoder, count: int) -> Contestant:
    """Return an encoder as the engine and the indexer call it."""
    pixels = noise(encoder.preparation, count)
    return Contestant(
        name, lambda: encoder.encode_pixels(pixels), lambda text: encoder.encode_texts([text])
    )


def noise(preparation: Preparation, count: int) -> Any:
    """Random pixels."""
    shape = (count, preparation.height_px, preparation.width_px, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def builtin_in_torch(count: int) -> Contestant:
    """Return the shipped weights in the towers that they were trained in, eager, in float32."""
    start = load_pair(FOLDER)
    raw, texts, tokenizer = RawPictureTower(start.pair.pictures), start.pair.texts, start.tokenizer
    pixels = torch.from_numpy(noise(open_builtin().preparation, count))
    raw.eval()

    def pictures() -> object:
        with torch.inference_mode():
            return [raw(part)[0].numpy() for part in pixels.split(32)]

    def text(query: str) -> object:
        with torch.inference_mode():
            return texts(torch.tensor([tokenizer.encode(query).ids])).numpy()

    return Contestant("builtin's towers in torch", pictures, text)


def openclip_itself(architecture: str, checkpoint: Path, count: int) -> Contestant:
    """open_clip as its README shows it: eager, float32, every text at its whole context."""
    model = open_clip.create_model(architecture, pretrained=str(checkpoint)).eval()
    tokenizer = open_clip.get_tokenizer(architecture)
    size = model.visual.image_size
    side = size if isinstance(size, int) else size[0]
    batch = torch.rand(count, 3, side, side)

    def pictures() -> object:
        with torch.inference_mode():
            return [model.encode_image(part, normalize=True).numpy() for part in batch.split(32)]

    def text(query: str) -> object:
        with torch.inference_mode():
            return model.encode_text(tokenizer([query]), normalize=True).numpy()

    return Contestant("open_clip", pictures, text)


def contestants(architecture: str, count: int, threads: int, scratch: Path) -> list[Contestant]:
    """Everything that is timed; the exports are made here, and their cosines printed."""
    torch.manual_seed(0)
    checkpoint = scratch / f"{architecture}.pt"
    with quiet():
        model = open_clip.create_model(architecture, load_weights=False, pretrained_text=False)
        torch.save(model.state_dict(), checkpoint)
        found = [
            of_limn("builtin", open_builtin(threads=threads), count),
            builtin_in_torch(count),
            openclip_itself(architecture, checkpoint, count),
        ]
    spec = f"open_clip:{architecture}@{checkpoint}"
    found.append(of_limn("open_clip in Limn", open_encoder(spec, "cpu"), count))
    for precision in ("float32", "int8"):
        done = export(spec, scratch / precision, precision)
        cosines = ", ".join(f"{tower}s {cosine:.5f}" for tower, cosine in done.cosines.items())
        print(f"onnx {precision}: {done.size_bytes / 1e6:.0f} MB, lowest cosine: {cosines}")
        opened = open_onnx(done.encoder.space.encoder, threads)
        found.append(of_limn(f"onnx {precision}", opened, count))
    return found


def took_s(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a call takes: by the clock, and of all cores together."""
    began, began_cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - began_cpu


def timed(
    found: Sequence[Contestant], count: int, repeats: int
) -> dict[str, dict[str, list[float]]]:
    """Pictures a second, the same a CPU second, and milliseconds a text: one value a repeat."""
    values: dict[str, dict[str, list[float]]] = {
        each.name: {kind: [] for kind in KINDS} for each in found
    }
    for repeat in range(repeats + 1):
        for each in found:
            clock_s, cpu_s = took_s(each.pictures)
            texts_s = [took_s(partial(each.text, query))[0] for query in QUERIES]
            figures = (count / clock_s, count / cpu_s, 1000 * statistics.median(texts_s))
            if repeat:  # the first warms up
                for kind, figure in zip(KINDS, figures, strict=True):
                    values[each.name][kind].append(figure)
    return values


def decode_for_ever(photograph: bytes) -> None:
    """Do what a decoder of an index run does, again and again."""
    while True:
        with Image.open(io.BytesIO(photograph)) as opened:
            opened.convert("RGB").resize((224, 224))


@contextmanager
def decoders(count: int) -> Iterator[None]:
    """Run processes that decode during the block, as in an index run."""
    photograph = io.BytesIO()
    grain = np.random.default_rng(0).integers(0, 256, (75, 100, 3), np.uint8)
    Image.fromarray(grain).resize((1600, 1200)).save(photograph, "JPEG")
    context = multiprocessing.get_context("spawn")
    started = [
        context.Process(target=decode_for_ever, args=(photograph.getvalue(),), daemon=True)
        for _ in range(count)
    ]
    for process in started:
        process.start()
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.join()


def report(values: dict[str, dict[str, list[float]]]) -> None:
    """Print medians with their spread, and every floor with what was found."""
    print(f"\n{'':26}" + "".join(f"{heading:>26}" for heading in HEADINGS))
    for name, by_kind in values.items():
        cells = [
            f"{statistics.median(each):8.1f} ({min(each):.1f} to {max(each):.1f})"
            for each in by_kind.values()
        ]
        print(f"{name:26}" + "".join(f"{cell:>26}" for cell in cells))
    print()
    for kind, fast, slow, floor in FLOORS:
        pairs = zip(values[fast][kind], values[slow][kind], strict=True)
        ratios = [b / a if kind == "text" else a / b for a, b in pairs]
        ratio = statistics.median(ratios)
        verdict = "reached" if ratio >= floor else "MISSED"
        print(
            f"{kind}: {fast} is {ratio:.2f} times as fast as {slow} "
            f"({min(ratios):.2f} to {max(ratios):.2f}); floor {floor:g}: {verdict}"
        )
    text_ms = statistics.median(values["builtin"]["text"])
    verdict = "reached" if text_ms <= LONGEST_TEXT_MS else "MISSED"
    print(f"text: builtin takes {text_ms:.1f} ms; at most {LONGEST_TEXT_MS:g}: {verdict}")


def main() -> None:
    """Print the table of the contestants that the arguments choose."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--architecture", default="ViT-B-32")
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--pictures", type=int, default=32)
    parser.add_argument("--decoders", type=int, default=0, help="processes that decode meanwhile")
    parser.add_argument("--threads", type=int, default=0, help="of each contestant; 0: one a core")
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {torch.get_num_threads()} threads, "
        f"torch {torch.__version__}, onnxruntime {onnxruntime.__version__}, "
        f"{asked.architecture} with random weights, {asked.decoders} decoders beside"
    )
    with tempfile.TemporaryDirectory() as scratch:
        found = contestants(asked.architecture, asked.pictures, asked.threads, Path(scratch))
        with decoders(asked.decoders):
            values = timed(found, asked.pictures, asked.repeats)
        report(values)


if __name__ == "__main__":
    main()
