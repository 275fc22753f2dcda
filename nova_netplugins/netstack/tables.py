"""The tables of netstack. Those of ``l2_driver = local``: networks, their segments, and ports."""

from __future__ import annotations

import sqlalchemy as sa

from netkit.pool import Timestamp, pool_tables
from netkit.schema import TABLE_OPTIONS

METADATA = sa.MetaData()
POOLS = pool_tables(METADATA, "netstack")


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp),
    ]


L2_NETWORKS = sa.Table(
    "netstack_l2_networks",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("request_key", sa.String(255), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255)),
    sa.Column("mtu", sa.Integer),
    sa.Column("segment", sa.Integer, nullable=False),
    *_times(),
    sa.UniqueConstraint("request_key", name="uq_netstack_l2_networks_request_key"),
    sa.UniqueConstraint("segment", name="uq_netstack_l2_networks_segment"),
    **TABLE_OPTIONS,
)

L2_PORTS = sa.Table(
    "netstack_l2_ports",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column(
        "network_id",
        sa.String(36),
        sa.ForeignKey("netstack_l2_networks.id", name="fk_netstack_l2_ports_network"),
        nullable=False,
    ),
    sa.Column("mac_address", sa.String(17), nullable=False),
    sa.Column("device_id", sa.String(255), nullable=False, index=True),
    sa.Column("device_owner", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255)),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("host", sa.String(255), index=True),
    # [[address or CIDR, MAC], ...]: always read and replaced together.
    sa.Column("pairs", sa.JSON, nullable=False),
    sa.Column("admin_state_up", sa.Boolean, nullable=False),
    sa.Column("port_security", sa.Boolean, nullable=False),
    *_times(),
    sa.UniqueConstraint("network_id", "mac_address", name="uq_netstack_l2_ports_mac_address"),
    **TABLE_OPTIONS,
)
