"""Negations in a question: -beach, without people, no grass, not beach, 没有人."""

import re
from collections.abc import Iterator

from search.query.understanding.records import IsTaken, word_set

Minus = tuple[int, int, tuple[str, ...]]
"""The start and end of a negation, and the things that it names."""

DASH = re.compile(r'(?<!\S)[-−–](?:"(?P<quoted>[^"]+)"|(?P<word>[^\W\d_][^\s,，;；、"]*))')

ENGLISH = re.compile(
    r"(?<![\w'’-])(?:(?P<without>without|excluding|with\s+no|(?:and|but)\s+no|no)"
    r"|(?P<not>(?:(?:and|but)\s+)?not))\s+",
    re.IGNORECASE,
)
ARTICLE = re.compile(r"(?:(?:any|an?|the)\s+)+", re.IGNORECASE)
PLACED = re.compile(r"(?:at|in|on)\s+(?:the|an?)\s+", re.IGNORECASE)
WORD = re.compile(r"[^\W\d_][\w'’-]*")
GAP = re.compile(r"[ \t]+")
JOIN = re.compile(r"\s*(?:,?\s+(?P<either>or|nor)|\s+(?P<and>and))\s+", re.IGNORECASE)
PIECE_END = re.compile(r"\s*(?:$|[,，;；、.!?])")

# Words that end a thing: the rest of the question is wanted.
ENDS = word_set(
    "with without in on at by near under over behind before after during from for to of but except"
    " that which who while when where and or nor not no as is are was were"
)

# What follows "no" on signs and in sayings, and what follows "without" in sayings.
SIGNS = word_set(
    "parking smoking entry exit swimming trespassing fishing diving littering stopping standing"
    " dumping photography photos cameras soliciting vacancy u-turn left right thoroughfare"
    " admittance access signal limit limits filter nuts"
)
SAYINGS = word_set(
    "way idea problem time country man man's mans one one's doubt more longer matter thanks kidding"
    " place mercy regrets name reason fear sleep hope end logo face scrubs surrender face"
    " comment pain gain war wave hands exceptions excuses worries"
)
WITHOUT_SAYINGS = word_set(
    "borders end trace cause me you him her us them doubt fail limits words reason sound"
    " warning help question exception"
)
SIGN_END = re.compile(
    r"\b(?:signs?|symbol|allowed|entry|zone|please|here|logo|poster|label)\b", re.I
)

# "not" before these says something of a subject, and turns nothing around.
NOT_THINGS = word_set(
    "found available allowed sure only yet so safe guilty to for even bad just all every enough my"
    " really very too working responding applicable your that this it a-lot alone good here there"
    " much many now today happy dead old new as if because until ok okay well more less"
)
# "do not disturb" and "he is not a doctor" turn a verb around.
VERB = re.compile(
    r"\b(?:do|does|did|is|are|was|were|be|am|will|can|could|would|should|must|have|has|had|or)\s+$",
    re.IGNORECASE,
)
MAX_WORDS = 3

CHINESE = re.compile(
    "(?:而?且?(?:没有|没|不要有|不要|不含|不带|不是|除了|除去)(?:任何)?|(?<![\u3400-\u9fff])无(?=[\u3400-\u9fff]{1,4}的))"
    "(?P<things>[\u3400-\u9fffA-Za-z]{1,8}?)(?:以外|之外)?"
    "(?P<tail>的(?=[\u3400-\u9fff])|(?=$|[\\s,，;；、。]|但|和|与|或|以及|而))"
)
CHINESE_JOIN = re.compile(
    "(?:和|与|或者?|以及|、)(?:没有)?(?P<things>[\u3400-\u9fff]{1,4})(?=$|[\\s,，;；。])"
)
CHINESE_SAYINGS = re.compile(
    "^(?:关系|问题|办法|意思|钱|停车|吸烟|说|想|走|动|脸|紧|事|用|过|完|错|看|用的|了|得|人知道)|[过了吗呢]$"
)


