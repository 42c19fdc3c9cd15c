"""The SQL tables of the catalog, without any code that reads or writes them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)
from sqlalchemy.types import TypeEngine

from search.picture_facts import FACTS, MAX_CHARACTERS, FactType

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite counts up only a plain INTEGER key; PostgreSQL needs 64 bits.
Key = BigInteger().with_variant(Integer(), "sqlite")

FACT_COLUMN_TYPES: Mapping[FactType, TypeEngine[Any]] = {
    "name": String(MAX_CHARACTERS["name"]),
    "text": Text(),
    "moment": String(MAX_CHARACTERS["moment"]),
    "pixels": Integer(),
    "number": Float(),
    "degrees": Float(),
    # Up to five, "#rrggbb" each, the most frequent first.
    "colours": String(50),
    # 64 bits; near copies differ in a few of them; signed, because SQL has no other kind.
    "hash": BigInteger(),
}
"""The SQL types of the facts that are columns of `picture`."""

catalog = Table(
    "catalog",
    metadata,
    # One row, made by the first migration: index files carry this id, so that a file of another
    # database is never used for this one.
    Column("id", String(32), primary_key=True),
    Column("created_at", String(32), nullable=False),
)

space = Table(
    "space",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("encoder", Text, nullable=False),
    Column("width", Integer, nullable=False),
    Column("created_at", String(32), nullable=False),
)

collection = Table(
    "collection",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("space_id", ForeignKey("space.id"), nullable=False),
    Column("created_at", String(32), nullable=False),
    # Whether a better encoder pair was offered: null, "made" or "declined".
    Column("pair_offer", String(10)),
    sqlite_autoincrement=True,
)

second_space = Table(
    "second_space",
    metadata,
    # The space besides its own in which a collection's pictures are embedded, and its state, one
    # of `search.records.SecondSpaceState`.
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", ForeignKey("space.id"), nullable=False),
    Column("state", String(10), nullable=False),
)

picture = Table(
    "picture",
    metadata,
    Column("id", Key, primary_key=True),
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    # The file system's own bytes: a name need not be valid UTF-8. Paths may be longer than an index
    # entry of PostgreSQL, so their 16-byte hash is the unique column.
    Column("path", LargeBinary, nullable=False),
    Column("path_hash", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("content_hash", LargeBinary, nullable=False, index=True),
    # Shows a change in a picture's captions from its source without reading its own captions again.
    Column("captions_hash", LargeBinary, nullable=False),
    *(
        Column(fact.name, FACT_COLUMN_TYPES[fact.type], nullable=not fact.required)
        for fact in FACTS
        if fact.type in FACT_COLUMN_TYPES
    ),
    # The table of pictures that named this one; null for a file found in a folder.
    Column("listed_in", LargeBinary),
    Column("indexed_at", String(32), nullable=False),
    UniqueConstraint("collection_id", "path_hash"),
    Index(None, "collection_id", "taken_at"),
    Index(None, "collection_id", "latitude"),
    Index(None, "collection_id", "camera"),
    sqlite_autoincrement=True,
)

missing_picture = Table(
    "missing_picture",
    metadata,
    # Pictures whose files were not found by the last run that looked for them: stored in full,
    # shown nowhere. A table of its own, usually empty: no query reads a wider row for it.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("since", String(32), nullable=False),
)

colour = Table(
    "colour",
    metadata,
    # `picture.colours` in CIELAB, to be found by similarity: the cell is that of
    # `search.query.filters.colours`. The index covers all columns of the search.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("place", SmallInteger, primary_key=True),
    Column("cell", SmallInteger, nullable=False),
    Column("lightness", SmallInteger, nullable=False),
    Column("a", SmallInteger, nullable=False),
    Column("b", SmallInteger, nullable=False),
    Index(None, "cell", "lightness", "a", "b", "picture_id"),
    sqlite_with_rowid=False,
)

caption = Table(
    "caption",
    metadata,
    Column("id", Key, primary_key=True),
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("language", String(35)),
    Column("kind", String(50), nullable=False),
    Column("origin", String(10), nullable=False),
    sqlite_autoincrement=True,
)

picture_words = Table(
    "picture_words",
    metadata,
    # The words of a picture's captions, as `search.text.analysis` makes them, between spaces.
    # Full text indexes cover them: FTS5's `words_index`, updated by triggers, or PostgreSQL's GIN.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("words", Text, nullable=False),
)

picture_names = Table(
    "picture_names",
    metadata,
    # The words of a picture's file and folders, camera and columns, as `picture_words` has those
    # of its captions: FTS5's `names_index`, or PostgreSQL's GIN. `name` and `folder` are its path
    # as text, for filters: `picture.path` is bytes.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("words", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("folder", Text, nullable=False),
)

text_reading = Table(
    "text_reading",
    metadata,
    # What became of reading the text in a picture: "read", "skipped" where it looked like none, or
    # "failed". It belongs to the content that was read, and to the reader's version.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
    Column("reader", String(100), nullable=False),
    Column("state", String(10), nullable=False),
    # As those of a job's message.
    Column("detail", Text),
    Column("detail_code", Text),
    Column("detail_values", Text),
)

picture_text = Table(
    "picture_text",
    metadata,
    # The text in a picture, if there is any: its lines as JSON, [[text, confidence in percent,
    # left, top, right, bottom in thousandths], ...], and its words, each once, between spaces.
    # Full text indexes cover the words, as those of `picture_words`.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("lines", Text, nullable=False),
    Column("words", Text, nullable=False),
)

text_word = Table(
    "text_word",
    metadata,
    # The different words of all texts, to find those that are spelled like one: UTF-8, compared
    # by bytes; the word, its letters backward, and its stem.
    Column("word", LargeBinary, primary_key=True),
    Column("backward", LargeBinary, nullable=False, index=True),
    Column("stem", LargeBinary, nullable=False, index=True),
)

field = Table(
    "field",
    metadata,
    # An extra column of a picture's source, to filter by: text, or a number.
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(100), primary_key=True),
    # Short enough for an index entry of PostgreSQL, whatever the alphabet.
    Column("text", String(500)),
    Column("number", Float),
    Index(None, "name", "text"),
    Index(None, "name", "number"),
)

picture_embedding = Table(
    "picture_embedding",
    metadata,
    Column("picture_id", ForeignKey("picture.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", ForeignKey("space.id"), primary_key=True),
    # Little-endian float16, `space.width` of them.
    Column("vector", LargeBinary, nullable=False),
)

caption_embedding = Table(
    "caption_embedding",
    metadata,
    Column("caption_id", ForeignKey("caption.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", ForeignKey("space.id"), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

change = Table(
    "change",
    metadata,
    # The change log, compacted: each picture has one entry, under its latest number. The changed
    # data is read from the picture's own rows, so a removed picture is one that has none.
    Column("seq", Key, primary_key=True),
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    Column("picture_id", BigInteger, nullable=False, unique=True),
    Index(None, "collection_id", "seq"),
    sqlite_autoincrement=True,
)

change_epoch = Table(
    "change_epoch",
    metadata,
    # Where a writer continued a collection's log: the number of the last change before its own.
    Column("id", Key, primary_key=True),
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    # Random: the same number may occur twice, in a database and in its backup.
    Column("name", String(32), nullable=False),
    Column("after", BigInteger, nullable=False),
    Index(None, "collection_id", "id"),
    sqlite_autoincrement=True,
)

job = Table(
    "job",
    metadata,
    Column("id", Key, primary_key=True),
    # Null until a worker starts a job for a collection that does not exist yet.
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), index=True),
    Column("name", String(200)),
    Column("kind", String(20), nullable=False),
    Column("source", LargeBinary, nullable=False),
    # The worker's input: sources and options as JSON; null for a job run by its command.
    Column("request", Text),
    # queued, running, done, failed (an error ended it), cancelled, or interrupted (its process
    # died, or was stopped)
    Column("state", String(20), nullable=False, index=True),
    Column("cancelled", Boolean, nullable=False, default=False, server_default=false()),
    Column("total", Integer),
    Column("found", Integer, nullable=False, default=0),
    Column("added", Integer, nullable=False, default=0),
    Column("changed", Integer, nullable=False, default=0),
    Column("moved", Integer, nullable=False, default=0, server_default="0"),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("removed", Integer, nullable=False, default=0),
    Column("missing", Integer, nullable=False, default=0, server_default="0"),
    Column("failed", Integer, nullable=False, default=0),
    # Of a download.
    Column("total_bytes", BigInteger),
    Column("received_bytes", BigInteger),
    # Pictures a second (bytes, of a download), and the file that was finished last.
    Column("rate", Float),
    Column("current", Text),
    Column("message", Text),
    # The message's code, and its values as JSON; null in rows from before them.
    Column("message_code", Text),
    Column("message_values", Text),
    Column("started_at", String(32), nullable=False),
    Column("updated_at", String(32), nullable=False),
    Column("finished_at", String(32)),
    sqlite_autoincrement=True,
)

container = Table(
    "container",
    metadata,
    # A container that was read to its end: while its size and time stay the same, so does all of
    # its content, and it need not be opened.
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True),
    Column("path_hash", LargeBinary, primary_key=True),
    Column("path", LargeBinary, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
)

failure = Table(
    "failure",
    metadata,
    Column("id", Key, primary_key=True),
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("path_hash", LargeBinary, nullable=False),
    # Its size and time at the failure: it is tried again when these differ.
    Column("size_bytes", BigInteger),
    Column("mtime_ns", BigInteger),
    Column("reason", String(20), nullable=False),
    Column("detail", Text, nullable=False),
    # As those of a job's message.
    Column("detail_code", Text),
    Column("detail_values", Text),
    Column("seen_at", String(32), nullable=False),
    UniqueConstraint("collection_id", "path_hash"),
    sqlite_autoincrement=True,
)

token = Table(
    "token",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(100), nullable=False, unique=True),
    # SHA-256 of the secret, in hex: the secret itself is 256 random bits, which need no salt.
    Column("secret_hash", String(64), nullable=False, unique=True),
    # read, write (and read) or admin (and both)
    Column("scope", String(10), nullable=False),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)

mark = Table(
    "mark",
    metadata,
    # "More like this" or "less like this", for a picture in answer to a query. Pictures go
    # by their content, so that marks outlive a collection that is indexed again.
    Column("id", Key, primary_key=True),
    # The query's terms as JSON, their hash in hex, and the words among them.
    Column("query", Text, nullable=False),
    Column("query_hash", String(32), nullable=False),
    Column("words", Text, nullable=False),
    Column("content_hash", LargeBinary, nullable=False, index=True),
    Column("more", Boolean, nullable=False),
    Column("made_at", String(32), nullable=False),
    UniqueConstraint("query_hash", "content_hash"),
    sqlite_autoincrement=True,
)

concept = Table(
    "concept",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    # [[text, weight], ...] as JSON
    Column("words", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)

concept_mark = Table(
    "concept_mark",
    metadata,
    # The parts of a concept, so that it can be embedded again by another encoder.
    Column("concept_id", ForeignKey("concept.id", ondelete="CASCADE"), primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    Column("more", Boolean, nullable=False),
    # The file's name when it was marked, for people.
    Column("file", Text, nullable=False),
)

concept_vector = Table(
    "concept_vector",
    metadata,
    # No key into `space`: an imported concept may belong to one that no collection here has.
    Column("concept_id", ForeignKey("concept.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", String(200), primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

adapter = Table(
    "adapter",
    metadata,
    # A map of text vectors, trained on marks, for one collection in one space.
    Column("collection_id", ForeignKey("collection.id", ondelete="CASCADE"), primary_key=True),
    Column("space_id", ForeignKey("space.id"), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    # Two matrices (rank, width), little-endian float32, one after the other.
    Column("rank", Integer, nullable=False),
    Column("matrices", LargeBinary, nullable=False),
    # Its training set and its results, as JSON.
    Column("facts", Text, nullable=False),
    Column("made_at", String(32), nullable=False),
)

saved_search = Table(
    "saved_search",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    # The page's address from after the "?": q=beach&more=12
    Column("address", Text, nullable=False),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)

board = Table(
    "board",
    metadata,
    Column("id", Key, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
    sqlite_autoincrement=True,
)

saved_search_picture = Table(
    "saved_search_picture",
    metadata,
    # The pictures that ids in a saved search's address meant when it was saved.
    Column("saved_search_id", ForeignKey("saved_search.id", ondelete="CASCADE"), primary_key=True),
    Column("picture_id", BigInteger, primary_key=True),
    Column("content_hash", LargeBinary, nullable=False),
)

board_picture = Table(
    "board_picture",
    metadata,
    # By content, as marks are: a board outlives a picture that is removed and comes back, and a
    # collection that is indexed from the beginning.
    Column("board_id", ForeignKey("board.id", ondelete="CASCADE"), primary_key=True),
    Column("content_hash", LargeBinary, primary_key=True),
    # The picture that was pinned: of several with this content, the one to show.
    Column("picture_id", BigInteger, nullable=False),
    # Its place on the board, from 0; gaps mean nothing.
    Column("place", Integer, nullable=False),
    Column("note", Text, nullable=False, default="", server_default=""),
)

board_link = Table(
    "board_link",
    metadata,
    # Who has the secret sees the board; only its hash is stored, as with tokens.
    Column("id", Key, primary_key=True),
    Column("board_id", ForeignKey("board.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("created_at", String(32), nullable=False),
    # In UTC, ISO 8601 to the second; without it the link holds until it is withdrawn.
    Column("expires_at", String(32)),
    sqlite_autoincrement=True,
)
