"""Making networks: from a wish to rows, each with its pool of addresses and its segment."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception as db_exc

from netkit.pool import Pools
from nova_netplugins import errors
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.ethernet.segments import Segments
from nova_netplugins.ethernet.specs import NetworkSpec
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.host.dhcp.fitting import check_fit
from nova_netplugins.host.errors import HostError

_ONLY_V4 = ("gateway", "dhcp_server", "allowed_start", "allowed_end", "fixed_cidr", "network_size")
_ONLY_SERVED = ("dhcp_server", "multi_host", "share_address")


class NetworkMaker:
    """Within the caller's transaction, which holds the lock on networks."""

    def __init__(
        self,
        traits: Traits,
        networks: sa.Table,
        pools: Pools,
        segments: Segments,
        options: cfg.GroupAttr,
        transit_range: str,
    ) -> None:
        # Routers have addresses of it: a network with the same would not find its way out.
        self._transit = (
            [(planning.IPv4(transit_range), "the option transit_range of [gateway]")]
            if traits.serves
            else []
        )
        self._traits = traits
        self._networks = networks
        self._pools = pools
        self._segments = segments
        self._options = options

    def make(self, conn: sa.Connection, spec: NetworkSpec) -> list[str]:
        """The ids of the networks of the spec, in order; all are made or none."""
        self._refuse_contradictions(spec)
        v4, v6 = self._subnets(conn, spec)
        made = []
        for index in range(max(len(v4), len(v6))):
            net4 = v4[index] if index < len(v4) else None
            net6 = v6[index] if index < len(v6) else None
            made.append(self._insert(conn, self._values(conn, spec, index, net4, net6)))
        return made

    def refuse_overlap(self, conn: sa.Connection, network: Row, project_id: str | None) -> None:
        """Raises CidrConflict if the network could not be this project's, because of others that
        one instance could have beside it."""
        meets = self._meets(project_id, network["bridge"], network["id"])
        for family, parse in (("cidr", planning.IPv4), ("cidr_v6", planning.IPv6)):
            if network[family] is None:
                continue
            wanted: Any = parse(network[family])
            for row in self._with(conn, family, meets):
                if wanted.overlaps(parse(row[family])):
                    raise _conflict(family, wanted, row)

    # -- what is wished for --------------------------------------------------------------------

    def _refuse_contradictions(self, spec: NetworkSpec) -> None:
        if spec.cidr is None and spec.cidr_v6 is None:
            raise _refused(spec, "cidr", "give a cidr, a cidr_v6 or both")
        if spec.num_networks < 1:
            raise _refused(spec, "num_networks", "the least is 1")
        if spec.num_networks > 1 and spec.id is not None:
            raise _refused(spec, "id", "only one network can have it")
        if spec.cidr_v6 is None and spec.gateway_v6 is not None:
            raise _refused(spec, "gateway_v6", "it needs a cidr_v6")
        for name in _ONLY_V4:
            if spec.cidr is None and getattr(spec, name) is not None:
                raise _refused(spec, name, "it needs a cidr")
        for name in _ONLY_SERVED:
            if not self._traits.serves and getattr(spec, name):
                reason = f"{self._traits.name} has no DHCP server and no gateway of its own"
                raise _refused(spec, name, reason)
        if spec.vlan is not None and spec.vlan_start is not None:
            raise _refused(spec, "vlan_start", f"vlan {spec.vlan} is given too; give one of them")
        if spec.share_address and not self._is_multi_host(spec):
            raise _refused(spec, "share_address", "it needs multi_host, which the network has not")
        if spec.share_address and self._options.interface_driver != "linuxbridge":
            reason = "hosts that share an address need interface_driver = linuxbridge"
            raise _refused(spec, "share_address", reason)
        refuse_dhcp_options(spec.dhcp_options)
        planning.refuse_small_mtu(spec.mtu, spec.cidr_v6)

    def _subnets(
        self, conn: sa.Connection, spec: NetworkSpec
    ) -> tuple[list[planning.IPv4], list[planning.IPv6]]:
        meets = self._meets(spec.project_id, self._segments.bridge(spec))
        v4: list[planning.IPv4] = []
        v6: list[planning.IPv6] = []
        if spec.cidr is not None:
            whole = planning.parse_v4(spec.cidr)
            neighbours = [
                (planning.IPv4(row["cidr"]), f"network {row['id']}")
                for row in self._with(conn, "cidr", meets)
            ]
            taken = neighbours + self._transit
            v4 = planning.split_v4(whole, spec.num_networks, spec.network_size, taken)
        if spec.cidr_v6 is not None:
            v6 = planning.split_v6(planning.parse_v6(spec.cidr_v6), spec.num_networks)
            for row in self._with(conn, "cidr_v6", meets):
                for net in v6:
                    if net.overlaps(planning.IPv6(row["cidr_v6"])):
                        raise _conflict("cidr_v6", net, row)
        return v4, v6

    def _meets(
        self, project_id: str | None, bridge: str | None, but_for: str = ""
    ) -> sa.ColumnElement[bool]:
        """The networks that an instance, or a wire, could have beside one of this project: two of
        these must not overlap. Networks of two projects may, each on its own VLAN or bridge."""
        table = self._networks
        others = sa.and_(table.c.deleted == "", table.c.id != but_for)
        if project_id is None:
            return others
        beside = [table.c.project_id == project_id, table.c.project_id.is_(None)]
        if bridge is not None and not self._traits.own_networks:
            beside.append(table.c.bridge == bridge)
        return sa.and_(others, sa.or_(*beside))

    def _with(self, conn: sa.Connection, family: str, where: sa.ColumnElement[bool]) -> list[Row]:
        query = sa.select(self._networks).where(where, self._networks.c[family].is_not(None))
        return list(conn.execute(query).mappings())

    # -- rows ----------------------------------------------------------------------------------

    def _values(
        self,
        conn: sa.Connection,
        spec: NetworkSpec,
        index: int,
        net4: planning.IPv4 | None,
        net6: planning.IPv6 | None,
    ) -> dict[str, Any]:
        options = self._options
        number = "" if spec.num_networks == 1 else f"_{index}"
        values = {
            "id": spec.id.lower() if spec.id else str(uuid.uuid4()),
            "label": spec.label[: 255 - len(number)] + number,
            "project_id": spec.project_id,
            "dns1": spec.dns1 or options.flat_network_dns,
            "dns2": spec.dns2,
            "dhcp_options": dict(spec.dhcp_options),
            "mtu": spec.mtu,
            "priority": spec.priority,
            "multi_host": self._is_multi_host(spec),
            "share_address": bool(spec.share_address),
            "enable_dhcp": spec.enable_dhcp and self._traits.serves,
            "injected": not self._traits.serves and options.flat_injected,
            "created_at": utcnow(),
            "deleted": "",
        }
        values |= self._v4_values(conn, spec, net4) if net4 is not None else {}
        values |= self._v6_values(spec, net6) if net6 is not None else {}
        return values | self._segments.draw(conn, spec, index)

    def _is_multi_host(self, spec: NetworkSpec) -> bool:
        if spec.multi_host is not None:
            return spec.multi_host
        return bool(self._traits.serves and self._options.multi_host)

    def _v4_values(
        self, conn: sa.Connection, spec: NetworkSpec, net: planning.IPv4
    ) -> dict[str, Any]:
        start, end = _allowed(spec, net)
        if spec.gateway is not None:
            gateway = planning.host_in(spec.gateway, net, "gateway")
        else:
            first = net.network_address + 1
            wished = spec.allowed_start and start
            gateway = str(max(first, ipaddress.IPv4Address(wished)) if wished else first)
        server = spec.dhcp_server and planning.host_in(spec.dhcp_server, net, "dhcp_server")
        server = server or gateway
        bounds = planning.pool_bounds(net, start, end, {gateway, server})
        pool_id = self._pools.create(
            conn, bounds.first, bounds.last, excluded=list(bounds.excluded)
        )
        return {
            "cidr": str(net),
            "gateway": gateway,
            "dhcp_server": server,
            "allowed_start": start,
            "allowed_end": end,
            "pool_id": pool_id,
        }

    def _v6_values(self, spec: NetworkSpec, net: planning.IPv6) -> dict[str, Any]:
        if spec.gateway_v6 is not None:
            gateway = planning.host_in(spec.gateway_v6, net, "gateway_v6")
        else:
            gateway = str(net.network_address + 1)
        return {"cidr_v6": str(net), "gateway_v6": gateway}

    def _insert(self, conn: sa.Connection, values: dict[str, Any]) -> str:
        try:
            conn.execute(self._networks.insert().values(values))
        except db_exc.DBDuplicateEntry:
            # VLANs come from a pool, which gives each but once.
            reason = "another network has, or had, this id"
            raise errors.NetworkInUse(field="id", value=values["id"], reason=reason) from None
        return str(values["id"])


