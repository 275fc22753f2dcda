"""The one table of noop."""

from __future__ import annotations

import sqlalchemy as sa

from netkit.schema import TABLE_OPTIONS

NAME = "noop"

metadata = sa.MetaData()

# The names are those of plugin.VirtualNic, so that a row is one.
virtual_nics = sa.Table(
    "noop_virtual_nics",
    metadata,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("network_id", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255), nullable=False),
    sa.Column("mac_address", sa.String(17), nullable=False),
    sa.Column("instance_id", sa.String(255), nullable=False, index=True),
    sa.Column("host", sa.String(255), index=True),
    sa.Column("hostname", sa.String(255)),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("default_route", sa.Boolean, nullable=False),
    sa.UniqueConstraint("mac_address", name="uniq_noop_mac_address"),
    **TABLE_OPTIONS,
)
