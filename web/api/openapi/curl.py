"""The curl line of an operation, ready for a shell."""

import json
import re
from collections.abc import Iterator, Mapping
from mimetypes import guess_extension
from shlex import quote
from typing import Any
from urllib.parse import quote as quote_url
from urllib.parse import urlencode

from werkzeug.routing import Rule

from web.api.openapi.examples import FILES, RequestExamples
from web.route import JSON

TEXTS = (JSON, "text/csv", "text/event-stream")


def curl_line(
    method: str, rule: Rule, operation: Mapping[str, Any], examples: RequestExamples, server: str
) -> str:
    """Return the command; the shell puts in a token from the variable LIMN_TOKEN."""
    values = examples.request_fields(rule.endpoint) if method == "GET" else {}
    query = urlencode({name: _text(value) for name, value in values.items()}, doseq=True)
    url = server + path_of(rule, examples) + (f"?{query}" if query else "")
    kinds = next(iter(operation["responses"].values())).get("content", {})
    body = operation.get("requestBody", {}).get("content", {})
    first = [
        "curl",
        *(("-N",) if "text/event-stream" in kinds else ()),
        *(() if method == "GET" or (method == "POST" and body) else (f"-X {method}",)),
        quote(url),
    ]
    rest = [
        *(('-H "Authorization: Bearer $LIMN_TOKEN"',) if operation["security"] != [{}] else ()),
        *_body(body),
        *(() if not kinds or set(kinds) & set(TEXTS) else (f"-o answer{_suffix(kinds)}",)),
    ]
    return " \\\n  ".join([" ".join(first), *rest])


def path_of(rule: Rule, examples: RequestExamples) -> str:
    """Return the path of a rule with the examples of its parts."""
    path = str(rule)

    def part(match: re.Match[str]) -> str:
        return quote_url(str(examples.part(path, match[1])), safe="")

    return re.sub(r"<(?:[^:>]*:)?([^>]*)>", part, path)


def _body(content: Mapping[str, Any]) -> Iterator[str]:
    """Yield the options that send the example of the first media type."""
    for media_type, body in list(content.items())[:1]:
        if media_type == JSON:
            yield f"-H 'Content-Type: {JSON}'"
            yield f"-d {quote(json.dumps(body['example'], ensure_ascii=False))}"
            return
        for name, value in body["example"].items():
            for each in value if isinstance(value, list) else [value]:
                yield f"-F {quote(f'{name}=@{each}' if name in FILES else f'{name}={each}')}"


def _text(value: Any) -> Any:
    """Return a value as the text of a field; lists as lists of texts."""
    if isinstance(value, list):
        return [_text(each) for each in value]
    return str(value).lower() if isinstance(value, bool) else value


def _suffix(kinds: Mapping[str, Any]) -> str:
    """Return the end of the name for a file of one of several media types."""
    first = "image/jpeg" if "image/jpeg" in kinds else next(iter(kinds))
    return guess_extension(first) or ""
