"""`limn evaluate`: how well an encoder pair finds pictures by captions, and the reverse."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from indexer.captioned_pictures import read_pairs
from indexer.evaluation.report import measure, table
from search.cli.waiting import announce_wait
from search.encoders import open_encoder
from search.encoders.checks import check_encoder
from search.errors import BadSource, LimnError
from search.settings import DEVICES
from search.text.amounts import amount


@click.command()
@click.option(
    "--pairs",
    "captions",
    required=True,
    type=click.Path(path_type=Path),
    help="CSV with the columns image, caption and, if known, language and kind.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Folder of the pictures; by default images/ beside the CSV, or the CSV's folder.",
)
@click.option(
    "--encoder", "spec", default="builtin", show_default=True, help="Encoder pair to measure."
)
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True)
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Only captions in this language; may be repeated.  [default: all]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def evaluate(
    captions: Path,
    images: Path | None,
    spec: str,
    device: str,
    languages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure an encoder pair's recall on captioned pictures, in both directions."""
    try:
        check_encoder(spec)
        pairs = read_pairs(captions, images)
        available = sorted({language for pair in pairs for language in pair.captions})
        unknown = sorted(set(languages) - set(available))
        if unknown:
            raise BadSource(
                "caption-language-unknown",
                "no caption in {captions!r} is in {language!r}; it has {languages}",
                captions=str(captions),
                language=unknown[0],
                languages=", ".join(available),
            )
        with announce_wait(f"opening the encoder {spec}"):
            encoder = open_encoder(spec, device)
        click.echo(f"embedding {amount(len(pairs), 'picture')} and their captions", err=True)
        report = measure(encoder, pairs, languages or available)
    except LimnError as error:
        raise click.ClickException(str(error)) from error
    click.echo(json.dumps(asdict(report), ensure_ascii=False) if as_json else table(report))
