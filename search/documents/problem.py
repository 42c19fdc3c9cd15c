"""The document of an error."""

from typing import Annotated

from msgspec import Struct

from search.documents.members import about


class Problem(Struct, frozen=True, kw_only=True):
    """An error (RFC 9457): `detail` says what happened, with which value, and what to do."""

    type: str
    title: str
    status: int
    detail: str
    request_id: Annotated[str, about("stands beside the error in the server's log")]
