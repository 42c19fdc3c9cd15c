"""The reading of what people write: dates, minus words, exact words, cameras and places.

`reader.read_question` returns the words that are left to rank by, a filter, and a list of
readings; each can be taken back. The rules, each tested line by line in `tests/phrases.tsv`:

- A word that describes a subject stays a word: "blue car", "may", "march band", "china plate".
- A colour, an orientation or a camera is read as a comma-separated piece of its own, or as
  `field:value`. A colour or an orientation that is the whole question is only offered: it ranks
  better than it filters.
- A year by itself is read at the beginning or the end of a piece, from 1990 to this year; others
  follow "in", "since" or "before". A month needs its year. A date after today stays words.
- Seasons are northern ones, by whole months; a winter has the year of its December.
- A place is read after "in", and only where a column such as `city` has that value.
"""
