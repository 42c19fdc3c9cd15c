"""Epochs of the change log."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "change_epoch",
        sa.Column("id", Key, nullable=False),
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("name", sa.String(length=32), nullable=False),
        sa.Column("after", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            op.f("fk_change_epoch_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_epoch")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_change_epoch_collection_id_id"), "change_epoch", ["collection_id", "id"]
    )


def downgrade() -> None:
    op.drop_table("change_epoch")
