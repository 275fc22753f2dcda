"""Blocks, addresses, interfaces and what hangs on them.

`POOLS` hold what is free: the addresses of each block, the addresses of each MAC range. A value has
a row in `ip_addresses`, or is free in its block's pool, or is excluded there; exactly one of these.
"""

from __future__ import annotations

import sqlalchemy as sa

from melange.db.columns import AnyInteger, Identifier, Name, identifier, reference, times
from netkit.pool import Timestamp, WideInteger, pool_tables
from netkit.schema import TABLE_OPTIONS

metadata = sa.MetaData()

POOLS = pool_tables(metadata, "melange")


def _pool() -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("pool_id", kind, sa.ForeignKey(POOLS.pools.c.id), nullable=False)


policies = sa.Table(
    "policies",
    metadata,
    identifier(),
    sa.Column("tenant_id", Name, nullable=False),
    sa.Column("name", Name, nullable=False),
    sa.Column("description", sa.Text),
    # What the configuration says where a policy doesn't.
    sa.Column("keep_deallocated_ips_for_days", sa.Integer),
    sa.Column("ipv4_generator", Name),
    sa.Column("ipv6_generator", Name),
    *times(),
    sa.Index("ix_policies_tenant", "tenant_id", "id"),
    **TABLE_OPTIONS,
)

ip_ranges = sa.Table(
    "ip_ranges",
    metadata,
    identifier(),
    reference("policy_id", "policies", on_delete="CASCADE"),
    # Of either sign, and of any size that an IPv6 block has.
    sa.Column("offset", AnyInteger, nullable=False),
    sa.Column("length", AnyInteger, nullable=False),
    *times(),
    sa.Index("ix_ip_ranges_policy", "policy_id", "id"),
    **TABLE_OPTIONS,
)

ip_octets = sa.Table(
    "ip_octets",
    metadata,
    identifier(),
    reference("policy_id", "policies", on_delete="CASCADE"),
    sa.Column("octet", sa.Integer, nullable=False),
    *times(),
    sa.Index("ix_ip_octets_policy", "policy_id", "id"),
    **TABLE_OPTIONS,
)

ip_blocks = sa.Table(
    "ip_blocks",
    metadata,
    identifier(),
    sa.Column("tenant_id", Name, nullable=False),
    sa.Column("network_id", Name),
    sa.Column("type", sa.String(7), nullable=False),
    sa.Column("cidr", sa.String(49), nullable=False),
    sa.Column("version", sa.SmallInteger, nullable=False),
    sa.Column("first", WideInteger, nullable=False),
    sa.Column("last", WideInteger, nullable=False),
    sa.Column("gateway", sa.String(45)),
    sa.Column("dns1", Name),
    sa.Column("dns2", Name),
    reference("policy_id", "policies", nullable=True),
    reference("parent_id", "ip_blocks", nullable=True),
    # Of several blocks of a network, the one with the lowest number is drawn from first.
    sa.Column("priority", sa.Integer, nullable=False, server_default="0"),
    # Whether other tenants may draw floating addresses from it.
    sa.Column("shared", sa.Boolean, nullable=False),
    _pool(),
    # Its addresses belong to its subnets: its own pool is empty for good.
    sa.Column("subnetted", sa.Boolean, nullable=False),
    # How addresses are chosen (melange.ipam.blocks.Drawing).
    sa.Column("drawing", sa.String(10), nullable=False),
    # How many values are excluded and have no row in ip_addresses.
    sa.Column("reserved", WideInteger, nullable=False),
    *times(),
    sa.Index("ix_ip_blocks_tenant", "tenant_id", "id"),
    sa.Index("ix_ip_blocks_network", "network_id"),
    sa.Index("ix_ip_blocks_parent", "parent_id", "last"),
    sa.Index("ix_ip_blocks_policy", "policy_id"),
    # Public blocks must not overlap each other; few can lie around any place of the numbers' line.
    sa.Index("ix_ip_blocks_place", "type", "version", "last"),
    **TABLE_OPTIONS,
)

# Whose blocks must not overlap: those of a network, and all the public ones. To add a block to
# such a space one locks its row, which makes the check that nothing overlaps hold until the commit.
block_spaces = sa.Table(
    "block_spaces",
    metadata,
    sa.Column("name", sa.String(300), primary_key=True),
    **TABLE_OPTIONS,
)

interfaces = sa.Table(
    "interfaces",
    metadata,
    identifier(),
    sa.Column("vif_id", Name),
    sa.Column("tenant_id", Name, nullable=False),
    # The tenant, in its one interface for addresses that are asked for without naming one.
    sa.Column("anonymous_tenant", Name),
    sa.Column("device_id", Name),
    *times(),
    sa.UniqueConstraint("vif_id", name="uniq_interfaces0vif_id"),
    sa.UniqueConstraint("anonymous_tenant", name="uniq_interfaces0anonymous_tenant"),
    sa.Index("ix_interfaces_device", "device_id"),
    sa.Index("ix_interfaces_tenant", "tenant_id", "id"),
    **TABLE_OPTIONS,
)

