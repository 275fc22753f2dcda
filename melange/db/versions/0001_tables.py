"""All tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from melange.db.columns import AnyInteger, Identifier, LongText
from netkit.pool import Timestamp, WideInteger
from netkit.schema import TABLE_OPTIONS

revision = "0001"
down_revision = None

_ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    # MariaDB commits each statement: what an upgrade that broke off made is there already.
    _create_audit_records()
    _create_block_spaces()
    _create_idempotency_keys()
    _create_interfaces()
    _create_melange_pools()
    _create_policies()
    _create_quotas()
    _create_secrets()
    _create_tags()
    _create_webhooks()
    _create_ip_blocks()
    _create_ip_octets()
    _create_ip_ranges()
    _create_mac_address_ranges()
    _create_melange_pool_ranges()
    _create_melange_pool_resting()
    _create_webhook_deliveries()
    _create_dhcp_options()
    _create_ip_addresses()
    _create_ip_block_usage()
    _create_ip_routes()
    _create_mac_addresses()
    _create_allowed_ips()
    _create_ip_nats()


def _create_audit_records() -> None:
    op.create_table(
        "audit_records",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("at", Timestamp, nullable=False),
        sa.Column("request_id", sa.String(64), nullable=False),
        sa.Column("user_id", sa.String(255)),
        sa.Column("caller_tenant_id", sa.String(255)),
        sa.Column("tenant_id", sa.String(255)),
        sa.Column("action", sa.String(32), nullable=False),
        sa.Column("resource", sa.String(32), nullable=False),
        sa.Column("resource_id", sa.String(255), nullable=False),
        sa.Column("before", sa.Text()),
        sa.Column("after", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_audit_records_at", "audit_records", ["at"], if_not_exists=True)
    op.create_index(
        "ix_audit_records_resource", "audit_records", ["resource_id", "id"], if_not_exists=True
    )
    op.create_index(
        "ix_audit_records_tenant", "audit_records", ["tenant_id", "id"], if_not_exists=True
    )


def _create_block_spaces() -> None:
    op.create_table(
        "block_spaces",
        sa.Column("name", sa.String(300), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status", sa.SmallInteger()),
        sa.Column("headers", sa.Text()),
        sa.Column("body", LongText),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_idempotency_keys_created", "idempotency_keys", ["created_at"], if_not_exists=True
    )


def _create_interfaces() -> None:
    op.create_table(
        "interfaces",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("vif_id", sa.String(255)),
        sa.Column("tenant_id", sa.String(255), nullable=False),
        sa.Column("anonymous_tenant", sa.String(255)),
        sa.Column("device_id", sa.String(255)),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("anonymous_tenant", name="uniq_interfaces0anonymous_tenant"),
        sa.UniqueConstraint("vif_id", name="uniq_interfaces0vif_id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_interfaces_device", "interfaces", ["device_id"], if_not_exists=True)
    op.create_index("ix_interfaces_tenant", "interfaces", ["tenant_id", "id"], if_not_exists=True)


def _create_melange_pools() -> None:
    op.create_table(
        "melange_pools",
        sa.Column("id", _ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.Column("stripe", WideInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("name", name="uniq_melange_pools0name"),
        **TABLE_OPTIONS,
        sqlite_autoincrement=True,
        if_not_exists=True,
    )


def _create_policies() -> None:
    op.create_table(
        "policies",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("tenant_id", sa.String(255), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("keep_deallocated_ips_for_days", sa.Integer()),
        sa.Column("ipv4_generator", sa.String(255)),
        sa.Column("ipv6_generator", sa.String(255)),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_policies_tenant", "policies", ["tenant_id", "id"], if_not_exists=True)


def _create_quotas() -> None:
    op.create_table(
        "quotas",
        sa.Column("tenant_id", sa.String(255), nullable=False),
        sa.Column("resource", sa.String(32), nullable=False),
        sa.Column("limit", sa.BigInteger()),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "resource"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_secrets() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("name"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_tags() -> None:
    op.create_table(
        "tags",
        sa.Column("resource", sa.String(16), nullable=False),
        sa.Column("resource_id", Identifier, nullable=False),
        sa.Column("tag", sa.String(60), nullable=False),
        sa.PrimaryKeyConstraint("resource", "resource_id", "tag"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_tags_tag", "tags", ["tag", "resource"], if_not_exists=True)


def _create_webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("tenant_id", sa.String(255)),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("secret", sa.String(255), nullable=False),
        sa.Column("events", sa.Text(), nullable=False),
        sa.Column("not_before", Timestamp, nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_webhooks_tenant", "webhooks", ["tenant_id", "id"], if_not_exists=True)


def _create_ip_blocks() -> None:
    op.create_table(
        "ip_blocks",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("tenant_id", sa.String(255), nullable=False),
        sa.Column("network_id", sa.String(255)),
        sa.Column("type", sa.String(7), nullable=False),
        sa.Column("cidr", sa.String(49), nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.Column("gateway", sa.String(45)),
        sa.Column("dns1", sa.String(255)),
        sa.Column("dns2", sa.String(255)),
        sa.Column("policy_id", Identifier),
        sa.Column("parent_id", Identifier),
        sa.Column("priority", sa.Integer(), server_default="0", nullable=False),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("pool_id", _ROW_ID, nullable=False),
        sa.Column("subnetted", sa.Boolean(), nullable=False),
        sa.Column("drawing", sa.String(10), nullable=False),
        sa.Column("reserved", WideInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"],
            ["ip_blocks.id"],
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["policies.id"],
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"],
            ["melange_pools.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_ip_blocks_network", "ip_blocks", ["network_id"], if_not_exists=True)
    op.create_index("ix_ip_blocks_parent", "ip_blocks", ["parent_id", "last"], if_not_exists=True)
    op.create_index(
        "ix_ip_blocks_place", "ip_blocks", ["type", "version", "last"], if_not_exists=True
    )
    op.create_index("ix_ip_blocks_policy", "ip_blocks", ["policy_id"], if_not_exists=True)
    op.create_index("ix_ip_blocks_tenant", "ip_blocks", ["tenant_id", "id"], if_not_exists=True)


def _create_ip_octets() -> None:
    op.create_table(
        "ip_octets",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("policy_id", Identifier, nullable=False),
        sa.Column("octet", sa.Integer(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_ip_octets_policy", "ip_octets", ["policy_id", "id"], if_not_exists=True)


def _create_ip_ranges() -> None:
    op.create_table(
        "ip_ranges",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("policy_id", Identifier, nullable=False),
        sa.Column("offset", AnyInteger, nullable=False),
        sa.Column("length", AnyInteger, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_ip_ranges_policy", "ip_ranges", ["policy_id", "id"], if_not_exists=True)


def _create_mac_address_ranges() -> None:
    op.create_table(
        "mac_address_ranges",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("cidr", sa.String(20), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("pool_id", _ROW_ID, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"],
            ["melange_pools.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_melange_pool_ranges() -> None:
    op.create_table(
        "melange_pool_ranges",
        sa.Column("pool_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("first", WideInteger, nullable=False),
        sa.Column("last", WideInteger, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"],
            ["melange_pools.id"],
        ),
        sa.PrimaryKeyConstraint("pool_id", "last"),
        **TABLE_OPTIONS,
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )


def _create_melange_pool_resting() -> None:
    op.create_table(
        "melange_pool_resting",
        sa.Column("pool_id", _ROW_ID, autoincrement=False, nullable=False),
        sa.Column("value", WideInteger, nullable=False),
        sa.Column("until", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["pool_id"],
            ["melange_pools.id"],
        ),
        sa.PrimaryKeyConstraint("pool_id", "value"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_melange_pool_resting_until",
        "melange_pool_resting",
        ["until", "pool_id"],
        if_not_exists=True,
    )


def _create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("webhook_id", Identifier, nullable=False),
        sa.Column("event_type", sa.String(255), nullable=False),
        sa.Column("body", LongText, nullable=False),
        sa.Column("state", sa.String(9), nullable=False),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("next_attempt_at", Timestamp),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_webhook_deliveries_due",
        "webhook_deliveries",
        ["webhook_id", "next_attempt_at"],
        if_not_exists=True,
    )
    op.create_index(
        "ix_webhook_deliveries_state",
        "webhook_deliveries",
        ["state", "updated_at"],
        if_not_exists=True,
    )
    op.create_index(
        "ix_webhook_deliveries_webhook",
        "webhook_deliveries",
        ["webhook_id", "id"],
        if_not_exists=True,
    )


def _create_dhcp_options() -> None:
    op.create_table(
        "dhcp_options",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("ip_block_id", Identifier, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["ip_block_id"], ["ip_blocks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ip_block_id", "number", name="uniq_dhcp_options"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_ip_addresses() -> None:
    op.create_table(
        "ip_addresses",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("ip_block_id", Identifier, nullable=False),
        sa.Column("value", WideInteger, nullable=False),
        sa.Column("version", sa.SmallInteger(), nullable=False),
        sa.Column("interface_id", Identifier),
        sa.Column("used_by_tenant_id", sa.String(255)),
        sa.Column("deallocated_at", Timestamp),
        sa.Column("quarantined_until", Timestamp),
        sa.Column("holder_id", Identifier),
        sa.Column("floating", sa.Boolean(), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["holder_id"], ["interfaces.id"], ondelete="SET NULL"),
        sa.ForeignKeyConstraint(
            ["interface_id"],
            ["interfaces.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ip_block_id", "value", name="uniq_ip_addresses0ip_block_id0value"),
        **TABLE_OPTIONS,
        postgresql_with={"fillfactor": "90"},
        if_not_exists=True,
    )
    op.create_index(
        "ix_ip_addresses_block", "ip_addresses", ["ip_block_id", "id"], if_not_exists=True
    )
    op.create_index(
        "ix_ip_addresses_holder",
        "ip_addresses",
        ["holder_id"],
        postgresql_where=sa.text("holder_id IS NOT NULL"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_ip_addresses_interface", "ip_addresses", ["interface_id"], if_not_exists=True
    )
    op.create_index(
        "ix_ip_addresses_quarantine",
        "ip_addresses",
        ["ip_block_id", "quarantined_until"],
        postgresql_where=sa.text("quarantined_until IS NOT NULL"),
        if_not_exists=True,
    )
    op.create_index(
        "ix_ip_addresses_tenant", "ip_addresses", ["used_by_tenant_id", "id"], if_not_exists=True
    )
    op.create_index("ix_ip_addresses_value", "ip_addresses", ["value"], if_not_exists=True)


def _create_ip_block_usage() -> None:
    op.create_table(
        "ip_block_usage",
        sa.Column("ip_block_id", Identifier, nullable=False),
        sa.Column("tenant_id", sa.String(255), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("allocated", sa.BigInteger(), nullable=False),
        sa.Column("quarantined", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("ip_block_id", "tenant_id", "slot"),
        **TABLE_OPTIONS,
        postgresql_with={"fillfactor": "50"},
        if_not_exists=True,
    )
    op.create_index("ix_ip_block_usage_tenant", "ip_block_usage", ["tenant_id"], if_not_exists=True)


def _create_ip_routes() -> None:
    op.create_table(
        "ip_routes",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("source_block_id", Identifier, nullable=False),
        sa.Column("destination", sa.String(255), nullable=False),
        sa.Column("netmask", sa.String(255)),
        sa.Column("gateway", sa.String(255), nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["source_block_id"], ["ip_blocks.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_ip_routes_block", "ip_routes", ["source_block_id", "id"], if_not_exists=True
    )


def _create_mac_addresses() -> None:
    op.create_table(
        "mac_addresses",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("address", sa.BigInteger(), nullable=False),
        sa.Column("interface_id", Identifier, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["interface_id"], ["interfaces.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("address", name="uniq_mac_addresses0address"),
        sa.UniqueConstraint("interface_id", name="uniq_mac_addresses0interface_id"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )


def _create_allowed_ips() -> None:
    op.create_table(
        "allowed_ips",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("ip_address_id", Identifier, nullable=False),
        sa.Column("interface_id", Identifier, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(["interface_id"], ["interfaces.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["ip_address_id"], ["ip_addresses.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("ip_address_id", "interface_id", name="uniq_allowed_ips"),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index("ix_allowed_ips_interface", "allowed_ips", ["interface_id"], if_not_exists=True)


def _create_ip_nats() -> None:
    op.create_table(
        "ip_nats",
        sa.Column("id", Identifier, nullable=False),
        sa.Column("inside_local_address_id", Identifier, nullable=False),
        sa.Column("inside_global_address_id", Identifier, nullable=False),
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
        sa.ForeignKeyConstraint(
            ["inside_global_address_id"], ["ip_addresses.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["inside_local_address_id"], ["ip_addresses.id"], ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint(
            "inside_local_address_id", "inside_global_address_id", name="uniq_ip_nats"
        ),
        **TABLE_OPTIONS,
        if_not_exists=True,
    )
    op.create_index(
        "ix_ip_nats_global", "ip_nats", ["inside_global_address_id"], if_not_exists=True
    )
