"""Codes and values of stored messages."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MESSAGES = (("job", "message"), ("failure", "detail"))


def upgrade() -> None:
    for table, column in MESSAGES:
        op.add_column(table, sa.Column(f"{column}_code", sa.Text()))
        op.add_column(table, sa.Column(f"{column}_values", sa.Text()))


def downgrade() -> None:
    for table, column in MESSAGES:
        op.drop_column(table, f"{column}_values")
        op.drop_column(table, f"{column}_code")
