"""Exported pairs: the same vectors and tokens without torch, and refused exports."""

import json
import os
import random
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import numpy as np
import onnx
import open_clip
import pytest
import torch
from click.testing import CliRunner
from PIL import Image
from torch import nn

from indexer.cli.export import export as export_command
from indexer.exporting.attention import SpeltAttention
from indexer.exporting.checks import LOWEST_COSINE, CantExport, ExportDiffers, Precision
from indexer.exporting.export import ExportedPair, export
from indexer.exporting.tokenizer import TEXTS
from search.encoders import open_encoder
from search.encoders.onnx_pair.exported import digest_of, open_onnx
from search.encoders.openclip.tokenizer import PIECES, OpenClipTokenizer, TokenRules
from search.encoders.probes import probes
from search.encoders.text_limits import encodable
from search.errors import BadSetting, EncoderUnavailable, StorageFailed
from tests.conftest import Limn
from tests.small_openclip import (
    BOTH_WAYS,
    CAPTIONER,
    CLIP,
    ENDS,
    HUGGING_FACE,
    LAST,
    VISION,
    register,
    saved,
)

pytestmark = pytest.mark.slow


def exported(
    folder: Path, precision: Precision = "float32", architecture: str = CLIP
) -> ExportedPair:
    """Export random weights of a small architecture to `folder`/pair."""
    path = saved(folder, architecture)
    return export(f"open_clip:{architecture}@{path}", folder / "pair", precision)


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    """Run torch on one thread: towers this small are slower with several threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a small pair exported as int8, which tests must not change."""
    folder = tmp_path_factory.mktemp("exported")
    exported(folder, "int8")
    return folder / "pair"


@pytest.mark.parametrize(
    ("architecture", "precision"),
    [
        *((each, "float32") for each in (CLIP, ENDS, BOTH_WAYS, LAST)),
        *((CLIP, "float16"), (CLIP, "int8"), (CAPTIONER, "int8")),
    ],
)
def test_vectors_are_near_torch_s(tmp_path: Path, architecture: str, precision: Precision) -> None:
    found = exported(tmp_path, precision, architecture)
    torch_s = open_encoder(f"open_clip:{architecture}@{tmp_path}/{architecture}-0.pt", "cpu")
    pixels = probes(torch_s.preparation)
    texts = [*TEXTS, "a text that is no probe", "two dogs " * 7]
    for ours, theirs in (
        (found.encoder.encode_pixels(pixels), torch_s.encode_pixels(pixels)),
        (found.encoder.encode_texts(texts), torch_s.encode_texts(texts)),
    ):
        assert np.sum(ours * theirs, axis=1).min() >= LOWEST_COSINE[precision]


def test_float32_is_of_torch_s_space_and_rounded_weights_are_not(tmp_path: Path) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    spaces = {
        precision: export(spec, tmp_path / precision, precision).encoder.space
        for precision in LOWEST_COSINE
    }
    torch_s = open_encoder(spec, "cpu").space
    assert spaces["float32"].id == torch_s.id
    assert len({torch_s.id, *(space.id for space in spaces.values())}) == 3
    assert spaces["int8"].encoder == f"onnx:{tmp_path / 'int8'}"


def test_the_same_export_has_the_same_space(tmp_path: Path) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    first, second = (export(spec, tmp_path / name, "int8").encoder for name in ("a", "b"))
    assert first.space.id == second.space.id


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_vector_does_not_depend_on_its_batch(tmp_path: Path, precision: Precision) -> None:
    encoder = exported(tmp_path, precision).encoder
    pixels = probes(encoder.preparation)
    together = encoder.encode_pixels(pixels)
    alone = np.concatenate([encoder.encode_pixels(pixels[i : i + 1]) for i in range(len(pixels))])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    alone = np.concatenate([encoder.encode_texts([text]) for text in TEXTS])
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), alone, atol=1e-5)


def test_the_graph_of_a_causal_tower_reads_no_further_than_the_text(pair: Path) -> None:
    words = open_onnx(f"onnx:{pair}").words
    assert [len(ids) for ids in words.ids(["", "a dog", "a " * 500])] == [2, 4, 77]


