"""Virtual NICs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from netkit.schema import TABLE_OPTIONS

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "noop_virtual_nics",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("network_id", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("mac_address", sa.String(17), nullable=False),
        sa.Column("instance_id", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("hostname", sa.String(255)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("default_route", sa.Boolean, nullable=False),
        sa.UniqueConstraint("mac_address", name="uniq_noop_mac_address"),
        **TABLE_OPTIONS,
    )
    for column in ("instance_id", "host"):
        op.create_index(f"ix_noop_virtual_nics_{column}", "noop_virtual_nics", [column])
