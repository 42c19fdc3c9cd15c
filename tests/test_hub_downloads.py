"""Downloads from a hub on loopback: the cache, resuming, digests, a message for each fault."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from search.encoders.hub_pair.hub import Hub, HubFile, RepositoryListing, names_below
from search.encoders.hub_pair.pair import download_pair, find_pair, pair_here
from search.encoders.hub_pair.specification import HubSpecification, parse
from search.encoders.hub_pair.transfer import PART
from search.errors import BadSetting, EncoderUnavailable, LimnError, StorageFailed
from tests.hub_server import COMMIT, LoopbackHub, running_hub

NAME = "someone/pair"
SPEC = parse(f"hub:{NAME}")
LARGE = "visual/model.onnx"

WORDS = '{"pad_token": {"content": "<pad>"}}'
CONFIG = '{"embed_dim": 8, "vision_cfg": {}, "text_cfg": {"context_length": 16}}'
CFG = '{"size": 32, "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}'


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """Return a folder with the files of a pair, none of which are opened here."""
    folder = tmp_path / "published"
    for name, content in {
        "config.json": CONFIG,
        "README.md": "# a pair",
        "textual/model.onnx": "texts" * 2_500,
        "textual/tokenizer.json": "{}",
        "textual/tokenizer_config.json": WORDS,
        "visual/model.armnn": "for phones",
        "visual/model.onnx": "pictures" * 20_000,
        "visual/onnx__MatMul_42": "weights" * 3_000,
        "visual/preprocess_cfg.json": CFG,
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


@pytest.fixture
def server(published: Path) -> Iterator[LoopbackHub]:
    """Yield a running hub with one pair."""
    with running_hub({NAME: published}) as running:
        yield running


@pytest.fixture
def hub(server: LoopbackHub, tmp_path: Path) -> Hub:
    """Return a client of the hub, with an empty cache."""
    return Hub(server.endpoint, tmp_path / "cache", tmp_path / "limn", timeout_s=5, retry_after_s=0)


def refused(hub: Hub, spec: HubSpecification = SPEC) -> LimnError:
    """Return the error of a download."""
    with pytest.raises(LimnError) as caught:
        find_pair(spec, hub)
    return caught.value


def test_a_pair_is_downloaded_once_and_found_again_without_a_request(
    hub: Hub, server: LoopbackHub, published: Path
) -> None:
    pair = find_pair(SPEC, hub)
    wanted = [each for each in names_below(published) if each[-2:] not in ("md", "nn")]
    assert list(names_below(pair.folder)) == wanted
    for name in wanted:
        assert (pair.folder / name).read_bytes() == (published / name).read_bytes()
    assert str(pair.spec) == f"hub:{NAME}@{COMMIT}"
    requests = len(server.faults.paths)
    again = find_pair(SPEC, replace(hub, offline=True))
    assert again == pair and find_pair(pair.spec, hub) == pair
    assert len(server.faults.paths) == requests


def test_the_cache_is_laid_out_as_the_hub_s_own_tools_read_it(hub: Hub) -> None:
    from huggingface_hub import try_to_load_from_cache

    find_pair(SPEC, hub)
    for name in ("config.json", LARGE):
        found = try_to_load_from_cache(NAME, name, cache_dir=hub.cache)
        assert isinstance(found, str) and Path(found).is_file()


def test_large_files_come_by_way_of_another_server_which_gets_no_token(
    hub: Hub, server: LoopbackHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    find_pair(SPEC, hub)
    tokens = dict(zip(server.faults.paths, server.faults.tokens, strict=True))  # the last of each
    assert tokens[f"/api/models/{NAME}"] == "Bearer hf_secret"
    assert tokens[f"/{NAME}/resolve/{COMMIT}/config.json"] == "Bearer hf_secret"
    assert server.faults.paths.count(f"/{NAME}/resolve/{COMMIT}/{LARGE}") == 2
    assert tokens[f"/{NAME}/resolve/{COMMIT}/{LARGE}"] == ""


def test_an_interrupted_transfer_goes_on_where_it_ended(hub: Hub, server: LoopbackHub) -> None:
    server.faults.breaks_after = 5_000
    pair = find_pair(SPEC, hub)
    assert "bytes=5000-" in server.faults.ranges
    assert (pair.folder / LARGE).stat().st_size == 160_000


def test_a_later_command_goes_on_where_an_earlier_one_ended(
    hub: Hub, server: LoopbackHub, published: Path
) -> None:
    blob = hub.storage(NAME) / "blobs"
    listing = hub.listing(SPEC)
    part = blob / f"{listing.files[LARGE].blob}{PART}"
    part.parent.mkdir(parents=True)
    part.write_bytes((published / LARGE).read_bytes()[:70_000])
    pair = find_pair(SPEC, hub)
    assert "bytes=70000-" in server.faults.ranges
    assert (pair.folder / LARGE).read_bytes() == (published / LARGE).read_bytes()
    assert not list(blob.glob("*part*"))


@pytest.mark.parametrize("extra", [0, 1_000])
def test_a_part_that_has_all_its_bytes_is_not_fetched_again(
    hub: Hub, server: LoopbackHub, published: Path, extra: int
) -> None:
    """As after a run that ended while it compared digests; a longer part is replaced."""
    part = hub.storage(NAME) / "blobs" / f"{hub.listing(SPEC).files[LARGE].blob}{PART}"
    part.parent.mkdir(parents=True)
    part.write_bytes((published / LARGE).read_bytes() + b"x" * extra)
    pair = find_pair(SPEC, hub)
    assert f"bytes={160_000 + extra}-" not in server.faults.ranges
    assert (pair.folder / LARGE).read_bytes() == (published / LARGE).read_bytes()


def test_a_server_without_ranges_sends_the_file_again(hub: Hub, server: LoopbackHub) -> None:
    server.faults.breaks_after, server.faults.ignores_ranges = 5_000, True
    pair = find_pair(SPEC, hub)
    assert (pair.folder / LARGE).stat().st_size == 160_000


def test_a_server_that_breaks_off_again_and_again_is_given_up(
    hub: Hub, server: LoopbackHub
) -> None:
    server.faults.breaks_after = -200_000  # nothing at all
    server.faults.always_breaks = True
    error = refused(hub)
    assert error.code == "hub-transfer-broken"
    assert "continues from there" in str(error) and "0 of the" in str(error)


def test_a_truncated_file_is_no_file(hub: Hub, server: LoopbackHub, published: Path) -> None:
    listing = hub.listing(SPEC)
    (published / LARGE).write_text("pictures" * 10_000)
    error = refused_after(hub, listing)
    assert error.code == "hub-transfer-broken" and "80,000 of the 160,000 bytes" in str(error)


def refused_after(hub: Hub, listing: RepositoryListing) -> LimnError:
    """Return the error of a download of an older listing."""
    from search.encoders.hub_pair.download import Download

    with pytest.raises(LimnError) as caught:
        Download(hub, SPEC, listing).into_cache([LARGE])
    return caught.value


@pytest.mark.parametrize("name", [LARGE, "config.json"])
def test_a_file_with_another_digest_is_removed(hub: Hub, server: LoopbackHub, name: str) -> None:
    server.faults.spoils = name
    error = refused(hub)
    assert error.code == "hub-file-differs" and name in str(error)
    server.faults.spoils = ""
    assert (find_pair(SPEC, hub).folder / name).is_file()


@pytest.mark.parametrize(
    ("status", "code", "advice"),
    [
        (401, "hub-login-needed", "HF_TOKEN"),
        (403, "hub-access-needed", f"conditions at http://127.0.0.1:PORT/{NAME}"),
        (404, "hub-repository-missing", "check the spelling"),
        (429, "hub-busy", "wait 7 seconds"),
        (503, "hub-refuses", "HTTP 503"),
    ],
)
def test_a_refusal_has_one_message_with_what_to_do(
    hub: Hub, server: LoopbackHub, status: int, code: str, advice: str
) -> None:
    server.faults.status, server.faults.headers = status, {"Retry-After": "7"}
    error = refused(hub)
    assert isinstance(error, EncoderUnavailable) and error.code == code
    port = server.endpoint.rpartition(":")[2]
    assert advice.replace("PORT", port) in str(error) and "\n" not in str(error)


def test_a_refusal_of_one_file_has_the_same_message(hub: Hub, server: LoopbackHub) -> None:
    listing = hub.listing(SPEC)
    server.faults.status = 403
    assert refused_after(hub, listing).code == "hub-access-needed"


def test_a_hub_without_an_answer_is_left_after_its_time(hub: Hub, server: LoopbackHub) -> None:
    server.faults.silent = threading.Event()
    error = refused(replace(hub, timeout_s=0.5))
    assert error.code == "hub-unreachable" and f"limn encoders get hub:{NAME}" in str(error)


def test_a_hub_that_is_not_there_or_forbidden_is_named(hub: Hub) -> None:
    assert refused(replace(hub, endpoint="http://127.0.0.1:9")).code == "hub-unreachable"
    assert "HF_HUB_OFFLINE" in str(refused(replace(hub, offline=True)))


def test_a_full_disk_is_known_before_the_download(hub: Hub, server: LoopbackHub) -> None:
    listing = hub.listing(SPEC)
    huge = HubFile(LARGE, 1 << 60, "a" * 40, "a" * 64)
    error = refused_after(hub, RepositoryListing(COMMIT, {**listing.files, LARGE: huge}))
    assert isinstance(error, StorageFailed) and error.code == "hub-disk-full"
    assert "the server's disk is too full for the download of 1," in error.outside


def test_a_cache_that_is_no_folder_is_named(hub: Hub, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    error = refused(replace(hub, cache=tmp_path / "file"))
    assert error.code == "hub-cache-unwritable" and "HF_HOME" in str(error)
    assert "its folder of downloads: " in error.outside and str(tmp_path) not in error.outside


def test_names_of_a_mirror_are_no_paths(hub: Hub, server: LoopbackHub, published: Path) -> None:
    odd = "visual/..\\outside"
    listing = hub.listing(SPEC)
    names = [*listing.files, odd, "visual/../../outside", "/etc/passwd"]
    from search.encoders.hub_pair.layouts.immich import Immich

    selection = Immich().select(names, "")
    assert selection is not None and not any("outside" in each for each in selection.names)


def test_a_plain_folder_is_a_copy_for_a_machine_without_a_network(
    hub: Hub, server: LoopbackHub, tmp_path: Path
) -> None:
    cached = find_pair(SPEC, hub)
    copy = download_pair(SPEC, hub, tmp_path / "copy")
    assert copy.space(8, hub).id == cached.space(8, hub).id
    assert str(copy.spec) == f"hub:{tmp_path / 'copy'}"
    assert names_below(copy.folder) == names_below(cached.folder)
    assert find_pair(parse(f"hub:{tmp_path / 'copy'}"), replace(hub, offline=True)) == copy


def test_another_weight_makes_another_space(hub: Hub, published: Path, tmp_path: Path) -> None:
    before = find_pair(parse(f"hub:{published}"), hub).space(8, hub)
    weights = published / "visual" / "onnx__MatMul_42"
    weights.write_text(weights.read_text() + "!")
    assert find_pair(parse(f"hub:{published}"), hub).space(8, hub).id != before.id


def test_int8_stays_the_published_one_when_only_the_full_one_is_here(
    hub: Hub, server: LoopbackHub, tmp_path: Path
) -> None:
    folder = tmp_path / "js"
    for name in ("config.json", "preprocessor_config.json", "tokenizer.json"):
        (folder / "onnx").mkdir(parents=True, exist_ok=True)
        (folder / name).write_text('{"size": {"height": 8, "width": 8}}')
    (folder / "tokenizer_config.json").write_text(WORDS)
    for name in ("vision_model", "text_model", "vision_model_int8", "text_model_int8"):
        (folder / "onnx" / f"{name}.onnx").write_text(name)
    server.repositories["someone/js"] = folder
    find_pair(parse("hub:someone/js"), hub)
    spec = parse("hub:someone/js#int8")
    assert pair_here(spec, hub) is None
    assert find_pair(spec, hub).selection.pictures == "onnx/vision_model_int8.onnx"
    with pytest.raises(BadSetting, match="no variant 'q4'; it has: none \\(float32\\), #int8"):
        find_pair(parse("hub:someone/js#q4"), hub)


def test_a_repository_of_something_else_is_refused(
    hub: Hub, server: LoopbackHub, tmp_path: Path
) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "model.safetensors").write_text("")
    server.repositories["someone/else"] = tmp_path / "else"
    assert refused(hub, parse("hub:someone/else")).code == "hub-layout-unknown"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("hub:a/b", HubSpecification("a/b")),
        ("hub:a/b.c_d@v1#int8", HubSpecification("a/b.c_d", revision="v1", variant="int8")),
        ("hub:a/b#:256", HubSpecification("a/b", width=256)),
        ("hub:a/b#fp16:64", HubSpecification("a/b", variant="fp16", width=64)),
        ("light", HubSpecification("immich-app/ViT-B-32__laion2b-s34b-b79k")),
        (
            "hub:light#int8",
            HubSpecification("immich-app/ViT-B-32__laion2b-s34b-b79k", variant="int8"),
        ),
        ("hub:/some/folder#int8", HubSpecification(folder=Path("/some/folder"), variant="int8")),
    ],
)
def test_a_specification_is_read_and_written(text: str, parts: HubSpecification) -> None:
    assert parse(text) == parts
    assert parse(str(parts)) == parts


@pytest.mark.parametrize(
    "text", ["hub:", "hub:a", "hub:a/b@", "hub:../b/c", "hub:a/b/c", "hub:a/b#x:y"]
)
def test_another_form_is_refused(text: str) -> None:
    if text == "hub:../b/c":
        assert parse(text).folder is not None
        return
    with pytest.raises(BadSetting):
        parse(text)
