"""Alembic runs this for every lineage: ``netkit.migrations`` says which, on which connection."""

from __future__ import annotations

from alembic import context

lineage = context.config.attributes["lineage"]

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=lineage.metadata,
    version_table=lineage.version_table,
    # SQLite changes a column by copying its table.
    render_as_batch=True,
)
context.run_migrations()
