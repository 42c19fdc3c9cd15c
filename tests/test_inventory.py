"""The encoder pairs on this machine: `limn encoders`, and its sources in place of open_clip."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
from open_clip import pretrained
from safetensors.numpy import save_file

from search.encoders.inventory.estimate import TYPICAL_GMACS
from search.encoders.inventory.speed import BUILTIN_GMACS, CLASSES, speed_class
from search.encoders.onnx_pair.builtin import open_builtin
from search.encoders.openclip.registry import (
    configuration,
    languages,
    picture_work,
    published_weights,
    weight_files,
)
from tests.conftest import Limn


def listed(limn: Limn, *options: str, **environment: str) -> dict[str, dict[str, Any]]:
    """Return the command's documents of pairs that are here, by specification."""
    found = json.loads(limn("encoders", "--json", *options, **environment).stdout)["installed"]
    return {each["encoder"]: each for each in found}


@pytest.fixture
def caches(tmp_path: Path) -> dict[str, str]:
    """Return settings for empty caches of the hub and of torch, without a network."""
    return {
        "HF_HOME": str(tmp_path / "hf"),
        "TORCH_HOME": str(tmp_path / "torch"),
        "HOME": str(tmp_path / "home"),
        "HF_ENDPOINT": "http://127.0.0.1:9",
    }


def cache(home: str, repository: str, **files: bytes) -> Path:
    """Lay files out as the hub's cache does."""
    root = Path(home) / "hub" / f"models--{repository.replace('/', '--')}"
    snapshot = root / "snapshots" / "f00"
    snapshot.mkdir(parents=True)
    (root / "refs").mkdir()
    (root / "refs" / "main").write_text("f00")
    for name, content in files.items():
        (snapshot / name.replace("__", ".")).write_bytes(content)
    return snapshot


def test_each_speed_class_has_a_typical_work() -> None:
    assert TYPICAL_GMACS.keys() == {*dict(CLASSES), "GPU"}


def test_what_ships_is_listed_without_a_catalog(
    limn: Limn, caches: dict[str, str], tmp_path: Path
) -> None:
    found = listed(limn, **caches)
    assert list(found) == ["builtin", "tiny"]
    assert found["builtin"]["space"] == open_builtin().space.id
    assert found["builtin"]["languages"] == ["en", "zh"]
    assert found["builtin"]["speed"] == "fast"
    assert found["builtin"]["size_bytes"] > 1e6
    assert not (tmp_path / "data").exists()


