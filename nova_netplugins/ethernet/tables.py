"""The tables of an Ethernet network service, made once for each service under its own prefix.

Core tables and not classes: three services have the same shape under different names, and
allocation is the hot path. Address rows exist for drawn addresses only; what is free is in the pool
tables (``netkit.pool``)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from netkit.pool import PoolTables, Timestamp, pool_tables
from netkit.schema import TABLE_OPTIONS


@dataclass(frozen=True)
class EthernetTables:
    """``fixed_ips`` is named ``ip_addresses`` in the flat service; ``floating_*`` are None without
    floating IPs.

    ``locks`` has a row for each thing of which one must be made at a time, because no unique key
    can say that CIDRs do not overlap, or how many addresses a project may have."""

    metadata: sa.MetaData
    pools: PoolTables
    locks: sa.Table
    networks: sa.Table
    ethernet_cards: sa.Table
    fixed_ips: sa.Table
    floating_ranges: sa.Table | None
    floating_ips: sa.Table | None


def build(prefix: str, fixed_ips: str = "fixed_ips", floating: bool = True) -> EthernetTables:
    """The tables of service ``prefix``, on a MetaData of their own."""
    metadata = sa.MetaData()
    pools = pool_tables(metadata, prefix)
    networks = _networks(metadata, prefix)
    cards = _ethernet_cards(metadata, prefix)
    return EthernetTables(
        metadata=metadata,
        pools=pools,
        locks=sa.Table(
            f"{prefix}_locks",
            metadata,
            sa.Column("name", sa.String(320), primary_key=True),
            **TABLE_OPTIONS,
        ),
        networks=networks,
        ethernet_cards=cards,
        fixed_ips=_fixed_ips(metadata, prefix, fixed_ips),
        floating_ranges=_floating_ranges(metadata, prefix) if floating else None,
        floating_ips=_floating_ips(metadata, prefix) if floating else None,
    )


def _times() -> list[sa.Column[object]]:
    return [
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp),
    ]


def _soft_delete() -> list[sa.Column[object]]:
    """``deleted`` is '' or the row's own id, so that unique keys hold among the living rows
    only."""
    return [
        sa.Column("deleted_at", Timestamp),
        sa.Column("deleted", sa.String(36), nullable=False, default="", server_default=""),
    ]


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


def _networks(metadata: sa.MetaData, prefix: str) -> sa.Table:
    return sa.Table(
        f"{prefix}_networks",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("label", sa.String(255), nullable=False),
        sa.Column("project_id", sa.String(255), index=True),
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
        sa.Column("host", sa.String(255), index=True),
        _flag("multi_host"),
        _flag("share_address"),
        _flag("enable_dhcp"),
        _flag("injected"),
        sa.Column("pool_id", sa.BigInteger),
        *_times(),
        *_soft_delete(),
        sa.UniqueConstraint(
            "vlan", "bridge_interface", "deleted", name=f"uq_{prefix}_networks_vlan"
        ),
        **TABLE_OPTIONS,
    )


def _ethernet_cards(metadata: sa.MetaData, prefix: str) -> sa.Table:
    name = f"{prefix}_ethernet_cards"
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("mac_address", sa.String(17), nullable=False),
        sa.Column(
            "network_id",
            sa.String(36),
            sa.ForeignKey(f"{prefix}_networks.id", name=f"fk_{name}_network"),
            index=True,
        ),
        sa.Column("project_id", sa.String(255), nullable=False, index=True),
        sa.Column("instance_id", sa.String(36), index=True),
        sa.Column("host", sa.String(255), index=True),
        sa.Column("hostname", sa.String(255)),
        sa.Column("status", sa.String(16), nullable=False),
        _flag("default_route"),
        *_times(),
        *_soft_delete(),
        sa.UniqueConstraint("mac_address", "deleted", name=f"uq_{name}_mac_address"),
        **TABLE_OPTIONS,
    )


def _fixed_ips(metadata: sa.MetaData, prefix: str, noun: str) -> sa.Table:
    name = f"{prefix}_{noun}"
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("address", sa.String(39), nullable=False, index=True),
        sa.Column("version", sa.SmallInteger, nullable=False),
        sa.Column(
            "network_id",
            sa.String(36),
            sa.ForeignKey(f"{prefix}_networks.id", name=f"fk_{name}_network"),
            nullable=False,
        ),
        sa.Column(
            "ethernet_card_id",
            sa.String(36),
            sa.ForeignKey(f"{prefix}_ethernet_cards.id", name=f"fk_{name}_card"),
            index=True,
        ),
        sa.Column("project_id", sa.String(255), index=True),
        sa.Column("host", sa.String(255)),
        _flag("reserved"),
        _flag("leased"),
        *_times(),
        sa.UniqueConstraint("network_id", "address", name=f"uq_{name}_address"),
        # Each host has one address for itself; all others have no host here, and never clash.
        sa.UniqueConstraint("network_id", "host", name=f"uq_{name}_host"),
        **TABLE_OPTIONS,
    )


def _floating_ranges(metadata: sa.MetaData, prefix: str) -> sa.Table:
    return sa.Table(
        f"{prefix}_floating_ranges",
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("pool", sa.String(255), nullable=False, index=True),
        sa.Column("cidr", sa.String(18), nullable=False),
        sa.Column("interface", sa.String(15), nullable=False),
        sa.Column("pool_id", sa.BigInteger, nullable=False),
        *_times(),
        sa.UniqueConstraint("cidr", name=f"uq_{prefix}_floating_ranges_cidr"),
        **TABLE_OPTIONS,
    )


def _floating_ips(metadata: sa.MetaData, prefix: str) -> sa.Table:
    name = f"{prefix}_floating_ips"
    return sa.Table(
        name,
        metadata,
        sa.Column("id", sa.String(36), primary_key=True),
        sa.Column("address", sa.String(15), nullable=False),
        sa.Column(
            "range_id",
            sa.String(36),
            sa.ForeignKey(f"{prefix}_floating_ranges.id", name=f"fk_{name}_range"),
            nullable=False,
            index=True,
        ),
        sa.Column("project_id", sa.String(255), nullable=False, index=True),
        sa.Column(
            "fixed_ip_id",
            sa.String(36),
            sa.ForeignKey(f"{prefix}_fixed_ips.id", name=f"fk_{name}_fixed_ip"),
            index=True,
        ),
        _flag("auto_assigned"),
        *_times(),
        sa.UniqueConstraint("address", name=f"uq_{name}_address"),
        **TABLE_OPTIONS,
    )
