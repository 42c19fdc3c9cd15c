"""Training in seconds: a handful of drawn pictures, towers of random weights, the real loop."""

import copy
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from indexer.captioned_pictures import CaptionedPicture, fingerprint, read_pairs, read_texts, split
from indexer.exporting.checks import ExportDiffers
from indexer.training.builtin.backbone import efficientnet_weights
from indexer.training.builtin.classes import ClassTexts, class_names
from indexer.training.builtin.distillation import Lessons, word_pool
from indexer.training.builtin.examples import PairExamples, examples_of
from indexer.training.builtin.export import export
from indexer.training.builtin.heldout import precisions, recalls
from indexer.training.builtin.initial_weights import load_texts
from indexer.training.builtin.load import load_pair
from indexer.training.builtin.loop import Run
from indexer.training.builtin.named import read_named, with_sentences
from indexer.training.builtin.pair import TrainedPair, mean_of
from indexer.training.builtin.picture_sources import FreshViews, store_features
from indexer.training.builtin.picture_tower import PictureTower, TowerShape
from indexer.training.builtin.recipe import TrainingConfig
from indexer.training.builtin.text_tower import TextTower
from indexer.training.builtin.views import GREY, LIGHT, LUMA, TINT, Views, _relight
from indexer.training.builtin.vocabulary import (
    aligned_rows,
    chinese_words,
    extend_tokenizer,
    without_words,
)
from indexer.training.data.augment import mix
from indexer.training.finetune.builtin_pair import BuiltinPair
from indexer.training.losses import soft_targets, softmax_loss
from indexer.training.run_folder import TrainingStopped
from search.encoders.onnx_pair.builtin import FOLDER, open_builtin
from search.errors import BadSource, StorageFailed
from tests.published_backbone import CLASSES, published_weights

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("one_thread")]

COLOURS = {"red": "红色", "green": "绿色", "blue": "蓝色", "yellow": "黄色"}
SHAPE = TowerShape(width=32, vocabulary=40_000, layers=1, heads=2, hidden_width=384)
RECIPE = TrainingConfig(epochs=2, batch=4, seed=5, held_out=0, width=32)
SIDE = 256


def teach(sentences: list[str]) -> NDArray[np.float32]:
    """Return a stand-in for the teacher: a fixed direction per sentence."""
    rows = [np.random.default_rng(list(text.encode())).normal(size=384) for text in sentences]
    found: NDArray[np.float32] = np.stack(rows).astype(np.float32)
    found /= np.linalg.norm(found, axis=1, keepdims=True)
    return found


