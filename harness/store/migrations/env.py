"""What alembic runs to bring a database to the present form: one connection, given from outside."""

from __future__ import annotations

from alembic import context

from harness.store.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
