"""Headlines of errors on a page: the kind of error in a few words."""

from flask import request
from flask_babel import lazy_gettext as _

from search.errors import CollectionBusy, NameTaken

# Headlines for searches; other forms ask for an action and have their own.
SEARCHES = ("pages", "tile_pages", "map_page")

OF_ERRORS = {
    NameTaken: _("That name is taken"),
    CollectionBusy: _("The collection is at work"),
}
OF_STATUSES = {
    403: _("That is not allowed"),
    404: _("Not here"),
    405: _("That does not go like this"),
    413: _("That is too large"),
    429: _("One moment"),
}


def headline_of(status: int, error: Exception | None = None) -> str:
    """Return the headline of an error, in the language of the page."""
    for kind, headline in OF_ERRORS.items():
        if isinstance(error, kind):
            return str(headline)
    if status >= 500:
        return str(_("That did not work"))
    if status in OF_STATUSES:
        return str(OF_STATUSES[status])
    is_search = request.blueprint in SEARCHES
    return str(_("That can’t be searched") if is_search else _("That was not done"))
