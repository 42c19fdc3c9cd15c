"""What other packages add by entry points: encoders, sources, stores, filters, routes."""

import json
import shutil
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests import toy_backends
from tests.browsing import served
from tests.conftest import Limn


@pytest.fixture
def toys(tmp_path: Path) -> dict[str, str]:
    """Install a package with a backend of each kind; return the environment."""
    packages = tmp_path / "packages"
    metadata = packages / "toys-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(toy_backends.ENTRY_POINTS)
    shutil.copy(toy_backends.__file__, packages)
    return {"PYTHONPATH": str(packages)}


def hits(limn: Limn, *arguments: str, **environment: str) -> list[str]:
    """Return the names of the pictures that `limn search` prints."""
    found = json.loads(limn("search", *arguments, "--json", **environment).stdout)
    return [Path(each["path"]).name for each in found]


def test_a_store_an_encoder_and_a_source_are_added_by_their_entry_points(
    limn: Limn, toys: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    limn("index", f"toy:{colours}", "-c", "toys", "--encoder", "toy:round", **toys)
    [collection] = json.loads(limn("collections", "--json", **toys).stdout)
    assert collection["pictures"] == 8 and collection["captions"] == 8
    assert "toy:round  toy-000000000000" in limn("encoders", **toys).stdout

    store = f"toy:{tmp_path / 'vectors'}"
    first = hits(limn, "red", "-k", "3", "--store", store, **toys)
    assert first[0] == "red.jpg"
    assert hits(limn, "red", "-k", "3", LIMN_STORE=store, **toys) == first
    assert hits(limn, "red", "-k", "3", **toys) == first, "FAISS finds what the toy does"
    assert "a toy that is red" in limn("search", "red", "--store", store, **toys).stdout
    assert "no index to choose" in limn("plan", "toys", "--store", store, **toys).stdout


def test_a_source_that_is_no_file_is_not_watched(
    limn: Limn, toys: dict[str, str], colours: Path
) -> None:
    refused = limn("index", f"toy:{colours}", "-c", "toys", "--watch", code=2, **toys).stderr
    assert f"toy:{colours} is none; leave --watch out" in refused


def test_a_filter_and_a_route_are_added_by_their_entry_points(
    limn: Limn, toys: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    limn("index", colours, "-c", "colours", **toys)
    assert len(hits(limn, "--where", "shape = wide", **toys)) == 8
    assert hits(limn, "--where", "shape = high", **toys) == []
    assert hits(limn, "--where", "not shape = wide", **toys) == []
    refused = limn("search", "--where", "shape ~ wide", code=2, **toys).stderr
    assert "shape takes =, not '~'; such as: shape = wide" in refused
    assert "no field 'shape'" in limn("search", "--where", "shape = wide", code=2).stderr
    with served(tmp_path / "data", environment=toys) as (_, address):
        with urlopen(f"{address}toys") as answer:
            assert answer.read() == b"1"
        with urlopen(f"{address}api/v1/search?where=shape+%3D+wide") as answer:
            assert len(json.load(answer)["hits"]) == 8


def test_a_durable_store_keeps_its_own_vectors_and_follows_the_change_log(
    limn: Limn, toys: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    environment = {**toys, "LIMN_STORE": f"toy:{tmp_path / 'vectors'}"}
    limn("index", colours, "-c", "toys", **environment)
    files = sorted((tmp_path / "vectors").rglob("*.npz"))
    assert [file.name.rpartition("-")[2] for file in files] == ["pictures.npz"]
    hits(limn, "blue", **environment)
    assert not list((tmp_path / "data").rglob("*.index"))

    (colours / "blue.jpg").unlink()
    limn("index", colours, "-c", "toys", **environment)
    assert "blue.jpg" not in hits(limn, "blue", **environment)
    limn("remove", "toys", "--yes", **environment)
    assert not list((tmp_path / "vectors").rglob("*.npz"))


def test_choices_and_messages_name_what_is_registered(
    limn: Limn, toys: dict[str, str], colours: Path
) -> None:
    assert "|toy:FOLDER]" in limn("search", "-h", **toys).stdout
    refused = limn("search", "red", "--store", "toys", code=2, **toys).stderr
    assert "'toys' is not one of 'auto'" in refused and "'toy:FOLDER'" in refused
    assert "toy:FOLDER" in limn("collections", code=2, LIMN_STORE="toys", **toys).stderr
    refused = limn("index", colours, "--encoder", "no-such-thing-1", code=2, **toys).stderr
    assert "choose one of: " in refused and "toy:SHAPE" in refused
    refused = limn("index", colours, "--encoder", "toy:square", code=2, **toys).stderr
    assert "write toy:round" in refused


def test_a_package_that_can_not_be_imported_is_named_where_it_is_asked_for(
    limn: Limn, toys: dict[str, str], colours: Path
) -> None:
    module = Path(toys["PYTHONPATH"], "toy_backends.py")
    module.write_text("import there_is_no_such_module\n")
    limn("index", colours, "-c", "colours", **toys)
    assert hits(limn, "red", "-k", "1", **toys) == ["red.jpg"]
    refused = limn("search", "red", "--store", "toy:x", code=2, **toys).stderr
    assert "limn.stores 'toy' of the package toys can't be imported" in refused
    refused = limn("index", f"toy:{colours}", code=2, **toys).stderr
    assert "limn.sources 'toy' of the package toys can't be imported" in refused


def test_a_file_goes_before_a_kind_of_source_of_its_name(
    limn: Limn, toys: dict[str, str], colours: Path, tmp_path: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("a name may hold no colon there")
    shutil.copytree(colours, tmp_path / "toy:colours")
    limn("index", "toy:colours", "-c", "colours", **toys)
    [collection] = json.loads(limn("collections", "--json", **toys).stdout)
    assert collection["captions"] == 16, "those of the folder's captions.csv"
