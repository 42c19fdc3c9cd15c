"""Small random pairs in the layouts that others publish, each with its original in torch."""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import open_clip
import torch
from numpy.typing import NDArray
from open_clip.tokenizer import HFTokenizer, SimpleTokenizer
from open_clip.transform import PreprocessCfg, image_transform_v2
from PIL import Image
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from torch import Tensor, nn
from transformers import (
    BertTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPModel,
    CLIPTokenizer,
    NllbTokenizer,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipModel,
    XLMRobertaConfig,
    XLMRobertaModel,
)

from tests.small_openclip import TEXT, VISION, random_weights, register

SIZE = 32
MEAN, STD = (0.48, 0.46, 0.41), (0.27, 0.26, 0.28)

Embed = Callable[[Sequence[Any]], NDArray[np.float32]]


@dataclass(frozen=True)
class Published:
    """A pair in a folder, and what its original gives for pictures and texts."""

    folder: Path
    pictures: Embed
    texts: Embed


def wordy(folder: Path, *, lower: bool = False, **special: str) -> Any:
    """Save a tokenizer of single characters, with the usual marks of Hugging Face's."""
    names = ["<pad>", "<s>", "</s>", "<unk>"]
    letters = [*map(chr, range(32, 127)), *"äéöü—狗在沙滩上奔跑собаканпляже犬が浜辺を走る"]
    vocabulary = {each: number for number, each in enumerate(dict.fromkeys([*names, *letters]))}
    inner = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    inner.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    if lower:
        inner.normalizer = normalizers.Lowercase()
    inner.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)]
    )
    usual = {"pad_token": "<pad>", "unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>"}
    marks = {**usual, "sep_token": "</s>", **special}
    fast: Any = PreTrainedTokenizerFast
    words = fast(tokenizer_object=inner, **marks)
    words.save_pretrained(folder)
    return words


def clip_words(folder: Path) -> CLIPTokenizer:
    """Save CLIP's tokenizer, as transformers has it."""
    theirs = SimpleTokenizer()
    merges = sorted(theirs.bpe_ranks, key=theirs.bpe_ranks.__getitem__)
    marks = {"<start_of_text>": "<|startoftext|>", "<end_of_text>": "<|endoftext|>"}
    vocabulary = {marks.get(each, each): number for each, number in theirs.encoder.items()}
    words = CLIPTokenizer(vocab=vocabulary, merges=merges)
    words.model_max_length = 77
    words.save_pretrained(folder)
    return words


