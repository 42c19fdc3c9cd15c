"""The parts of fine-tuning: losses against open_clip's own, chunks, views, checkpoints, faults."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from open_clip.loss import ClipLoss, SigLipLoss
from PIL import Image
from torch.nn import functional

from indexer.captioned_pictures import CaptionedPicture, read_pairs
from indexer.evaluation.metrics import best_ranks, picture_ranks, text_ranks
from indexer.training.data.album import collect
from indexer.training.data.augment import augment, may_mirror
from indexer.training.finetune.batches import Batches
from indexer.training.finetune.gradient_cache import accumulate_gradients
from indexer.training.finetune.loop import Fit
from indexer.training.finetune.methods import choose
from indexer.training.finetune.objective import Objective, TeacherVectors, captions_loss
from indexer.training.finetune.openclip_pair import open_openclip_pair
from indexer.training.finetune.plan import FineTuneConfig, Method
from indexer.training.finetune.trainable import TrainablePair, open_trainable
from indexer.training.finetune.validate import InTraining, figures
from indexer.training.losses import sigmoid_loss
from indexer.training.run_folder import TrainingStopped, claim
from search.encoders.preparation import Preparation
from search.errors import BadSetting, StorageFailed
from search.pictures import Limits
from tests.small_captions import draw_shapes
from tests.small_openclip import CLIP, ENDS, saved

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

CPU = torch.device("cpu")
PLAN = FineTuneConfig("full", "softmax", rate=1e-3, epochs=2, batch=8, chunk=8, captions=2, seed=3)


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"open_clip:{CLIP}@{saved(tmp_path_factory.mktemp('start'), CLIP)}"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> list[CaptionedPicture]:
    return read_pairs(draw_shapes(tmp_path_factory.mktemp("shapes"), pictures=24))


@contextmanager
def fitted(
    start: str,
    pictures: list[CaptionedPicture],
    folder: Path,
    plan: FineTuneConfig = PLAN,
    **more: Any,
) -> Iterator[tuple[Fit, Batches, InTraining]]:
    """Return a run with its parts."""
    folder.mkdir(exist_ok=True)
    pair = open_openclip_pair(start, CPU)
    learners = choose(pair, plan.method, plan.rank)
    objective = Objective(pair, plan, pair.space.width, None)
    fit = Fit(pair, learners, objective, plan, folder, {"plan": asdict(plan)}, **more)
    with Batches(pair, pictures, plan, 2) as batches:
        yield fit, batches, InTraining(pair, plan.chunk)


def losses_of(fit: Fit, batches: Batches, judged: InTraining) -> list[float]:
    held = read_pairs(Path(batches._paths[0]).parent / "captions.csv")[:6]
    epochs = fit.epochs(batches, lambda: figures(judged, held), lambda line: None)
    return [each["losses"]["loss"] for each in epochs if each["epoch"]]


def unit(rows: int, width: int, seed: int) -> torch.Tensor:
    drawn = torch.randn(rows, width, generator=torch.Generator().manual_seed(seed))
    return functional.normalize(drawn, dim=-1)


def test_with_one_caption_a_picture_the_losses_are_open_clips_own() -> None:
    pictures, texts, eye = unit(6, 8, 0), unit(6, 8, 1), torch.eye(6)
    scale, bias = torch.tensor(20.0), torch.tensor(-5.0)
    softmax = ClipLoss()(pictures, texts, scale)
    torch.testing.assert_close(captions_loss(pictures, texts, scale, eye), softmax)
    sigmoid = SigLipLoss()(pictures, texts, scale, bias)
    torch.testing.assert_close(sigmoid_loss(pictures, texts, scale, bias, eye), sigmoid)


def test_captions_of_one_picture_are_no_negatives_of_each_other() -> None:
    shown = torch.eye(2)
    said = torch.eye(2).repeat_interleave(2, 0)  # two perfect captions of each picture
    owned = torch.eye(2).repeat_interleave(2, 1)
    perfect = captions_loss(shown, said, torch.tensor(50.0), owned)
    torch.testing.assert_close(perfect, torch.tensor(2.0).log() / 2)  # one of two captions
    alone = captions_loss(
        shown, said, torch.tensor(50.0), torch.tensor([[1.0, 0, 0, 0], [0, 0, 1, 0]]) + 1e-9
    )
    assert alone > perfect


def test_a_batch_knows_every_caption_of_its_pictures(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path
) -> None:
    same = [replace(each, captions={"en": ("a shape", *each.captions["en"])}) for each in pictures]
    with fitted(start, same, tmp_path, replace(PLAN, captions=3)) as (_, batches, _judged):
        batch = batches.at(1)
        assert batch.pixels.shape == (8, 32, 32, 3) and batch.tokens.shape[0] == 24
        for number, place in enumerate(batch.places):
            own = set(same[place].captions["en"])
            said = [batches.texts[row] in own for row in batch.rows]
            assert batch.positives[number].tolist() == said
            assert sum(said) == 3 - 1 + 8  # its own two, and the shared one of every picture
        again = batches.at(1)
        assert torch.equal(batch.pixels, again.pixels) and (batch.rows == again.rows).all()
        assert not torch.equal(batch.pixels, batches.at(0).pixels)


@pytest.mark.parametrize("taught", [False, True])
def test_chunks_give_the_gradients_of_the_whole_batch(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path, taught: bool
) -> None:
    gradients = []
    for chunk in (100, 3):
        with fitted(start, pictures, tmp_path) as (fit, batches, _):
            draw = np.random.default_rng(0)
            rows = [draw.normal(size=(count, 48)) for count in (24, len(batches.texts))]
            teaching = (
                TeacherVectors(*(each.astype(np.float16) for each in rows)) if taught else None
            )
            objective = Objective(fit.pair, PLAN, fit.pair.space.width, teaching)
            accumulate_gradients(fit.pair, objective, batches.at(0), chunk, (1, 2))
            gradients.append(
                {n: p.grad for n, p in fit.pair.module.named_parameters() if p.grad is not None}
            )
    assert gradients[0].keys() == gradients[1].keys() and len(gradients[0]) > 50
    for name, gradient in gradients[0].items():
        torch.testing.assert_close(gradients[1][name], gradient, atol=1e-5, rtol=1e-3)


def test_lora_is_merged_into_the_plain_weights_and_the_head_alone_moves(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path
) -> None:
    plain = open_openclip_pair(start, CPU).module.state_dict()
    cases: tuple[tuple[Method, str], ...] = (("lora", "mlp.c_fc.weight"), ("head", "visual.proj"))
    for method, moved in cases:
        plan = replace(PLAN, method=method, rate=1e-2, epochs=1)
        with fitted(start, pictures, tmp_path / method, plan) as (fit, batches, judged):
            losses_of(fit, batches, judged)
            tokens = fit.pair.tokens(["a red circle on blue"])
            before = fit.pair.texts(tokens).detach()
            fit.learners.merge()
            torch.testing.assert_close(fit.pair.texts(tokens).detach(), before, atol=1e-5, rtol=0)
            state = fit.pair.module.state_dict()
        assert state.keys() == plain.keys()
        changed = [name for name in plain if not torch.equal(state[name], plain[name])]
        assert any(moved in name for name in changed)
        if method == "head":
            assert set(changed) == {"visual.proj", "text_projection", "logit_scale"}


def test_the_head_of_the_built_in_pair_is_all_of_its_picture_tower_above_the_body() -> None:
    pair = open_trainable("builtin", CPU)
    learning = choose(pair, "head", rank=4).parameters
    above = {
        name
        for name, _ in pair.module.named_parameters()
        if name.startswith("pictures.") and not name.startswith("pictures.body.")
    }
    assert "pictures.earlier.weight" in above <= set(learning)


def test_one_seed_gives_the_same_numbers_and_another_others(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path
) -> None:
    found = []
    for number, seed in enumerate((3, 3, 4)):
        with fitted(start, pictures, tmp_path / str(number), replace(PLAN, seed=seed)) as parts:
            found.append(losses_of(*parts))
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize("killed_at", [2, 3, 6])
def test_a_run_goes_on_from_the_middle_of_an_epoch_and_from_its_last_step(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path, killed_at: int
) -> None:
    with fitted(start, pictures, tmp_path / "whole") as parts:
        wanted = losses_of(*parts)
        kept = parts[0].average.weights

    class Killed(BaseException):
        """A run that ends where a signal would end it."""

    def end(line: str) -> None:
        if f"step {killed_at} " in line:
            raise Killed

    cut = fitted(start, pictures, tmp_path / "cut", save_every_s=-1)
    with cut as (fit, batches, judged), pytest.raises(Killed):
        list(fit.epochs(batches, lambda: figures(judged, pictures[:6]), end))
    with fitted(start, pictures, tmp_path / "cut") as (fit, batches, judged):
        assert fit.resume() and fit.step == killed_at
        losses_of(fit, batches, judged)
        assert [each["losses"].get("loss") for each in fit.records] == [None, *wanted]
        for name, average in fit.average.weights.items():
            assert torch.equal(average, kept[name])


@contextmanager
def files_of_at_most(size_bytes: int) -> Iterator[None]:
    """Limit the size of this process's files, as a full disk does."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_costs_neither_the_checkpoint_nor_the_pair(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path
) -> None:
    with fitted(start, pictures, tmp_path) as (fit, batches, judged):
        losses_of(fit, batches, judged)
        kept = (tmp_path / "checkpoint.pt").read_bytes()
        with files_of_at_most(100_000):
            with pytest.raises(StorageFailed, match="the previous one stays"):
                fit.save()
            with pytest.raises(StorageFailed, match="can't write the pair"):
                fit.pair.write(tmp_path / "pair", {}, pictures)
        with files_of_at_most(100), pytest.raises(StorageFailed, match="small copies"):
            collect(pictures, tmp_path / "copies", 32, Limits(), 1)
        assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_a_checkpoint_of_another_plan_is_refused(
    start: str, pictures: list[CaptionedPicture], tmp_path: Path
) -> None:
    with fitted(start, pictures, tmp_path) as parts:
        losses_of(*parts)
    other = fitted(start, pictures, tmp_path, replace(PLAN, epochs=9))
    refused = pytest.raises(TrainingStopped, match="of another plan")
    with other as (fit, _, _judged), refused:
        fit.resume()


