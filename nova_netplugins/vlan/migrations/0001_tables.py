"""Networks, ethernet cards, addresses and the pools that they are drawn from."""

from __future__ import annotations

from nova_netplugins.ethernet.revision_0001 import create_tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    create_tables("vlan", fixed_ips="fixed_ips", floating=True)
