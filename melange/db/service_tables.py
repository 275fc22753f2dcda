"""What the service keeps for itself: who did what, what was answered, its own keys."""

from __future__ import annotations

import sqlalchemy as sa

from melange.db.columns import LongText, Name
from melange.db.tables import metadata
from netkit.pool import Timestamp
from netkit.schema import TABLE_OPTIONS, row_id

audit_records = sa.Table(
    "audit_records",
    metadata,
    row_id(),
    sa.Column("at", Timestamp, nullable=False),
    sa.Column("request_id", sa.String(64), nullable=False),
    sa.Column("user_id", Name),
    sa.Column("caller_tenant_id", Name),
    # Whose object it is.
    sa.Column("tenant_id", Name),
    sa.Column("action", sa.String(32), nullable=False),
    sa.Column("resource", sa.String(32), nullable=False),
    sa.Column("resource_id", Name, nullable=False),
    sa.Column("before", sa.Text),
    sa.Column("after", sa.Text),
    sa.Index("ix_audit_records_resource", "resource_id", "id"),
    sa.Index("ix_audit_records_tenant", "tenant_id", "id"),
    sa.Index("ix_audit_records_at", "at"),
    **TABLE_OPTIONS,
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    # SHA-256 of the caller and the key it gave; of the method, the path and the body.
    sa.Column("id", sa.String(64), primary_key=True),
    sa.Column("fingerprint", sa.String(64), nullable=False),
    # None until the work is done; a committed row always has them.
    sa.Column("status", sa.SmallInteger),
    sa.Column("headers", sa.Text),
    sa.Column("body", LongText),
    sa.Column("created_at", Timestamp, nullable=False),
    sa.Index("ix_idempotency_keys_created", "created_at"),
    **TABLE_OPTIONS,
)

# Keys that an installation made for itself.
secrets = sa.Table(
    "secrets",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.String(128), nullable=False),
    **TABLE_OPTIONS,
)
