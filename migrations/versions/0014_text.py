"""The text in pictures: what was read, the lines, and their words for full text search."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# As those of captions' words: the index reads `picture_text`, and triggers keep it level.
SQLITE = (
    "CREATE VIRTUAL TABLE text_words_index USING fts5("
    "words, content='picture_text', content_rowid='picture_id', tokenize='ascii')",
    "CREATE TRIGGER picture_text_added AFTER INSERT ON picture_text BEGIN "
    "INSERT INTO text_words_index (rowid, words) VALUES (new.picture_id, new.words); END",
    "CREATE TRIGGER picture_text_removed AFTER DELETE ON picture_text BEGIN "
    "INSERT INTO text_words_index (text_words_index, rowid, words) "
    "VALUES ('delete', old.picture_id, old.words); END",
)
POSTGRES = (
    "CREATE INDEX text_words_index ON picture_text "
    "USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "text_reading",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reader", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("detail", sa.Text()),
        sa.Column("detail_code", sa.Text()),
        sa.Column("detail_values", sa.Text()),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["picture.id"],
            op.f("fk_text_reading_picture_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_text_reading")),
    )
    op.create_table(
        "picture_text",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["picture.id"],
            op.f("fk_picture_text_picture_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_picture_text")),
    )
    op.create_table(
        "text_word",
        sa.Column("word", sa.LargeBinary(), nullable=False),
        sa.Column("backward", sa.LargeBinary(), nullable=False),
        sa.Column("stem", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("word", name=op.f("pk_text_word")),
    )
    for name in ("backward", "stem"):
        op.create_index(op.f(f"ix_text_word_{name}"), "text_word", [name])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE text_words_index")
    for name in ("text_word", "picture_text", "text_reading"):
        op.drop_table(name)
