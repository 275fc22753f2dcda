"""Webhooks, and what is to be delivered to them."""

from __future__ import annotations

import sqlalchemy as sa

from melange.db.columns import LongText, Name, identifier, reference, times
from melange.db.tables import metadata
from netkit.pool import Timestamp
from netkit.schema import TABLE_OPTIONS

webhooks = sa.Table(
    "webhooks",
    metadata,
    identifier(),
    # None: an administrator's, told of all tenants.
    sa.Column("tenant_id", Name),
    sa.Column("url", sa.Text, nullable=False),
    sa.Column("secret", Name, nullable=False),
    # A JSON list of patterns of event types; empty: all.
    sa.Column("events", sa.Text, nullable=False),
    # Nobody calls it before: it failed a moment ago, or somebody is calling it.
    sa.Column("not_before", Timestamp, nullable=False),
    # In a row, whatever was delivered.
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    *times(),
    sa.Index("ix_webhooks_tenant", "tenant_id", "id"),
    **TABLE_OPTIONS,
)

webhook_deliveries = sa.Table(
    "webhook_deliveries",
    metadata,
    identifier(),
    reference("webhook_id", "webhooks", on_delete="CASCADE"),
    sa.Column("event_type", Name, nullable=False),
    sa.Column("body", LongText, nullable=False),
    # pending, delivered or given_up.
    sa.Column("state", sa.String(9), nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False, server_default="0"),
    # None: never again.
    sa.Column("next_attempt_at", Timestamp),
    # What the last attempt met: an HTTP status, or what went wrong.
    sa.Column("status", sa.Integer),
    sa.Column("error", sa.Text),
    *times(),
    sa.Index("ix_webhook_deliveries_webhook", "webhook_id", "id"),
    sa.Index("ix_webhook_deliveries_due", "webhook_id", "next_attempt_at"),
    sa.Index("ix_webhook_deliveries_state", "state", "updated_at"),
    **TABLE_OPTIONS,
)