def negations(text: str, is_taken: IsTaken) -> Iterator[Minus]:
    """Yield the negations of a text that are not part of a saying or a sign."""
    for match in DASH.finditer(text):
        things = (match["quoted"] or match["word"]).strip()
        if things and not is_taken(match.start(), match.end()):
            yield match.start(), match.end(), (things,)
    at = 0
    while marker := ENGLISH.search(text, at):
        at = marker.end()
        if is_taken(marker.start(), marker.end()):
            continue
        result = _not(text, marker, is_taken) if marker["not"] else _without(text, marker, is_taken)
        if result is not None:
            yield marker.start(), result[0], result[1]
            at = result[0]
    yield from _chinese(text, is_taken)


def _without(
    text: str, match: re.Match[str], is_taken: IsTaken
) -> tuple[int, tuple[str, ...]] | None:
    """Return the end and the things of "without people or cars", or None."""
    marker = match["without"].lower()
    if marker.split()[-1] == "no" and SIGN_END.search(_piece_from(text, match.end())):
        return None
    things: list[str] = []
    at, end = match.end(), match.end()
    while thing := _thing(text, at, is_taken):
        first = text[thing[0] : thing[1]].split()[0].lower()
        if not things and first in (SIGNS | SAYINGS if "no" in marker.split() else WITHOUT_SAYINGS):
            return None
        things.append(text[thing[0] : thing[1]])
        end = thing[1]
        join = JOIN.match(text, end)
        if join is None or (join["and"] and ARTICLE.match(text, join.end())):
            break
        follows = _thing(text, join.end(), is_taken)
        if follows is None or (join["and"] and not PIECE_END.match(text, follows[1])):
            break
        at = join.end()
    return (end, tuple(things)) if things else None


def _not(text: str, match: re.Match[str], is_taken: IsTaken) -> tuple[int, tuple[str, ...]] | None:
    """Return the end and the thing of "not beach", which ends its piece, or None."""
    alone = not text[: match.start()].strip() or text[: match.start()].rstrip()[-1] in ",，;；、"
    at = match.end()
    if VERB.search(text[: match.start()]) or SIGN_END.search(_piece_from(text, at)):
        return None
    placement = PLACED.match(text, at)
    if placement:
        at = placement.end()
    thing = _thing(text, at, is_taken)
    if thing is None or not PIECE_END.match(text, thing[1]):
        return None
    words = text[thing[0] : thing[1]].lower().split()
    says = words[0] in NOT_THINGS or words[-1].endswith(("ing", "ed"))
    if says or (len(words) > 2 and not (alone or placement)):
        return None
    return thing[1], (text[thing[0] : thing[1]],)


def _thing(text: str, at: int, is_taken: IsTaken) -> tuple[int, int] | None:
    """Return the place of up to three words that name a thing; None for more words, or none."""
    article = ARTICLE.match(text, at)
    start = end = article.end() if article else at
    count = 0
    while word := WORD.match(text, end):
        if is_taken(word.start(), word.end()) or word[0].lower() in ENDS:
            break
        count += 1
        last = word.end()
        gap = GAP.match(text, last)
        end = gap.end() if gap else last
        if gap is None:
            break
    if not 1 <= count <= MAX_WORDS:
        return None
    return start, len(text[:end].rstrip())


def _piece_from(text: str, at: int) -> str:
    """Return the rest of a comma-separated piece."""
    return re.split(r"[,，;；、]", text[at:], maxsplit=1)[0]


def _chinese(text: str, is_taken: IsTaken) -> Iterator[Minus]:
    for match in CHINESE.finditer(text):
        things = match["things"]
        if is_taken(match.start(), match.end()) or CHINESE_SAYINGS.search(things):
            continue
        end, names = match.end(), [things]
        while not match["tail"] and (join := CHINESE_JOIN.match(text, end)):
            names.append(join["things"])
            end = join.end()
        yield match.start(), end, tuple(names)
