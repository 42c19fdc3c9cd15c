"""Limits of queries and of what people save, each with its reason; the API documents them."""

from typing import Literal

# Deeper answers cost memory and nobody looks at them; a page that scrolls stays far below.
MOST_HITS = 10_000

# The number of hits or rows of an answer, unless a request names another.
DEFAULT_K = 20

# The most rows of a list in one answer.
MOST_ROWS = 1_000

# SQL ids are signed 64-bit numbers.
LARGEST_ID = 2**63 - 1

# The tokenizers of some encoders take time that grows with the square of a word's length, and no
# text tower reads this much.
MOST_CHARACTERS = 4_000

# A weight of a hundred is as good as alone; far larger numbers overflow when added up.
MOST_WEIGHT = 100.0

# Each picture of a query costs a decoding and a place in the encoder's batch.
MOST_TERMS = 32

# A hundred marks take an evening to make; fitting to a thousand would take a second.
MOST_MARKS = 200

# A concept's name appears in addresses, on the command line and on a chip.
MOST_NAME = 80

# A board shows all of its pictures on one page, each with its note.
MOST_PICTURES = 1_000

# The name of a saved search or a board.
MOST_SAVED_NAME = 200

# The longest first line of a request that servers and proxies accept, some of them less.
MOST_ADDRESS = 64_000

# The longest note for a picture on a board.
MOST_NOTE = 2_000

SearchSignal = Literal["picture", "caption", "words"]
"""The signals to search by: a picture's vector, its captions' vectors, or its captions' words."""

ALL_SIGNALS: tuple[SearchSignal, ...] = ("picture", "caption", "words")
