"""Names: those of files, folders, cameras and columns, for filters and full text search."""

import sys
import time

import sqlalchemy as sa
from alembic import op

from search.catalog.picture_names import index_names

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# How many pictures are read and written at once, and when a wait is reported.
BATCH = 2_000
QUIET_S = 2.0

SQLITE = (
    "CREATE VIRTUAL TABLE names_index USING fts5("
    "words, content='picture_names', content_rowid='picture_id', tokenize='ascii')",
    "CREATE TRIGGER picture_names_added AFTER INSERT ON picture_names BEGIN "
    "INSERT INTO names_index (rowid, words) VALUES (new.picture_id, new.words); END",
    "CREATE TRIGGER picture_names_removed AFTER DELETE ON picture_names BEGIN "
    "INSERT INTO names_index (names_index, rowid, words) "
    "VALUES ('delete', old.picture_id, old.words); END",
)
POSTGRES = (
    "CREATE INDEX names_index ON picture_names "
    "USING gin (array_to_tsvector(string_to_array(words, ' ')))",
)


def upgrade() -> None:
    op.create_table(
        "picture_names",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["picture.id"],
            name=op.f("fk_picture_names_picture_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_picture_names")),
    )
    op.create_index("ix_picture_collection_id_camera", "picture", ["collection_id", "camera"])
    sql = op.get_bind()
    for statement in SQLITE if sql.dialect.name == "sqlite" else POSTGRES:
        op.execute(statement)
    _index_all(sql)


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TABLE names_index")
    op.drop_table("picture_names")
    op.drop_index("ix_picture_collection_id_camera", "picture")


def _index_all(sql: sa.Connection) -> None:
    """Write the names of all pictures, a part at a time, and report long waits."""
    count = sql.scalar(sa.text("SELECT count(*) FROM picture")) or 0
    batch = sa.text(f"SELECT id FROM picture WHERE id > :last ORDER BY id LIMIT {BATCH}")  # noqa: S608 - a number
    done, last, told_at = 0, -1, time.monotonic()
    while ids := list(sql.scalars(batch, {"last": last})):
        index_names(sql, ids)
        done, last = done + len(ids), ids[-1]
        if time.monotonic() - told_at > QUIET_S:
            told_at = time.monotonic()
            print(
                f"indexing the names of files, once: {done:,} of {count:,} pictures",
                file=sys.stderr,
                flush=True,
            )
