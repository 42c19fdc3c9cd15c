"""Facts of encoder pairs, in the language of the page."""

from collections.abc import Iterable
from datetime import timedelta

from flask_babel import format_timedelta, get_locale, gettext
from flask_babel import lazy_gettext as _

from search.documents.encoders import OfferedPair, PublishedRecall

GOOD_FOR = {
    "light": _("English, on a machine without a GPU"),
    "balanced": _("The best English for its work, and larger languages"),
    "best": _("Small details and larger languages, on a machine with a GPU"),
    "chinese": _("Chinese, on a machine without a GPU or with one"),
    "multilingual": _("About 100 languages, on a machine without a GPU"),
}

MEASURES = {
    "Crossmodal-3600, mean of R@1, R@5 and R@10": _("Crossmodal-3600, mean of R@1, R@5 and R@10"),
    "Flickr30k-CN R@1": _("Flickr30k-CN, R@1"),
}


def good_for(pair: OfferedPair) -> str:
    """Return what a pair is good for."""
    return str(GOOD_FOR.get(pair.name, pair.good_for))


def languages(codes: Iterable[str]) -> str:
    """Return the names of languages: English, Chinese."""
    names = (gettext("many") if each == "many" else _name(each) for each in codes)
    return str(gettext(", ")).join(map(str, names))


def recall(published: PublishedRecall) -> str:
    """Format a published recall: English 68.8 %."""
    return f"{_name(published.language)} {published.percent:.1f} %"


def measure(published: PublishedRecall) -> str:
    """Return what was measured."""
    return str(MEASURES.get(published.measure, published.measure))


def estimate(seconds: float) -> str:
    """Format an estimated time, as exact as it is: about 20 seconds, about 2 hours."""
    return str(gettext("about %(time)s", time=time_span(seconds)))


def time_span(seconds: float) -> str:
    """Format a time to tens of seconds: 20 seconds, 2 hours."""
    tens = timedelta(seconds=10 * max(1, round(seconds / 10)))
    return str(format_timedelta(tens, threshold=1.5))


def _name(code: str) -> str:
    locale = get_locale()
    return str(locale.languages.get(code, code)) if locale is not None else code
