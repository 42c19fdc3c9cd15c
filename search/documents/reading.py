"""The reader of documents: turns values into a document, or an error that names the member."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, UnsetType, ValidationError, convert, structs

from search.errors import BadQuery, Message

Document = TypeVar("Document", bound=Struct)

AN_OBJECT = Message("expected-object", "it must be an object")

# The constraint text of a type without a more precise one.
EXPECTED = {
    str: Message("expected-string", "it must be a string"),
    bool: Message("expected-switch", "it may be: true, 1, false, 0"),
    int: Message("expected-integer", "it may be a whole number"),
    float: Message("expected-number", "it may be a number"),
    tuple: Message("expected-list", "it must be a list"),
}


def read(kind: type[Document], values: Mapping[str, Any]) -> Document:
    """Return the document of values from JSON, or of texts from an address or a form.

    A null in a member that is an empty text or list by default counts as absent.

    Raises:
        BadQuery: a member is unknown or missing, or has a value that is not allowed.
    """
    present_values = {
        name: value
        for name, value in values.items()
        if value is not None or name not in _empty(kind)
    }
    try:
        return convert(present_values, kind, strict=False)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write
        return read(kind, _whole(values))
    except ValidationError as error:
        raise _refusal(str(error), present_values, kind) from error


def read_texts(kind: type[Document], texts: Mapping[str, Sequence[str]]) -> Document:
    """Return the document of the texts of an address or a form, each field any number of times.

    An empty field counts as absent; the first text of a field that is no list counts.

    Raises:
        BadQuery: a field is unknown or missing, or has a value that is not allowed.
    """
    types = _plain_types(kind)
    values: dict[str, Any] = {}
    for name, several in texts.items():
        if types.get(name) is tuple:
            values[name] = several
        elif several[0]:  # "+1" arrives as " 1"
            values[name] = several[0] if types.get(name) is str else several[0].strip()
    return read(kind, values)


def read_member(name: str, value: object, kind: Any) -> Any:
    """Return one value as a member of this type.

    Raises:
        BadQuery: the value is not allowed.
    """
    try:
        return convert(value, kind, strict=False)
    except ValidationError as error:
        raise BadQuery(
            "member-invalid",
            "{member} is {value}; {expected}",
            member=name,
            value=quote(value),
            expected=_expected(kind),
        ) from error


def quote(value: object) -> str:
    """Return a value for a message, cut if it is long."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _whole(value: Any) -> Any:
    """Return a value of JSON with a question mark in place of each invalid character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(item) for item in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(item) for name, item in value.items()}
    return value


@cache
def _empty(kind: type[Struct]) -> frozenset[str]:
    """Return the members that are an empty text or list by default."""
    return frozenset(field.name for field in structs.fields(kind) if field.default in ("", ()))


@cache
def _plain_types(kind: type[Struct]) -> Mapping[str, Any]:
    """Return the types of the members without annotations and parameters."""
    plain = {name: _type(member) for name, member in _members(kind).items()}
    return {name: get_origin(member) or member for name, member in plain.items()}


def _refusal(error: str, value: Any, kind: Any) -> BadQuery:
    """Return the error that matches an error of msgspec, by the path at its end."""
    fault, _, path = error.partition(" - at `$")
    name, expected, refused_value = "the document", _expected(kind), value
    for field, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if field:
            name, value, kind = field, value[field], _members(kind)[field]
            expected, refused_value = _expected(kind), value
        else:
            value, kind = value[int(index)], get_args(_type(kind))[0]
            if _says(kind):
                expected, refused_value = _expected(kind), value
    if "unknown field" in fault:
        members = _members(kind)
        unknown = next(member for member in value if member not in members)
        return BadQuery(
            "unknown-member",
            "there is no field {member}; the fields are: {members}",
            member=quote(unknown),
            members=", ".join(members),
        )
    if missing := re.search("missing required field `(.+)`", fault):
        return BadQuery(
            "member-missing",
            "{member} is missing; {expected}",
            member=missing[1],
            expected=_expected(_members(kind)[missing[1]]),
        )
    return BadQuery(
        "member-invalid",
        "{member} is {value}; {expected}",
        member=name,
        value=quote(refused_value),
        expected=expected,
    )


def _members(kind: Any) -> dict[str, Any]:
    """Return the types of the members of a class, its own members before those of its bases."""
    kind = _type(kind)
    types = get_type_hints(kind, include_extras=True)
    base_names = getattr(kind.__base__, "__struct_fields__", ())
    names = sorted(kind.__struct_fields__, key=lambda name: name in base_names)
    return {name: types[name] for name in names}


def _expected(kind: Any) -> Message:
    """Return the constraint text for a member of this type."""
    plain = _type(kind)
    if get_origin(plain) is Literal:
        choices = ", ".join(map(str, get_args(plain)))
        return Message("expected-choice", "it may be {choices}", choices=choices)
    return _says(kind) or EXPECTED.get(get_origin(plain) or plain, AN_OBJECT)


def _says(kind: Any) -> Message | None:
    """Return the constraint text of a type's outermost annotation, or None."""
    texts = [annotation.extra["expected"] for annotation in _annotations(kind) if annotation.extra]
    return texts[-1] if texts else None


def _annotations(kind: Any) -> Sequence[Any]:
    if get_origin(kind) is Annotated:
        return [*_annotations(kind.__origin__), *kind.__metadata__]
    return _annotations(_present(kind)) if get_origin(kind) in (Union, UnionType) else ()


def _type(kind: Any) -> Any:
    """Return the type below annotations, without null and absent."""
    while get_origin(kind) in (Annotated, Union, UnionType):
        kind = kind.__origin__ if get_origin(kind) is Annotated else _present(kind)
    return kind


def _present(union: Any) -> Any:
    return next(
        member_type for member_type in get_args(union) if member_type not in (NoneType, UnsetType)
    )
