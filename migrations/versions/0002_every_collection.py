"""Every collection: further columns, containers, moved files, near copies, and jobs for workers."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for column in (
        sa.Column("colours", sa.String(length=50), nullable=True),
        sa.Column("perceptual_hash", sa.BigInteger(), nullable=True),
        sa.Column("listed_in", sa.LargeBinary(), nullable=True),
    ):
        op.add_column("picture", column)
    for name in ("size_bytes", "mtime_ns"):
        op.add_column("failure", sa.Column(name, sa.BigInteger(), nullable=True))
    op.create_table(
        "field",
        sa.Column("picture_id", Key, nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("text", sa.String(length=500), nullable=True),
        sa.Column("number", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(
            ["picture_id"], ["picture.id"], name=op.f("fk_field_picture_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("picture_id", "name", name=op.f("pk_field")),
    )
    op.create_index(op.f("ix_field_name_text"), "field", ["name", "text"], unique=False)
    op.create_index(op.f("ix_field_name_number"), "field", ["name", "number"], unique=False)
    op.create_table(
        "container",
        sa.Column("collection_id", Key, nullable=False),
        sa.Column("path_hash", sa.LargeBinary(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["collection_id"],
            ["collection.id"],
            name=op.f("fk_container_collection_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("collection_id", "path_hash", name=op.f("pk_container")),
    )
    # SQLite makes the table anew to let a column be null; nothing refers to it.
    with op.batch_alter_table("job", table_kwargs={"sqlite_autoincrement": True}) as job:
        job.alter_column("collection_id", existing_type=Key, nullable=True)
        job.add_column(sa.Column("name", sa.String(length=200), nullable=True))
        job.add_column(sa.Column("request", sa.Text(), nullable=True))
        job.add_column(
            sa.Column("cancelled", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        job.add_column(sa.Column("total", sa.Integer(), nullable=True))
        job.add_column(sa.Column("moved", sa.Integer(), nullable=False, server_default="0"))
        job.add_column(sa.Column("rate", sa.Float(), nullable=True))
        job.add_column(sa.Column("current", sa.Text(), nullable=True))
        job.create_index(op.f("ix_job_state"), ["state"], unique=False)


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE collection_id IS NULL")
    with op.batch_alter_table("job", table_kwargs={"sqlite_autoincrement": True}) as job:
        job.drop_index(op.f("ix_job_state"))
        for name in ("current", "rate", "moved", "total", "cancelled", "request", "name"):
            job.drop_column(name)
        job.alter_column("collection_id", existing_type=Key, nullable=False)
    op.drop_table("container")
    op.drop_table("field")
    for name in ("mtime_ns", "size_bytes"):
        op.drop_column("failure", name)
    for name in ("listed_in", "perceptual_hash", "colours"):
        op.drop_column("picture", name)
