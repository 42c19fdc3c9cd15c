"""JSON schemas of the documents, for the OpenAPI document."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct
from msgspec.json import schema_components

from search.documents.descriptions import describe
from search.documents.members import ONLY_SHOWN

REFERENCE = "#/components/schemas/{name}"


def schemas(kinds: Iterable[type[Struct]]) -> dict[str, Any]:
    """Return the schemas of documents and of the documents in them, in the order of their names.

    An object has no members but those that its schema names.
    """
    kinds = tuple(kinds)
    _, components = schema_components(kinds, ref_template=REFERENCE)
    documents = {name: _object(name, components[name]) for name in sorted(components)}
    for kind in kinds:
        members = documents[kind.__name__]["properties"]
        documents[kind.__name__]["properties"] = {name: members[name] for name in _own_first(kind)}
    return documents


def parameters(kind: type[Struct]) -> list[dict[str, Any]]:
    """Return the members of a document as the fields of an address."""
    schema = schemas([kind])[kind.__name__]
    return [
        _parameter(name, member, name in schema.get("required", ()))
        for name, member in schema["properties"].items()
    ]


def _own_first(kind: type[Struct]) -> list[str]:
    """Return the names of the members of a document, its own before those of its bases."""
    of_bases = getattr(kind.__base__, "__struct_fields__", ())
    return sorted(kind.__struct_encode_fields__, key=lambda name: name in of_bases)


def _object(document: str, schema: Mapping[str, Any]) -> dict[str, Any]:
    members = {name: _short_form(member) for name, member in schema["properties"].items()}
    for name, member in members.items():
        text = describe(document, name)
        if "description" not in member and text:
            member["description"] = text
    always = {name for name, member in members.items() if member.pop("always", False)}
    required = sorted({*schema["required"], *always})
    return {
        "type": "object",
        **({"description": schema["description"]} if "description" in schema else {}),
        "properties": members,
        **({"required": required} if required else {}),
        "additionalProperties": False,
    }


def _short_form(member: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of a member in the short forms of JSON Schema."""
    schema = {name: value for name, value in member.items() if not name.startswith(ONLY_SHOWN)}
    schema |= {
        name.removeprefix(ONLY_SHOWN): value
        for name, value in member.items()
        if name.startswith(ONLY_SHOWN)
    }
    if "enum" in schema:
        schema["type"] = "string" if isinstance(schema["enum"][0], str) else "integer"
    if "items" in schema:
        schema["items"] = _short_form(schema["items"])
    kinds = schema.get("anyOf", ())
    if len(kinds) == 2 and kinds[1] == {"type": "null"} and "type" in kinds[0]:
        del schema["anyOf"]
        schema["type"] = [kinds[0]["type"], "null"]
    if not schema.get("default", True) and schema["default"] in ("", (), None):
        del schema["default"]
    return schema


def _parameter(name: str, member: Mapping[str, Any], required: bool) -> dict[str, Any]:
    schema = {key: value for key, value in member.items() if key != "description"}
    parameter = {"in": "query", "name": name, "schema": schema, "required": required}
    if "description" in member:
        parameter["description"] = member["description"]
    if schema.get("type") == "array":
        parameter |= {"explode": True, "style": "form"}
    return parameter
