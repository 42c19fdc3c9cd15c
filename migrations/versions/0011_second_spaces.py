"""Second spaces of collections; whether a better encoder pair was offered."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "second_space",
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("space_id", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            op.f("fk_second_space_collection_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["space_id"], ["space.id"], op.f("fk_second_space_space_id")),
        sa.PrimaryKeyConstraint("collection_id", name=op.f("pk_second_space")),
    )
    op.add_column("collection", sa.Column("pair_offer", sa.String(length=10)))


def downgrade() -> None:
    op.drop_column("collection", "pair_offer")
    # Embeddings of the second spaces stay: an older version reads those of the collection's own.
    op.drop_table("second_space")
