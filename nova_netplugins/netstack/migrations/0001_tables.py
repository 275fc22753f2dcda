"""Networks, virtual NICs, intents and records of netstack; the tables of the built-in layer 2."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from netkit.pool import Timestamp, WideInteger
from netkit.schema import TABLE_OPTIONS, row_id

revision = "0001"
down_revision = None


def upgrade() -> None:
    _pools()
    _networks()
    _virtual_nics()
    _intents()
    _records()
    _dhcp_reports()
    _l2_networks()
    _l2_ports()


def _table(name: str, *parts: sa.schema.SchemaItem, **options: object) -> None:
    # MariaDB commits each statement: what an upgrade that broke off made is there already.
    op.create_table(name, *parts, **TABLE_OPTIONS, **options, if_not_exists=True)


def _index(table: str, *columns: str) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, list(columns), if_not_exists=True)


def _pools() -> None:
    _table(
        "netstack_pools",
        row_id(),
        sa.Column("name", sa.String(255)),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.Column("stripe", WideInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.UniqueConstraint("name", name="uniq_netstack_pools0name"),
        sqlite_autoincrement=True,
    )
    _table(
        "netstack_pool_ranges",
        _pool_id(),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "last"),
        postgresql_with={"fillfactor": "50"},
    )
    _table(
        "netstack_pool_resting",
        _pool_id(),
        sa.Column("value", WideInteger, nullable=False),
        sa.Column("until", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "value"),
    )
    op.create_index(
        "ix_netstack_pool_resting_until",
        "netstack_pool_resting",
        ["until", "pool_id"],
        if_not_exists=True,
    )


def _pool_id() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    pools = sa.ForeignKey("netstack_pools.id")
    return sa.Column("pool_id", kind, pools, nullable=False, autoincrement=False)


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp),
    ]


def _networks() -> None:
    name = "netstack_networks"
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255)),
        sa.Column("mtu", sa.Integer),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("routed", sa.Boolean, nullable=False),
        sa.Column("enable_dhcp", sa.Boolean, nullable=False),
        sa.Column("adopted", sa.Boolean, nullable=False),
        sa.Column("l2", sa.JSON, nullable=False),
        sa.Column("blocks", sa.JSON, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        *_times(),
    )
    _index(name, "project_id")
    _index(name, "host")


def _virtual_nics() -> None:
    name = "netstack_virtual_nics"
    network = sa.ForeignKey("netstack_networks.id", name=f"fk_{name}_network")
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("network_id", sa.String(36), network, nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("instance_id", sa.String(255)),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("hostname", sa.String(255)),
        sa.Column("mac_address", sa.String(17)),
        sa.Column("port_id", sa.String(36)),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("default_route", sa.Boolean, nullable=False),
        sa.Column("port_security", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("addresses", sa.JSON, nullable=False),
        sa.Column("allowed", sa.JSON, nullable=False),
        *_times(),
    )
    for column in ("network_id", "project_id", "instance_id", "host", "port_id"):
        _index(name, column)


def _intents() -> None:
    name = "netstack_intents"
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("document", sa.JSON, nullable=False),
        sa.Column("step", sa.String(32)),
        sa.Column("direction", sa.String(8), nullable=False),
        sa.Column("worker", sa.String(64), nullable=False),
        sa.Column("claimed_until", Timestamp, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("error", sa.Text),
        *_times(),
    )
    _index(name, "claimed_until")


def _records() -> None:
    _table("netstack_projects", sa.Column("project_id", sa.String(255), primary_key=True))
    _table(
        "netstack_deployment",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("owner", sa.String(36), nullable=False),
        sa.Column("followed_at", Timestamp),
    )
    _table(
        "netstack_suspects",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("object_id", sa.String(64), primary_key=True),
        sa.Column("details", sa.JSON, nullable=False),
        sa.Column("first_seen", Timestamp, nullable=False),
        sa.Column("last_seen", Timestamp, nullable=False),
    )
    _table(
        "netstack_hosts",
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("tunnel_address", sa.String(64), nullable=False),
        *_times(),
        sa.UniqueConstraint("tunnel_address", name="uq_netstack_hosts_tunnel_address"),
    )


def _dhcp_reports() -> None:
    _table(
        "netstack_dhcp_reports",
        sa.Column("network_id", sa.String(36), primary_key=True),
        sa.Column("host", sa.String(255), primary_key=True),
        sa.Column("driver", sa.String(16), nullable=False),
        sa.Column("allocated", sa.Integer, nullable=False),
        sa.Column("served", sa.Integer, nullable=False),
        sa.Column("missing", sa.JSON, nullable=False),
        sa.Column("extra", sa.JSON, nullable=False),
        sa.Column("wrong", sa.JSON, nullable=False),
        sa.Column("checked_at", Timestamp, nullable=False),
        sa.Column("drifted_at", Timestamp),
        sa.Column("drift", sa.Text),
    )


def _l2_networks() -> None:
    _table(
        "netstack_l2_networks",
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("request_key", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255)),
        sa.Column("mtu", sa.Integer),
        sa.Column("segment", sa.Integer, nullable=False),
        *_times(),
        sa.UniqueConstraint("request_key", name="uq_netstack_l2_networks_request_key"),
        sa.UniqueConstraint("segment", name="uq_netstack_l2_networks_segment"),
    )


def _l2_ports() -> None:
    name = "netstack_l2_ports"
    network = sa.ForeignKey("netstack_l2_networks.id", name=f"fk_{name}_network")
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("network_id", sa.String(36), network, nullable=False),
        sa.Column("mac_address", sa.String(17), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=False),
        sa.Column("device_owner", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255)),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("host", sa.String(255)),
        sa.Column("pairs", sa.JSON, nullable=False),
        sa.Column("admin_state_up", sa.Boolean, nullable=False),
        sa.Column("port_security", sa.Boolean, nullable=False),
        *_times(),
        sa.UniqueConstraint("network_id", "mac_address", name=f"uq_{name}_mac_address"),
    )
    _index(name, "device_id")
    _index(name, "host")
