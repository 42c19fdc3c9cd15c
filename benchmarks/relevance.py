"""What captions, words, calibration and cutoff are worth, on captioned photographs through Engine.

    python -m benchmarks.relevance FOLDER/captions.csv

Half of the pictures are indexed without captions; two captions of each picture are never indexed
and ask for it. The pictures must not be those that the encoder was trained on.
"""

import argparse
import csv
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from indexer.captioned_pictures import CaptionedPicture, read_pairs, split
from indexer.evaluation.metrics import summary
from indexer.indexing.pipeline import index
from indexer.indexing.run_state import RunState
from indexer.sources.folder import FolderSource
from search.bootstrap import open_engine
from search.catalog.records import RunCounts
from search.engine import Engine
from search.pictures import Limits
from search.query.limits import SIGNAL_NAMES, SignalName
from search.query.records import Hit, Query, TextTerm
from search.settings import Settings
from search.text.analysis import query_words, words_of

ASKING = 2
"""Captions of each picture and language that are not indexed; the first of them ask."""

COMPARED = 300
"""So many of the best are put in another order by the ways that are compared."""

WAYS: dict[str, tuple[SignalName, ...]] = {
    "pictures alone": ("picture",),
    "pictures and captions": ("picture", "caption"),
    "pictures and words": ("picture", "words"),
    "all, as shipped": SIGNAL_NAMES,
}

# Things that no photograph of Flickr8k's development split is described to show (checked below).
ABSENT = {
    "en": "a grand piano|a lobster|a laptop on a desk|a cathedral|an x-ray|a circuit board|"
    "a wedding cake|a spreadsheet|a giraffe|a steam locomotive|a microscope|a bookshelf|"
    "a tax form|a pagoda|a nebula|strawberries|an elephant|a penguin|a castle|a violin|"
    "a helicopter|a wrist watch|a chessboard|a panda|a pizza|a coral reef|a volcano",
    "zh": "三角钢琴|龙虾|笔记本电脑|大教堂|电路板|婚礼蛋糕|电子表格|长颈鹿|蒸汽火车|显微镜|书架|"
    "宝塔|星云|草莓|大象|企鹅|城堡|小提琴|直升机|手表|国际象棋|熊猫|披萨|珊瑚礁|火山",
}
PRESENT = {
    "en": "a dog|snow|a bicycle|a ball|grass|a boy|a girl|a horse|a skateboard|a mountain|"
    "a swing|basketball|soccer|a tree|a rock|a street|a pool|football|a crowd|a car|climbing",
    "zh": "狗|雪地|自行车|球|草地|男孩|女孩|马|滑板|山|秋千|篮球|足球|树|岩石|街道|泳池|汽车|人群",
}


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """A caption that asks, and the name of the picture that it is of."""

    text: str
    name: str


class Silent:
    """Watches a run and says nothing."""

    def begin(self, plan: RunState) -> None:
        """Report nothing."""

    def advance(self, counts: RunCounts, total: int, at: str) -> None:
        """Report nothing."""


