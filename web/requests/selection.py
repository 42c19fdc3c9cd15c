"""Selections of pictures to export: ids and format, from a form or an address."""

from search.documents.picture import ExportFields, ExportFormat
from search.documents.reading import read_texts
from web.requests.query_form import Fields, identities


def selection_of(fields: Fields, among_others: bool = False) -> tuple[list[int], ExportFormat]:
    """Return the ids of the selected pictures, and the format of the export.

    `among_others` ignores the other fields of a form.

    Raises:
        BadQuery: a field is unknown, no picture is selected, an id can't be read, or the format is
            unknown.
    """
    texts = {
        name: several
        for name, several in fields.lists()
        if not among_others or name in ExportFields.__struct_fields__
    }
    selection = read_texts(ExportFields, texts)
    return identities("id", selection.id), selection.format