ip_addresses = sa.Table(
    "ip_addresses",
    metadata,
    identifier(),
    # No foreign key, here and in ip_block_usage: each new address would lock the block's row, which
    # costs a fifth of the rate. A block is deleted after its pool is emptied, and that waits for
    # all who have drawn (melange.ipam.deletion).
    sa.Column("ip_block_id", Identifier, nullable=False),
    sa.Column("value", WideInteger, nullable=False),
    sa.Column("version", sa.SmallInteger, nullable=False),
    reference("interface_id", "interfaces", nullable=True),
    sa.Column("used_by_tenant_id", Name),
    # Both set: released, and not to be used again before the second.
    sa.Column("deallocated_at", Timestamp),
    sa.Column("quarantined_until", Timestamp),
    # Of a shared address: the interface that answers for it now.
    reference("holder_id", "interfaces", nullable=True, on_delete="SET NULL"),
    sa.Column("floating", sa.Boolean, nullable=False),
    *times(),
    sa.UniqueConstraint("ip_block_id", "value", name="uniq_ip_addresses0ip_block_id0value"),
    sa.Index("ix_ip_addresses_block", "ip_block_id", "id"),
    sa.Index("ix_ip_addresses_interface", "interface_id"),
    sa.Index("ix_ip_addresses_tenant", "used_by_tenant_id", "id"),
    sa.Index("ix_ip_addresses_value", "value"),
    sa.Index(
        "ix_ip_addresses_holder",
        "holder_id",
        postgresql_where=sa.text("holder_id IS NOT NULL"),
    ),
    sa.Index(
        "ix_ip_addresses_quarantine",
        "ip_block_id",
        "quarantined_until",
        postgresql_where=sa.text("quarantined_until IS NOT NULL"),
    ),
    # Room for the new version of a row in the page of the old one.
    postgresql_with={"fillfactor": "90"},
    **TABLE_OPTIONS,
)

# How many addresses of a block a tenant uses. Kept in the transaction of each change, in one of a
# few rows by chance, so that those who draw from one block do not queue for one row.
ip_block_usage = sa.Table(
    "ip_block_usage",
    metadata,
    sa.Column("ip_block_id", Identifier, nullable=False),
    sa.Column("tenant_id", Name, nullable=False),
    sa.Column("slot", sa.SmallInteger, nullable=False),
    # A row alone may be negative; only the sums mean something.
    sa.Column("allocated", sa.BigInteger, nullable=False),
    sa.Column("quarantined", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("ip_block_id", "tenant_id", "slot"),
    sa.Index("ix_ip_block_usage_tenant", "tenant_id"),
    postgresql_with={"fillfactor": "50"},
    **TABLE_OPTIONS,
)

mac_address_ranges = sa.Table(
    "mac_address_ranges",
    metadata,
    identifier(),
    sa.Column("cidr", sa.String(20), nullable=False),
    sa.Column("first", sa.BigInteger, nullable=False),
    sa.Column("last", sa.BigInteger, nullable=False),
    _pool(),
    *times(),
    **TABLE_OPTIONS,
)

mac_addresses = sa.Table(
    "mac_addresses",
    metadata,
    identifier(),
    sa.Column("address", sa.BigInteger, nullable=False),
    reference("interface_id", "interfaces", on_delete="CASCADE"),
    *times(),
    sa.UniqueConstraint("address", name="uniq_mac_addresses0address"),
    sa.UniqueConstraint("interface_id", name="uniq_mac_addresses0interface_id"),
    **TABLE_OPTIONS,
)

allowed_ips = sa.Table(
    "allowed_ips",
    metadata,
    identifier(),
    reference("ip_address_id", "ip_addresses", on_delete="CASCADE"),
    reference("interface_id", "interfaces", on_delete="CASCADE"),
    *times(),
    sa.UniqueConstraint("ip_address_id", "interface_id", name="uniq_allowed_ips"),
    sa.Index("ix_allowed_ips_interface", "interface_id"),
    **TABLE_OPTIONS,
)

ip_nats = sa.Table(
    "ip_nats",
    metadata,
    identifier(),
    reference("inside_local_address_id", "ip_addresses", on_delete="CASCADE"),
    reference("inside_global_address_id", "ip_addresses", on_delete="CASCADE"),
    *times(),
    sa.UniqueConstraint("inside_local_address_id", "inside_global_address_id", name="uniq_ip_nats"),
    sa.Index("ix_ip_nats_global", "inside_global_address_id"),
    **TABLE_OPTIONS,
)

ip_routes = sa.Table(
    "ip_routes",
    metadata,
    identifier(),
    reference("source_block_id", "ip_blocks", on_delete="CASCADE"),
    sa.Column("destination", Name, nullable=False),
    sa.Column("netmask", Name),
    sa.Column("gateway", Name, nullable=False),
    *times(),
    sa.Index("ix_ip_routes_block", "source_block_id", "id"),
    **TABLE_OPTIONS,
)

dhcp_options = sa.Table(
    "dhcp_options",
    metadata,
    identifier(),
    reference("ip_block_id", "ip_blocks", on_delete="CASCADE"),
    sa.Column("number", sa.Integer, nullable=False),
    sa.Column("value", sa.Text, nullable=False),
    *times(),
    sa.UniqueConstraint("ip_block_id", "number", name="uniq_dhcp_options"),
    **TABLE_OPTIONS,
)

quotas = sa.Table(
    "quotas",
    metadata,
    sa.Column("tenant_id", Name, nullable=False),
    sa.Column("resource", sa.String(32), nullable=False),
    # -1: any number. None: as configured; the row is there to be locked by who adds to it.
    sa.Column("limit", sa.BigInteger),
    *times(),
    sa.PrimaryKeyConstraint("tenant_id", "resource"),
    **TABLE_OPTIONS,
)

tags = sa.Table(
    "tags",
    metadata,
    sa.Column("resource", sa.String(16), nullable=False),
    sa.Column("resource_id", Identifier, nullable=False),
    sa.Column("tag", sa.String(60), nullable=False),
    sa.PrimaryKeyConstraint("resource", "resource_id", "tag"),
    sa.Index("ix_tags_tag", "tag", "resource"),
    **TABLE_OPTIONS,
)
