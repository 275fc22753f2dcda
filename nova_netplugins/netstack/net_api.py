"""The net-api of netstack."""

from __future__ import annotations

from nova_netplugins.netstack.base import Operations


class NetstackNetApi(Operations):
    """``plugin.NetApi``, and what netstack's REST routes and its management tool need besides."""
