"""What a network is on the wire: a bridge, for the vlan service on a VLAN of an interface.

VLAN ids are drawn from one pool for each interface. Without an interface (one host alone) the id is
drawn all the same: it names the bridge."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from netkit.pool import OutsidePool, Pools, ValueResting, ValueTaken
from nova_netplugins import errors
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.traits import Traits

HIGHEST_VLAN = 4094


class Segments:
    def __init__(self, traits: Traits, pools: Pools, options: cfg.GroupAttr) -> None:
        self._traits = traits
        self._pools = pools
        self._options = options

    def draw(self, conn: sa.Connection, spec: NetworkSpec, index: int) -> dict[str, Any]:
        """The columns ``vlan``, ``bridge`` and ``bridge_interface`` of the spec's network number
        ``index``."""
        options = self._options
        self._refuse_foreign(spec)
        if not self._traits.own_networks:
            return {
                "vlan": None,
                "bridge": self.bridge(spec),
                "bridge_interface": spec.bridge_interface or options.flat_interface or "",
            }
        interface = spec.bridge_interface or options.vlan_interface or ""
        pool_id = self._pool(conn, interface)
        where = f" on {interface}" if interface else ""
        if spec.vlan is None:
            start = spec.vlan_start if spec.vlan_start is not None else options.vlan_start
            vlan = self._next(conn, pool_id, start, where)
        else:
            vlan = self._take(conn, pool_id, spec.vlan + index, where)
        return {"vlan": vlan, "bridge": f"br{vlan}", "bridge_interface": interface}

    def bridge(self, spec: NetworkSpec) -> str | None:
        """The bridge that the operator chose; None where each network has one of its own."""
        if self._traits.own_networks:
            return None
        return str(spec.bridge or self._options.flat_network_bridge)

    def _refuse_foreign(self, spec: NetworkSpec) -> None:
        own = self._traits.own_networks
        reason = "their bridges are named by VLAN" if own else "they have no VLANs"
        for name in ("bridge",) if own else ("vlan", "vlan_start"):
            if (value := getattr(spec, name)) is not None:
                told = f"networks of {self._traits.name} cannot have it: {reason}"
                raise errors.InvalidOption(field=name, value=value, reason=told)

    def release(self, conn: sa.Connection, network: sa.RowMapping) -> None:
        if network["vlan"] is not None:
            pool_id = self._pool(conn, network["bridge_interface"])
            self._pools.release(conn, pool_id, [network["vlan"]], None)

    def _pool(self, conn: sa.Connection, interface: str) -> int:
        return self._pools.ensure(conn, f"vlan:{interface}", 1, HIGHEST_VLAN)

    def _take(self, conn: sa.Connection, pool_id: int, vlan: int, where: str) -> int:
        _require_vlan("vlan", vlan)
        try:
            self._pools.take(conn, pool_id, vlan)
        except (ValueTaken, ValueResting, OutsidePool):
            raise errors.VlanInUse(field="vlan", value=vlan, where=where) from None
        return vlan

    def _next(self, conn: sa.Connection, pool_id: int, start: int, where: str) -> int:
        """The lowest free VLAN from ``start`` on. The caller holds the lock on networks: nobody
        else takes it."""
        _require_vlan("vlan_start", start)
        vlan = self._pools.lowest_free(conn, pool_id, start)
        if vlan is None:
            raise errors.NoMoreVlans(where=where, first=start, last=HIGHEST_VLAN)
        self._pools.take(conn, pool_id, vlan)
        return vlan


def _require_vlan(field: str, vlan: int) -> None:
    if not 1 <= vlan <= HIGHEST_VLAN:
        raise errors.InvalidVlan(field=field, value=vlan)
