"""Links of boards: who has one sees that board alone, without a token."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "board_link",
        sa.Column("id", Key, nullable=False),
        sa.Column("board_id", Key, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", sa.String(length=32), nullable=False),
        sa.Column("expires_at", sa.String(length=32)),
        sa.ForeignKeyConstraint(
            ["board_id"], ["board.id"], name=op.f("fk_board_link_board_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_board_link")),
        sa.UniqueConstraint("secret_hash", name=op.f("uq_board_link_secret_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_board_link_board_id"), "board_link", ["board_id"])


def downgrade() -> None:
    op.drop_table("board_link")
