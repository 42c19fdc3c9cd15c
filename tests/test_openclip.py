"""Pairs of open_clip: files, names, preparation, towers, and a hub that can't be reached."""

import json
import os
import pickle
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from search.encoders.openclip.encoder import OpenClipEncoder, causal_tower, open_openclip
from search.encoders.preparation import Preparation, Resize
from search.errors import BadSetting, EncoderUnavailable
from tests.small_openclip import (
    BOTH_WAYS,
    CAPTIONER,
    CLIP,
    ENDS,
    HUGGING_FACE,
    LAST,
    VISION,
    WIDER,
    random_weights,
    register,
    saved,
    validation_transform,
)

pytestmark = pytest.mark.slow

TEXTS = ["a dog", "", "two people sit on a bench in the park, reading", "狗 " * 60, "dog. " * 90]


def opened(architecture: str, path: Path) -> OpenClipEncoder:
    """Open a checkpoint of an architecture on the CPU."""
    return open_openclip(f"open_clip:{architecture}@{path}", "cpu")


def photographs() -> list[Image.Image]:
    """Return real photographs of odd sizes, both ways up, two smaller than a tower's input."""
    data = pytest.importorskip("skimage.data")
    cat = Image.fromarray(data.chelsea())
    rocket = Image.fromarray(data.rocket())
    coffee = Image.fromarray(data.coffee())
    return [
        cat,
        cat.transpose(Image.Transpose.ROTATE_90),
        rocket.crop((3, 1, 604, 400)),
        rocket.crop((100, 0, 333, 427)),
        coffee.resize((1999, 1333)),
        coffee.resize((97, 131)),
        coffee.resize((225, 223)),
        cat.resize((224, 224)),
        coffee.crop((0, 0, 600, 75)),
    ]


@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
@pytest.mark.parametrize("size", [224, (256, 192), (160, 240)])
def test_pixels_equal_those_of_open_clip_s_own_transform(
    size: Any, resize: Resize, interpolation: Any
) -> None:
    transform = validation_transform(
        size=size, resize_mode=resize, interpolation=interpolation, fill_color=3
    )
    height, width = (size, size) if isinstance(size, int) else size
    if resize == "shortest" and height != width:
        interpolation = "bicubic"  # whatever it is told
    half = (0.5, 0.5, 0.5)
    preparation = Preparation(height, width, resize, interpolation, half, half, fill=3)
    for photograph in photographs():
        wanted = np.asarray(transform(photograph))
        np.testing.assert_array_equal(preparation.pixels(photograph), wanted)


@pytest.mark.parametrize("turned", [False, True])
def test_a_long_strip_is_prepared_as_open_clip_does_without_its_memory(turned: bool) -> None:
    strip = photographs()[4].resize((4000, 60))
    strip = strip.transpose(Image.Transpose.ROTATE_90) if turned else strip
    half = (0.5, 0.5, 0.5)
    ours = Preparation(224, 224, "shortest", "bicubic", half, half).pixels(strip)
    theirs = np.asarray(validation_transform(size=224)(strip))
    assert np.abs(ours.astype(int) - theirs).max() <= 1


@pytest.mark.parametrize("resize", ["shortest", "squash", "longest"])
def test_the_longest_and_thinnest_pictures_are_prepared(resize: Resize) -> None:
    half = (0.5, 0.5, 0.5)
    preparation = Preparation(224, 224, resize, "bicubic", half, half)
    for size in ((1, 60_000), (60_000, 1), (1, 1)):
        assert preparation.pixels(Image.new("RGB", size)).shape == (224, 224, 3)


