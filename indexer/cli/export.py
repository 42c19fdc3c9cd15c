"""`limn export`: the command line of exporting."""

import importlib.util
import json
from pathlib import Path

import click

from indexer.cli.ending import end_in_order
from indexer.exporting.checks import LOWEST_COSINE, check_exportable, check_new
from search.cli.waiting import announce_wait
from search.errors import BadSetting
from search.packages.installing import install_extra
from search.text.path_names import user_path


@click.command()
@click.option("--encoder", "-e", "spec", required=True, help="The pair of open_clip to export.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="A new folder.")
@click.option(
    "--precision",
    type=click.Choice(list(LOWEST_COSINE)),
    default="float32",
    show_default=True,
    help="float16 is half the size, int8 a quarter and the fastest.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
def export(spec: str, out: Path, precision: str, as_json: bool) -> None:
    """Write an open_clip pair as ONNX, to be opened as onnx:OUT without torch.

    The exported towers are compared with torch's, and nothing is kept where they differ.
    """
    # torch takes seconds to import, so the options are checked first
    check_new(user_path(out))
    check_exportable(spec)
    if importlib.util.find_spec("onnx") is None:
        raise BadSetting(
            "package-missing-export",
            "exporting needs the package onnx: {install}",
            install=install_extra("clip"),
        )
    with announce_wait("loading torch"):
        from indexer.exporting.export import export as run

    end_in_order("stopped; nothing was exported")
    choice = next(each for each in LOWEST_COSINE if each == precision)
    click.echo(f"exporting {spec} as {precision}", err=True)
    done = run(spec, user_path(out), choice)
    space = done.encoder.space
    if as_json:
        facts = {
            "encoder": space.encoder,
            "space": space.id,
            "precision": precision,
            "cosines": done.cosines,
            "size_bytes": done.size_bytes,
        }
        click.echo(json.dumps(facts, ensure_ascii=False, indent=2))
        return
    cosines = ", ".join(f"{tower}s {cosine:.5f}" for tower, cosine in done.cosines.items())
    click.echo(
        f"{done.size_bytes / 1e6:,.0f} MB, space {space.id}; lowest cosine with torch: {cosines}",
        err=True,
    )
    click.echo(space.encoder)