def test_a_folder_is_one_runs_and_one_processs(tmp_path: Path) -> None:
    run, asked = tmp_path / "run", {"method": "full"}
    busy = pytest.raises(TrainingStopped, match="another limn train is at work")
    with claim(run, asked), busy, claim(run, asked):
        pass
    with claim(run, asked):
        pass
    other = pytest.raises(BadSetting, match="its method is 'full', not 'lora'")
    with other, claim(run, {"method": "lora"}):
        pass
    (run / "run.json").write_text("{")
    with pytest.raises(BadSetting, match="damaged"), claim(run, asked):
        pass


def test_one_picture_under_two_names_counts_once_with_all_its_captions(tmp_path: Path) -> None:
    for name in ("a.png", "b.png", "c.png"):
        Image.new("RGB", (300, 100), "red" if name < "c" else "blue").save(tmp_path / name)
    pairs = [
        CaptionedPicture(tmp_path / "a.png", {"en": ("red",), "zh": ("红",)}),
        CaptionedPicture(tmp_path / "b.png", {"en": ("a red wall", "red")}),
        CaptionedPicture(tmp_path / "c.png", {"en": ("blue",)}),
        CaptionedPicture(tmp_path / "none.png", {"en": ("nothing",)}),
    ]
    album = collect(pairs, tmp_path / "copies", 32, Limits(), 2)
    assert [pair.path.name for pair in album.pairs] == ["a.png", "c.png"]
    assert album.pairs[0].captions == {"en": ("red", "a red wall"), "zh": ("红",)}
    assert len(album.unreadable) == 1 and "none.png" in album.unreadable[0]
    copy = album.with_copies(album.pairs)[0].path
    with Image.open(copy) as opened:
        assert opened.size == (144, 48)
    stamp = copy.stat().st_mtime_ns
    collect(pairs, tmp_path / "copies", 32, Limits(), 2)
    assert copy.stat().st_mtime_ns == stamp


