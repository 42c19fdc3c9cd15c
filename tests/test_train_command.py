"""The command `limn train`: on real JPEGs, with a small architecture of open_clip's."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result

from search.cli import main
from search.encoders import open_encoder
from tests.small_captions import draw_shapes
from tests.small_openclip import CLIP, WIDER, register, saved

pytestmark = pytest.mark.slow

Train = Callable[..., Result]

QUICK = ("--batch", "24", "--held-out", "16", "--epochs", "1", "--device", "cpu")

LAUNCHER = """
import sys, open_clip, torch
sys.modules.update(dict.fromkeys({blocked!r}))
open_clip.add_model_config({config!r})
torch.set_num_threads(1)
if __name__ == "__main__":
    from search.cli import main
    main()
"""


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the specification of a small pair with random weights."""
    return f"open_clip:{CLIP}@{saved(tmp_path_factory.mktemp('start'), CLIP)}"


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_shapes(tmp_path_factory.mktemp("shapes"))


@pytest.fixture
def limn(tmp_path: Path, one_thread: None) -> Iterator[Train]:
    """Run this and other commands in the current process, which has torch loaded already."""
    handler = signal.getsignal(signal.SIGTERM)

    def run(*arguments: str | Path, code: int = 0) -> Result:
        environment = {"LIMN_DATA_DIR": str(tmp_path / "data"), "LIMN_ENCODER": "tiny"}
        done = CliRunner().invoke(main, list(map(str, arguments)), env=environment)
        assert done.exit_code == code, f"exit {done.exit_code}\n{done.output}\n{done.exception!r}"
        return done

    yield run
    signal.signal(signal.SIGTERM, handler)


def records(out: Path) -> list[dict[str, Any]]:
    """Return a run's metrics without its seconds."""
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