def main() -> None:
    """Print the figures of both languages, or of those chosen."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("captions", type=Path)
    parser.add_argument("--held-out", type=int, help="only so many, drawn as `limn train` does")
    parser.add_argument("--language", action="append", choices=("en", "zh"))
    parser.add_argument("--short", action="store_true", help="pictures alone and all, no others")
    arguments = parser.parse_args()
    pairs = read_pairs(arguments.captions)
    if arguments.held_out:
        pairs = split(pairs, arguments.held_out)[1]
    for language in arguments.language or ("en", "zh"):
        bare = {pair.path.name for pair in pairs[::2]}
        with indexed(pairs, language, bare) as engine:
            print(f"\n{language}: {len(pairs)} pictures, {len(bare)} without captions")
            asked = [
                SourceOptions(text, pair.path.name)
                for pair in pairs
                for text in pair.captions[language][:1]
            ]
            print_recall(engine, asked, bare, len(pairs), arguments.short)
            print_cutoff(engine, asked, pairs, language)


@contextmanager
def indexed(pairs: Sequence[CaptionedPicture], language: str, bare: set[str]) -> Iterator[Engine]:
    """Open an engine over the pictures, those not in `bare` with the captions that do not ask."""
    with tempfile.TemporaryDirectory(prefix="limn-relevance-") as name:
        folder = Path(name) / "pictures"
        folder.mkdir()
        rows = [["image", "caption", "language"]]
        for pair in pairs:
            shutil.copyfile(pair.path, folder / pair.path.name)
            if pair.path.name not in bare:
                told = pair.captions[language][ASKING:]
                rows += [[pair.path.name, text, language] for text in told]
        with (folder / "captions.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        settings = Settings.from_environment({"LIMN_DATA_DIR": f"{name}/data"})
        with open_engine(settings) as engine:
            index(
                engine.catalog,
                "measured",
                [FolderSource(folder)],
                engine.encoder(settings.encoder),
                workers=1,
                limits=Limits(),
                progress=Silent(),
            )
            yield engine


def print_recall(
    engine: Engine, asked: Sequence[SourceOptions], bare: set[str], pictures: int, short: bool
) -> None:
    """Recall by each kind of evidence, and by simpler ways to bring them together."""
    ways = {way: by for way, by in WAYS.items() if not short or "and" not in way}
    ranks: dict[str, list[float]] = {}
    took_s = 0.0
    for each in asked:
        for way, by in ways.items():
            query = Query((TextTerm(each.text),), k=100, by=by)
            began_s = perf_counter()
            names = [hit.picture.path.name for hit in engine.search(query)]
            took_s += perf_counter() - began_s
            ranks.setdefault(way, []).append(_rank(names, each.name, pictures))
        if short:
            continue
        hits = engine.search(Query((TextTerm(each.text),), k=COMPARED))
        for way, scores in others(hits).items():
            order = np.argsort(-scores, kind="stable")
            names = [hits[row].picture.path.name for row in order]
            ranks.setdefault(way, []).append(_rank(names, each.name, pictures))
    is_bare = np.array([each.name in bare for each in asked])
    print(f"{'':26}{'R@1 %':>7}{'R@10 %':>8}{'MRR':>8}   captioned and bare: R@1 %, R@10 %")
    for way, found in ranks.items():
        every = np.array(found)
        figures = summary(every)
        print(
            f"{way:26}{figures['recall@1'] * 100:7.1f}{figures['recall@10'] * 100:8.1f}"
            f"{figures['mrr']:8.3f}   "
            + "".join(
                f"{(every[these] <= cut).mean() * 100:7.1f}"
                for cut in (1, 10)
                for these in (~is_bare, is_bare)
            )
        )
    print(f"a search took {took_s * 1000 / len(asked) / len(ways):.1f} ms on average")


def others(hits: Sequence[Hit]) -> dict[str, NDArray[np.float64]]:
    """Scores by reciprocal ranks and by raw cosines, from the same evidence of every picture."""
    by = {kind: np.array([_score(hit, kind) for hit in hits]) for kind in SIGNAL_NAMES}
    reciprocal = np.zeros(len(hits))
    for scores in by.values():
        place = np.empty(len(hits))
        place[np.argsort(-np.nan_to_num(scores, nan=-9), kind="stable")] = np.arange(len(hits))
        reciprocal += np.where(np.isnan(scores), 0, 1 / (61 + place))
    return {
        "reciprocal ranks": reciprocal,
        "the higher raw cosine": np.fmax(by["picture"], by["caption"]),
        "the mean raw cosine": np.nanmean([by["picture"], by["caption"]], axis=0),
    }


def print_cutoff(
    engine: Engine, asked: Sequence[SourceOptions], pairs: Sequence[CaptionedPicture], language: str
) -> None:
    """Print what a cutoff keeps of the best hits, and how often it is right."""
    told = [{word for text in pair.captions[language] for word in words_of(text)} for pair in pairs]
    absent = [
        each
        for each in ABSENT[language].split("|")
        if not any(set(query_words(each)) <= words for words in told)
    ]
    present = PRESENT[language].split("|")
    sure = {
        "captions of pictures here": _confidences(engine, [each.text for each in asked]),
        "single things that are here": _confidences(engine, present),
        "single things that are not": _confidences(engine, absent),
    }
    print("kept by a cutoff of         0.3    0.5    0.7")
    for kind, found in sure.items():
        kept = "".join(f"{(found >= cutoff).mean() * 100:6.1f}%" for cutoff in (0.3, 0.5, 0.7))
        print(f"{kind:28}{kept}  ({len(found)} queries)")
    right = {pair.path.name: words for pair, words in zip(pairs, told, strict=True)}
    for cutoff in (0.3, 0.5, 0.7):
        kept = kept_right = every_right = 0
        for text in present:
            wanted = set(query_words(text))
            hits = engine.search(Query((TextTerm(text),), k=50))
            good = [wanted <= right[hit.picture.path.name] for hit in hits]
            over = [(hit.confidence or 0) >= cutoff for hit in hits]
            kept += sum(over)
            kept_right += sum(each and fine for each, fine in zip(over, good, strict=True))
            every_right += sum(good)
        print(
            f"of the first 50 hits for things that are here, a cutoff of {cutoff} keeps {kept}: "
            f"precision {kept_right / max(kept, 1):.2f}, recall {kept_right / every_right:.2f}"
        )


def _confidences(engine: Engine, texts: Sequence[str]) -> NDArray[np.float64]:
    answers = (engine.answer(Query((TextTerm(text),), k=1)) for text in texts)
    return np.array([answer.confidence or 0.0 for answer in answers])


def _rank(names: Sequence[str], wanted: str, pictures: int) -> float:
    return names.index(wanted) + 1 if wanted in names else (len(names) + pictures) / 2


def _score(hit: Hit, by: SignalName) -> float:
    return next((match.score for match in hit.matches if match.by == by), float("nan"))


if __name__ == "__main__":
    main()
