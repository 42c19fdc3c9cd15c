"""Limits of queries and of what people save, each with its reason; the API documents them."""

from typing import Literal, get_args

# Deeper answers cost memory and are never looked at; a page that scrolls stays far below.
MAX_HITS = 10_000

# The number of hits or rows of an answer, unless a request names another.
DEFAULT_K = 20

# The most rows of a list in one answer.
MAX_ROWS = 1_000

# SQL ids are signed 64-bit numbers.
LARGEST_ID = 2**63 - 1

# Tokenizers of some encoders take time that grows with the square of a word's length, and no text
# tower reads this much.
MAX_CHARACTERS = 4_000

# A hundred times is as good as alone; far larger numbers overflow when they are added up.
MAX_WEIGHT = 100.0

# Each picture of a query costs a decoding and a place in the encoder's batch.
MAX_TERMS = 32

# A hundred is an evening's work; fitting to a thousand would take a second.
MAX_MARKS = 200

# More completions than a person reads while typing.
MAX_COMPLETIONS = 50

# A concept's name appears in addresses, on the command line and on a chip.
MAX_NAME = 80

# A board shows all of its pictures on one page, each with its note.
MAX_PICTURES = 1_000

# A link for each of those who may look; a list of them is read by eye.
MAX_LINKS = 100

# Ten years; a link that is to hold for good has no end.
MAX_LINK_DAYS = 3_650

# The name of a saved search or a board.
MAX_SAVED_NAME = 200

# What servers and proxies take as the first line of a request, some of them less.
MAX_ADDRESS = 64_000

# What is noted of a picture on a board.
MAX_NOTE = 2_000

SignalName = Literal["picture", "caption", "words", "name", "text"]
"""The signals to search by.

They are a picture's vector, its captions' vectors or words, its names, or the text in it.
"""

SIGNAL_NAMES: tuple[SignalName, ...] = get_args(SignalName)
