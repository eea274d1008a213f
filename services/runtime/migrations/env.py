"""Runs migrations over the connection that `services.runtime.migrate` hands over."""

from __future__ import annotations

from alembic import context

from services.runtime.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