def exported(
    module: nn.Module,
    examples: Mapping[str, Tensor],
    outputs: Sequence[str],
    file: Path,
    *,
    dynamic: Mapping[str, dict[int, str]] | None = None,
    opset: int = 17,
) -> None:
    """Write a module as ONNX, by the exporter that these repositories were made with."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fast = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)  # as Immich's exporter does
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module.eval(),
                tuple(examples.values()),
                str(file),
                input_names=list(examples),
                output_names=list(outputs),
                dynamic_axes=dict(dynamic or {}),
                opset_version=opset,
                dynamo=False,
            )
    finally:
        torch.backends.mha.set_fastpath_enabled(fast)


def unit(rows: Tensor) -> NDArray[np.float32]:
    """Return rows of unit length."""
    return nn.functional.normalize(rows.float(), dim=-1).detach().numpy()


class OfModule(nn.Module):
    """A function of a model, as a module that can be exported."""

    def __init__(self, model: nn.Module, function: Callable[..., Any]) -> None:
        super().__init__()
        self.model, self.function = model, function

    def forward(self, *given: Tensor) -> Any:
        return self.function(self.model, *given)


def immich(  # noqa: PLR0913  # the ways in which exports differ
    folder: Path,
    scratch: Path,
    name: str,
    *,
    text: dict[str, Any] | None = None,
    words: Callable[[Path], Any] = clip_words,
    resize_mode: str = "shortest",
    raw: bool = False,
    batched: bool = False,
    opset: int = 17,
    **kwargs: Any,
) -> Published:
    """Export a random pair of open_clip's, as Immich's exporter does."""
    words(folder / "textual")
    config: dict[str, Any] = {
        "embed_dim": 32,
        "custom_text": bool(text),
        "vision_cfg": VISION,
        "text_cfg": {**TEXT, **(text or {})},
    }
    if kwargs:
        config["text_cfg"]["hf_tokenizer_name"] = str(folder / "textual")
        config["text_cfg"]["tokenizer_kwargs"] = kwargs
    register(scratch, name, **config)
    model = open_clip.create_model(name, load_weights=False)
    model.load_state_dict(random_weights(name))
    model.eval()
    context = int(config["text_cfg"]["context_length"])
    cfg = {
        **{"size": [SIZE, SIZE], "mode": "RGB", "mean": MEAN, "std": STD},
        **{"interpolation": "bicubic", "resize_mode": resize_mode, "fill_color": 0},
    }
    free = {"image": {0: "n"}, "text": {0: "n"}} if batched else {}
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (MEAN, STD))

    def see(model: Any, image: Tensor) -> Any:
        scaled = (image.permute(0, 3, 1, 2).float() / 255 - mean) / std if raw else image
        return model.encode_image(scaled, normalize=True)

    shape = (1, SIZE, SIZE, 3) if raw else (1, 3, SIZE, SIZE)
    image = torch.zeros(shape, dtype=torch.uint8 if raw else torch.float32)
    tokens = torch.ones((1, context), dtype=torch.int32)
    exported(
        OfModule(model, see),
        {"image": image},
        ["embedding"],
        folder / "visual" / "model.onnx",
        dynamic={"image": free["image"]} if free else None,
        opset=opset,
    )
    exported(
        OfModule(model, lambda model, given: model.encode_text(given, normalize=True)),
        {"text": tokens},
        ["embedding"],
        folder / "textual" / "model.onnx",
        dynamic={"text": free["text"]} if free else None,
        opset=opset,
    )
    (folder / "visual" / "preprocess_cfg.json").write_text(json.dumps(cfg))
    (folder / "config.json").write_text(json.dumps(config))
    transform = image_transform_v2(PreprocessCfg(**cfg), is_train=False)
    tokenize: Any = SimpleTokenizer(context_length=context)
    if kwargs:
        tokenize = HFTokenizer(str(folder / "textual"), context_length=context, **kwargs)

    def pictures(given: Sequence[Image.Image]) -> NDArray[np.float32]:
        with torch.no_grad():
            return unit(model.encode_image(torch.stack([transform(each) for each in given])))

    def texts(given: Sequence[str]) -> NDArray[np.float32]:
        with torch.no_grad():
            return unit(model.encode_text(tokenize(list(given))))

    return Published(folder, pictures, texts)


def random_model(kind: str) -> tuple[Any, int]:
    """Return a random model of transformers', and the context of its texts."""
    torch.manual_seed(0)
    vision = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    vision |= {"num_attention_heads": 2, "image_size": SIZE, "patch_size": 8}
    text = {"hidden_size": 64, "intermediate_size": 96, "num_hidden_layers": 2}
    text |= {"num_attention_heads": 2}
    if kind == "clip":
        more = {"vocab_size": 49408, "max_position_embeddings": 77}
        more |= {"bos_token_id": 49406, "eos_token_id": 49407, "pad_token_id": 49407}
        shape: Any = CLIPConfig(text_config=text | more, vision_config=vision, projection_dim=32)
        model: Any = CLIPModel(shape)
    elif kind == "siglip":
        more = {"vocab_size": 200, "max_position_embeddings": 16, "projection_size": 64}
        more |= {"bos_token_id": 1, "eos_token_id": 2, "pad_token_id": 0}
        shape = SiglipConfig(text_config=text | more, vision_config=vision)
        model = SiglipModel(shape)
    else:
        more = {"vocab_size": 200, "max_position_embeddings": 48}
        shape = ChineseCLIPConfig(text_config=text | more, vision_config=vision, projection_dim=32)
        model = ChineseCLIPModel(shape)
    model.set_attn_implementation("eager")
    for name, weights in model.named_parameters():
        if "embedding" in name and "text" in name:
            weights.data *= 20
    return model.eval(), int(more["max_position_embeddings"])


