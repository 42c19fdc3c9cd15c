"""The document as the reference page shows it: operations by group, with what a form needs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

JSON = "application/json"

# The statuses of errors that the page shows once for all operations, which have so few codes.
EVERYWHERE = ("401", "403", "421", "429", "500", "503")
FEW = 2


@dataclass(frozen=True, slots=True)
class MediaTypeExample:
    """A body of one media type: the name and the schema of its document, and an example."""

    media_type: str
    name: str
    schema: Mapping[str, Any]
    example: str


@dataclass(frozen=True, slots=True)
class StatusProblems:
    """The errors of one status: what they mean, and their codes."""

    status: str
    meaning: str
    codes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the page shows it.

    `first_fields` and `others` are fields of the form to try it: those that its example has, and
    the rest; `sends` is the JSON that the form sends, and `can_be_tried` tells whether there is a
    form.
    """

    id: str
    method: str
    path: str
    summary: str
    description: str
    scope: str
    curl: str
    status: str
    parameters: tuple[Mapping[str, Any], ...]
    bodies: tuple[MediaTypeExample, ...]
    answers: tuple[MediaTypeExample, ...]
    refusals: tuple[StatusProblems, ...]
    first_fields: tuple[Mapping[str, Any], ...]
    others: tuple[Mapping[str, Any], ...]

    @property
    def sends(self) -> str:
        """Return the JSON that a form sends to a route which only reads; empty for none."""
        bodies = (each.example for each in self.bodies if each.media_type == JSON)
        return next(bodies, "") if self.method == "POST" else ""

    @property
    def can_be_tried(self) -> bool:
        """Return whether the page has a form for it: it only reads."""
        return self.scope == "read" and (self.method == "GET" or bool(self.sends))


@dataclass(frozen=True, slots=True)
class Group:
    """A group of operations."""

    name: str
    about: str
    operations: tuple[Operation, ...]


def groups_of(api: Mapping[str, Any]) -> list[Group]:
    """Return the operations of an OpenAPI document by group, in the order of its groups."""
    operations = [
        (each["tags"][0], _operation(api, method, path, each, members.get("parameters", ())))
        for path, members in api["paths"].items()
        for method, each in members.items()
        if method != "parameters"
    ]
    return [
        Group(
            tag["name"],
            tag["description"],
            tuple(each for name, each in operations if name == tag["name"]),
        )
        for tag in api["tags"]
    ]


def common_refusals(api: Mapping[str, Any]) -> list[StatusProblems]:
    """Return the errors that nearly every operation has, by status."""
    meanings: dict[str, str] = {}
    codes: dict[str, set[str]] = {}
    for name, response in api["components"]["responses"].items():
        each = _refusal(name.removeprefix("Problem")[:3], response)
        if each.status in EVERYWHERE and len(each.codes) <= FEW:
            meanings[each.status] = each.meaning
            codes.setdefault(each.status, set()).update(each.codes)
    return [
        StatusProblems(status, meanings[status], tuple(sorted(codes[status])))
        for status in EVERYWHERE
    ]


def _operation(
    api: Mapping[str, Any],
    method: str,
    path: str,
    operation: Mapping[str, Any],
    parts: Sequence[Mapping[str, Any]],
) -> Operation:
    fields = operation.get("parameters", ())
    line = operation["x-codeSamples"][0]["source"]
    first_fields = {each["name"] for each in fields if f"{each['name']}=" in line}
    status, usual = next(iter(operation["responses"].items()))
    return Operation(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        description=operation["description"],
        scope=next(iter(operation["security"][-1].values()), [""])[0],
        curl=line,
        status=status,
        parameters=(*parts, *fields),
        bodies=tuple(_bodies(api, operation.get("requestBody", {}).get("content", {}))),
        answers=tuple(_bodies(api, usual.get("content", {}))),
        refusals=tuple(_refusals(api, operation["responses"])),
        first_fields=(*parts, *(each for each in fields if each["name"] in first_fields)),
        others=tuple(each for each in fields if each["name"] not in first_fields),
    )


def _bodies(api: Mapping[str, Any], content: Mapping[str, Any]) -> Iterator[MediaTypeExample]:
    for media_type, body in content.items():
        name = body.get("schema", {}).get("$ref", "").rpartition("/")[2]
        example = body.get("example", "")
        text = example if isinstance(example, str) else pretty(example)
        yield MediaTypeExample(media_type, name, api["components"]["schemas"].get(name, {}), text)


def pretty(value: Any) -> str:
    """Return a value as JSON for people to read."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def _refusals(api: Mapping[str, Any], responses: Mapping[str, Any]) -> Iterator[StatusProblems]:
    """Yield the errors of an operation that few others have."""
    common = api["components"]["responses"]
    for status, response in responses.items():
        if status < "400":
            continue
        refusal = _refusal(
            status, common.get(response.get("$ref", "").rpartition("/")[2], response)
        )
        if status not in EVERYWHERE or len(refusal.codes) > FEW:
            yield refusal


def _refusal(status: str, response: Mapping[str, Any]) -> StatusProblems:
    return StatusProblems(status, response["description"], tuple(_codes(response)))


def _codes(response: Mapping[str, Any]) -> list[str]:
    content = next(iter(response["content"].values()))
    codes: list[str] = content["schema"]["allOf"][1]["properties"]["code"]["enum"]
    return codes
