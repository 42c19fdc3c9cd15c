"""`limn export`: an open_clip pair as a folder of ONNX graphs, checked against torch."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx
import torch
from google.protobuf.message import EncodeError
from torch import Tensor, nn

from indexer.exporting.attention import spell_out_attention
from indexer.exporting.checks import (
    LOWEST_COSINE,
    CantExport,
    ExportDiffers,
    Precision,
    check_exportable,
    check_new,
)
from indexer.exporting.onnx_trace import trace
from indexer.exporting.tokenizer import TEXTS, write_words
from indexer.exporting.towers import RawPictures, RawTexts, sizes
from search.encoders import Encoder
from search.encoders.fingerprint import space_id
from search.encoders.onnx_pair.exported import FORMAT, OnnxEncoder, digest_of, open_onnx
from search.encoders.onnx_pair.pair_folder import FILES, describe, file_digest
from search.encoders.openclip.encoder import OpenClipEncoder
from search.encoders.openclip.registry import languages, picture_work
from search.encoders.openclip.weights import CheckpointPair, load_pair, quiet
from search.encoders.preparation import Preparation
from search.encoders.probes import probes
from search.encoders.rewriting.fold_padding import fold_padding
from search.encoders.rewriting.quantize_matmul import as_integer_products
from search.encoders.rewriting.quantize_weights import as_float16, as_int8
from search.errors import StorageFailed, system_reason
from search.files.atomic_file import atomic_folder, remove_abandoned
from search.records import Pixels, Vectors

LARGEST_TOWER = 2**31 // 4 - 2**20
"""Parameters of a tower: an ONNX file ends at 2 GiB, and the graph is traced in float32."""

UNTRACEABLE = (
    RuntimeError,
    ValueError,
    TypeError,
    AttributeError,
    NotImplementedError,
    EncodeError,
)
"""Errors that torch's exporter was seen to raise for towers without a graph."""


@dataclass(frozen=True, slots=True)
class ExportedPair:
    """The result of an export: the encoder, and its lowest cosine with torch, by tower."""

    encoder: OnnxEncoder
    cosines: dict[str, float]
    size_bytes: int


def export(spec: str, out: Path, precision: Precision) -> ExportedPair:
    """Write the pair that `spec` names to the folder `out`, which `onnx:` opens.

    Raises:
        BadSetting: `spec` is not open_clip's, or `out` is taken.
        EncoderUnavailable: the pair can't be loaded.
        CantExport: a tower or the tokenizer has no such form.
        ExportDiffers: a cosine is under LOWEST_COSINE.
        StorageFailed: the disk is full or not ours; nothing of the folder stays.
    """
    check_new(out)
    check_exportable(spec)
    try:
        if out.parent.is_dir():
            remove_abandoned(out, older_than_s=0)  # of a run that was killed
        with quiet(), atomic_folder(out) as part:
            cosines = _write_pair(spec, part, precision)
    except OSError as error:
        raise StorageFailed(
            "export-write-failed",
            "can't write {out!r}: {reason}; nothing of it was kept: "
            "make room or name another --out, and run the command again",
            out=str(out),
            reason=system_reason(error),
        ) from error
    size_bytes = sum(file.stat().st_size for file in out.iterdir())
    return ExportedPair(open_onnx(f"onnx:{out}"), cosines, size_bytes)


def _write_pair(spec: str, part: Path, precision: Precision) -> dict[str, float]:
    """Write the files of a pair to `part`; return the lowest cosine with torch, by tower."""
    pair = load_pair(spec)
    _check_sizes(pair)
    theirs = OpenClipEncoder(pair, torch.device("cpu"))
    texts = RawTexts(pair.model).eval()
    words = write_words(theirs, pair.tokenizer, texts.causal is not None, part / FILES[2])
    facts: dict[str, Any] = {
        "format": FORMAT,
        "name": pair.architecture,
        "encoder": pair.spec,
        "precision": precision,
        "width": theirs.space.width,
        "picture_gmacs": picture_work(pair.config, sizes(pair.model)["picture"]),
        "languages": list(languages(pair.config)),
        "preparation": asdict(theirs.preparation),
        "reading": words.rules.facts(),
    }
    ids = torch.tensor(words.ids(["a dog", "a cat"]))
    expected = _vectors(theirs, probes(theirs.preparation))  # before the model is changed
    spell_out_attention(pair.model)
    _write_graphs(part, pair, theirs.preparation, texts, ids, precision)
    digests = {name: file_digest(part / name) for name in FILES}
    facts |= {"sha256": digests, "space": _space(theirs, precision, digests)}
    _describe(part, facts)
    actual = _vectors(open_onnx(f"onnx:{part}"), probes(theirs.preparation))
    cosines = {tower: float((expected[tower] * actual[tower]).sum(1).min()) for tower in expected}
    _check_cosines(cosines, precision)
    _describe(part, {**facts, "cosines": cosines})
    return cosines


