"""Feedback: marks, concepts, adapters, saved searches and boards."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _below(table: str, parent: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{parent}_id")
    return sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name, ondelete="CASCADE")


def upgrade() -> None:
    op.create_table(
        "mark",
        sa.Column("id", Key, nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("query_hash", sa.String(length=32), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("more", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mark")),
        sa.UniqueConstraint("query_hash", "content_hash", name=op.f("uq_mark_query_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_mark_content_hash"), "mark", ["content_hash"])
    op.create_table(
        "concept",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concept")),
        sa.UniqueConstraint("name", name=op.f("uq_concept_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "concept_mark",
        sa.Column("concept_id", Key, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("more", sa.Boolean(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        _below("concept_mark", "concept"),
        sa.PrimaryKeyConstraint("concept_id", "content_hash", name=op.f("pk_concept_mark")),
    )
    op.create_table(
        "concept_vector",
        sa.Column("concept_id", Key, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        _below("concept_vector", "concept"),
        sa.PrimaryKeyConstraint("concept_id", "space_id", name=op.f("pk_concept_vector")),
    )
    op.create_table(
        "adapter",
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("matrices", sa.LargeBinary(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("made_at", sa.String(length=32), nullable=False),
        _below("adapter", "collection"),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_adapter_space_id")),
        sa.PrimaryKeyConstraint("collection_id", "space_id", name=op.f("pk_adapter")),
    )
    op.create_table(
        "saved_search",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_search")),
        sa.UniqueConstraint("name", name=op.f("uq_saved_search_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "board",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board")),
        sa.UniqueConstraint("name", name=op.f("uq_board_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "board_picture",
        sa.Column("board_id", Key, nullable=False),
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        _below("board_picture", "board"),
        _below("board_picture", "picture"),
        sa.PrimaryKeyConstraint("board_id", "picture_id", name=op.f("pk_board_picture")),
    )


def downgrade() -> None:
    for name in (
        *("board_picture", "board", "saved_search", "adapter"),
        *("concept_vector", "concept_mark", "concept", "mark"),
    ):
        op.drop_table(name)
