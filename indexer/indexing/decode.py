"""The work of a decoder process on one file: read, hash and decode it, or report the failure."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from indexer.sources import Item, not_read
from indexer.sources.storable import storable_facts
from search.catalog.records import Failure
from search.encoders.preparation import Preparation
from search.errors import BadPicture, Message
from search.pictures import Limits, content_hash, load_file, read_picture
from search.pictures.containers import FILM_SUFFIXES, container_facts, may_move
from search.pictures.faults import out_of_memory
from search.pictures.metadata.reading import merge_facts
from search.pictures.visual_hash import looks
from search.records import PictureFacts, Pixels


@dataclass(frozen=True, slots=True)
class Work:
    """One file to decode. One whose content hash is in `known_hashes` is not decoded again.

    `whole` requests one picture, even of an animation; `hash_only` the content's hash alone.
    """

    item: Item
    known_hashes: frozenset[bytes] = frozenset()
    whole: bool = False
    hash_only: bool = False


@dataclass(frozen=True, slots=True)
class ReadFile:
    """A file as it was read: its state then, and its content's hash."""

    item: Item
    size_bytes: int
    mtime_ns: int
    content_hash: bytes


@dataclass(frozen=True, slots=True)
class DecodedPicture:
    """A decoded file: its own metadata, and the encoder's input."""

    file: ReadFile
    facts: PictureFacts
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class Shots:
    """A film's shots or an animation's frames, each an item of its own."""

    film: Item
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Busy:
    """A sign of life from a worker that reads a long file."""


# The reason of a picture that waited for others in vain, and the number of tries: each waits 20 s,
# and pictures before it take seconds.
WAITED = "timed out"
MAX_TURNS = 30

# A bare ReadFile means that the content is known.
Outcome = DecodedPicture | ReadFile | Failure | Shots


def is_film(item: Item) -> bool:
    """Return whether an item is a whole film, and not a shot of one."""
    return item.path.name.lower().endswith(FILM_SUFFIXES)


def work_on(work: Work, preparation: Preparation, limits: Limits) -> Iterator[Outcome | Busy]:
    """Yield the results of one piece of work, its outcome last. Raises nothing."""
    item = work.item
    name = repr(str(item.path))
    try:
        if is_film(item) and item.path.is_file():
            yield from _shots(item, limits)
        else:
            yield from _in_turn(work, preparation, limits, name)
    except BadPicture as error:
        yield Failure(item.path, error.reason, error.message.about(name), *_state(item))
    except OSError as error:
        yield not_read(item.path, error)
    except MemoryError:
        fault = out_of_memory(name)
        yield Failure(item.path, fault.reason, fault.message, *_state(item))
    except Exception as error:  # one file must never end a run of a million
        detail = Message(
            "picture-decoding-fails",
            "decoding {name}: {kind}: {error}",
            name=name,
            kind=type(error).__name__,
            error=error,
        )
        yield Failure(item.path, "crashed", detail, *_state(item))


def _state(item: Item) -> tuple[int, int]:
    return item.size_bytes, item.mtime_ns


def _in_turn(
    work: Work, preparation: Preparation, limits: Limits, name: str
) -> Iterator[Outcome | Busy]:
    """Decode, and say that it goes on while other processes decode large pictures."""
    for _ in range(MAX_TURNS):
        try:
            yield _decode(work, preparation, limits, name)
            return
        except BadPicture as error:
            if error.reason != WAITED:
                raise
            yield Busy()
    raise BadPicture(
        WAITED,
        "picture-turns-timed-out",
        "{name} waited too long for other large pictures",
        name=name,
    )


def _decode(
    work: Work, preparation: Preparation, limits: Limits, name: str
) -> DecodedPicture | ReadFile | Shots:
    item = work.item
    size_bytes, mtime_ns = _state(item)
    member = False
    try:  # before reading: a file that changes meanwhile counts as changed next time
        status = item.path.stat()
        size_bytes, mtime_ns = status.st_size, status.st_mtime_ns
    except NotADirectoryError:  # in a container: the scan knows its state
        member = True
    data = load_file(item.path, limits)
    file = ReadFile(item, size_bytes, mtime_ns, content_hash(data))
    if work.hash_only or file.content_hash in work.known_hashes:
        return file
    if not work.whole and not member and may_move(item.path):
        from search.pictures.containers.animation import frames

        if numbers := frames(data):
            return Shots(item, tuple(_part(item, number) for number in numbers))
    side_px = max(preparation.width_px, preparation.height_px)
    picture, facts = read_picture(data, limits=limits, target_px=side_px, name=name, drawings=True)
    colours, perceptual_hash = looks(picture)
    facts = replace(facts, colours=colours, perceptual_hash=perceptual_hash)
    if member and (outer_facts := container_facts(item.path, limits)):
        facts = merge_facts(outer_facts, facts)
    return DecodedPicture(file, storable_facts(facts), preparation.pixels(picture, exact=False))


def _shots(item: Item, limits: Limits) -> Iterator[Shots | Busy]:
    from search.pictures.containers.film import Film

    film = Film(item.path, limits)
    shots: list[Item] = []
    try:
        for name in film.shots():
            shots.append(_part(item, name))
            yield Busy()
    finally:
        film.close()
    yield Shots(item, tuple(shots))


def _part(item: Item, name: str) -> Item:
    return Item(item.path / name, 0, item.mtime_ns, item.sidecar)
