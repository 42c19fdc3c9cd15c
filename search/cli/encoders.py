"""`limn encoders`: the command line of the inventory and of downloads."""

import json
import shutil
import textwrap
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
from msgspec import to_builtins
from PIL import Image

from search.catalog.catalog import open_catalog
from search.catalog.jobs import Job
from search.documents.from_encoders import pairs_document
from search.encoders import EncoderInfo
from search.encoders.hub_pair.short_names import CHECKED, SHORT_NAMES, ShortName
from search.encoders.inventory import known_encoders
from search.errors import BadPicture, LimnError
from search.packages.editions import in_words
from search.records import Collection
from search.settings import Settings
from search.text.path_names import user_path
from search.text.printable import printable

COMPARED = 32
"""Pictures of the user's by which an int8 copy is compared with float32."""


@click.group(invoke_without_command=True)
@click.option("--measure", is_flag=True, help="Open each, and time pictures and texts.")
@click.option("--collection", "-c", help="Estimate the time of each for this collection.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def encoders(context: click.Context, measure: bool, collection: str | None, as_json: bool) -> None:
    """List encoder pairs: short names to begin with, then those on this machine.

    Nothing is opened, and no network is used. A speed is a class by the work of a picture: fast,
    medium, slow, or GPU, where one is needed.
    """
    if context.invoked_subcommand is not None:
        return
    settings = Settings.from_environment()
    estimate = Estimate.of(collection, settings) if collection is not None else None
    collections, downloads = _of_catalog(settings)
    infos = known_encoders(collections)
    timings = {
        info.encoder: _time_encoder(info, settings) for info in infos if measure and info.there
    }
    if as_json:
        pictures = estimate.pictures if estimate is not None else None
        document = to_builtins(pairs_document(infos, downloads, pictures, timings))
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
        return
    _print_table(estimate)
    click.echo(f"\nOn this machine ({_provider(settings.device)}):")
    for info in infos:
        click.echo(_line(info, timings.get(info.encoder, {}), estimate))


@encoders.command()
@click.argument("name")
@click.option("--to", type=click.Path(path_type=Path), help="A plain folder, to copy elsewhere.")
@click.option(
    "--pictures",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="A folder of yours, to compare an int8 copy with float32 by.",
)
def get(name: str, to: Path | None, pictures: Path | None) -> None:
    """Download the pair NAME: a short name, or hub:OWNER/NAME[@REVISION][#VARIANT].

    A download that was stopped continues when the command runs again.
    """
    from search.encoders.hub_pair.encoder import open_pair, prepare
    from search.encoders.hub_pair.hub import Hub
    from search.encoders.hub_pair.pair import download_pair
    from search.encoders.hub_pair.specification import parse, require_repository

    pair_spec, hub = require_repository(parse(name)), Hub.from_environment()
    pair = download_pair(pair_spec, hub, user_path(to) if to is not None else None)
    if pictures is not None and not pair.selection.quantize:
        click.echo("--pictures is for int8 copies that Limn makes; this pair has none", err=True)
    prepare(pair, hub, _some_of(pictures) if pictures is not None else ())
    space = open_pair(pair, hub).space
    click.echo(f"{pair.size_bytes / 1e6:,.0f} MB, space {space.id}", err=True)
    click.echo(printable(space.encoder))


def _some_of(folder: Path) -> Iterator[Image.Image]:
    """Yield pictures of a folder, from all over it."""
    from search.pictures.files import PICTURE_SUFFIXES
    from search.pictures.reading import read_picture

    files = sorted(each for each in folder.rglob("*") if each.suffix.lower() in PICTURE_SUFFIXES)
    count = 0
    for file in files[:: max(1, len(files) // COMPARED)]:
        if count == COMPARED:
            break
        with suppress(BadPicture):
            yield read_picture(file)[0]
            count += 1


class Estimate:
    """The time of each pair for a collection, by the work of its pictures."""

    def __init__(self, name: str, pictures: int) -> None:
        from search.encoders.inventory.estimate import gmacs_per_s

        self.name, self.pictures, self.machine = name, pictures, gmacs_per_s()

    @classmethod
    def of(cls, name: str, settings: Settings) -> "Estimate":
        """Count the pictures of a collection, and measure this machine."""
        with open_catalog(settings.database) as catalog:
            [summary] = catalog.collections.summaries([name])
        return cls(name, summary.pictures)

    def text(self, gmacs: float | None) -> str:
        """Return the estimate of a pair, "" for one of unknown work."""
        from search.encoders.inventory.estimate import duration, seconds

        if gmacs is None:
            return ""
        took = duration(seconds(self.pictures, gmacs, self.machine))
        return f"{self.pictures:,} pictures: {took}"

    def basis(self) -> str:
        """Return how the estimates come about."""
        return (
            f"Times are estimates for {printable(self.name)} on this CPU: a matrix product "
            f"ran at {self.machine:,.0f} thousand million multiply-adds a second, and towers reach "
            "about half of that. Expect up to twice as much or half as much; reading the files "
            "comes on top."
        )


def _print_table(estimate: Estimate | None) -> None:
    click.echo("To begin with (limn encoders get NAME, or --encoder NAME):")
    for name, row in SHORT_NAMES.items():
        click.echo(_row(name, row, estimate))
    sources = dict.fromkeys(row.source for row in SHORT_NAMES.values() if row.source)
    checked = f"{CHECKED.day} {CHECKED:%B %Y}"
    note = (
        "Sizes are of float32, by the parameters; hub:NAME#int8 makes a copy of about a quarter. "
        "Recall and memory are as published, not measured here: the mean of R@1, R@5 and R@10 on "
        f"Crossmodal-3600 where no other is named ({checked}; {', '.join(sources)})."
    )
    notes = [note, *([estimate.basis()] if estimate is not None else [])]
    for each in notes:
        width = min(100, shutil.get_terminal_size().columns)
        click.echo(textwrap.fill(each, width, break_long_words=False, break_on_hyphens=False))


def _row(name: str, row: ShortName, estimate: Estimate | None) -> str:
    memory = f"{row.memory_mib / 1024:.1f} GiB of memory" if row.memory_mib is not None else ""
    parts = (
        name,
        row.good_for,
        f"{row.size_bytes / 1e6:,.0f} MB",
        memory,
        "/".join(row.languages),
        f"recall {row.recall}" if row.recall else "",
        estimate.text(row.picture_gmacs) if estimate is not None else "",
        row.repository,
    )
    return "  ".join(part for part in parts if part)


def _provider(device: str) -> str:
    """Return which of onnxruntime's providers runs pairs."""
    from search.encoders.onnx_pair.sessions import CUDA, providers

    processor = "a GPU (CUDA)" if CUDA in providers(device) else "the CPU"
    return f"onnxruntime runs hub: and onnx: pairs on {processor}"


def _of_catalog(settings: Settings) -> tuple[list[Collection], dict[str, Job]]:
    """Return the collections of the catalog and its downloads, if there is one."""
    if isinstance(settings.database, Path) and not settings.database.exists():
        return [], {}  # opening it would create it
    with open_catalog(settings.database) as catalog:
        return catalog.collections.all(), catalog.downloads.newest()


def _time_encoder(info: EncoderInfo, settings: Settings) -> dict[str, float]:
    from search.encoders import open_encoder
    from search.encoders.inventory.speed import measure

    click.echo(f"measuring {printable(info.encoder)}", err=True)
    try:
        pictures_per_s, text_ms = measure(open_encoder(info.encoder, settings.device))
    except LimnError as error:
        click.secho(f"limn: {printable(str(error))}", fg="red", err=True)
        return {}
    return {"pictures_per_s": round(pictures_per_s, 1), "text_ms": round(text_ms, 1)}


def _line(info: EncoderInfo, timing: Mapping[str, Any], estimate: Estimate | None) -> str:
    from search.encoders.inventory.estimate import work_of

    parts = [printable(in_words(info.encoder)), info.space or "space not known yet"]
    if info.width is not None:
        parts.append(f"{info.width} wide")
    if info.size_bytes:
        parts.append(f"{info.size_bytes / 1e6:,.0f} MB")
    if timing:
        parts.append(f"{timing['pictures_per_s']} pictures/s, {timing['text_ms']} ms a text")
    elif info.speed is not None:
        parts.append(info.speed)
    parts.append("/".join(info.languages))
    if estimate is not None:
        parts.append(estimate.text(work_of(info.speed)))
    if info.collections:
        parts.append("in " + ", ".join(map(printable, info.collections)))
    if not info.there:
        parts.append("NOT HERE")
    return "  ".join(part for part in parts if part)