def test_vectors_equal_those_of_open_clip_itself(tmp_path: Path) -> None:
    path = saved(tmp_path, CLIP)
    encoder = opened(CLIP, path)
    model, _, transform = open_clip.create_model_and_transforms(CLIP, pretrained=str(path))
    tokens = open_clip.get_tokenizer(CLIP)(TEXTS)
    with torch.inference_mode():
        pictures = torch.stack([transform(photograph) for photograph in photographs()])
        wanted_pictures = model.eval().encode_image(pictures, normalize=True).numpy()
        wanted_texts = model.encode_text(tokens, normalize=True).numpy()
    pixels = np.stack([encoder.preparation.pixels(p) for p in photographs()])
    np.testing.assert_allclose(encoder.encode_pixels(pixels), wanted_pictures, atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), wanted_texts, atol=1e-5)


@pytest.mark.parametrize(
    ("architecture", "is_cut"),
    [(CLIP, True), (ENDS, True), (BOTH_WAYS, False), (LAST, False), (CAPTIONER, False)],
)
def test_only_towers_that_end_at_the_end_of_text_are_cut_and_all_are_exact(
    tmp_path: Path, architecture: str, is_cut: bool
) -> None:
    path = saved(tmp_path, architecture)
    encoder = opened(architecture, path)
    model = open_clip.create_model(architecture, pretrained=str(path)).eval()
    assert (causal_tower(model) is not None) == is_cut
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer(architecture)(TEXTS)
        wanted = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), wanted, atol=1e-5)


def test_every_format_of_the_same_weights_is_the_same_space(tmp_path: Path) -> None:
    register(tmp_path, CLIP)
    state = random_weights(CLIP)
    paths = [tmp_path / name for name in ("a.pt", "b.pth", "c.bin", "epoch_1.pt", "e.safetensors")]
    for path in paths[:3]:
        torch.save(state, path)
    prefixed = {f"module.{name}": tensor for name, tensor in state.items()}
    torch.save({"epoch": 1, "name": "run", "state_dict": prefixed, "optimizer": {}}, paths[3])
    save_file(state, paths[4])
    folder = tmp_path / "repository"
    folder.mkdir()
    shutil.copy(paths[4], folder / "open_clip_model.safetensors")
    encoders = [opened(CLIP, path) for path in (*paths, folder)]
    assert {encoder.space.id for encoder in encoders} == {encoders[0].space.id}
    assert encoders[0].space.encoder == f"open_clip:{CLIP}@{paths[0]}"


def test_one_changed_weight_is_another_space(tmp_path: Path) -> None:
    first = saved(tmp_path, CLIP)
    state = torch.load(first, weights_only=True)
    state["visual.proj"][3, 5] += 1e-3
    torch.save(state, tmp_path / "changed.pt")
    assert opened(CLIP, first).space.id != opened(CLIP, tmp_path / "changed.pt").space.id


def test_another_preprocessing_is_another_space(tmp_path: Path) -> None:
    path = saved(tmp_path, CLIP)
    plain = opened(CLIP, path)
    config = {"preprocess_cfg": {"mean": [0.5] * 3, "std": [0.5] * 3, "resize_mode": "squash"}}
    (tmp_path / "open_clip_config.json").write_text(json.dumps(config))
    squashed = opened(CLIP, path)
    assert squashed.preparation.resize == "squash"
    assert squashed.preparation.mean == (0.5, 0.5, 0.5)
    assert plain.preparation.resize == "shortest"
    assert plain.space.id != squashed.space.id


