"""The first schema: pictures, captions, embeddings, the change log and jobs."""

from datetime import UTC, datetime
from uuid import uuid4

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    catalog = op.create_table(
        "catalog",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalog")),
    )
    now = datetime.now(UTC).isoformat(timespec="seconds")
    op.bulk_insert(catalog, [{"id": uuid4().hex, "created_at": now}])
    op.create_table(
        "space",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("encoder", sa.Text(), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_space")),
    )
    op.create_table(
        "collection",
        sa.Column("id", Key, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], name=op.f("fk_collection_space_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("name", name=op.f("uq_collection_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "change",
        sa.Column("seq", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_change_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
        sa.UniqueConstraint("picture_id", name=op.f("uq_change_picture_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_change_collection_id_seq"), "change", ["collection_id", "seq"], unique=False
    )
    op.create_table(
        "failure",
        sa.Column("id", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_hash", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("seen_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_failure_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failure")),
        sa.UniqueConstraint("collection_id", "path_hash", name=op.f("uq_failure_collection_id")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "job",
        sa.Column("id", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("started_at", sa.String(length=32), nullable=False),
        sa.Column("updated_at", sa.String(length=32), nullable=False),
        sa.Column("finished_at", sa.String(length=32), nullable=True),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_job_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_job_collection_id"), "job", ["collection_id"], unique=False)
    op.create_table(
        "picture",
        sa.Column("id", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("path_hash", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("captions_hash", sa.LargeBinary(), nullable=False),
        sa.Column("format", sa.String(length=20), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("taken_at", sa.String(length=40), nullable=True),
        sa.Column("latitude", sa.Float(), nullable=True),
        sa.Column("longitude", sa.Float(), nullable=True),
        sa.Column("camera", sa.Text(), nullable=True),
        sa.Column("indexed_at", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_picture_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_picture")),
        sa.UniqueConstraint("collection_id", "path_hash", name=op.f("uq_picture_collection_id")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_picture_content_hash"), "picture", ["content_hash"], unique=False)
    op.create_index(op.f("ix_picture_taken_at"), "picture", ["taken_at"], unique=False)
    op.create_table(
        "caption",
        sa.Column("id", Key, nullable=False),
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=True),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column("origin", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["picture.id"], name=op.f("fk_caption_picture_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_caption")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_caption_picture_id"), "caption", ["picture_id"], unique=False)
    op.create_table(
        "picture_embedding",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["picture_id"],
            ["picture.id"],
            name=op.f("fk_picture_embedding_picture_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.id"], name=op.f("fk_picture_embedding_space_id")
        ),
        sa.PrimaryKeyConstraint("picture_id", "space_id", name=op.f("pk_picture_embedding")),
    )
    op.create_table(
        "caption_embedding",
        sa.Column("caption_id", Key, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("vector", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["caption_id"],
            ["caption.id"],
            name=op.f("fk_caption_embedding_caption_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["space_id"], ["space.id"], name=op.f("fk_caption_embedding_space_id")
        ),
        sa.PrimaryKeyConstraint("caption_id", "space_id", name=op.f("pk_caption_embedding")),
    )


def downgrade() -> None:

    op.drop_table("caption_embedding")
    op.drop_table("picture_embedding")
    op.drop_index(op.f("ix_caption_picture_id"), table_name="caption")
    op.drop_table("caption")
    op.drop_index(op.f("ix_picture_taken_at"), table_name="picture")
    op.drop_index(op.f("ix_picture_content_hash"), table_name="picture")
    op.drop_table("picture")
    op.drop_index(op.f("ix_job_collection_id"), table_name="job")
    op.drop_table("job")
    op.drop_table("failure")
    op.drop_index(op.f("ix_change_collection_id_seq"), table_name="change")
    op.drop_table("change")
    op.drop_table("collection")
    op.drop_table("space")
    op.drop_table("catalog")
