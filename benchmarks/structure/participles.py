"""Names that are bare participles: one word such as `found` or `waiting`, without its noun.

`found_rows`, `is_closed` and `read_rows` are none; nor are nouns of the trade such as `embedding`.
"""

import re
from collections.abc import Iterable

from benchmarks.structure.bindings import Binding, bindings
from benchmarks.structure.sources import Place, Source


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


IRREGULAR = _words("""
    beaten begun bent bitten born bought bound broken brought built burnt caught chosen dealt drawn
    driven eaten fallen fed felt fled forgotten fought found frozen given gone got grown heard held
    hidden hung kept known laid learnt led lent lit lost made meant met misspelt mistaken paid
    proven ridden risen said seen sent shaken shown shrunk sold sought spelt spent spoken spun
    stolen stood struck stuck sung sunk sworn swept taken taught thought thrown told torn
    understood won worn woven written
""")

# Imperatives too: a function of these names is a verb, a value of them a participle.
LIKE_THE_VERB = _words("cut read")

# Adjectives that all code uses alone, as in `missing = wanted_ids - row_ids`.
ADJECTIVES = _words(
    "closed disabled done enabled existing expected missing pending required unknown"
)

# Columns of tables and keys of JSON documents, which stay; as fields of classes alone.
# Of jobs: cancelled, found, refused; of answers to changes: forgotten, stored; of the list of saved
# searches: saved; of texts that were cut: read.
FIXED_FIELDS = _words("""
    added cancelled changed cut failed forgotten found moved read refused removed saved stored
    unchanged
""")

NOUNS = _words("""
    bed embed exceed feed heed hundred indeed need proceed red seed shed speed succeed weed

    anything batching binding blending bring building caching ceiling chunking clustering docstring
    drawing embedding encoding evening everything formatting heading indexing king labeling
    learning linting listing logging mapping masking meaning monitoring morning nothing packing
    padding painting parsing ping pooling preprocessing processing profiling ranking rating ring
    rounding routing sampling scheduling setting sibling sling something spacing spelling spring
    string swing testing thing throttling timing tracing training tuning warning wing
""")


def share_of_participles(sources: Iterable[Source]) -> float:
    """Return the share of bound names that are bare participles, 0 to 1."""
    names = [binding for source in sources for binding in bindings(source)]
    return sum(map(is_participle, names)) / len(names)


def find_participles(sources: Iterable[Source]) -> list[Place]:
    """List the bindings of bare participles."""
    return [
        Place(source.path, binding.line, f"{binding.kind} {binding.name}")
        for source in sources
        for binding in bindings(source)
        if is_participle(binding)
    ]


def is_participle(binding: Binding) -> bool:
    """Return True if a name is a single participle."""
    word = binding.name.strip("_")
    if not re.fullmatch(r"[A-Za-z]?[a-z]+", word):
        return False
    word = word.lower()
    if binding.kind == "field" and word in FIXED_FIELDS:
        return False
    if word in LIKE_THE_VERB:
        return binding.kind != "function"
    if word in NOUNS | ADJECTIVES:
        return False
    return word.endswith(("ed", "ing")) or bool(IRREGULAR & {word, word.removeprefix("un")})
