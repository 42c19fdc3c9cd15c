"""Colours: as they look, to be found by an index; and indexes for dates and places."""

import sqlalchemy as sa
from alembic import op

from search.catalog.visual_hashes import store_colours

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# How many pictures are read and written at once.
BATCH = 2_000


def upgrade() -> None:
    numbers = ("cell", "lightness", "a", "b")
    op.create_table(
        "colour",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in numbers),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["picture.id"], name=op.f("fk_colour_picture_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture_id", "place", name=op.f("pk_colour")),
        sqlite_with_rowid=False,
    )
    sql = op.get_bind()
    statement = sa.text("SELECT id, colours FROM picture WHERE colours IS NOT NULL ORDER BY id")
    rows = sql.execute(statement).all()
    for start in range(0, len(rows), BATCH):
        piece = rows[start : start + BATCH]
        store_colours(sql, {row.id: row.colours.split() for row in piece})
    index = op.f("ix_colour_cell_lightness_a_b_picture_id")
    op.create_index(index, "colour", [*numbers, "picture_id"])
    op.drop_index(op.f("ix_picture_taken_at"), "picture")
    for name in ("taken_at", "latitude"):
        op.create_index(
            op.f(f"ix_picture_collection_id_{name}"), "picture", ["collection_id", name]
        )


def downgrade() -> None:
    for name in ("taken_at", "latitude"):
        op.drop_index(op.f(f"ix_picture_collection_id_{name}"), "picture")
    op.create_index(op.f("ix_picture_taken_at"), "picture", ["taken_at"])
    op.drop_table("colour")
