"""`limn encoders`: the command line of the inventory."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from search.catalog.catalog import open_catalog
from search.encoders import EncoderInfo
from search.encoders.inventory import known_encoders
from search.errors import LimnError
from search.records import Collection
from search.settings import Settings
from search.text.printable import printable


@click.command()
@click.option("--measure", is_flag=True, help="Open each, and time pictures and texts.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def encoders(measure: bool, as_json: bool) -> None:
    """List the encoder pairs on this machine: shipped, downloaded, and used by collections.

    Nothing is opened, and no network is used. A speed is a class by the work of a picture: fast,
    medium, slow, or GPU, where one is needed.
    """
    settings = Settings.from_environment()
    infos = known_encoders(_collections(settings))
    timings = {
        info.encoder: _time_encoder(info, settings) for info in infos if measure and info.there
    }
    rows = [{**asdict(info), **timings.get(info.encoder, {})} for info in infos]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=2))
        return
    for info in infos:
        click.echo(_line(info, timings.get(info.encoder, {})))


def _collections(settings: Settings) -> list[Collection]:
    """Return the collections of the catalog, if there is one."""
    if isinstance(settings.database, Path) and not settings.database.exists():
        return []  # opening it would create it
    with open_catalog(settings.database) as catalog:
        return catalog.collections.all()


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


def _line(info: EncoderInfo, timing: dict[str, Any]) -> str:
    parts = [printable(info.encoder), info.space or "space not known yet"]
    if info.width is not None:
        parts.append(f"{info.width} wide")
    if info.size_bytes:
        parts.append(f"{info.size_bytes / 1e6:,.0f} MB")
    if timing:
        parts.append(f"{timing['pictures_per_s']} pictures/s, {timing['text_ms']} ms a text")
    elif info.speed is not None:
        parts.append(info.speed)
    parts.append("/".join(info.languages))
    if info.collections:
        parts.append("in " + ", ".join(map(printable, info.collections)))
    if not info.there:
        parts.append("NOT HERE")
    return "  ".join(part for part in parts if part)