@pytest.fixture(scope="module")
def captions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "images").mkdir()
    lines = ["image,caption,language,kind"]
    for number in range(8):
        english, chinese = list(COLOURS.items())[number % 4]
        shape = "circle" if number < 4 else "square"
        picture = Image.new("RGB", (SIDE, SIDE), "white")
        draw = ImageDraw.Draw(picture)
        (draw.ellipse if number < 4 else draw.rectangle)((50, 50, 170, 170), english)
        picture.save(folder / "images" / f"{number}.jpg")
        lines.append(f'{number}.jpg,"a {english} {shape}, drawn",en,human')
        lines.append(f"{number}.jpg,{chinese}的图,zh,human")
        lines.append(f"{number}.jpg,一个{chinese}的形状。,zh,translated")
    (folder / "captions.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder / "captions.csv"


@pytest.fixture(scope="module")
def tokenizers() -> tuple[Tokenizer, Tokenizer]:
    words = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
    return words, without_words(words)


@pytest.fixture(scope="module")
def views(captions: Path) -> Views:
    return Views(read_pairs(captions))


@pytest.fixture(scope="module")
def examples(captions: Path, tokenizers: tuple[Tokenizer, Tokenizer]) -> PairExamples:
    return examples_of(read_pairs(captions), tokenizers, teach)


def new_run(folder: Path, recipe: TrainingConfig = RECIPE, lessons: Lessons | None = None) -> Run:
    torch.manual_seed(recipe.seed)
    pair = TrainedPair(PictureTower(SHAPE), TextTower(SHAPE))
    return Run(pair, recipe, folder, "data", lessons=lessons)


def train(run: Run, examples: PairExamples, views: Views, epochs: int | None = None) -> list[float]:
    losses = []
    for record in run.epochs(examples, FreshViews(views, run.recipe.mixed), np.arange(8)):
        losses.append(record["en"])
        if record["epoch"] == epochs:
            break
    return losses


def test_one_seed_gives_the_same_numbers_twice(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    first = train(new_run(tmp_path / "a"), examples, views)
    assert first == train(new_run(tmp_path / "b"), examples, views)
    other = new_run(tmp_path / "c", replace(RECIPE, seed=6))
    assert first[:1] != train(other, examples, views, epochs=1)


def test_a_run_that_was_killed_goes_on_as_if_it_had_not_been(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    whole = new_run(tmp_path / "whole")
    wanted = train(whole, examples, views)
    killed = new_run(tmp_path / "killed")
    train(killed, examples, views, epochs=1)
    again = new_run(tmp_path / "killed")
    assert again.resume()
    assert train(again, examples, views) == wanted[1:]
    for ours, theirs in zip(again.average.parameters(), whole.average.parameters(), strict=True):
        assert torch.equal(ours, theirs)


def test_a_loss_that_is_no_number_stops_and_keeps_the_checkpoint(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    train(new_run(tmp_path), examples, views, epochs=1)
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    run = new_run(tmp_path)
    run.resume()
    with torch.no_grad():
        run.pair.texts.project.weight.fill_(float("nan"))
    with pytest.raises(TrainingStopped, match="nan at step 2;"):
        train(run, examples, views)
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_a_checkpoint_of_another_recipe_or_a_damaged_one_is_refused(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    train(new_run(tmp_path), examples, views, epochs=1)
    with pytest.raises(TrainingStopped, match="another recipe"):
        new_run(tmp_path, replace(RECIPE, epochs=9)).resume()
    (tmp_path / "checkpoint.pt").write_bytes(b"PK\x03\x04 half a file")
    with pytest.raises(TrainingStopped, match="damaged"):
        new_run(tmp_path).resume()


def test_a_checkpoint_that_cannot_be_written_leaves_the_previous_one(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    run = new_run(tmp_path)
    train(run, examples, views, epochs=1)
    kept = (tmp_path / "checkpoint.pt").read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))  # as a full disk does
    try:
        with pytest.raises(StorageFailed, match="the previous one stays"):
            run.save()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [each.name for each in tmp_path.iterdir()] == ["checkpoint.pt"]
    assert (tmp_path / "checkpoint.pt").read_bytes() == kept


def test_lessons_take_part_and_held_out_pictures_are_measured(
    tmp_path: Path, examples: PairExamples, views: Views, tokenizers: tuple[Tokenizer, Tokenizer]
) -> None:
    pool = word_pool(list(COLOURS.items()), tokenizers, teach)
    opinions = np.random.default_rng(0).normal(size=(8, 9)).astype(np.float16)
    names = [(number, f"thing {number}", f"东西{number}") for number in range(9)]

    def first_epoch(name: str, learning: bool, mixed: float) -> tuple[Run, dict[str, float]]:
        lessons = Lessons([pool], ClassTexts(names, tokenizers[0]), opinions)
        recipe = replace(RECIPE, mixed=mixed, texts_learn=learning)
        run = new_run(tmp_path / name, recipe, lessons)
        source = FreshViews(views, mixed)
        return run, next(iter(run.epochs(examples, source, np.arange(8))))

    run, record = first_epoch("plain", True, 0.0)
    assert min(record[name] for name in ("lessons", "opinions", "distill")) > 0
    _, of_two = first_epoch("mixed", True, 1.0)
    assert of_two["en"] > 0 and of_two["opinions"] > 0
    before = copy.deepcopy(new_run(tmp_path / "start").pair.texts)
    fixed, record = first_epoch("fixed", False, 0.5)
    assert record["en"] > 0 and record["zh"] > 0 and record["opinions"] > 0
    assert "lessons" not in record
    for name, weight in before.named_parameters():
        assert torch.equal(weight, fixed.pair.texts.get_parameter(name)), name
    found = recalls(run.average, examples, views, np.arange(8), sentence_count=1)
    assert set(found) == {
        f"{a}_{b}_{c}" for a in ("en", "zh") for b in ("t2p", "p2t") for c in ("r1", "r10")
    }
    assert found["en_t2p_r10"] == 1.0  # of 8 pictures
    named = precisions(run.average, examples, views, np.arange(8))
    assert set(named) == {"en_names_map", "zh_names_map"} and min(named.values()) > 1 / 8


def test_the_head_learns_from_stored_features_and_the_body_does_not(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    run = new_run(tmp_path, replace(RECIPE, epochs=1))
    before = copy.deepcopy(run.pair)
    features = store_features(run.pair.pictures, views)
    assert features.last.shape == (16, 1280, 8, 8)
    places = np.arange(8)
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        run.pair.eval()
        whole = run.pair.pictures(views.plain(places))
        stored = features.see(run.pair.pictures, places, Unmirrored(0))
    torch.testing.assert_close(stored.vectors, whole, atol=0.02, rtol=0)
    next(iter(run.epochs(examples, features, places)))
    for name, weight in before.pictures.body.named_parameters():
        assert torch.equal(weight, run.pair.pictures.body.get_parameter(name)), name
    assert not torch.equal(before.pictures.project.weight, run.pair.pictures.project.weight)


class Unmirrored(np.random.Generator):
    """A generator whose numbers mirror nothing."""

    def __init__(self, seed: int) -> None:
        super().__init__(np.random.PCG64(seed))

    def random(self, size: int) -> NDArray[np.float64]:  # type: ignore[override]
        return np.ones(size)


def test_the_likeliest_classes_are_embedded_again(
    tokenizers: tuple[Tokenizer, Tokenizer],
) -> None:
    torch.manual_seed(0)
    texts = TextTower(SHAPE)
    classes = ClassTexts(class_names(), tokenizers[0])
    classes.refresh(texts, np.random.default_rng(0))
    opinions = torch.zeros(3, CLASSES)
    opinions[:, 7] = 9.0
    drawn = classes.draw(opinions, np.random.default_rng(1))
    assert len(drawn.prompts) == 1  # three pictures of one class
    live = torch.full((1, SHAPE.width), 5.0)
    vectors = drawn.vectors(live)
    assert vectors.shape == (CLASSES, SHAPE.width) and torch.equal(vectors[7], live[0])
    torch.testing.assert_close(vectors[:7].norm(dim=1), torch.ones(7))


def test_every_class_of_imagenet_has_names_in_both_languages() -> None:
    names = class_names()
    assert [number for number, *_ in names] == sorted(number for number, *_ in names)
    assert {number for number, *_ in names} == set(range(CLASSES))
    assert all(english and chinese for _, english, chinese in names)
    assert len({(number, chinese) for number, _, chinese in names}) == len(names)


def test_a_body_gives_what_its_published_layers_give() -> None:
    """Compare the folded weights with convolutions and batch norms as they were trained."""
    torch.manual_seed(0)
    tower = PictureTower(SHAPE).eval()
    weights = published_weights(tower)
    own, (classifier, _) = efficientnet_weights(weights)
    tower.body.load_state_dict(own)
    assert classifier.shape == (CLASSES, 1280)
    pixels = torch.randint(0, 256, (1, 3, 64, 64)).float()

    def layer(maps: Tensor, conv: str, norm: str, stride: int, groups: int = 1) -> Tensor:
        kernel = weights[f"{conv}.weight"]
        side = kernel.shape[-1]
        total = max(side - stride, 0)
        maps = functional.pad(maps, (total // 2, total - total // 2) * 2)
        maps = functional.conv2d(maps, kernel, None, stride, 0, 1, groups)
        mean, variance = weights[f"{norm}.running_mean"], weights[f"{norm}.running_var"]
        scale, bias = weights[f"{norm}.weight"], weights[f"{norm}.bias"]
        return functional.batch_norm(maps, mean, variance, scale, bias, eps=1e-3)

    # The published input at the border is 0, which stands for a pixel of 127 there and here 127.5.
    maps = functional.relu6(layer((pixels - 127) / 128, "_conv_stem", "_bn0", 2))
    wide = functional.relu6(layer(maps, "_blocks.0._depthwise_conv", "_blocks.0._bn1", 1, 32))
    wanted = layer(wide, "_blocks.0._project_conv", "_blocks.0._bn2", 1)
    with torch.no_grad():
        found = tower.body[1](tower.body[0](pixels / 127.5 - 1))
    inner = (slice(None), slice(None), slice(2, -2), slice(2, -2))
    torch.testing.assert_close(found[inner], wanted[inner], atol=1e-3, rtol=1e-3)


def test_a_text_tower_goes_on_from_an_earlier_pair_with_more_words() -> None:
    earlier = load_pair(FOLDER)
    sentences = ["一只狗在草地上奔跑", "雪地里的雪橇犬"]
    tokenizer = extend_tokenizer(FOLDER / "tokenizer.json", sentences, ["雪橇犬"], 48)
    size = tokenizer.get_vocab_size()
    assert size > earlier.shape.vocabulary
    texts = TextTower(replace(earlier.shape, vocabulary=size)).eval()
    known = load_texts(texts, FOLDER, tokenizer)
    assert known == set(range(earlier.shape.vocabulary))
    for text in ("two dogs run on the beach", "一只狗在草地上奔跑"):
        ids = torch.tensor([tokenizer.encode(text).ids])
        with torch.no_grad():
            torch.testing.assert_close(texts(ids), earlier.pair.texts(ids))


def test_members_begin_alike_and_their_mean_is_each_weights_mean(
    tmp_path: Path, examples: PairExamples, views: Views
) -> None:
    torch.manual_seed(0)
    begun = TrainedPair(PictureTower(SHAPE), TextTower(SHAPE))
    recipes = [RECIPE.member(number) for number in (0, 1)]
    assert recipes[0] == replace(RECIPE, members=1) and recipes[1].seed == RECIPE.seed + 1
    runs = [Run(copy.deepcopy(begun), each, tmp_path / str(each.seed), "data") for each in recipes]
    for run in runs:
        train(run, examples, views, epochs=1)
    mean = mean_of([run.average for run in runs])
    for name, weight in mean.named_parameters():
        first, second = (run.average.get_parameter(name) for run in runs)
        torch.testing.assert_close(weight, (first + second) / 2)
    assert not torch.equal(runs[0].average.log_scale, runs[1].average.log_scale)
    assert torch.equal(mean_of([runs[0].average]).log_scale, runs[0].average.log_scale)


def test_an_exported_pair_opens_and_gives_torchs_vectors(
    tmp_path: Path, tokenizers: tuple[Tokenizer, Tokenizer]
) -> None:
    torch.manual_seed(0)
    pair = TrainedPair(PictureTower(SHAPE), TextTower(SHAPE))
    for numbers in pair.parameters():  # trained numbers differ; equal ones share a place in a graph
        numbers.data.add_(torch.randn_like(numbers) * 0.01)
    facts = {"format": 1, "languages": ["en", "zh"]}
    cosines = export(pair, tokenizers[0], tmp_path, facts)
    assert min(cosines.values()) > 0.99
    encoder = open_builtin(tmp_path)
    assert encoder.space.width == 32
    pixels = np.random.default_rng(0).integers(0, 256, (5, SIDE, SIDE, 3), dtype=np.uint8)
    assert encoder.places is not None
    shares = encoder.places.shares_of_places(pixels)
    assert shares.shape == (5, 32, 8, 8)
    np.testing.assert_allclose(shares.sum((2, 3)), encoder.encode_pixels(pixels), atol=1e-5)
    prefixes = BuiltinPair(tmp_path, torch.device("cpu")).frozen_prefixes
    assert "pictures.body.0." in prefixes, "a frozen block"
    assert "pictures.body.12.path.1." in prefixes, "5x5 filters of a block that learns"
    assert not any("pictures.body.12.path.0.".startswith(each) for each in prefixes)
    ids = torch.tensor([tokenizers[0].encode("a red circle").ids])
    with torch.no_grad():
        wanted = pair.texts(ids).numpy()
    assert float((encoder.encode_texts(["a red circle"]) * wanted).sum()) > 0.99
    with torch.no_grad():
        pair.texts.project.bias.fill_(float("nan"))
    with pytest.raises(ExportDiffers, match="text tower"):
        export(pair, tokenizers[0], tmp_path, facts)


def test_pairs_are_read_split_and_fingerprinted(captions: Path) -> None:
    pairs = read_pairs(captions)
    assert len(pairs) == 8
    assert pairs[0].captions == {"en": ("a red circle, drawn",), "zh": ("红色的图",)}
    assert pairs[0].translations == (("a red circle, drawn", "一个红色的形状。"),)
    taught, held = split(pairs, 3)
    assert len(held) == 3 and not {p.path for p in taught} & {p.path for p in held}
    assert split(pairs[::-1], 3)[1] == held[::-1]
    assert fingerprint(pairs) == fingerprint(pairs[::-1]) != fingerprint(taught)


def test_texts_and_names_are_read_from_uneven_rows(captions: Path, tmp_path: Path) -> None:
    texts = tmp_path / "texts.csv"
    texts.write_text("image,language,caption\na.jpg,zh,狗\nb.jpg,zh\nc.jpg,en,dog\n", "utf-8")
    assert read_texts(texts, "zh") == ["狗"]
    names = tmp_path / "names.csv"
    rows = ["image,caption,language,split", "0.jpg,dog,en,train", "0.jpg,Hund,de,train"]
    rows += ["1.jpg,狗,zh,train", "2.jpg,Katze,de,train", "3.jpg,cat,en,val"]
    names.write_text("\n".join(rows), "utf-8")
    pictures = read_named(names, captions.parent / "images")
    assert [each.path.name for each in pictures] == ["0.jpg", "1.jpg"]
    assert with_sentences(pictures[0]).captions == {
        "en": ("a photo of a dog", "a photo of dog", "dog")
    }


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("image,caption\n", "columns"),
        ("file,text\na.jpg,a dog\n", "columns image and caption"),
        ("# A page\nof text, with more, commas\n", r"columns image and caption.*\['# A page'\]"),
        ("image,caption\na.jpg,a dog\n", "1 picture; 2 or more"),
        ("image,caption\na.jpg,a dog\nb.jpg,a cat\n", "2 of 2 .* the first 'a.jpg'"),
    ],
)
def test_captions_that_do_not_fit_are_refused(tmp_path: Path, lines: str, message: str) -> None:
    (tmp_path / "captions.csv").write_text(lines)
    with pytest.raises(BadSource, match=message):
        read_pairs(tmp_path / "captions.csv")


def test_a_plain_view_is_the_picture_and_a_draw_gives_the_same_views_twice(
    captions: Path, views: Views
) -> None:
    places = np.arange(4)
    plain = views.plain(places)
    picture = np.asarray(Image.open(read_pairs(captions)[1].path))
    shown = ((plain[1].permute(1, 2, 0) + 1) * 127.5).round().byte().numpy()
    np.testing.assert_array_equal(shown, picture)
    first, again, other = (views.sample(places, np.random.default_rng(seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert first.shape == (4, 3, 224, 224) and float(first.abs().max()) <= 1.0
    assert not torch.equal(first, other)


def test_a_picture_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0 half a picture")
    with pytest.raises(BadSource, match=r"can't read .*cut\.jpg"):
        Views([CaptionedPicture(tmp_path / "cut.jpg", {})])


def test_light_changes_as_it_is_written_down() -> None:
    """Compare the matrix of `_relight` with its separate steps, where nothing is clipped."""
    views = torch.rand(6, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 0.2 - 0.1
    lit, draw = _relight(views, np.random.default_rng(4)), np.random.default_rng(4)
    bright, contrast, colour = draw.uniform(1 - LIGHT, 1 + LIGHT, (3, 6, 1, 1))
    colour = np.where(draw.random((6, 1, 1)) < GREY, 0.0, colour)[..., None]
    tint = draw.uniform(1 - TINT, 1 + TINT, (6, 3, 1))[..., None]
    seen = (views.numpy() + 1) / 2 * bright[..., None]
    seen = (seen - seen.mean((1, 2, 3), keepdims=True)) * contrast[..., None] + seen.mean(
        (1, 2, 3), keepdims=True
    )
    grey = (seen * np.array(LUMA)[:, None, None]).sum(1, keepdims=True)
    wanted = np.clip((grey + (seen - grey) * colour) * tint, 0, 1) * 2 - 1
    untouched = (lit != 0).all(1).numpy()  # no hidden square
    assert untouched.mean() > 0.5
    difference = np.abs(lit.numpy() - wanted).max(1)[untouched]
    assert float(difference.max()) < 1e-5


def test_a_mixed_view_shows_two_pictures_in_the_shares_that_are_told() -> None:
    draw = np.random.default_rng(3)
    views = torch.arange(6.0)[:, None, None, None].expand(6, 3, 32, 32).contiguous()
    pasted, blended = 0, 0
    for _ in range(20):
        seen, others, share = mix(views, draw)
        assert 0.5 <= share <= 1.0
        means = seen.mean((1, 2, 3))  # of pictures 0 to 5, each of its number alone
        torch.testing.assert_close(means, share * torch.arange(6.0) + (1 - share) * others)
        whole = (seen.flatten(1).amax(1) == seen.flatten(1).amin(1)).all()
        pasted, blended = pasted + int(not whole), blended + int(whole)
    assert pasted > 3 and blended > 3


def test_each_text_wants_the_views_that_show_its_picture() -> None:
    """Check two pictures: the first view shows both, and the second text fits either view."""
    rows, scale = torch.eye(2), torch.tensor(50.0)
    sure = softmax_loss(rows, rows, scale, torch.eye(2))
    both = softmax_loss(rows, rows, scale, torch.tensor([[0.5, 0.5], [0.0, 1.0]]))
    assert float(sure) < 1e-6
    # There: half of picture 0's mass is 50 away; back: a third of text 1's is.
    assert float(both) == pytest.approx((50 / 2 / 2 + 50 / 3 / 2) / 2, rel=1e-4)


def test_soft_targets_give_the_own_caption_most_and_the_same_caption_as_much() -> None:
    topics = torch.nn.functional.normalize(torch.tensor([[1.0, 0], [1.0, 0], [0, 1.0]]), dim=-1)
    targets = soft_targets(topics, share=0.2, sharpness=10.0)
    torch.testing.assert_close(targets.sum(1), torch.ones(3))
    assert targets[0, 0] == targets[0, 1] > 0.4
    assert targets[2, 2] > 0.9


def test_training_and_searching_compute_the_same_picture_tower() -> None:
    torch.manual_seed(0)
    tower = PictureTower(SHAPE, dropout=0.0)
    pixels = torch.rand(2, 3, 224, 224) * 2 - 1
    with torch.no_grad():
        torch.testing.assert_close(tower.train()(pixels), tower.eval()(pixels))


def test_a_chinese_word_starts_as_the_english_it_translates() -> None:
    rows = np.random.default_rng(0).normal(size=(1020, 16)).astype(np.float32)
    dog, cat, runs, gou, mao, pao = 1001, 1002, 1003, 1010, 1011, 1012
    parallel = [
        (np.array(english), np.array(chinese))
        for english, chinese in [
            ([dog, runs], [gou, pao]),
            ([cat, runs], [mao, pao]),
            ([dog], [gou]),
        ]
    ]
    new = np.arange(1020) >= 1010
    started = aligned_rows(parallel, rows, new)
    np.testing.assert_array_equal(started[~new], rows[~new])
    for chinese, english in ((gou, dog), (mao, cat), (pao, runs)):
        cosines = started[chinese] @ rows[1000:1010].T / np.linalg.norm(rows[1000:1010], axis=1)
        assert cosines.argmax() == english - 1000


def test_the_tokenizer_learns_words_and_knows_each_of_their_characters() -> None:
    sentences = ["一只狗在草地上奔跑", "一只猫在草地上睡觉", "两只狗在海滩上奔跑"] * 20
    words = chinese_words(sentences, ["望远镜"])
    assert "望远镜" in words and "草地" in "".join(words)
    tokenizer = extend_tokenizer(FOLDER / "tokenizer.json", sentences, words, 48)
    assert "[UNK]" not in tokenizer.encode("望远镜旁的狗 and a dog").tokens
    assert len(without_words(tokenizer).encode("望远镜").tokens) == 5
