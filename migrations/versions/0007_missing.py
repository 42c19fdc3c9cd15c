"""Missing pictures; boards and saved searches by content."""

import sqlalchemy as sa
from alembic import op

from search.query.filters.saved_address import picture_ids

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

PICTURE = sa.table("picture", sa.column("id"), sa.column("content_hash"))


def upgrade() -> None:
    op.create_table(
        "missing_picture",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("since", sa.String(length=32), nullable=False),
        _below("missing_picture", "picture"),
        sa.PrimaryKeyConstraint("picture_id", name=op.f("pk_missing_picture")),
    )
    op.add_column("job", sa.Column("missing", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "saved_search_picture",
        sa.Column("saved_search_id", Key, nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        _below("saved_search_picture", "saved_search"),
        sa.PrimaryKeyConstraint(
            "saved_search_id", "picture_id", name=op.f("pk_saved_search_picture")
        ),
    )
    _keep_saved_by_content()
    _keep_boards_by_content()


def downgrade() -> None:
    op.execute("ALTER TABLE board_picture RENAME TO board_content")
    op.create_table(
        "board_picture",
        sa.Column("board_id", Key, nullable=False),
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        _below("board_picture", "board"),
        _below("board_picture", "picture"),
        sa.PrimaryKeyConstraint("board_id", "picture_id", name=op.f("pk_board_picture_id")),
    )
    op.execute(
        "INSERT INTO board_picture (board_id, picture_id, place, note) "
        "SELECT board_id, picture_id, place, note FROM board_content "
        "WHERE picture_id IN (SELECT id FROM picture)"
    )
    op.drop_table("board_content")
    op.drop_table("saved_search_picture")
    op.drop_column("job", "missing")
    op.drop_table("missing_picture")


def _below(table: str, parent: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{parent}_id")
    return sa.ForeignKeyConstraint([f"{parent}_id"], [f"{parent}.id"], name, ondelete="CASCADE")


def _keep_boards_by_content() -> None:
    """Copy boards; of several pictures with one content on a board, the first one's place stays.

    Every note stays: those of one content are joined, a line each.
    """
    columns = [sa.column(name) for name in ("board_id", "picture_id", "place", "note")]
    before = sa.table("board_picture", *columns)
    sql = op.get_bind()
    rows = sql.execute(
        sa.select(*before.c, PICTURE.c.content_hash)
        .select_from(before.join(PICTURE, PICTURE.c.id == before.c.picture_id))
        .order_by(before.c.board_id, before.c.place, before.c.picture_id)
    ).all()
    pins: dict[tuple[int, bytes], dict[str, object]] = {}
    for row in rows:
        pin = pins.setdefault((row.board_id, bytes(row.content_hash)), dict(row._mapping))
        if row.note and row.note != pin["note"]:
            pin["note"] = f"{pin['note']}\n{row.note}".strip()
    op.drop_table("board_picture")
    after = op.create_table(
        "board_picture",
        sa.Column("board_id", Key, nullable=False),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("picture_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        _below("board_picture", "board"),
        sa.PrimaryKeyConstraint("board_id", "content_hash", name=op.f("pk_board_picture")),
    )
    if pins:
        sql.execute(after.insert(), list(pins.values()))


def _keep_saved_by_content() -> None:
    """Note what the ids in the addresses of saved searches stand for."""
    searches = sa.table("saved_search", sa.column("id"), sa.column("address"))
    pictures = sa.table(
        "saved_search_picture",
        *(sa.column(name) for name in ("saved_search_id", "picture_id", "content_hash")),
    )
    sql = op.get_bind()
    for row in sql.execute(sa.select(searches.c.id, searches.c.address)).all():
        ids = picture_ids(row.address)
        statement = sa.select(PICTURE.c.id, PICTURE.c.content_hash).where(PICTURE.c.id.in_(ids))
        rows = [
            {
                "saved_search_id": row.id,
                "picture_id": picture.id,
                "content_hash": picture.content_hash,
            }
            for picture in sql.execute(statement)
        ]
        if rows:
            sql.execute(pictures.insert(), rows)
