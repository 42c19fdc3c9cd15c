"""`limn evaluate`: how well encoder pairs find pictures, on captions or on a suite."""

import importlib.util
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import click

from indexer.captioned_pictures import read_pairs
from indexer.evaluation.report import measure, table
from search.cli.waiting import announce_wait
from search.encoders import Encoder, open_encoder
from search.encoders.checks import check_encoder
from search.errors import BadSetting, BadSource, LimnError
from search.packages.installing import install_extra
from search.settings import DEVICES
from search.text.amounts import amount


@click.command()
@click.option(
    "--pairs",
    "captions",
    type=click.Path(path_type=Path),
    help="CSV with the columns image, caption and, if known, language and kind.",
)
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    help="Folder of the pictures of --pairs; by default images/ beside the CSV, or its folder.",
)
@click.option(
    "--suite",
    type=click.Path(path_type=Path),
    help="Folder with suite.toml: sentences, classes, and questions that nothing answers.",
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Folder that the paths of a suite start from.  [default: that of --suite]",
)
@click.option(
    "--judge",
    type=click.Path(path_type=Path),
    help="Folder of all-MiniLM-L6-v2: a suite's sentences may be answered by other pictures whose "
    "captions say the same.",
)
@click.option(
    "--encoder",
    "specs",
    multiple=True,
    default=("builtin",),
    show_default="builtin",
    help="Encoder pair to measure; with --suite it may be repeated.",
)
@click.option("--device", type=click.Choice(DEVICES), default="auto", show_default=True)
@click.option(
    "--language",
    "languages",
    multiple=True,
    help="Only captions of --pairs in this language; may be repeated.  [default: all]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object instead of a table.")
def evaluate(
    captions: Path | None,
    images: Path | None,
    suite: Path | None,
    data: Path | None,
    judge: Path | None,
    specs: tuple[str, ...],
    device: str,
    languages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Measure an encoder pair's recall on captioned pictures, in both directions.

    With --suite, measure one or several pairs on sentences, on classes by name, and on what is
    not there: docs/encoders.md describes the folder.
    """
    if (captions is None) == (suite is None):
        raise click.UsageError("give either --pairs FILE or --suite FOLDER")
    try:
        for spec in specs:
            check_encoder(spec)
        if suite is not None:
            if images is not None or languages:
                raise click.UsageError("--images and --language belong to --pairs")
            _evaluate_suite(suite, data or suite, judge, specs, device, as_json)
        elif captions is not None:
            if data is not None or judge is not None or len(specs) > 1:
                raise click.UsageError("--data, --judge and several encoders belong to --suite")
            _evaluate_captions(captions, images, specs, device, languages, as_json)
    except LimnError as error:
        raise click.ClickException(str(error)) from error


def _evaluate_captions(
    captions: Path,
    images: Path | None,
    specs: Sequence[str],
    device: str,
    languages: Sequence[str],
    as_json: bool,
) -> None:
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
    for encoder in _encoders(specs, device, len(pairs)):
        report = measure(encoder, pairs, languages or available)
        click.echo(json.dumps(asdict(report), ensure_ascii=False) if as_json else table(report))


def _evaluate_suite(
    folder: Path,
    data: Path,
    judge: Path | None,
    specs: Sequence[str],
    device: str,
    as_json: bool,
) -> None:
    from indexer.evaluation.suite.reading import read_suite
    from indexer.evaluation.suite.run import measure_suite
    from indexer.evaluation.suite.table import suite_table

    suite = read_suite(folder, data)
    embed = None
    if judge is not None:
        if importlib.util.find_spec("torch") is None:
            raise BadSetting(
                "package-missing-torch",
                "--judge needs torch: {install}",
                install=install_extra("train"),
            )
        with announce_wait("loading torch"):
            from indexer.training.builtin.examples import minilm_teacher
        embed = minilm_teacher(judge)
    report = measure_suite(suite, _encoders(specs, device, len(suite.pictures)), embed)
    document = {"encoders": specs, **asdict(report)}
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else suite_table(report))


def _encoders(specs: Sequence[str], device: str, pictures: int) -> Iterator[Encoder]:
    """Open each encoder when its turn comes, and say what it will embed."""
    for spec in specs:
        with announce_wait(f"opening the encoder {spec}"):
            encoder = open_encoder(spec, device)
        click.echo(f"embedding {amount(pictures, 'picture')} and their captions", err=True)
        yield encoder
