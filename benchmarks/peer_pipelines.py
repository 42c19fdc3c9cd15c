"""Times clip-retrieval's and rclip's own pipelines; run by the Python of an environment of theirs.

python benchmarks/peer_pipelines.py clip-retrieval FOLDER CHECKPOINT [--decode]
python benchmarks/peer_pipelines.py rclip FOLDER GRAPH [--decode]

CHECKPOINT is open_clip's ViT-B-32 as a file, GRAPH its picture tower as ONNX, which takes what
rclip prepares: (n, 3, 224, 224) float32 under the name "input". What a peer imports but does not
use here need not be installed. Prints one JSON line: files, and seconds from the first to the last,
with the encoder loaded before. Nothing of Limn is imported.
"""

import argparse
import importlib.util
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import ModuleType
from typing import Any

THREADS = os.cpu_count() or 1


def clip_retrieval(folder: Path, checkpoint: str, decode: bool) -> tuple[int, float]:
    """Its inference worker: a DataLoader of torch's, the encoder, and files of numpy's."""
    # Their packages import a web server, a dashboard and Spark on the way to the pipeline.
    for name in ("clip_retrieval", "clip_retrieval.clip_inference"):
        _without_init(name)
    for name in ("wandb", "sentence_transformers"):
        if importlib.util.find_spec(name) is None:
            sys.modules[name] = _stand_in(name)
    from all_clip import load_clip  # type: ignore[import-not-found]
    from clip_retrieval.clip_inference.reader import FilesReader  # type: ignore[import-not-found]
    from clip_retrieval.clip_inference.worker import worker  # type: ignore[import-not-found]

    encoder = f"open_clip:ViT-B-32/{checkpoint}"
    batch = 32  # theirs of 256 would leave nothing to overlap in a run of some hundred files
    loaded = load_clip(
        clip_model=encoder, use_jit=False, warmup_batch_size=batch, clip_cache_path=None
    )
    count = sum(1 for _ in folder.glob("**/*.jpg"))
    with tempfile.TemporaryDirectory() as out:
        began = time.perf_counter()
        if decode:
            reader = FilesReader(
                lambda keys: keys, *loaded[1:], str(folder), batch, THREADS, enable_text=False
            )
            count = sum(len(each["image_tensor"]) for each in reader)
        else:
            worker(
                tasks=[0],
                input_dataset=str(folder),
                output_folder=out,
                output_partition_count=1,
                batch_size=batch,
                num_prepro_workers=THREADS,
                enable_text=False,
                clip_model=encoder,
                use_jit=False,
            )
        return count, time.perf_counter() - began


def rclip(folder: Path, graph: str, decode: bool) -> tuple[int, float]:
    """Its indexer: threads that decode, onnxruntime, SQLite."""
    from rclip import db, model, model_download  # type: ignore[import-not-found]
    from rclip.main import RClip, get_image_meta  # type: ignore[import-not-found]
    from rclip.utils import preprocess  # type: ignore[import-not-found]

    preprocess.IMAGE_SIZE = 224  # its own pair wants 256
    model_download.download_visual_query_model = lambda *_: graph
    encoder = model.Model()
    assert encoder._session_visual_index is not None  # loads it
    with tempfile.TemporaryDirectory() as scratch:
        database = db.DB(Path(scratch, "db.sqlite3"))
        indexer = RClip(encoder, database, indexing_batch_size=8, exclude_dirs=None)
        began = time.perf_counter()
        if decode:
            with os.scandir(folder) as entries:
                items = [(entry.path, get_image_meta(entry)) for entry in entries]
            count = sum(1 for _ in indexer._load_images(items))
        else:
            indexer.ensure_index(str(folder))
            count = len(list(database.get_image_vectors_by_dir_path(str(folder))))
        took_s = time.perf_counter() - began
        indexer.close()
        database.close()
    return count, took_s


def _without_init(name: str) -> None:
    """Make a package's modules importable without what it imports itself."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        sys.exit(f"{name} is not installed here")
    module = ModuleType(name)
    module.__path__ = list(spec.submodule_search_locations)
    sys.modules[name] = module


def _stand_in(name: str) -> ModuleType:
    module = ModuleType(name)
    vars(module)["SentenceTransformer"] = None
    return module


def main() -> None:
    """Print the number of files and the seconds of a peer, as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peer", choices=["clip-retrieval", "rclip"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("encoder")
    parser.add_argument("--decode", action="store_true", help="decode and prepare, and no more")
    asked = parser.parse_args()
    run: Any = {"clip-retrieval": clip_retrieval, "rclip": rclip}[asked.peer]
    count, took_s = run(asked.folder, asked.encoder, asked.decode)
    print(json.dumps({"files": count, "seconds": took_s}))


if __name__ == "__main__":
    main()