def test_pictures_are_mirrored_only_where_no_caption_tells_left_from_right() -> None:
    assert may_mirror(["a bright day", "一只狗"])
    assert not may_mirror(["a dog", "the man on the Left"]) and not may_mirror(["左边的狗"])
    picture = Image.new("RGB", (64, 32), "red")
    picture.paste("blue", (0, 0, 32, 32))
    preparation = Preparation(16, 16, "squash", "bilinear", (0.5,) * 3, (0.5,) * 3)
    for seed in range(20):
        view = augment(picture, preparation, np.random.default_rng(seed), mirror=False)
        assert view.shape == (16, 16, 3) and view[8, 0, 2] > view[8, 15, 2]


def test_the_best_of_several_right_answers_counts() -> None:
    similarities = np.array([[0.9, 0.5, 0.7], [0.1, 0.4, 0.4]], np.float32)
    right = np.array([[False, True, True], [True, False, False]])
    np.testing.assert_array_equal(best_ranks(similarities, right), [2, 3])
    owners = np.array([1, 2])
    one = np.zeros((2, 3), bool)
    one[[0, 1], owners] = True
    np.testing.assert_array_equal(best_ranks(similarities, one), text_ranks(similarities, owners))
    own = picture_ranks(similarities, owners)[1:]
    np.testing.assert_array_equal(best_ranks(similarities.T[1:], one.T[1:]), own)
    broken = np.full((2, 3), np.nan, np.float32)
    assert (best_ranks(broken, one) == 2).all()


def test_towers_of_another_kind_and_text_that_ends_early_are_trained_as_they_search(
    tmp_path: Path,
) -> None:
    pair: TrainablePair = open_trainable(f"open_clip:{ENDS}@{saved(tmp_path, ENDS)}", CPU)
    module: Any = pair.module
    tokens = pair.tokens(["a dog", "two people on a bench in the park"])
    with torch.no_grad():
        whole = module.encode_text(tokens, normalize=True)
        torch.testing.assert_close(pair.texts(tokens), whole, atol=1e-5, rtol=0)
