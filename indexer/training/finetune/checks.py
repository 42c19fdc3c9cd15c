"""Checks of a pair without torch, and the errors of a pair that can't be trained or written."""

import importlib.util

from indexer.training.finetune.plan import Method
from search.encoders.checks import check_encoder
from search.encoders.suggestions import unknown
from search.errors import BadSetting, BadSource
from search.packages import plugins
from search.packages.installing import install_extra
from search.text.amounts import amount

MIN_PICTURES = 20
"""The fewest pictures for which training and held-out recall are meaningful."""

TRAINABLE = ("builtin", "open_clip")
"""The encoders that can be trained, by the first part of their specifications."""


def check_trainable(spec: str, method: Method) -> None:
    """Refuse a pair that can't be trained, or not with the installed packages.

    Raises:
        BadSetting: `spec` is of no kind that can be trained, or a package is missing.
        EncoderUnavailable: its files are missing and not available.
    """
    if plugins.head(spec) not in TRAINABLE:
        raise untrainable(spec)
    check_encoder(spec)
    if spec.startswith("builtin") and importlib.util.find_spec("onnx") is None:
        raise BadSetting(
            "package-missing-onnx-training",
            "training the built-in pair needs onnx: {install}",
            install=install_extra("train"),
        )
    if method == "lora" and importlib.util.find_spec("peft") is None:
        raise BadSetting(
            "package-missing-peft",
            "--method lora needs peft: {install}",
            install=install_extra("train"),
        )


def check_enough(pictures: int, held_out: int | None = None) -> None:
    """Refuse too few pictures to train on.

    Raises:
        BadSource: there are too few at all.
        BadSetting: the held-out ones leave too few.
    """
    if pictures < MIN_PICTURES:
        raise BadSource(
            "training-pictures-too-few",
            "{pictures} too few to train on; {least} or more are needed",
            pictures=amount(pictures, "captioned picture is", "captioned pictures are"),
            least=MIN_PICTURES,
        )
    if held_out is not None and held_out > pictures - MIN_PICTURES // 2:
        raise BadSetting(
            "held-out-too-many",
            "--held-out {held_out} of {pictures:,} pictures leaves too few to train on; "
            "hold out at most {most}",
            held_out=held_out,
            pictures=pictures,
            most=pictures - MIN_PICTURES // 2,
        )


def untrainable(spec: str) -> BadSetting:
    """Return the error for a pair that has no torch weights, or for none at all."""
    if plugins.find("encoders", spec) is None:
        return unknown(spec)
    names = [each for each in plugins.choices("encoders") if plugins.head(each) in TRAINABLE]
    return BadSetting(
        "encoder-not-trainable",
        "{spec!r} can't be trained; train from one of: {names}",
        spec=spec,
        names=", ".join(names),
    )
