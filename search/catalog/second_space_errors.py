"""The second space of a collection where its state suits a step, or else what to type."""

from search.errors import SpaceMismatch
from search.records import Collection


def answering_by_second(collection: Collection) -> Collection:
    """Return a collection as it answers in its second space; raise SpaceMismatch if it can't."""
    second = collection.second
    if second is None:
        raise unsuited(collection, "", None)
    if second.state not in ("ready", "former"):
        raise unsuited(collection, second.space.encoder, second.state)
    return collection.in_second_space()


def occupied(collection: Collection, encoder: str, state: str | None) -> SpaceMismatch:
    """Return the error for a collection that has another second space."""
    return SpaceMismatch(
        "second-space-occupied",
        "collection {name!r} is embedded by {encoder} as well, and a third pair is one too many; "
        "end that first: limn upgrade {name!q} {option}",
        name=collection.name,
        encoder=encoder,
        option="--finish, or --back" if state == "former" else "--discard",
    )


def unsuited(collection: Collection, encoder: str, state: str | None) -> SpaceMismatch:
    """Return the error for a step that the second space is not in the state for."""
    name = collection.name
    match state:
        case "filling":
            return SpaceMismatch(
                "second-space-filling",
                "not every picture of {name!r} is embedded by {encoder} yet; go on with: "
                "limn upgrade {name!q}; or give it up: limn upgrade {name!q} --discard",
                name=name,
                encoder=encoder,
            )
        case "ready":
            return SpaceMismatch(
                "second-space-ready",
                "collection {name!r} does not answer by {encoder} yet; begin to with: "
                "limn upgrade {name!q} --switch; or give it up: limn upgrade {name!q} --discard",
                name=name,
                encoder=encoder,
            )
        case "former":
            return SpaceMismatch(
                "second-space-former",
                "collection {name!r} answers by its new pair already; go back to {encoder} with: "
                "limn upgrade {name!q} --back; or free its room: limn upgrade {name!q} --finish",
                name=name,
                encoder=encoder,
            )
        case "freed":
            return SpaceMismatch(
                "second-space-freed",
                "the embeddings of {name!r} by {encoder} are being deleted; end that with: "
                "limn upgrade {name!q} --finish",
                name=name,
                encoder=encoder,
            )
        case _:
            return SpaceMismatch(
                "second-space-missing",
                "collection {name!r} is embedded by one pair alone; begin with: "
                "limn upgrade {name!q} --encoder balanced",
                name=name,
            )
