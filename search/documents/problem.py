"""The document of an error."""

from typing import Annotated

from msgspec import Struct

from search.documents.members import about


class Problem(Struct, frozen=True, kw_only=True):
    """An error (RFC 9457): `detail` gives the event, the value, and the remedy."""

    type: str
    title: str
    status: int
    detail: str
    request_id: Annotated[str, about("stands beside the error in the server's log")]
    code: Annotated[str, about("the kind of error, the same in every version")] = ""
    values: Annotated[
        dict[str, str | int | float | bool | None], about("the values that the detail names")
    ] = {}
