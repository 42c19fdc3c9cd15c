"""The groups of the reference, in the order to be read: search first."""

from dataclasses import dataclass

N_ = str  # marks texts that the page translates


@dataclass(frozen=True, slots=True)
class Tag:
    """A group of routes: those of whole blueprints, and single endpoints of other blueprints."""

    name: str
    about: str
    routes: tuple[str, ...]


TAGS = (
    Tag(
        N_("Search"),
        N_(
            "Find pictures by words, by a picture, or by both. Begin here: a request with words in "
            "q is a whole search."
        ),
        ("api.search", "api.complete"),
    ),
    Tag(
        N_("Pictures and their files"),
        N_(
            "One picture by its number: what is known of it, a small copy to show, and its file. "
            "Several pictures at once as a table or as a zip."
        ),
        ("api", "films"),
    ),
    Tag(
        N_("Collections"),
        N_(
            "A collection is a set of pictures with a name. List, make, fill, rename and remove "
            "collections."
        ),
        ("collections",),
    ),
    Tag(
        N_("Filters and facets"),
        N_(
            "Count the pictures of a collection by date, camera, colour, folder and place. Each "
            "value can be a filter of a search."
        ),
        ("collections.facets",),
    ),
    Tag(
        N_("Saved searches and boards"),
        N_(
            "Store a search under a name and run it again later. Pin pictures to a board, in an "
            "order and with notes."
        ),
        ("saved", "boards_api"),
    ),
    Tag(
        N_("Marks and concepts"),
        N_(
            "Mark pictures as fitting a search or not, and give what they have in common a name: a "
            "concept, which is then a word of your own to search by."
        ),
        ("feedback",),
    ),
    Tag(
        N_("Jobs"),
        N_(
            "A job is work that takes a while, such as reading new pictures. Its number lets you "
            "follow it and cancel it."
        ),
        ("jobs",),
    ),
    Tag(
        N_("Maps"),
        N_("A map of a collection places pictures that look alike near each other."),
        ("mapping",),
    ),
    Tag(
        N_("Recognizers"),
        N_(
            "An encoder pair is the part of Limn that understands pictures and words. A larger "
            "pair understands more, and takes more time and memory. A collection can change its "
            "pair."
        ),
        ("encoders", "pair_changes"),
    ),
)

# Routes that installed packages add below the API's address.
ADDED = Tag(N_("Added routes"), N_("Routes of packages that are installed on this server."), ())


def tag_of(endpoint: str) -> Tag:
    """Return the group of an endpoint: its own one, else that of its blueprint."""
    by_route = {route: tag for tag in TAGS for route in tag.routes}
    blueprint = endpoint.partition(".")[0]
    return by_route.get(endpoint) or by_route.get(blueprint) or ADDED


def place_of(endpoint: str) -> tuple[int, int]:
    """Return the place of an endpoint among the groups, and that of its blueprint in its group."""
    tag = tag_of(endpoint)
    names = (endpoint, endpoint.partition(".")[0])
    inside = next((n for n, route in enumerate(tag.routes) if route in names), 0)
    return (*TAGS, ADDED).index(tag), inside