def refuse_dhcp_options(options: Mapping[str, str]) -> None:
    """Raises InvalidOption for one that the host could not serve."""
    for name, value in options.items():
        try:
            check_fit(name, value)
        except HostError as error:
            shown = {name: value}
            raise errors.InvalidOption(
                field="dhcp_options", value=shown, reason=str(error)
            ) from None


def _allowed(spec: NetworkSpec, net: planning.IPv4) -> tuple[str | None, str | None]:
    """The first and the last address to draw, as far as they are wished for."""
    start = spec.allowed_start and planning.address_in(spec.allowed_start, net, "allowed_start")
    end = spec.allowed_end and planning.address_in(spec.allowed_end, net, "allowed_end")
    if start and end and ipaddress.IPv4Address(start) > ipaddress.IPv4Address(end):
        reason = f"it is after allowed_end {end}"
        raise errors.InvalidOption(field="allowed_start", value=start, reason=reason)
    if spec.fixed_cidr is not None:
        part = planning.parse_v4(spec.fixed_cidr, "fixed_cidr")
        if not part.subnet_of(net):
            raise errors.AddressOutOfRange(field="fixed_cidr", value=spec.fixed_cidr, cidr=str(net))
        start = start or str(part.network_address)
        end = end or str(part.broadcast_address)
    return start, end


def _refused(spec: NetworkSpec, field: str, reason: str) -> errors.InvalidOption:
    return errors.InvalidOption(field=field, value=getattr(spec, field), reason=reason)


def _conflict(
    field: str, wanted: planning.IPv4 | planning.IPv6, existing: Row
) -> errors.CidrConflict:
    return errors.CidrConflict(
        field=field, value=str(wanted), existing=existing[field], owner=f"network {existing['id']}"
    )
