"""A published pair on this machine: where its files are, and which space they make."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from search.encoders.fingerprint import space_id
from search.encoders.hub_pair.digests import digest_of
from search.encoders.hub_pair.hub import Hub, names_below
from search.encoders.hub_pair.layouts import Description, PairFiles, PairLayout
from search.encoders.hub_pair.layouts.immich import Immich
from search.encoders.hub_pair.layouts.transformers_js import TransformersJs
from search.encoders.hub_pair.progress import Progress, progress_bar
from search.encoders.hub_pair.specification import HubSpecification
from search.errors import BadSetting, EncoderUnavailable
from search.records import Space

LAYOUTS: tuple[PairLayout, ...] = (Immich(), TransformersJs())

INT8_RECIPE = "limn int8, 1"
"""Names the way in which int8 copies are made; another way makes another space."""


@dataclass(frozen=True, slots=True)
class HubPair:
    """The files of a pair, and the contents of its configuration.

    `spec` names the same files for good: its revision is a commit.
    """

    spec: HubSpecification
    folder: Path
    selection: PairFiles
    description: Description

    @property
    def width(self) -> int | None:
        """Return the width of the vectors, where it is known without opening a graph."""
        return self.spec.width or self.description.width

    @property
    def size_bytes(self) -> int:
        """Return the size of the pair's files."""
        return sum((self.folder / each).stat().st_size for each in self.selection.names)

    def space(self, width: int, hub: Hub) -> Space:
        """Return the space: a fingerprint of graphs, preparation and tokenizer, and no path."""
        return Space(space_id(self._name(), self._identity(width, hub)), str(self.spec), width)

    def graph_digest(self, graph: str, hub: Hub) -> str:
        """Return a digest of a graph and the files of its weights."""
        folder = graph.rpartition("/")[0]
        names = [graph, *(each for each in self.selection.external if each.startswith(folder))]
        digests_folder = hub.derived_folder / "digests"
        return " ".join(digest_of(self.folder / each, digests_folder) for each in names)

    def _name(self) -> str:
        label, variant = self.description.label, self.spec.variant
        return f"{label}-{variant}" if variant else label

    def _identity(self, width: int, hub: Hub) -> Iterator[tuple[str, bytes]]:
        digests_folder, rules = hub.derived_folder / "digests", self.description.text
        yield "pictures", self.graph_digest(self.selection.pictures, hub).encode()
        yield "texts", self.graph_digest(self.selection.texts, hub).encode()
        yield "arithmetic", (INT8_RECIPE if self.selection.quantize else "").encode()
        yield "preparation", repr(self.description.preparation).encode()
        yield "tokenizer", digest_of(self.folder / rules.tokenizer, digests_folder).encode()
        yield "text", repr(rules).encode()
        yield "width", str(width).encode()


def find_pair(spec: HubSpecification, hub: Hub) -> HubPair:
    """Return the pair of a specification: on this machine, or downloaded.

    Raises:
        BadSetting: the pair has no such variant or width.
        EncoderUnavailable: the pair is of no known layout, or can't be downloaded.
        StorageFailed: the disk is full, or the cache can't be written.
    """
    return pair_here(spec, hub) or download_pair(spec, hub)


def pair_here(spec: HubSpecification, hub: Hub) -> HubPair | None:
    """Return the pair of a specification if all of its files are on this machine.

    Raises:
        BadSetting, EncoderUnavailable: as `find_pair` does.
    """
    if spec.folder is not None:
        return _describe(spec, spec.folder, _select(spec, names_below(spec.folder)))
    commit = hub.cached_commit(spec)
    if commit is None:
        return None
    folder = hub.snapshot(spec.repository, commit)
    names = hub.cached_names(spec.repository, commit)
    selection = _first(names, spec.variant)
    if selection is None or not all((folder / each).exists() for each in selection.names):
        return None
    return _describe(spec.at_commit(commit), folder, selection)


def download_pair(
    spec: HubSpecification, hub: Hub, to: Path | None = None, progress: Progress = progress_bar
) -> HubPair:
    """Return the newest pair of a specification, downloaded to the cache or to the folder `to`.

    What `progress` raises ends the download; another one continues from there.

    Raises:
        BadSetting, EncoderUnavailable, StorageFailed: as `find_pair` does.
    """
    from search.encoders.hub_pair.download import Download  # the HTTP client takes a while

    listing = hub.listing(spec)
    selection = _select(spec, list(listing.files))
    download = Download(hub, spec, listing, progress)
    if to is None:
        folder = download.into_cache(selection.names)
        return _describe(spec.at_commit(listing.commit), folder, selection)
    download.into_folder(selection.names, to)
    local = HubSpecification(folder=to, variant=spec.variant, width=spec.width)
    return _describe(local, to, selection)


@contextmanager
def translate_errors(spec: HubSpecification, folder: Path) -> Iterator[None]:
    """Turn a failure to read a pair's configuration into an error that names the remedy.

    Raises:
        EncoderUnavailable: a file is missing, or says what Limn does not know.
    """
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = f"there is no {error}" if isinstance(error, KeyError) else str(error)
        raise EncoderUnavailable(
            "hub-pair-unreadable",
            "the configuration of {encoder} in {folder!r} can't be read: {reason}; "
            "remove the folder and get the pair again, or choose another one: limn encoders",
            encoder=spec,
            folder=str(folder),
            reason=reason,
        ) from error


def _describe(spec: HubSpecification, folder: Path, selection: PairFiles) -> HubPair:
    [layout] = [each for each in LAYOUTS if each.name == selection.layout]
    with translate_errors(spec, folder):
        description = layout.describe(folder)
    if spec.width and spec.width not in (*description.shorter, description.width):
        widths = ", ".join(map(str, description.shorter)) or "no other"
        raise BadSetting(
            "hub-width-unknown",
            "{encoder} asks for {width} dimensions; its authors allow {widths}, since vectors of "
            "other pairs can't be cut: write {source} without the width",
            encoder=spec,
            width=spec.width,
            widths=widths,
            source=f"hub:{spec.source}",
        )
    return HubPair(spec, folder, selection, description)


def _first(names: Sequence[str], variant: str) -> PairFiles | None:
    selections = (layout.select(names, variant) for layout in LAYOUTS)
    return next((each for each in selections if each is not None), None)


def _select(spec: HubSpecification, names: Sequence[str]) -> PairFiles:
    if (selection := _first(names, spec.variant)) is not None:
        return selection
    variants = [each for layout in LAYOUTS for each in layout.variants(names)]
    if variants:
        raise BadSetting(
            "hub-variant-missing",
            "{source} has no variant {variant!r}; it has: {variants}",
            source=spec.source,
            variant=spec.variant,
            variants=", ".join(f"#{each}" if each else "none (float32)" for each in variants),
        )
    raise EncoderUnavailable(
        "hub-layout-unknown",
        "{source} has no pair that Limn reads: it needs config.json with visual/model.onnx and "
        "textual/model.onnx, or with onnx/model.onnx, or onnx/vision_model.onnx and "
        "onnx/text_model.onnx, and their tokenizer and preprocessing; limn encoders lists some",
        source=spec.source,
    )
