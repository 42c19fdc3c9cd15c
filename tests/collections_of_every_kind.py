"""Real sources for tests: the same few pictures in archives, tables, lists, and films."""

import io
import json
import tarfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

COLOURS = ("red", "green", "blue", "yellow")


def picture(colour: str) -> bytes:
    """Return a JPEG of one colour."""
    written = io.BytesIO()
    Image.new("RGB", (96, 64), colour).save(written, "JPEG", quality=95)
    return written.getvalue()


def members(prefix: str = "") -> dict[str, bytes]:
    """Return the files of a WebDataset: each colour's picture, its caption, and a document."""
    return {
        f"{prefix}{colour}{suffix}": data
        for colour in COLOURS
        for suffix, data in (
            (".jpg", picture(colour)),
            (".txt", f"a {colour} wall".encode()),
            (".json", json.dumps({"rating": len(colour), "place": {"deep": 1}}).encode()),
        )
    }


def tar(path: Path, files: dict[str, bytes] | None = None) -> Path:
    """Return a tar archive of these files, or of `members`."""
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
        for name, data in (members() if files is None else files).items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def zipped(path: Path, files: dict[str, bytes] | None = None) -> Path:
    """Return a zip archive of these files, or of `members`."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in (members() if files is None else files).items():
            archive.writestr(name, data)
    return path


def parquet(path: Path, rows: int = len(COLOURS)) -> Path:
    """Write pictures as bytes, with captions, a number and a text, in several row groups."""
    names = [COLOURS[n % len(COLOURS)] for n in range(rows)]
    table = pa.table(
        {
            "image": [{"bytes": picture(name), "path": f"{name}.jpg"} for name in names],
            "caption": [[f"a {name} wall", f"all is {name}"] for name in names],
            "split": ["train"] * rows,
            "score": [n / 2 for n in range(rows)],
        }
    )
    pq.write_table(table, path, row_group_size=3)
    return path


def arrow(path: Path) -> Path:
    """Return a stream as the `datasets` library saves one: an image feature and a class label."""
    features = {"label": {"names": ["warm", "cold"], "_type": "ClassLabel"}}
    schema = pa.schema(
        [
            ("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
            ("label", pa.int64()),
        ],
        metadata={"huggingface": json.dumps({"info": {"features": features}})},
    )
    rows = [
        {"image": {"bytes": picture(colour), "path": None}, "label": place % 2}
        for place, colour in enumerate(COLOURS)
    ]
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_stream(file, schema) as writer:
        writer.write_table(pa.Table.from_pylist(rows, schema))
    return path


def film(path: Path, shots: tuple[str, ...] = ("red", "black", "blue"), shot_s: int = 1) -> Path:
    """Return a film of these colours in turn, with key frames twice a second."""
    rate = 10
    with av.open(str(path), "w") as written:
        stream = written.add_stream("mpeg4", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.codec_context.gop_size = rate // 2
        for shot in shots:
            still = np.asarray(Image.new("RGB", (96, 64), shot))
            for _ in range(rate * shot_s):
                frame = av.VideoFrame.from_ndarray(still, format="rgb24")
                written.mux(stream.encode(frame))
        written.mux(stream.encode(None))
    return path


def pictures(folder: Path) -> Path:
    """Return a folder of the pictures as files."""
    folder.mkdir(parents=True, exist_ok=True)
    for colour in COLOURS:
        (folder / f"{colour}.jpg").write_bytes(picture(colour))
    return folder


def coco(folder: Path) -> Path:
    """Write COCO's captions for `pictures`, two each."""
    document = {
        "info": {"year": 2017},
        "images": [
            {"id": n, "file_name": f"{colour}.jpg", "license": 3}
            for n, colour in enumerate(COLOURS)
        ],
        "annotations": [
            {"id": 10 * n + k, "image_id": n, "caption": f"caption {k} of {colour}"}
            for k in range(2)
            for n, colour in enumerate(COLOURS)
        ],
    }
    path = folder / "captions_val.json"
    path.write_text(json.dumps(document))
    return path


def listed(path: Path, names: Sequence[str]) -> Path:
    """Return a list of files with a caption each: CSV, JSON lines or COCO, by its suffix."""
    rows = [{"file_name": name, "caption": f"caption of {name}"} for name in names]
    if path.suffix == ".json":
        document = {
            "images": [{"id": n, "file_name": row["file_name"]} for n, row in enumerate(rows)],
            "annotations": [
                {"id": n, "image_id": n, "caption": row["caption"]} for n, row in enumerate(rows)
            ],
        }
        path.write_text(json.dumps(document))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        lines = [",".join(row.values()) for row in ({key: key for key in rows[0]}, *rows)]
        path.write_text("\n".join(lines) + "\n")
    return path
