"""Words of all scripts: what captions say is cut anew, by the Unicode properties of its letters."""

import sys
import time

import sqlalchemy as sa
from alembic import op

from search.catalog.full_text import index_words

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# How many pictures are read and written at once.
BATCH = 2_000

# A wait is told of once it is one, and from time to time.
QUIET_S = 2.0

TRIGGERS = (
    "CREATE TRIGGER picture_words_added AFTER INSERT ON picture_words BEGIN "
    "INSERT INTO words_index (rowid, words) VALUES (new.picture_id, new.words); END",
    "CREATE TRIGGER picture_words_removed AFTER DELETE ON picture_words BEGIN "
    "INSERT INTO words_index (words_index, rowid, words) "
    "VALUES ('delete', old.picture_id, old.words); END",
)


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    if sqlite:
        _drop_sqlite()
    _cut_again()
    if sqlite:
        # "ascii" takes all that is not ASCII for a part of a word: words arrive as they are. The
        # default, "unicode61", cut them at vowel signs and took accents off.
        _create_sqlite("ascii")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        _drop_sqlite()
        _create_sqlite("unicode61")


def _cut_again() -> None:
    """Write the words of all captions, a part of the pictures at a time, and tell of long waits."""
    sql = op.get_bind()
    count = sql.scalar(sa.text("SELECT count(DISTINCT picture_id) FROM caption")) or 0
    batch = sa.text(
        "SELECT DISTINCT picture_id FROM caption WHERE picture_id > :last "  # noqa: S608 - a number
        f"ORDER BY picture_id LIMIT {BATCH}"
    )
    done, last, told_at = 0, -1, time.monotonic()
    while ids := list(sql.scalars(batch, {"last": last})):
        index_words(sql, ids)
        done, last = done + len(ids), ids[-1]
        if time.monotonic() - told_at > QUIET_S:
            told_at = time.monotonic()
            print(
                f"cutting captions into words anew, once: {done:,} of {count:,} pictures",
                file=sys.stderr,
                flush=True,
            )


def _drop_sqlite() -> None:
    for name in ("added", "removed"):
        op.execute(f"DROP TRIGGER picture_words_{name}")
    op.execute("DROP TABLE words_index")


def _create_sqlite(tokenizer: str) -> None:
    op.execute(
        "CREATE VIRTUAL TABLE words_index USING fts5("
        f"words, content='picture_words', content_rowid='picture_id', tokenize='{tokenizer}')"
    )
    op.execute("INSERT INTO words_index (words_index) VALUES ('rebuild')")
    for trigger in TRIGGERS:
        op.execute(trigger)
