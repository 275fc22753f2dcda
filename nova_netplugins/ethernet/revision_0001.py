"""Revision 0001 of the lineages of flat, flat_dhcp and vlan, which begin alike. Frozen: it does not
follow the models."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from netkit.pool import Timestamp, WideInteger
from netkit.schema import TABLE_OPTIONS, row_id


def create_tables(prefix: str, fixed_ips: str, floating: bool) -> None:
    _pools(prefix)
    _networks(prefix)
    _ethernet_cards(prefix)
    _fixed_ips(prefix, f"{prefix}_{fixed_ips}")
    if floating:
        _floating(prefix, f"{prefix}_{fixed_ips}")
    _locks(prefix)


def _table(name: str, *parts: sa.schema.SchemaItem, **options: object) -> None:
    # MariaDB commits each statement: what an upgrade that broke off made is there already.
    op.create_table(name, *parts, **TABLE_OPTIONS, **options, if_not_exists=True)


def _index(table: str, *columns: str) -> None:
    name = f"ix_{table}_{'_'.join(columns)}"
    op.create_index(name, table, list(columns), if_not_exists=True)


def _pool_id(prefix: str) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    pools = sa.ForeignKey(f"{prefix}_pools.id")
    return sa.Column("pool_id", kind, pools, nullable=False, autoincrement=False)


def _pools(prefix: str) -> None:
    pools = f"{prefix}_pools"
    _table(
        pools,
        row_id(),
        sa.Column("name", sa.String(255)),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.Column("stripe", WideInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.UniqueConstraint("name", name=f"uniq_{pools}0name"),
        sqlite_autoincrement=True,
    )
    _table(
        f"{prefix}_pool_ranges",
        _pool_id(prefix),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "last"),
        postgresql_with={"fillfactor": "50"},
    )
    _table(
        f"{prefix}_pool_resting",
        _pool_id(prefix),
        sa.Column("value", WideInteger, nullable=False),
        sa.Column("until", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("pool_id", "value"),
    )
    op.create_index(
        f"ix_{prefix}_pool_resting_until",
        f"{prefix}_pool_resting",
        ["until", "pool_id"],
        if_not_exists=True,
    )


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp),
    ]


def _soft_delete() -> list[sa.Column[object]]:
    return [
        sa.Column("deleted_at", Timestamp),
        sa.Column("deleted", sa.String(36), nullable=False, server_default=""),
    ]


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _foreign(name: str, table: str, target: str, key: str, nullable: bool) -> sa.Column[str]:
    reference = sa.ForeignKey(f"{target}.id", name=f"fk_{table}_{key}")
    return sa.Column(name, sa.String(36), reference, nullable=nullable)


def _networks(prefix: str) -> None:
    name = f"{prefix}_networks"
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255)),
        sa.Column("cidr", sa.String(18)),
        sa.Column("gateway", sa.String(15)),
        sa.Column("cidr_v6", sa.String(43)),
        sa.Column("gateway_v6", sa.String(39)),
        sa.Column("dns1", sa.String(39)),
        sa.Column("dns2", sa.String(39)),
        sa.Column("dhcp_server", sa.String(15)),
        sa.Column("allowed_start", sa.String(15)),
        sa.Column("allowed_end", sa.String(15)),
        sa.Column("dhcp_options", sa.JSON, nullable=False),
        sa.Column("bridge", sa.String(15)),
        sa.Column("bridge_interface", sa.String(15), nullable=False),
        sa.Column("vlan", sa.Integer),
        sa.Column("mtu", sa.Integer),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("host", sa.String(255)),
        *map(_flag, ("multi_host", "share_address", "enable_dhcp", "injected")),
        sa.Column("pool_id", sa.BigInteger),
        *_times(),
        *_soft_delete(),
        sa.UniqueConstraint("vlan", "bridge_interface", "deleted", name=f"uq_{name}_vlan"),
    )
    _index(name, "project_id")
    _index(name, "host")


def _ethernet_cards(prefix: str) -> None:
    name = f"{prefix}_ethernet_cards"
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("mac_address", sa.String(17), nullable=False),
        _foreign("network_id", name, f"{prefix}_networks", "network", nullable=True),
        sa.Column("project_id", sa.String(255), nullable=False),
        sa.Column("instance_id", sa.String(36)),
        sa.Column("host", sa.String(255)),
        sa.Column("hostname", sa.String(255)),
        sa.Column("status", sa.String(16), nullable=False),
        _flag("default_route"),
        *_times(),
        *_soft_delete(),
        sa.UniqueConstraint("mac_address", "deleted", name=f"uq_{name}_mac_address"),
    )
    for column in ("network_id", "project_id", "instance_id", "host"):
        _index(name, column)


def _fixed_ips(prefix: str, name: str) -> None:
    _table(
        name,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("address", sa.String(39), nullable=False),
        sa.Column("version", sa.SmallInteger, nullable=False),
        _foreign("network_id", name, f"{prefix}_networks", "network", nullable=False),
        _foreign("ethernet_card_id", name, f"{prefix}_ethernet_cards", "card", nullable=True),
        sa.Column("project_id", sa.String(255)),
        sa.Column("host", sa.String(255)),
        _flag("reserved"),
        _flag("leased"),
        *_times(),
        sa.UniqueConstraint("network_id", "address", name=f"uq_{name}_address"),
        sa.UniqueConstraint("network_id", "host", name=f"uq_{name}_host"),
    )
    for column in ("address", "ethernet_card_id", "project_id"):
        _index(name, column)


def _floating(prefix: str, fixed_ips: str) -> None:
    ranges, ips = f"{prefix}_floating_ranges", f"{prefix}_floating_ips"
    _table(
        ranges,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("pool", sa.String(255), nullable=False),
        sa.Column("cidr", sa.String(18), nullable=False),
        sa.Column("interface", sa.String(15), nullable=False),
        sa.Column("pool_id", sa.BigInteger, nullable=False),
        *_times(),
        sa.UniqueConstraint("cidr", name=f"uq_{ranges}_cidr"),
    )
    _index(ranges, "pool")
    _table(
        ips,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("address", sa.String(15), nullable=False),
        _foreign("range_id", ips, ranges, "range", nullable=False),
        sa.Column("project_id", sa.String(255), nullable=False),
        _foreign("fixed_ip_id", ips, fixed_ips, "fixed_ip", nullable=True),
        _flag("auto_assigned"),
        *_times(),
        sa.UniqueConstraint("address", name=f"uq_{ips}_address"),
    )
    for column in ("range_id", "project_id", "fixed_ip_id"):
        _index(ips, column)


def _locks(prefix: str) -> None:
    name = f"{prefix}_locks"
    _table(name, sa.Column("name", sa.String(320), primary_key=True))
    locks = sa.table(name, sa.column("name", sa.String))
    there = set(op.get_bind().scalars(sa.select(locks.c.name)))
    missing = [{"name": row} for row in ("networks", "floating_ranges") if row not in there]
    op.bulk_insert(locks, missing)
