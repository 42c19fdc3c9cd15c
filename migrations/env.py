"""Alembic's entry: runs the migrations on the connection that `search.schema` hands over."""

from alembic import context

from search.catalog.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
# No transaction of its own: the caller's makes the whole upgrade atomic, in SQLite too.
context.run_migrations()