def _check_sizes(pair: CheckpointPair) -> None:
    for tower, parameters in sizes(pair.model).items():
        if parameters > LARGEST_TOWER:
            raise CantExport(
                "tower-too-large",
                "the {tower} tower of {spec} has {parameters:,} parameters, and an ONNX file "
                "ends at 2 GiB, which is {largest_tower:,}; use it as {spec}",
                tower=tower,
                spec=pair.spec,
                parameters=parameters,
                largest_tower=LARGEST_TOWER,
            )


def _write_graphs(
    part: Path,
    pair: CheckpointPair,
    preparation: Preparation,
    texts: RawTexts,
    ids: Tensor,
    precision: Precision,
) -> None:
    size = (2, preparation.height_px, preparation.width_px, 3)
    pixels = torch.zeros(size, dtype=torch.uint8)
    raw = RawPictures(pair.model, preparation).eval()
    free = {0: "n", 1: "t"} if texts.causal is not None else {0: "n"}
    for file, module, example, name, dynamic in (
        (FILES[0], raw, pixels, "pixels", {0: "n"}),
        (FILES[1], texts, ids, "ids", free),
    ):
        graph = _graph(pair.spec, module, example, name, dynamic)
        fold_padding(graph)
        if precision == "int8":
            as_integer_products(graph)
            as_int8(graph, tables_only=True)
        if precision != "float32":
            as_float16(graph)
        (part / file).write_bytes(graph.SerializeToString())


def _graph(
    spec: str, module: nn.Module, example: Tensor, name: str, dynamic: dict[int, str]
) -> onnx.ModelProto:
    try:
        return trace(module, example, name, dynamic)
    except UNTRACEABLE as error:
        reason = str(error).strip().partition("\n")[0][:200] or type(error).__name__
        raise CantExport(
            "tower-untraceable",
            "torch can't write the tower that reads {name} of {spec} as ONNX ({reason}); "
            "use it as {spec}",
            name=name,
            spec=spec,
            reason=reason,
        ) from error


def _space(theirs: OpenClipEncoder, precision: Precision, digests: dict[str, str]) -> str:
    """Return the space of the exported graphs.

    Float32 graphs hold torch's own weights, so their vectors belong to torch's space. Rounded
    weights differ, and form another space.
    """
    if precision == "float32":
        return theirs.space.id
    name = theirs.space.id.rpartition("-")[0]
    parts = [("pair", theirs.space.id), ("precision", precision)]
    parts += sorted(digests.items())
    return space_id(f"{name}-{precision}", [(label, text.encode()) for label, text in parts])


def _describe(part: Path, facts: dict[str, Any]) -> None:
    describe(part, {**facts, "digest": digest_of(facts)})


def _vectors(encoder: Encoder, pixels: Pixels) -> dict[str, Vectors]:
    return {"picture": encoder.encode_pixels(pixels), "text": encoder.encode_texts(TEXTS)}


def _check_cosines(cosines: dict[str, float], precision: Precision) -> None:
    for tower, cosine in cosines.items():
        if not cosine >= LOWEST_COSINE[precision]:
            raise ExportDiffers(
                "export-differs",
                "the exported {tower} tower is at cosine {cosine:.4f} of torch's, and {precision} "
                "must reach {lowest}; nothing was kept: try a higher --precision",
                tower=tower,
                cosine=cosine,
                precision=precision,
                lowest=LOWEST_COSINE[precision],
            )