def bert_words(folder: Path) -> BertTokenizer:
    """Save a tokenizer of BERT's kind, of single characters."""
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    letters = [*map(chr, range(33, 127)), *"狗在沙滩上奔跑"]
    vocabulary = {each: number for number, each in enumerate(dict.fromkeys([*names, *letters]))}
    words = BertTokenizer(vocab=vocabulary)
    words.save_pretrained(folder)
    return words


def features(found: Any, name: str) -> Tensor:
    """Return the embeddings of transformers' `get_..._features`, whose result has changed."""
    tensor: Tensor = found if isinstance(found, Tensor) else getattr(found, name)
    return tensor


def see(model: Any, pixels: Tensor) -> Tensor:
    """Return a model's features of pictures."""
    return features(model.get_image_features(pixel_values=pixels), "pooler_output")


def transformers_js(
    folder: Path, kind: str, processor: Any, *, both: bool = False, opset: int = 17
) -> Published:
    """Export a random pair of transformers', as the exports for transformers.js are laid out."""
    model, context = random_model(kind)
    makers: dict[str, Callable[[Path], Any]] = {
        "clip": clip_words,
        "siglip": wordy,
        "chinese": bert_words,
    }
    words = makers[kind](folder)
    facts = json.loads((folder / "tokenizer_config.json").read_text())
    facts["model_max_length"] = context
    words.model_max_length = context
    (folder / "tokenizer_config.json").write_text(json.dumps(facts))
    model.config.save_pretrained(folder)
    processor.save_pretrained(folder)
    names = ["input_ids"] if kind == "siglip" else ["input_ids", "attention_mask"]
    if kind == "chinese":
        names.insert(1, "token_type_ids")

    def read(model: Any, *given: Tensor) -> Tensor:
        found = model.get_text_features(**dict(zip(names, given, strict=True)))
        return features(found, "pooler_output")

    tokens = {name: torch.ones((2, context), dtype=torch.int64) for name in names}
    tokens["input_ids"][:, -1] = 49407 if kind == "clip" else 2
    pixels = {"pixel_values": torch.randn((2, 3, SIZE, SIZE))}
    free = {name: {0: "n"} if kind == "siglip" else {0: "n", 1: "t"} for name in names}
    frames = {"pixel_values": {0: "m"}}
    seen, said = ("pooler_output",) * 2 if kind == "siglip" else ("image_embeds", "text_embeds")
    if both:

        def all_of(model: Any, pixels: Tensor, *given: Tensor) -> Any:
            rows, columns = read(model, *given), see(model, pixels)
            unit_rows = nn.functional.normalize(rows, dim=-1)
            unit_columns = nn.functional.normalize(columns, dim=-1)
            return unit_rows @ unit_columns.T, unit_rows, unit_columns

        outputs = ["logits_per_text", "text_embeds", "image_embeds"]
        file = folder / "onnx" / "model.onnx"
        whole = OfModule(model, all_of)
        exported(whole, pixels | tokens, outputs, file, dynamic=frames | free, opset=opset)
    else:
        for name, function, given, output, dynamic in (
            ("vision_model", see, pixels, seen, frames),
            ("text_model", read, tokens, said, free),
        ):
            file, part = folder / "onnx" / f"{name}.onnx", OfModule(model, function)
            exported(part, given, [output], file, dynamic=dynamic, opset=opset)

    def pictures(given: Sequence[Image.Image]) -> NDArray[np.float32]:
        with torch.no_grad():
            prepared = processor(images=list(given), return_tensors="pt")
            return unit(see(model, prepared["pixel_values"]))

    def texts(given: Sequence[str]) -> NDArray[np.float32]:
        padding = "max_length" if kind == "siglip" else True
        read_with = {"padding": padding, "truncation": True, "return_tensors": "pt"}
        one_line = [" ".join(each.split()) for each in given]  # as Limn gives texts to all pairs
        encoded = words(one_line, max_length=context, **read_with)
        with torch.no_grad():
            return unit(read(model, *(encoded[name] for name in names)))

    return Published(folder, pictures, texts)