@pytest.mark.slow
def test_it_imports_no_torch() -> None:
    program = (
        "import sys; from search.encoders.inventory import known_encoders; "
        "known_encoders([]); "
        "print(sorted({'torch', 'transformers', 'open_clip', 'onnx'} & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert found.stdout.strip() == "[]"


def test_downloaded_weights_are_listed_by_the_name_that_opens_them(
    limn: Limn, caches: dict[str, str], tmp_path: Path
) -> None:
    repository, names = weight_files(published_weights()["ViT-B-32"]["laion2b_s34b_b79k"]["hf_hub"])
    snapshot = cache(caches["HF_HOME"], repository)
    weights = {"visual.proj": np.zeros((1000, 2000), np.float32), "text.x": np.zeros(9)}
    save_file(weights, snapshot / names[0])
    cache(caches["HF_HOME"], "someone/else", readme__md=b"# no encoder")
    found = listed(limn, **caches)
    pair = found["open_clip:ViT-B-32/laion2b_s34b_b79k"]
    assert pair["where"] == "cache" and pair["space"] is None and pair["width"] == 512
    assert pair["size_bytes"] == (snapshot / names[0]).stat().st_size
    assert pair["languages"] == ["en"]
    assert len(found) == 3
    assert "ViT-B-32/laion2b_s34b_b79k  space not known yet  512 wide" in (
        limn("encoders", **caches).stdout
    )


def test_a_pair_whose_tokenizer_is_missing_is_not_listed_until_it_is_there(
    limn: Limn, caches: dict[str, str]
) -> None:
    architecture, tag = "xlm-roberta-base-ViT-B-32", "laion5b_s13b_b90k"
    repository, names = weight_files(published_weights()[architecture][tag]["hf_hub"])
    cache(caches["HF_HOME"], repository, **{names[0].replace(".", "__"): b"x"})
    assert f"open_clip:{architecture}/{tag}" not in listed(limn, **caches)
    cache(caches["HF_HOME"], "xlm-roberta-base", config__json=b"{}", tokenizer__json=b"{}")
    assert listed(limn, **caches)[f"open_clip:{architecture}/{tag}"]["languages"] == ["many"]


def test_weights_in_torch_s_cache_are_named_by_their_file(
    limn: Limn, caches: dict[str, str], tmp_path: Path
) -> None:
    folder = tmp_path / "torch" / "hub" / "checkpoints"
    folder.mkdir(parents=True)
    url = published_weights()["ViT-B-32"]["laion400m_e31"]["url"]
    file = folder / url.rpartition("/")[2]
    file.write_bytes(b"weights")
    program = folder / published_weights()["ViT-B-16"]["openai"]["url"].rpartition("/")[2]
    with zipfile.ZipFile(program, "w") as archive:  # TorchScript, which is never run
        archive.writestr("ViT-B-16/code/__torch__.py", "")
    found = listed(limn, **caches)
    assert f"open_clip:ViT-B-32/laion400m_e31@{file}" in found
    assert not any("ViT-B-16/openai" in name for name in found)


def test_encoders_of_collections_are_listed_with_their_space(
    limn: Limn, colours: Path, caches: dict[str, str]
) -> None:
    limn("index", colours, "--collection", "colours", **caches)
    assert listed(limn, **caches)["tiny"]["collections"] == ["colours"]
    [tiny] = [each for each in limn("encoders", **caches).stdout.splitlines() if "tiny" in each]
    assert tiny.endswith("in colours")


def test_a_collection_s_encoder_whose_files_are_gone_is_said_to_be(
    limn: Limn, colours: Path, caches: dict[str, str], tmp_path: Path
) -> None:
    from search.catalog.catalog import Catalog
    from search.catalog.database import Database
    from search.catalog.database.schema import ensure_schema
    from search.records import Space

    database = Database(tmp_path / "data" / "limn.db")
    ensure_schema(database)
    gone = ("open_clip:ViT-B-32@/gone/weights.pt", "onnx:/gone/pair", "builtin@/gone/pair", "odd")
    for number, encoder in enumerate(gone):
        Catalog(database).collections.open(f"c{number}", Space(f"space-{number}", encoder, 512))
    database.close()
    found = listed(limn, **caches)
    assert [found[encoder]["there"] for encoder in gone] == [False] * 4
    assert [found[encoder]["space"] for encoder in gone] == [f"space-{n}" for n in range(4)]
    assert limn("encoders", **caches).stdout.count("NOT HERE") == 4


def test_an_exported_pair_of_a_collection_is_known_without_opening_it(
    limn: Limn, colours: Path, caches: dict[str, str], tmp_path: Path
) -> None:
    from indexer.exporting.export import export
    from tests.small_openclip import CLIP, saved

    done = export(f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}", tmp_path / "pair", "int8")
    limn("index", colours, "--encoder", f"onnx:{tmp_path / 'pair'}", **caches)
    pair = listed(limn, **caches)[f"onnx:{tmp_path / 'pair'}"]
    assert pair["space"] == done.encoder.space.id and pair["width"] == 32
    assert pair["size_bytes"] == done.size_bytes
    assert pair["speed"] == "fast" and pair["languages"] == ["en"]


def test_measuring_times_what_is_there(limn: Limn, caches: dict[str, str]) -> None:
    found = listed(limn, "--measure", **caches)
    assert all(found[name]["pictures_per_s"] > 0 for name in ("builtin", "tiny"))
    assert all(found[name]["text_ms"] >= 0 for name in ("builtin", "tiny"))


def test_the_table_of_published_weights_is_open_clip_s_own() -> None:
    assert published_weights() == pretrained._PRETRAINED


def test_every_architecture_s_configuration_is_found_and_understood() -> None:
    for architecture in published_weights():
        config = configuration(architecture)
        assert config == open_clip.get_model_config(architecture)
        assert config is not None
        assert languages(config) in (("en",), ("many",))
        picture_work(config, 10_000_000)
    assert configuration("no-such-architecture") is None


@pytest.mark.parametrize(
    ("architecture", "parameters", "known_gmacs"),
    [
        ("ViT-B-32", None, 4.4),
        ("ViT-B-32", 87_849_216, 4.4),
        ("ViT-L-14", None, 81.0),
        ("RN50", 38_316_896, 6.0),
        ("ViT-B-16-SigLIP-256", 92_884_224, 22.5),
    ],
)
def test_work_is_near_what_is_known(
    architecture: str, parameters: int | None, known_gmacs: float
) -> None:
    config = configuration(architecture)
    assert config is not None
    work = picture_work(config, parameters)
    assert work == pytest.approx(known_gmacs, rel=0.2)


def test_classes_of_speed_follow_the_work() -> None:
    works = (BUILTIN_GMACS, 4.4, 17.6, 81.0)
    assert [speed_class(work) for work in works] == ["fast", "medium", "slow", "GPU"]
    assert speed_class(None) is None
