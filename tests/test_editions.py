"""Editions of the built-in pair: a later version of Limn, with one more, keeps what there was."""

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
from msgspec import to_builtins
from PIL import Image

from search.client import Client
from search.encoders import open_encoder
from search.encoders.onnx_pair.builtin import EDITIONS_FOLDER, FOLDER, builtin_space
from search.encoders.onnx_pair.pair_folder import DESCRIPTION, QUERYBANK, describe
from search.errors import BadSetting
from search.packages.editions import CURRENT, EDITIONS
from tests.browsing import served
from tests.commands import on_terminal
from tests.conftest import Limn

ROOT = Path(__file__).parent.parent
PACKAGES = ("search", "indexer", "web", "migrations")
EARLIER = f"builtin:{CURRENT}"
"""This version's edition, as the later version names it."""


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Return the environment of a later version: this code, and one more edition of the pair.

    Its towers are the present ones without a querybank, so its vectors are others.
    """
    root = tmp_path_factory.mktemp("later")
    for name in PACKAGES:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, root / name, copy_function=os.symlink, ignore=ignored)
    folder = root / EDITIONS_FOLDER.relative_to(ROOT) / "later"
    shutil.copytree(FOLDER, folder, ignore=shutil.ignore_patterns(QUERYBANK))
    facts = json.loads((folder / DESCRIPTION).read_bytes())
    del facts["sha256"][QUERYBANK]
    describe(folder, facts)
    table = root / "search" / "packages" / "editions.py"
    line = f'EDITIONS["later"] = "{builtin_space(folder).id}"'
    text = table.read_text("utf-8").replace("\nCURRENT =", f"\n{line}\nCURRENT =")
    table.unlink()  # a link so far
    table.write_text(text, "utf-8")
    return {"PYTHONPATH": str(root), "LIMN_ENCODER": "builtin"}


@pytest.fixture
def walls(limn: Limn, colours: Path) -> Path:
    """Return a folder that this version indexed by its edition, as the collection `colours`."""
    limn("index", colours, LIMN_ENCODER="builtin")
    return colours


def scores(shown: list[dict[str, Any]]) -> dict[str, float]:
    """Return the score of each picture's file among hits, the best first."""
    return {Path(hit["path"]).name: hit["score"] for hit in shown}


def test_each_edition_has_its_folder_and_its_space() -> None:
    assert {each.name for each in EDITIONS_FOLDER.iterdir()} == {*EDITIONS}
    found = {name: builtin_space(EDITIONS_FOLDER / name).id for name in EDITIONS}
    assert found == EDITIONS, "put the space of a new edition into search/packages/editions.py"
    assert all(len(name) <= 10 for name in EDITIONS), "the column of offers has 10 characters"
    assert open_encoder("builtin").space.id == [*EDITIONS.values()][-1]
    with pytest.raises(BadSetting, match="unknown encoder 'builtin:nope'; "):
        open_encoder("builtin:nope")


def test_a_collection_of_an_earlier_edition_grows_in_its_space_and_is_offered_the_current_one(
    limn: Limn, limn_environment: dict[str, str], walls: Path, later: dict[str, str], tmp_path: Path
) -> None:
    Image.new("RGB", (96, 64), "pink").save(walls / "pink.jpg")
    command, environment = ("index", walls), {**limn_environment, **later}
    told = on_terminal((*command, "--encoder", "builtin"), environment)
    assert "1 added" in told and "limn upgrade colours --encoder builtin (the later edition" in told
    assert "better answers" not in on_terminal(command, environment), "it is offered once"

    search = ("search", "a red wall", "-k", "20", "--json")
    grown = limn(*search, **later).stdout
    assert {"red.jpg", "pink.jpg"} < scores(json.loads(grown)).keys()
    assert limn(*search).stdout == grown, "the new picture is in the space of the others"

    line = rf"{EARLIER} \(an earlier edition of builtin\)  {EDITIONS[CURRENT]}  .*  in colours\n"
    assert re.search(line, limn("encoders", **later).stdout)
    given = ("--pairs", walls / "captions.csv", "--out", tmp_path / "run", "--from", EARLIER)
    assert "too few to train on" in limn("train", *given, code=1, **later).stderr


def test_a_collection_of_an_earlier_edition_moves_to_the_current_one_side_by_side(
    limn: Limn, walls: Path, later: dict[str, str], tmp_path: Path
) -> None:
    before = scores(json.loads(limn("search", "a red wall", "-k", "20", "--json").stdout))
    archive = shutil.make_archive(str(tmp_path / "more"), "zip", walls)
    limn("index", archive, "-c", "more", **later)
    with served(tmp_path / "data", environment=later) as (_, address):
        client = Client(address)

        def hits(*collections: str) -> list[dict[str, Any]]:
            answer = client.search("a red wall", collections=collections)
            assert not answer.notes
            return [{"score": hit.score, **to_builtins(hit.picture)} for hit in answer.hits]

        assert scores(hits("colours")) == pytest.approx(before)
        both = hits()
        assert len(both) == 16
        assert {hit["collection"] for hit in both[:2]} == {"colours", "more"}
        page = urlopen(f"{address}collections/colours").read().decode()
        assert "An earlier edition of the small recognizer" in page
        assert "Limn’s own (earlier edition)" in page
        choices = re.findall(r'value="(\S+)" required( checked)?', page)
        assert choices[0] == ("builtin", " checked")

        said = limn("upgrade", "colours", **later).stderr
        assert f"answers by {EARLIER} (an earlier edition of builtin)" in said
        assert "limn upgrade colours --encoder builtin" in said
        said = limn("upgrade", "colours", "--encoder", "builtin", **later).stderr
        assert f"{EARLIER} answers meanwhile" in said and "builtin is ready" in said
        assert scores(hits("colours")) == pytest.approx(before)
        assert client.upgrades.switch("colours").encoder == "builtin"
        after = scores(hits("colours"))
        assert after != pytest.approx(before) and next(iter(after)) == "red.jpg"
        assert client.upgrades.back("colours").encoder == EARLIER
        assert scores(hits("colours")) == pytest.approx(before)
        client.upgrades.switch("colours")
        assert client.upgrades.finish("colours").second is None
        assert scores(hits("colours")) == after
