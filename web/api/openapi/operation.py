"""One operation of the document: what it does, takes, answers and refuses."""

from collections.abc import Callable, Iterator, Mapping, Set
from http import HTTPStatus
from typing import Any

from msgspec import Struct
from werkzeug.routing import Rule

from search.documents.problem import Problem
from search.documents.schemas import REFERENCE, parameters
from web.api.openapi.curl import curl_line
from web.api.openapi.examples import RequestExamples
from web.api.openapi.problems import problems_of
from web.api.openapi.tags import tag_of
from web.route import JSON, RouteFacts

# Further statuses of routes with ETags, and of routes that send files in ranges.
NOT_MODIFIED = {304: "It is the one that `If-None-Match` names."}
RANGES = {206: "The part that `Range` asks for.", **NOT_MODIFIED}
BEYOND_END = "The range of bytes begins after the end of the file."

PROBLEM = "application/problem+json"

MEANINGS = {
    400: "A value is missing, unknown or not allowed.",
    401: "The server wants a token, and the request has none, or an unknown one.",
    403: "The scope of the token does not allow this, or a page of another site sent it.",
    404: "What the address names is not there.",
    405: "The number in the address is too large.",
    409: "This does not fit what is there now.",
    413: "The request, or a picture in it, is too large.",
    415: "The body is neither a form nor JSON, or a file is not a picture.",
    421: "The server does not answer to the name in `Host`.",
    429: "There were too many requests; `Retry-After` says how long to wait.",
    500: "A fault in Limn; the log of the server has it under the `request_id`.",
    503: "The database or an encoder pair can't be used now.",
    507: "The disk of the server is full or read-only.",
}


def operation(
    method: str,
    rule: Rule,
    view: Callable[..., Any],
    facts: RouteFacts,
    examples: RequestExamples,
    server: str,
) -> dict[str, Any]:
    """Return the operation of a method at a rule; `server` is the address for its curl line."""
    summary, _, rest = (view.__doc__ or "").partition("\n")
    name = rule.endpoint.removeprefix("api.").replace(".", "_")
    scope = facts.scope(method)
    result: dict[str, Any] = {
        "tags": [tag_of(rule.endpoint).name],
        "operationId": name if method == "GET" else f"{name}_by_{method.lower()}",
        "summary": summary.strip().removesuffix("."),
        "description": " ".join(rest.split()),
        "security": [{}, {"token": [scope]}] if scope else [{}],
        "responses": {
            str(facts.status): {
                "description": HTTPStatus(facts.status).phrase,
                **_with_content(_answers(rule.endpoint, facts, examples)),
            },
            **dict(_further(method, facts)),
            **dict(_problems(str(rule), method, facts)),
        },
    }
    if method == "GET" and facts.fields is not None:
        result["parameters"] = [
            {**each, **examples.field(each["name"])} for each in parameters(facts.fields)
        ]
    if method in ("POST", "PATCH") and facts.takes:
        bodies = {
            kind: {"schema": _reference(body), "example": examples.body(body)}
            for kind, body in facts.takes.items()
        }
        result["requestBody"] = {"required": True, "content": bodies}
    line = curl_line(method, rule, result, examples, server)
    result["x-codeSamples"] = [{"lang": "Shell", "label": "curl", "source": line}]
    return result


def _answers(endpoint: str, facts: RouteFacts, examples: RequestExamples) -> dict[str, Any]:
    """Return the content of an answer; plain bytes have no schema."""
    content: dict[str, Any] = {}
    for media_type, kind in facts.answers.items():
        content[media_type] = {"schema": _reference(kind)} if kind else {}
        example = examples.answer(endpoint, kind or media_type)
        if example is not None:
            content[media_type]["example"] = example
    return content


def _with_content(content: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": content} if content else {}


def _further(method: str, facts: RouteFacts) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the statuses that are no errors, and the one of a range beyond the end of a file."""
    statuses = dict(facts.statuses)
    if method == "GET" and JSON in facts.answers and facts.etag:
        statuses |= NOT_MODIFIED
    for status, text in statuses.items():
        yield str(status), {"description": text}
    if 206 in statuses:
        yield "416", _problem(BEYOND_END, {"http-416"})


def _problems(path: str, method: str, facts: RouteFacts) -> Iterator[tuple[str, dict[str, Any]]]:
    for status, codes in problems_of(path, method, facts).items():
        yield str(status), _problem(MEANINGS[status], codes)


def _problem(meaning: str, codes: Set[str]) -> dict[str, Any]:
    code = {"properties": {"code": {"enum": sorted(codes)}}}
    schema = {"allOf": [_reference(Problem), code]}
    return {"description": meaning, "content": {PROBLEM: {"schema": schema}}}


def _reference(kind: type[Struct]) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=kind.__name__)}