def test_a_path_may_be_relative_or_start_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = saved(tmp_path, CLIP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    for place in (path.name, f"./{path.name}", f"~/{path.name}"):
        encoder = open_openclip(f"open_clip:{CLIP}@{place}", "cpu")
        assert encoder.space.encoder == f"open_clip:{CLIP}@{path}"


def test_a_hugging_face_tower_and_tokenizer_load_from_folders(tmp_path: Path) -> None:
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
    encoder = opened(HUGGING_FACE, tmp_path / "weights.pt")
    texts = ["dog", "cats and dogs", "a b c", "\ud83d 🐕", "x" * 5000]
    with torch.inference_mode():
        tokens = open_clip.get_tokenizer(HUGGING_FACE)(texts[:3])
        wanted = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(encoder.encode_texts(texts)[:3], wanted, atol=1e-5)


def test_many_threads_get_what_one_gets(tmp_path: Path) -> None:
    encoder = opened(CLIP, saved(tmp_path, CLIP))
    texts = [f"text {i} " * (i % 7) for i in range(40)]
    alone = encoder.encode_texts(texts)
    answers: dict[int, Any] = {}

    def work(number: int) -> None:
        answers[number] = encoder.encode_texts(texts)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6
    for vectors in answers.values():
        np.testing.assert_allclose(vectors, alone, atol=1e-5)


class Trap:
    """A pickle that would write a file if its code were run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return os.system, (f"touch {self.path}",)


def test_code_in_a_checkpoint_is_refused_and_never_run(tmp_path: Path) -> None:
    register(tmp_path, CLIP)
    sprung = tmp_path / "sprung"
    torch.save({"state_dict": Trap(sprung)}, tmp_path / "zip.pt")
    (tmp_path / "plain.bin").write_bytes(pickle.dumps(Trap(sprung)))
    for name in ("zip.pt", "plain.bin"):
        with pytest.raises(EncoderUnavailable, match="never run"):
            opened(CLIP, tmp_path / name)
    assert not sprung.exists()


@pytest.mark.parametrize("suffix", ["pt", "bin", "safetensors"])
@pytest.mark.parametrize("content", ["empty", "garbage", "truncated", "a list", "text"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, suffix: str, content: str) -> None:
    good = saved(tmp_path, CLIP)
    path = tmp_path / f"bad.{suffix}"
    if content == "a list":
        torch.save([1, 2, 3], path)
    else:
        path.write_bytes(
            {
                "empty": b"",
                "garbage": np.random.default_rng(0).bytes(5000),
                "truncated": good.read_bytes()[:100_000],
                "text": b"not weights at all\n" * 100,
            }[content]
        )
    with pytest.raises(EncoderUnavailable, match=f"bad.{suffix}.*can't be read") as caught:
        opened(CLIP, path)
    assert "\n" not in str(caught.value)


def test_a_checkpoint_of_another_architecture_is_refused_with_what_differs(tmp_path: Path) -> None:
    path = saved(tmp_path, CLIP)
    register(tmp_path, WIDER)
    with pytest.raises(
        EncoderUnavailable, match=r"does not hold weights of .*-wider.*is \(.*64.*\), not \(.*96"
    ) as caught:
        opened(WIDER, path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 800


@pytest.mark.parametrize(
    ("spec", "error", "message"),
    [
        ("open_clip:", BadSetting, "does not name an encoder.*ARCH/PRETRAINED"),
        ("open_clip:ViT-B-32", BadSetting, "does not name an encoder"),
        ("open_clip:ViT-B-32@", BadSetting, "does not name an encoder"),
        ("open_clip:ViT-B-23/openai", BadSetting, "no architecture 'ViT-B-23'; did you.*ViT-B-32"),
        ("open_clip:zzzzzz/openai", BadSetting, "no architecture 'zzzzzz'; python"),
        ("open_clip:ViT-B-32/laion9b", BadSetting, "no weights 'laion9b'.*laion2b_s34b_b79k"),
        ("open_clip:ViT-B/32/laion9b", BadSetting, "ViT-B-32 has no weights 'laion9b'"),
        ("open_clip:ViT-S-32/openai", BadSetting, "none are published"),
        ("open_clip:ViT-B-32@/no/such.pt", EncoderUnavailable, "no torch checkpoint '/no/such.pt'"),
        ("open_clip:ViT-B-32@/no/a\0b.pt", EncoderUnavailable, "no torch checkpoint"),
        ("open_clip:ViT-B-32@/a/b.npz", EncoderUnavailable, "b.npz'.*safetensors"),
        ("open_clip:ViT-B-32@/usr", EncoderUnavailable, "holds none of open_clip_model"),
        ("open_clip:ViT-H-14@/etc/hosts", BadSetting, "prepared differently.*dfn5b"),
    ],
)
def test_a_wrong_name_is_refused_with_the_remedy(spec: str, error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        open_openclip(spec, "cpu")
    assert "\n" not in str(caught.value)


def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path, CLIP)
    with pytest.raises(BadSetting, match="unknown device 'tpu'; it may be auto, cpu or cuda"):
        open_openclip(f"open_clip:{CLIP}@{path}", "tpu")
    if torch.cuda.is_available():
        pytest.skip("there is a GPU here")
    with pytest.raises(BadSetting, match="torch finds no GPU"):
        open_openclip(f"open_clip:{CLIP}@{path}", "cuda")


@pytest.mark.gpu
def test_a_gpu_gives_nearly_the_cpu_s_vectors(tmp_path: Path) -> None:
    if not torch.cuda.is_available():
        pytest.skip("torch finds no CUDA GPU")
    path = saved(tmp_path, CLIP)
    on_cpu, on_gpu = opened(CLIP, path), open_openclip(f"open_clip:{CLIP}@{path}", "cuda")
    assert on_cpu.space == on_gpu.space
    cosines = np.sum(on_cpu.encode_texts(TEXTS) * on_gpu.encode_texts(TEXTS), axis=1)
    assert cosines.min() > 0.999


OPEN = """
import sys
from search.encoders import open_encoder
from search.errors import EncoderUnavailable
try:
    open_encoder(sys.argv[1], "cpu")
except EncoderUnavailable as error:
    print(error)
"""

FIND = """
import sys
from search.encoders.hub import hub_file, hub_folder
from search.errors import EncoderUnavailable
try:
    print(hub_file("some/repository", ["weights.safetensors", "weights.bin"], "W", "use it not"))
    print(hub_folder("some/repository", ["tokenizer.json", "weights.bin"], "W", "use it not"))
except EncoderUnavailable as error:
    print(error)
"""


def run_elsewhere(code: str, *arguments: str, **environment: str) -> list[str]:
    """Run code in a process of its own, since the hub's library reads its environment once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("HF_")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments],
        env={**kept, "NO_PROXY": "*", "no_proxy": "*", **environment},
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.fixture
def closed_port() -> Iterator[str]:
    """Yield the address of a bound port without a listener."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_hub_out_of_reach_is_a_clear_error_and_no_wait(tmp_path: Path, closed_port: str) -> None:
    started = time.monotonic()
    spec = "open_clip:ViT-B-32/laion2b_s34b_b79k"
    (message,) = run_elsewhere(OPEN, spec, HF_HOME=str(tmp_path), HF_ENDPOINT=closed_port)
    took_s = time.monotonic() - started
    for part in (spec, f"{closed_port} can't be reached", "builtin", "open_clip:ViT-B-32@/"):
        assert part in message
    assert f"copy the folder {tmp_path}" in message
    assert took_s < 40, f"{took_s:.1f} s, of which importing torch is most"


def test_a_hub_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        started = time.monotonic()
        (message,) = run_elsewhere(FIND, HF_HOME=str(tmp_path), HF_ENDPOINT=endpoint)
        assert time.monotonic() - started < 15
    assert f"{endpoint} can't be reached" in message


def test_offline_mode_asks_no_hub(tmp_path: Path, closed_port: str) -> None:
    environment = {"HF_HOME": str(tmp_path), "HF_ENDPOINT": closed_port, "HF_HUB_OFFLINE": "1"}
    (message,) = run_elsewhere(FIND, **environment)
    assert "HF_HUB_OFFLINE forbids" in message


def test_files_in_the_hub_s_cache_need_no_network(tmp_path: Path, closed_port: str) -> None:
    repository = tmp_path / "hub" / "models--some--repository"
    snapshot = repository / "snapshots" / "f00"
    snapshot.mkdir(parents=True)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("f00")
    (snapshot / "weights.bin").write_bytes(b"weights")
    found = run_elsewhere(FIND, HF_HOME=str(tmp_path), HF_ENDPOINT=closed_port)
    assert found == [str(snapshot / "weights.bin"), str(snapshot)]