def test_it_opens_without_torch_or_open_clip(pair: Path) -> None:
    program = (
        "import sys; from search.encoders import open_encoder; e = open_encoder(sys.argv[1]); "
        "e.encode_texts(['a dog']); "
        "print(sorted({'torch', 'transformers', 'open_clip', 'onnx'} & sys.modules.keys()))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program, f"onnx:{pair}"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert found.stdout.strip() == "[]"


@pytest.fixture(scope="module")
def both(pair: Path) -> tuple[OpenClipTokenizer, Any]:
    """Return the exported tokenizer with room for any text, and open_clip's."""
    words = open_onnx(f"onnx:{pair}").words
    roomy = TokenRules(**{**words.rules.facts(), "context": 10_000})
    return OpenClipTokenizer(words.tokenizer, roomy), open_clip.get_tokenizer(CLIP)


def assert_same_tokens(both: tuple[OpenClipTokenizer, Any], text: str) -> None:
    """Compare a text's tokens; Limn first turns any text into one encodable line, for both."""
    line = " ".join(encodable(text).split())
    words, theirs = both
    assert words.ids([line])[0][1:-1] == theirs.encode(line), repr(line)


def test_every_character_becomes_open_clip_s_tokens(both: tuple[OpenClipTokenizer, Any]) -> None:
    # Planes 3 to 13 are unassigned, 15 and 16 private: a sample of these is enough.
    planes = [*range(0x30000), *range(0x30000, 0x110000, 997)]
    numbers = [each for each in planes if not 0xD800 <= each < 0xE000]
    for start in range(0, len(numbers), 96):
        some = numbers[start : start + 96]
        assert_same_tokens(both, " ".join(f"a{chr(each)}b" for each in some))


def test_random_texts_become_open_clip_s_tokens(both: tuple[OpenClipTokenizer, Any]) -> None:
    draw = random.Random(0)
    alphabets = (
        [chr(each) for each in range(32, 127)],
        [*"'strvmld<>_/&;aſKİςẞ\u0307", "<start_of_text>", "<end_of_text>", "&amp;", "'LL"],
        [chr(each) for each in (*range(0x20, 0x600), *range(0x3000, 0x3100), 0x1F415, 0xFE0F)],
        [*"aeiounrstldog ", "the ", "ing", "Ã©", "â€™"],
    )
    for _ in range(3000):
        alphabet = draw.choice(alphabets)
        assert_same_tokens(both, "".join(draw.choices(alphabet, k=draw.randrange(1, 60))))


def test_the_pieces_are_cut_by_open_clip_s_own_pattern() -> None:
    assert open_clip.get_tokenizer(CLIP).pat.pattern == PIECES.pattern


def test_a_hugging_face_pair_is_exported_with_its_tokenizer(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"abcdefghij", "dog", "cat", "##s"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizerFast(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "vocab_size": len(words)}
    layers = {"num_hidden_layers": 1, "num_attention_heads": 2, "max_position_embeddings": 40}
    transformers.BertConfig(**sizes, **layers).save_pretrained(tmp_path)
    names = {"hf_model_name": str(tmp_path), "hf_tokenizer_name": str(tmp_path)}
    text = {**names, "hf_proj_type": "linear", "context_length": 24}
    register(tmp_path, HUGGING_FACE, embed_dim=32, vision_cfg=VISION, text_cfg=text)
    torch.manual_seed(0)
    model = open_clip.create_model(HUGGING_FACE, pretrained_text=False).eval()
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    spec = f"open_clip:{HUGGING_FACE}@{tmp_path / 'weights.pt'}"
    found = export(spec, tmp_path / "pair", "float32")
    texts = ["dog", "cats and dogs", "a b c", "x" * 500]
    theirs = open_encoder(spec, "cpu").encode_texts(texts)
    np.testing.assert_allclose(found.encoder.encode_texts(texts), theirs, atol=1e-4)


@pytest.mark.parametrize("same", [True, False])
def test_spelt_attention_is_torch_s(same: bool) -> None:
    torch.manual_seed(0)
    attention = nn.MultiheadAttention(32, 4, batch_first=True).eval()
    query, key = torch.randn(3, 5, 32), torch.randn(3, 5 if same else 9, 32)
    key = query if same else key
    mask = torch.full((5, key.shape[1]), -torch.inf).triu(1)
    for masks in (None, mask, mask.expand(12, -1, -1)):
        wanted = attention(query, key, key, need_weights=False, attn_mask=masks)[0]
        found, _ = SpeltAttention(attention)(query, key, key, attn_mask=masks)
        torch.testing.assert_close(found, wanted)


def test_an_export_that_differs_is_refused_and_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    monkeypatch.setitem(LOWEST_COSINE, "int8", 0.99999)
    with pytest.raises(ExportDiffers, match=r"tower is at cosine 0\.99\d+ of torch's.*0\.99999"):
        export(spec, tmp_path / "pair", "int8")
    assert [each.name for each in tmp_path.iterdir() if "pair" in each.name] == []


def test_a_tower_too_large_for_a_file_is_refused_before_it_is_traced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    monkeypatch.setattr("indexer.exporting.export.LARGEST_TOWER", 1000)
    with pytest.raises(CantExport, match=r"picture tower of .* parameters.*2 GiB, which is 1,000"):
        export(spec, tmp_path / "pair", "float32")


@pytest.mark.parametrize("spec", ["builtin", "tiny", "onnx:/somewhere", "clip"])
def test_only_open_clip_s_pairs_are_exported(tmp_path: Path, spec: str) -> None:
    with pytest.raises(BadSetting, match=f"'{spec}' is not exported.*open_clip:ARCH/PRETRAINED"):
        export(spec, tmp_path / "pair", "float32")


def test_a_folder_that_is_taken_is_refused_and_kept(tmp_path: Path, limn: Limn) -> None:
    (tmp_path / "pair").mkdir()
    (tmp_path / "pair" / "mine.txt").write_text("mine")
    done = limn("export", "--encoder", "open_clip:ViT-B-32@x.pt", "--out", "pair", code=2)
    assert "is there already and not an empty folder" in done.stderr
    assert (tmp_path / "pair" / "mine.txt").read_text() == "mine"


@contextmanager
def files_at_most(size_bytes: int) -> Iterator[None]:
    """Limit the size of this process's files, as a full disk would."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size_bytes", [1_000_000, 3_000_000])
def test_a_full_disk_is_said_and_nothing_stays(tmp_path: Path, size_bytes: int) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    with files_at_most(size_bytes), pytest.raises(StorageFailed, match="nothing of it was kept"):
        export(spec, tmp_path / "pair", "float32")
    assert [each.name for each in tmp_path.iterdir() if "pair" in each.name] == []


def test_what_a_killed_run_left_is_no_hindrance(tmp_path: Path) -> None:
    left = tmp_path / "pair.0a1b2c3d.partial"
    left.mkdir()
    (left / "text.onnx").write_bytes(b"half")
    (tmp_path / "pair").mkdir()
    exported(tmp_path)
    assert not left.exists()


@pytest.mark.parametrize("name", ["image.onnx", "text.onnx", "tokenizer.json", "pair.json"])
@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_a_damaged_folder_says_what_to_do(
    tmp_path: Path, pair: Path, name: str, damage: str
) -> None:
    folder = copytree(pair, tmp_path / "pair")
    content = (folder / name).read_bytes()
    if damage == "missing":
        (folder / name).unlink()
    elif damage == "cut":
        (folder / name).write_bytes(content[: len(content) // 2])
    else:
        (folder / name).write_bytes(content.replace(b"1", b"2", 1))
    with pytest.raises(EncoderUnavailable, match=r"limn export") as caught:
        open_onnx(f"onnx:{folder}")
    assert name in str(caught.value) or damage == "missing"
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": 3}, r"another version of Limn wrote it \(format 3; this one reads 2\)"),
        ({"format": 1}, "one of Limn's own towers, which builtin@"),
        ({"reading": {"context": 77}}, "pair.json is damaged"),
        ({"preparation": None}, "pair.json is damaged"),
        ({"sha256": {}}, "pair.json is damaged"),
    ],
)
def test_another_version_s_folder_is_refused(
    tmp_path: Path, pair: Path, changes: dict[str, Any], message: str
) -> None:
    folder = copytree(pair, tmp_path / "pair")
    facts = {**json.loads((folder / "pair.json").read_text()), **changes}
    (folder / "pair.json").write_text(json.dumps({**facts, "digest": digest_of(facts)}))
    with pytest.raises(EncoderUnavailable, match=message):
        open_onnx(f"onnx:{folder}")


def test_a_graph_that_onnxruntime_can_t_run_is_refused(tmp_path: Path, pair: Path) -> None:
    from search.encoders.onnx_pair.pair_folder import file_digest

    folder = copytree(pair, tmp_path / "pair")
    graph = onnx.load(folder / "text.onnx")
    graph.opset_import[0].version = 999
    (folder / "text.onnx").write_bytes(graph.SerializeToString())
    facts = json.loads((folder / "pair.json").read_text())
    facts["sha256"]["text.onnx"] = file_digest(folder / "text.onnx")
    (folder / "pair.json").write_text(json.dumps({**facts, "digest": digest_of(facts)}))
    with pytest.raises(EncoderUnavailable, match=r"onnxruntime [\d.]+ can't run text.onnx"):
        open_onnx(f"onnx:{folder}")


def test_names_that_are_no_exported_pair_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match="'onnx:' names no folder"):
        open_encoder("onnx:")
    with pytest.raises(EncoderUnavailable, match=r"no exported pair in .*limn export"):
        open_encoder(f"onnx:{tmp_path}")


def test_the_command_prints_the_specification_that_opens_what_it_wrote(tmp_path: Path) -> None:
    spec = f"open_clip:{CLIP}@{saved(tmp_path, CLIP)}"
    arguments = ["--encoder", spec, "--out", str(tmp_path / "pair"), "--precision", "int8"]
    handler = signal.getsignal(signal.SIGTERM)
    done = CliRunner().invoke(export_command, arguments)
    signal.signal(signal.SIGTERM, handler)
    assert done.exit_code == 0, done.output
    assert done.stdout == f"onnx:{tmp_path / 'pair'}\n"
    assert "lowest cosine with torch: pictures 0.99" in done.stderr
    assert open_encoder(done.stdout.strip()).space.id in done.stderr


def test_a_collection_goes_on_under_another_specification_of_its_space(
    tmp_path: Path, colours: Path, pair: Path, limn: Limn
) -> None:
    first, second = copytree(pair, tmp_path / "first"), copytree(pair, tmp_path / "second")
    limn("index", colours, "--encoder", f"onnx:{first}")
    limn("index", colours, "--encoder", f"onnx:{second}")
    assert json.loads(limn("info", "colours", "--json").stdout)["encoder"] == f"onnx:{second}"
    rmtree(first)
    assert len(json.loads(limn("search", "red", "--json").stdout)) == 8
    rmtree(second)
    assert "no exported pair in" in limn("search", "red", code=1).stderr


def test_an_interrupted_export_leaves_nothing(tmp_path: Path, pair: Path) -> None:
    program = (
        "import os, signal, sys; from pathlib import Path; "
        "from search.files.atomic_file import atomic_folder; "
        "signal.signal(signal.SIGTERM, signal.default_int_handler)\n"
        "with atomic_folder(Path(sys.argv[1])) as part:\n"
        "    (part / 'half').write_text('half'); os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path / "pair")],
        capture_output=True,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    assert done.returncode == -signal.SIGINT
    assert list(tmp_path.iterdir()) == []


def test_pixels_of_a_picture_fit(pair: Path) -> None:
    encoder = open_onnx(f"onnx:{pair}", threads=1)
    pixels = encoder.preparation.pixels(Image.new("RGB", (301, 77), "orange"))
    assert encoder.encode_pixels(pixels[None]).shape == (1, encoder.space.width)