@pytest.mark.parametrize(("method", "rate"), [("full", "1e-3"), ("lora", "1e-2"), ("head", "1e-2")])
def test_each_method_raises_held_out_recall_and_its_pair_opens(
    limn: Train, start: str, captions: Path, tmp_path: Path, method: str, rate: str
) -> None:
    out = tmp_path / "run"
    arguments = ("--pairs", captions, "--from", start, "--out", out, *QUICK, "--method", method)
    done = limn("train", *arguments, "--epochs", "12", "--rate", rate, "--patience", "12", "--json")
    told = json.loads(done.stdout)
    assert told["after"]["mean"] > told["before"]["mean"] + 0.15
    assert told["space"]["encoder"] == f"open_clip:{CLIP}@{out / 'pair'}"
    encoder = open_encoder(told["space"]["encoder"], "cpu")
    assert encoder.space.id == told["space"]["id"] != open_encoder(start, "cpu").space.id
    assert f"limn index {captions.parent} --collection" not in done.stdout
    epochs = records(out)
    assert [each["epoch"] for each in epochs] == list(range(13))
    assert epochs[-1]["losses"]["loss"] < epochs[1]["losses"]["loss"]
    assert (out / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_a_collection_is_trained_on_indexed_again_and_searched(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    limn("index", captions.parent, "--collection", "shapes")
    arguments = ("--collection", "shapes", "--from", start, "--out", tmp_path / "run", *QUICK)
    done = limn("train", *arguments, "--epochs", "3", "--rate", "1e-3", "--install-anyway")
    spec = done.stdout.strip()
    command = f"limn index {captions.parent} --collection shapes-tuned --encoder {spec}"
    assert command in done.stderr
    limn(*command.split()[1:])
    hits = json.loads(limn("search", "a red circle", "-c", "shapes-tuned", "--json").stdout)
    assert len(hits) == 20


def test_a_pair_that_finds_pictures_worse_is_refused_unless_it_is_wanted(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    arguments = ("train", "--pairs", captions, *QUICK)
    good = (*arguments, "--from", start, "--rate", "1e-3", "--epochs", "5", "--out")
    tuned = limn(*good, tmp_path / "good").stdout.strip()
    worse = (*arguments, "--from", tuned, "--rate", "0.5", "--out", tmp_path / "worse")
    refused = limn(*worse, code=1)
    assert "not installed" in refused.stderr and "before   after" in refused.stderr
    assert not (tmp_path / "worse/pair").exists()
    wanted = limn(*worse, "--install-anyway")
    assert "going on from step" in wanted.stderr  # and no further epoch
    assert wanted.stdout.strip() == f"open_clip:{CLIP}@{tmp_path / 'worse/pair'}"
    assert len(records(tmp_path / "worse")) == 2


def test_a_teacher_of_another_width_is_learned_from(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    teacher = f"open_clip:{WIDER}@{saved(tmp_path, WIDER)}"
    out = tmp_path / "run"
    arguments = ("--pairs", captions, "--from", start, "--teacher", teacher, "--out", out, *QUICK)
    limn("train", *arguments, "--epochs", "4", "--rate", "1e-3", "--install-anyway")
    first, last = records(out)[1]["losses"], records(out)[-1]["losses"]
    assert last["features"] < first["features"]
    assert last["likeness"] < first["likeness"]
    assert len(list(out.glob("teacher-*.npz"))) == 1


def test_early_stopping_keeps_the_best_epoch(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    arguments = ("--pairs", captions, "--from", start, "--out", tmp_path / "run", *QUICK)
    limits = ("--epochs", "30", "--patience", "1", "--rate", "3e-3", "--install-anyway", "--json")
    done = limn("train", *arguments, *limits)
    found = [each["recall"]["mean"] for each in records(tmp_path / "run")[1:]]
    assert "stopped early" in done.stderr and len(found) < 30
    assert json.loads(done.stdout)["after"]["mean"] == pytest.approx(max(found), abs=0.01)


def test_the_pair_that_ships_is_fine_tuned_and_its_result_again(
    limn: Train, tmp_path: Path
) -> None:
    shapes = draw_shapes(tmp_path / "shapes", pictures=20)
    spec = "builtin"
    for method in ("full", "lora"):
        out = tmp_path / method
        arguments = ("--pairs", shapes, "--from", spec, "--method", method, "--out", out)
        done = limn("train", *arguments, "--epochs", "1", "--batch", "15", "--install-anyway")
        spec = done.stdout.strip()
        assert spec == f"builtin@{out / 'pair'}"
    encoder = open_encoder(spec)
    assert encoder.space.encoder == spec
    assert encoder.space.id != open_encoder("builtin").space.id
    vectors = encoder.encode_texts(["a red circle", "红色"])
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_run_that_was_killed_goes_on_with_the_same_numbers(
    start: str, captions: Path, tmp_path: Path
) -> None:
    def begin(out: Path) -> subprocess.Popen[str]:
        arguments = ("--pairs", captions, "--from", start, "--out", out, *QUICK, "--epochs", "3")
        return launched(tmp_path, ("train", *arguments, "--rate", "1e-3", "--json"))

    whole = begin(tmp_path / "whole")
    killed = begin(tmp_path / "killed")
    assert killed.stderr is not None
    for line in killed.stderr:
        if line.startswith("epoch 1"):
            killed.kill()
            break
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    again = begin(tmp_path / "killed")
    told, heard = zip(whole.communicate(timeout=120), again.communicate(timeout=120), strict=True)
    assert whole.returncode == again.returncode == 0, heard
    assert "going on from step" in heard[1]
    assert records(tmp_path / "whole") == records(tmp_path / "killed")
    first, second = (json.loads(each) for each in told)
    assert first["space"]["id"] == second["space"]["id"] and first["after"] == second["after"]


def test_lora_without_peft_names_the_extra(start: str, captions: Path, tmp_path: Path) -> None:
    arguments = ("--pairs", captions, "--from", start, "--out", tmp_path / "run", *QUICK)
    process = launched(tmp_path, ("train", *arguments, "--method", "lora"), blocked=["peft"])
    _, heard = process.communicate(timeout=120)
    assert process.returncode == 2, heard
    assert "--method lora needs peft" in heard and '[train]"' in heard
    assert not (tmp_path / "run").exists()  # a run that can't begin does not create its folder


def launched(
    folder: Path, arguments: Sequence[str | Path], blocked: Sequence[str] = ()
) -> subprocess.Popen[str]:
    """Return the command in a process of its own that knows the small architecture."""
    register(folder, CLIP)
    script = folder / "limn.py"
    config = str(folder / f"{CLIP}.json")
    script.write_text(LAUNCHER.format(blocked=list(blocked), config=config))
    return subprocess.Popen(
        [sys.executable, str(script), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_what_can_not_be_trained_is_refused_and_says_what_to_do(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    out = ("--out", tmp_path / "run")
    these = ("train", "--pairs", captions, *QUICK)
    assert "--collection NAME or --pairs" in limn("train", *out, code=2).stderr
    both = (*these, "--collection", "shapes", *out)
    assert "--collection NAME or --pairs" in limn(*both, code=2).stderr
    assert (
        "is not one of 'full', 'lora', 'head'" in limn(*these, *out, "--method", "x", code=2).stderr
    )
    unknown = limn("train", "--collection", "nothing", *out, code=1)
    assert "no collection 'nothing'" in unknown.stderr
    assert "can't be trained" in limn(*these, "--from", "tiny", *out, code=2).stderr
    other = start.replace(CLIP, register(tmp_path, WIDER), 1)
    wrong = limn(*these, "--from", other, "--out", tmp_path / "wrong", code=1)
    assert f"does not hold weights of {WIDER}" in wrong.stderr
    sigmoid = (*these, "--from", start, "--loss", "sigmoid", "--out", tmp_path / "sigmoid")
    assert "use --loss softmax" in limn(*sigmoid, code=2).stderr
    many = (*these, "--from", start, "--held-out", "55", "--out", tmp_path / "many")
    assert "hold out at most 50" in limn(*many, code=2).stderr


def test_pictures_that_are_missing_damaged_or_too_few_are_told(
    limn: Train, start: str, tmp_path: Path
) -> None:
    few = draw_shapes(tmp_path / "few", pictures=24)
    arguments = ("train", "--from", start, *QUICK, "--held-out", "5", "--pairs")
    for number in range(4):
        (few.parent / f"{number}.jpg").write_bytes(b"not a picture")
    done = limn(*arguments, few, "--out", tmp_path / "run", "--install-anyway")
    assert "4 can't be read and are left out" in done.stderr
    assert "15 pictures to train on, 5 held out" in done.stderr
    (few.parent / "4.jpg").write_bytes(b"not a picture either")
    refused = limn(*arguments, few, "--out", tmp_path / "other", code=1)
    assert "19 captioned pictures are too few" in refused.stderr
    (few.parent / "5.jpg").unlink()
    missing = limn(*arguments, few, "--out", tmp_path / "third", code=1)
    assert "1 of 24 captioned pictures are not in" in missing.stderr
    limn("index", few.parent, "--collection", "few")
    (few.parent / "6.jpg").unlink()
    gone = limn("train", "--collection", "few", "--from", start, "--out", tmp_path / "a", code=1)
    assert "1 captioned picture is left out: its file is gone" in gone.stderr
    (few.parent / "captions.csv").unlink()
    limn("index", few.parent, "--collection", "few")
    bare = limn("train", "--collection", "few", "--out", tmp_path / "b", code=1)
    assert "no picture of collection 'few' has a caption" in bare.stderr


def test_a_folder_that_holds_something_else_is_left_alone(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    arguments = ("train", "--pairs", captions, "--from", start, "--out", out, *QUICK)
    limn(*arguments, "--install-anyway")
    held = {file: file.read_bytes() for file in out.iterdir() if file.is_file()}
    other = limn(*arguments, "--method", "head", code=2)
    assert "holds another run: its method is 'full', not 'head'" in other.stderr
    assert held == {file: file.read_bytes() for file in out.iterdir() if file.is_file()}
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    foreign = limn(*arguments[: -len(QUICK) - 1], tmp_path / "mine", code=2)
    assert "holds 'letter.txt' and is no folder of a training run" in foreign.stderr


def test_a_loss_that_is_no_number_stops_at_its_step(
    limn: Train, start: str, captions: Path, tmp_path: Path
) -> None:
    weights = torch.load(start.partition("@")[2], weights_only=True)
    weights["visual.proj"].fill_(float("nan"))
    torch.save(weights, tmp_path / "broken.pt")
    spec = f"open_clip:{CLIP}@{tmp_path / 'broken.pt'}"
    out = tmp_path / "run"
    stopped = limn("train", "--pairs", captions, "--from", spec, "--out", out, *QUICK, code=1)
    assert "at step 0 the losses are {'loss': nan}" in stopped.stderr
    assert torch.load(out / "checkpoint.pt", weights_only=True)["step"] == 0
    assert not (out / "pair").exists()
