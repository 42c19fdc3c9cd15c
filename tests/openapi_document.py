"""The OpenAPI document in tests: its addresses, a fixture that asks for it, its operations."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from flask.testing import FlaskClient

from web.links import API

DOCUMENT = f"{API}/openapi.json"
PAGE = f"{API}/docs"


@pytest.fixture
def document(client: FlaskClient, ids: Mapping[str, int]) -> dict[str, Any]:
    answer: dict[str, Any] | None = client.get(DOCUMENT).json
    assert answer is not None
    return answer


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield the method, the path and the description of each operation."""
    for path, members in document["paths"].items():
        for method, operation in members.items():
            if method != "parameters":
                yield method, path, operation
