"""Bytes of jobs that download."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

COLUMNS = ("total_bytes", "received_bytes")


def upgrade() -> None:
    for name in COLUMNS:
        op.add_column("job", sa.Column(name, sa.BigInteger()))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("job", name)
