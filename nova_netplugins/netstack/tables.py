"""The tables of netstack: its networks and virtual NICs with a copy of what Melange said, intents,
small records; and those of ``l2_driver = local``: networks, their segments, ports, hosts.
"""

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


NETWORKS = sa.Table(
    "netstack_networks",
    METADATA,
    # That of the layer 2 network, and of Melange's blocks' network_id.
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("label", sa.String(255), nullable=False),
    sa.Column("project_id", sa.String(255), index=True),
    sa.Column("mtu", sa.Integer),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("host", sa.String(255), index=True),
    sa.Column("routed", sa.Boolean, nullable=False),
    sa.Column("enable_dhcp", sa.Boolean, nullable=False),
    sa.Column("adopted", sa.Boolean, nullable=False),
    # {network_type, physical_network, segment}
    sa.Column("l2", sa.JSON, nullable=False),
    # Remembered: as ``model.Block``, in the order in which they are drawn from.
    sa.Column("blocks", sa.JSON, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    *_times(),
    **TABLE_OPTIONS,
)

VIRTUAL_NICS = sa.Table(
    "netstack_virtual_nics",
    METADATA,
    # That of Melange's interface too.
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column(
        "network_id",
        sa.String(36),
        sa.ForeignKey("netstack_networks.id", name="fk_netstack_virtual_nics_network"),
        nullable=False,
        index=True,
    ),
    sa.Column("project_id", sa.String(255), nullable=False, index=True),
    sa.Column("instance_id", sa.String(255), index=True),
    sa.Column("purpose", sa.String(16), nullable=False),
    sa.Column("host", sa.String(255), index=True),
    sa.Column("hostname", sa.String(255)),
    sa.Column("mac_address", sa.String(17)),
    sa.Column("port_id", sa.String(36), index=True),
    sa.Column("status", sa.String(16), nullable=False),
    sa.Column("default_route", sa.Boolean, nullable=False),
    sa.Column("port_security", sa.Boolean, nullable=False),
    sa.Column("state", sa.String(16), nullable=False),
    # Remembered: as ``model.Address``, in the order asked for.
    sa.Column("addresses", sa.JSON, nullable=False),
    # [[address, MAC or null], ...] that it may send from beside its own.
    sa.Column("allowed", sa.JSON, nullable=False),
    *_times(),
    **TABLE_OPTIONS,
)

INTENTS = sa.Table(
    "netstack_intents",
    METADATA,
    sa.Column("id", sa.String(36), primary_key=True),
    sa.Column("kind", sa.String(32), nullable=False),
    sa.Column("document", sa.JSON, nullable=False),
    sa.Column("step", sa.String(32)),
    sa.Column("direction", sa.String(8), nullable=False),
    sa.Column("worker", sa.String(64), nullable=False),
    sa.Column("claimed_until", Timestamp, nullable=False, index=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("error", sa.Text),
    *_times(),
    **TABLE_OPTIONS,
)

# Every project that ever had something here: where an audit has to look.
PROJECTS = sa.Table(
    "netstack_projects",
    METADATA,
    sa.Column("project_id", sa.String(255), primary_key=True),
    **TABLE_OPTIONS,
)

# One row: whose the ports and interfaces are that netstack makes.
DEPLOYMENT = sa.Table(
    "netstack_deployment",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("owner", sa.String(36), nullable=False),
    # When somebody last began to look at what Melange and Quantum changed by themselves.
    sa.Column("followed_at", Timestamp),
    **TABLE_OPTIONS,
)

# What an audit saw that nobody here knows of.
SUSPECTS = sa.Table(
    "netstack_suspects",
    METADATA,
    sa.Column("kind", sa.String(32), primary_key=True),
    sa.Column("object_id", sa.String(64), primary_key=True),
    sa.Column("details", sa.JSON, nullable=False),
    sa.Column("first_seen", Timestamp, nullable=False),
    sa.Column("last_seen", Timestamp, nullable=False),
    **TABLE_OPTIONS,
)

# What a network host's DHCP server serves, compared with what Melange says.
DHCP_REPORTS = sa.Table(
    "netstack_dhcp_reports",
    METADATA,
    sa.Column("network_id", sa.String(36), primary_key=True),
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("driver", sa.String(16), nullable=False),
    sa.Column("allocated", sa.Integer, nullable=False),
    sa.Column("served", sa.Integer, nullable=False),
    # Each of these {count, examples}.
    sa.Column("missing", sa.JSON, nullable=False),
    sa.Column("extra", sa.JSON, nullable=False),
    sa.Column("wrong", sa.JSON, nullable=False),
    sa.Column("checked_at", Timestamp, nullable=False),
    # When there was a difference last, and which, in words.
    sa.Column("drifted_at", Timestamp),
    sa.Column("drift", sa.Text),
    **TABLE_OPTIONS,
)

# Where a host's end of the tunnels is.
HOSTS = sa.Table(
    "netstack_hosts",
    METADATA,
    sa.Column("host", sa.String(255), primary_key=True),
    sa.Column("tunnel_address", sa.String(64), nullable=False),
    *_times(),
    sa.UniqueConstraint("tunnel_address", name="uq_netstack_hosts_tunnel_address"),
    **TABLE_OPTIONS,
)

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
