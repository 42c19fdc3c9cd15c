"""Messages in the language of the page, by their codes.

The msgids of `errors.po` are codes; each msgstr names the message's values. A message without a
translation stays as it is. English has translations where a page has a remedy of its own, and the
message names one of the command line.
"""

from flask_babel import Domain, force_locale

from search.errors import Message, fill_template
from search.text.printable import printable
from web.i18n.languages import language

ERRORS = Domain(domain="errors")

# The values that the server adds to an error whose details are in its log alone.
LOGGED = {"text", "id"}
PLACE_IN_LOG = "error-logged"


def translate(message: str) -> tuple[str, str]:
    """Return a message in the language of the page, and the text's language."""
    text = printable(message)
    if not isinstance(message, Message):
        return text, "en"
    template = str(ERRORS.gettext(message.code))
    if template == message.code:
        return text, "en"
    if message.code.startswith("picture-") and "name" in message.values:
        template = f"{{name}}：{template}"
    if message.values.keys() >= LOGGED:
        template += str(ERRORS.gettext(PLACE_IN_LOG))
    try:
        values = {name: translate(value)[0] for name, value in _texts(message).items()}
        return printable(fill_template(template, {**message.values, **values})), language()
    except (KeyError, ValueError):  # the names of the values differ in another version
        return text, "en"


def in_english(message: str) -> str:
    """Return a message for programs: in English, with the remedies that a client has."""
    with force_locale("en"):
        return str(translate(message)[0])


def _texts(message: Message) -> dict[str, Message]:
    """Return the translations of values that are messages themselves."""
    return {name: value for name, value in message.values.items() if isinstance(value, Message)}
