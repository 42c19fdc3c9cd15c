"""A selection of pictures to export: their ids and the format, as a form or an address has them."""

from typing import Literal, cast, get_args

from web.requests.query_form import Fields, choice, identities

Format = Literal["json", "csv", "zip"]


def selection_of(fields: Fields) -> tuple[list[int], Format]:
    """Return the ids of the selected pictures and the format to export them in.

    Raises:
        BadQuery: no picture is selected, an id can't be read, or the format is unknown.
    """
    kind = choice("format", fields.get("format", "json"), get_args(Format))
    return identities("id", fields.getlist("id")), cast(Format, kind)
