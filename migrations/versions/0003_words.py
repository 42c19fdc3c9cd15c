"""Words: what captions say, for full text search; filled from the captions that are there."""

import sqlalchemy as sa
from alembic import op

from search.catalog.full_text import index_words

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# How many pictures are read and written at once.
BATCH = 2_000

# The index keeps no text of its own: it reads `picture_words`, and triggers keep it level, also
# when rows go because their picture did.
SQLITE = (
    "CREATE VIRTUAL TABLE words_index USING fts5("
    "words, content='picture_words', content_rowid='picture_id', tokenize='unicode61')",
    "CREATE TRIGGER picture_words_added AFTER INSERT ON picture_words BEGIN "
    "INSERT INTO words_index (rowid, words) VALUES (new.picture_id, new.words); END",
    "CREATE TRIGGER picture_words_removed AFTER DELETE ON picture_words BEGIN "
    "INSERT INTO words_index (words_index, rowid, words) "
    "VALUES ('delete', old.picture_id, old.words); END",
)
POSTGRES = (
    "CREATE INDEX words_index ON picture_words "
    "USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "picture_words",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["picture.id"],
            name=op.f("fk_picture_words_picture_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_picture_words")),
    )
    sql = op.get_bind()
    for statement in SQLITE if sql.dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
    ids = list(sql.scalars(sa.text("SELECT DISTINCT picture_id FROM caption ORDER BY 1")))
    for start in range(0, len(ids), BATCH):
        index_words(sql, ids[start : start + BATCH])


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE words_index")
    op.drop_table("picture_words")
