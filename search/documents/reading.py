"""Reading of documents: values become a document, or an error that names the member."""

import re
from collections.abc import Mapping, Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from msgspec import Struct, UnsetType, ValidationError, convert, structs

from search.errors import BadQuery

Document = TypeVar("Document", bound=Struct)

# What may stand in a member whose type says no more.
EXPECTED = {
    str: "it must be a string",
    bool: "it may be: true, 1, false, 0",
    int: "it may be a whole number",
    float: "it may be a number",
    tuple: "it must be a list",
}


def read(kind: type[Document], values: Mapping[str, Any]) -> Document:
    """Return the document of values from JSON, or of texts from an address or a form.

    A null stands for a member that is empty unless it is given.

    Raises:
        BadQuery: a member is unknown or missing, or has a value that is not allowed.
    """
    given = {
        name: value
        for name, value in values.items()
        if value is not None or name not in _empty(kind)
    }
    try:
        return convert(given, kind, strict=False)
    except UnicodeEncodeError:  # half a surrogate pair, which JSON can write
        return read(kind, _whole(values))
    except ValidationError as error:
        raise BadQuery(_refusal(str(error), given, kind)) from error


def read_texts(kind: type[Document], texts: Mapping[str, Sequence[str]]) -> Document:
    """Return the document of the texts of an address or a form, each field any number of times.

    A field that is empty is as good as none; of one that is no list, the first text counts.

    Raises:
        BadQuery: a field is unknown or missing, or has a value that is not allowed.
    """
    lists = _lists(kind)
    values = {
        name: several if name in lists else several[0].strip() for name, several in texts.items()
    }
    return read(kind, {name: value for name, value in values.items() if value})


def read_member(name: str, value: object, kind: Any) -> Any:
    """Return one value as a member of this type.

    Raises:
        BadQuery: the value is not allowed.
    """
    try:
        return convert(value, kind, strict=False)
    except ValidationError as error:
        raise BadQuery(f"{name} is {quoted(value)}; {_expected(kind)}") from error


def quoted(value: object) -> str:
    """Return a value as messages quote it: a long one is cut."""
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}…"


def _whole(value: Any) -> Any:
    """Return a value of JSON with a mark in place of what is no character."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, list):
        return [_whole(each) for each in value]
    if isinstance(value, dict):
        return {_whole(name): _whole(each) for name, each in value.items()}
    return value


@cache
def _empty(kind: type[Struct]) -> frozenset[str]:
    """Return the members that are an empty text or list unless they are given."""
    return frozenset(each.name for each in structs.fields(kind) if each.default in ("", ()))


@cache
def _lists(kind: type[Struct]) -> frozenset[str]:
    types = get_type_hints(kind, include_extras=True)
    return frozenset(name for name, each in types.items() if get_origin(_type(each)) is tuple)


def _refusal(error: str, value: Any, kind: Any) -> str:
    """Return what an error of msgspec means, from the path at its end."""
    told, _, path = error.partition(" - at `$")
    name, expected, refused = "the document", _expected(kind), value
    for field, index in re.findall(r"\.(\w+)|\[(\d+)\]", path):
        if field:
            name, value, kind = field, value[field], _members(kind)[field]
            expected, refused = _expected(kind), value
        else:
            value, kind = value[int(index)], get_args(_type(kind))[0]
            if _says(kind):
                expected, refused = _expected(kind), value
    if "unknown field" in told:
        members = _members(kind)
        unknown = next(each for each in value if each not in members)
        return f"there is no field {quoted(unknown)}; the fields are: {', '.join(members)}"
    if missing := re.search("missing required field `(.+)`", told):
        return f"{missing[1]} is missing; {_expected(_members(kind)[missing[1]])}"
    return f"{name} is {quoted(refused)}; {expected}"


def _members(kind: Any) -> dict[str, Any]:
    """Return the types of the members of a class, its own members before those of its bases."""
    kind = _type(kind)
    types = get_type_hints(kind, include_extras=True)
    inherited = getattr(kind.__base__, "__struct_fields__", ())
    names = sorted(kind.__struct_fields__, key=lambda name: name in inherited)
    return {name: types[name] for name in names}


def _expected(kind: Any) -> str:
    """Return what may stand in a member of this type."""
    plain = _type(kind)
    if get_origin(plain) is Literal:
        return f"it may be {', '.join(map(str, get_args(plain)))}"
    return _says(kind) or EXPECTED.get(get_origin(plain) or plain, "it must be an object")


def _says(kind: Any) -> str:
    """Return what the annotations of a type say may stand there, the outermost first."""
    told = [each.extra["expected"] for each in _annotations(kind) if each.extra]
    return told[-1] if told else ""


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
    return next(each for each in get_args(union) if each not in (NoneType, UnsetType))
