"""Immich's exports of open_clip's pairs: a folder for each tower."""

from collections.abc import Collection, Sequence
from pathlib import Path

from search.encoders.hub_pair.layouts import (
    Description,
    PairFiles,
    TextRules,
    data_files,
    read_json,
    token_text,
)
from search.encoders.openclip.preprocess_cfg import preparation_of

CONFIG = "config.json"
PREPROCESSING = "visual/preprocess_cfg.json"
TOKENIZER, TOKENIZER_CONFIG = "textual/tokenizer.json", "textual/tokenizer_config.json"
GRAPHS = ("visual/model.onnx", "textual/model.onnx")

CONTEXT = 77
"""open_clip's length of texts, where a configuration has none."""


class Immich:
    """Repositories such as immich-app/ViT-B-16-SigLIP2__webli."""

    name = "immich"

    def variants(self, names: Collection[str]) -> Sequence[str]:
        """Return the one variant that these repositories have."""
        return [""] if self.select(names, "") else []

    def select(self, names: Collection[str], variant: str) -> PairFiles | None:
        """Return the files of the graphs in full precision; int8 is made from them."""
        configuration = (CONFIG, PREPROCESSING, TOKENIZER, TOKENIZER_CONFIG)
        if variant not in ("", "int8") or not {*GRAPHS, *configuration} <= set(names):
            return None
        external = [each for graph in GRAPHS for each in data_files(names, graph, alone=True)]
        makes_int8 = variant == "int8"
        return PairFiles(self.name, *GRAPHS, configuration, tuple(external), quantize=makes_int8)

    def describe(self, folder: Path) -> Description:
        """Return the contents of open_clip's configurations and of the tokenizer's."""
        config, words = read_json(folder / CONFIG), read_json(folder / TOKENIZER_CONFIG)
        text, width = config["text_cfg"], config.get("embed_dim")
        options = text.get("tokenizer_kwargs") or {}
        flores = "nllb" in f"{text.get('hf_tokenizer_name')}{text.get('hf_model_name')}".lower()
        rules = TextRules(
            tokenizer=TOKENIZER,
            context=int(text.get("context_length") or CONTEXT),
            pad_token=token_text(words["pad_token"]),
            # CLIP's tokenizer.json makes lower case by itself, and M-CLIP's must not.
            clean=str(options.get("clean") or "whitespace"),
            left=words.get("padding_side") == "left",
            stripped=token_text(words["sep_token"]) if options.get("strip_sep_token") else "",
            flores=flores,
        )
        cfg = {"fill_color": 0, "interpolation": "bicubic", "resize_mode": "shortest"}
        preparation = preparation_of({**cfg, **read_json(folder / PREPROCESSING)})
        # No shorter vectors: those of NLLB's pairs that end in __mrl come from further layers
        # (nllb_mrl.py of visheratin/nllb-siglip-mrl-base), and cutting makes others.
        label = str((config.get("vision_cfg") or {}).get("timm_model_name") or "clip")
        return Description(label, preparation, rules, int(width) if width else None)
