"""The language of a caption: as it is declared, else by its characters."""

import re

from search.records import Caption

HAN = re.compile(r"[\u3400-\u9fff]")


def is_in_language(caption: Caption, code: str) -> bool:
    """Return whether a caption is in a language, such as "zh".

    Without a declared language, a text with Han characters is Chinese, and no other is.
    """
    if caption.language:
        return caption.language.partition("-")[0].lower() == code
    return (HAN.search(caption.text) is not None) == (code == "zh")
