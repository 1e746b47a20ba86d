"""Runs the migrations on the connection that `upgrade` opened, inside its transaction."""

from __future__ import annotations

from alembic import context

from portcullis.store.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transaction_per_migration=False)
with context.begin_transaction():
    context.run_migrations()