class MultilingualText(nn.Module):
    """M-CLIP's text tower: the mean of XLM-RoBERTa's states, and a linear layer."""

    def __init__(self, width: int, context: int) -> None:
        super().__init__()
        torch.manual_seed(0)
        sizes: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 96}
        more: dict[str, Any] = {"num_attention_heads": 2, "vocab_size": 200, "pad_token_id": 0}
        more["num_hidden_layers"] = 2
        shape = XLMRobertaConfig(**sizes, **more, max_position_embeddings=context + 4)
        shape._attn_implementation = "eager"
        self.transformer: Any = XLMRobertaModel(shape, add_pooling_layer=False)
        self.transformer.embeddings.word_embeddings.weight.data *= 20
        self.linear = nn.Linear(64, width)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        states = self.transformer(ids, mask)[0]
        mean = (states * mask.unsqueeze(2)).sum(dim=1) / mask.sum(dim=1)[:, None]
        return nn.functional.normalize(self.linear(mean), dim=-1)


def multilingual(folder: Path, scratch: Path) -> Published:
    """Export a pair of M-CLIP's kind, as Immich's exporter does: its texts have a mask."""
    pair = immich(folder, scratch, "hub-mclip")
    for file in (folder / "textual").iterdir():
        file.unlink()
    words, tower = wordy(folder / "textual"), MultilingualText(32, 77).eval()
    ones = torch.ones((1, 77), dtype=torch.int32)
    examples = {"input_ids": ones, "attention_mask": ones}
    exported(tower, examples, ["embedding"], folder / "textual" / "model.onnx")

    def texts(given: Sequence[str]) -> NDArray[np.float32]:
        one_line = [" ".join(each.split()) for each in given]
        how = {"padding": "max_length", "truncation": True, "return_tensors": "pt"}
        encoded = words(one_line, max_length=77, **how)
        with torch.no_grad():
            return unit(tower(encoded["input_ids"], encoded["attention_mask"]))

    return Published(folder, pair.pictures, texts)


def flores_words(folder: Path) -> NllbTokenizer:
    """Save NLLB's tokenizer with a vocabulary of single characters."""
    letters = [*map(chr, range(33, 127)), "▁", *"狗在沙滩上奔跑собаканпляжеinaïvecafé"]
    names = ["<s>", "<pad>", "</s>", "<unk>", *dict.fromkeys(letters)]
    vocabulary = {each: number for number, each in enumerate(names)}
    words = NllbTokenizer(vocab=vocabulary, merges=[])
    words.save_pretrained(folder)
    return words


def jina(folder: Path, processor: Any) -> Published:
    """Lay a pair of one graph out as jina-clip-v2 is, with its names and its widths."""
    pair = transformers_js(folder, "clip", processor, both=True)
    import onnx

    model = onnx.load(str(folder / "onnx" / "model.onnx"))
    marks = {"text_embeds": "l2norm_text_embeddings", "image_embeds": "l2norm_image_embeddings"}
    for named in (*model.graph.output, *model.graph.node):
        if isinstance(named, onnx.NodeProto):
            for names in (named.input, named.output):
                names[:] = [marks.get(each, each) for each in names]
        else:
            named.name = marks.get(named.name, named.name)
    onnx.save(model, str(folder / "onnx" / "model.onnx"))
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "jina_clip", "matryoshka_dimensions": [8, 16, 32]}
    (folder / "config.json").write_text(json.dumps(config))
    cfg = {"size": SIZE, "mean": MEAN, "std": STD, "interpolation": "bicubic", "fill_color": 0}
    facts = {"image_processor_type": "JinaCLIPImageProcessor", "resize_mode": "shortest", **cfg}
    (folder / "preprocessor_config.json").write_text(json.dumps(facts))
    transform = image_transform_v2(PreprocessCfg(**cfg, resize_mode="shortest"), is_train=False)
    model_in_torch, _ = random_model("clip")

    def pictures(given: Sequence[Image.Image]) -> NDArray[np.float32]:
        with torch.no_grad():
            return unit(see(model_in_torch, torch.stack([transform(each) for each in given])))

    return Published(folder, pictures, pair.texts)
