"""``l2_driver = local``: layer 2 for a cloud without Neutron, in tables of our own.

A network is a segment id, drawn from a pool, that no other network has; a port is a row. What a
host makes of them is its net-agent's business.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Sequence
from typing import Any, Unpack

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import exception

from netkit.db import Database, Retry
from netkit.pool import PoolDiffers, PoolExhausted, Pools
from netkit.upsert import insert_or_get
from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.conf import GROUP
from nova_netplugins.netstack.l2 import (
    KEEP,
    AddressPair,
    Keep,
    L2Network,
    L2Port,
    NewNetwork,
    NewPort,
    PortFilters,
    normal_filters,
    normal_mac,
    normal_pairs,
    of_device,
)
from nova_netplugins.netstack.tables import L2_NETWORKS, L2_PORTS, POOLS

SERVICE = "local L2"

_SEGMENTS = "segments"


def make_local(conf: cfg.ConfigOpts, database: Database) -> LocalL2:
    """The driver with the segments of ``[netstack]``."""
    options = conf[GROUP]
    return LocalL2(database, options.first_segment, options.last_segment)


class LocalL2:
    """An ``L2``. ``first`` and ``last``: the segment ids that it may give out."""

    def __init__(self, database: Database, first: int, last: int) -> None:
        self._database = database
        self._pools = Pools(POOLS)
        self._first = first
        self._last = last

    # Networks

    def create_network(self, wanted: NewNetwork) -> L2Network:
        return self._database.run(self._create_network, wanted)

    def adopt_network(self, network_id: str) -> L2Network:
        return self._show_network("adopt a network", network_id)

    def get_network(self, network_id: str) -> L2Network:
        return self._show_network("show a network", network_id)

    def list_networks(self) -> Sequence[L2Network]:
        with self._database.reading() as connection:
            rows = connection.execute(sa.select(L2_NETWORKS).order_by(L2_NETWORKS.c.id))
            return [_network(row) for row in rows]

    def delete_network(self, network_id: str) -> None:
        self._database.run(self._delete_network, network_id)

    # Ports

    def create_port(self, wanted: NewPort) -> L2Port:
        return self._database.run(self._create_port, wanted)

    def get_port(self, port_id: str) -> L2Port:
        with self._database.reading() as connection:
            return _require_port(connection, "show a port", port_id)

    def find_port(self, network_id: str, mac_address: str) -> L2Port | None:
        found = self.list_ports(network_id=network_id, mac_address=mac_address)
        return found[0] if found else None

    def list_ports(self, **filters: Unpack[PortFilters]) -> Sequence[L2Port]:
        query = sa.select(L2_PORTS).order_by(L2_PORTS.c.id)
        for name, value in normal_filters(filters).items():
            query = query.where(L2_PORTS.c[name] == value)
        with self._database.reading() as connection:
            return [_port(row) for row in connection.execute(query)]

    def update_port(
        self,
        port_id: str,
        *,
        host: str | None | Keep = KEEP,
        pairs: Sequence[AddressPair] | Keep = KEEP,
        device_id: str | Keep = KEEP,
    ) -> L2Port:
        return self._database.run(self._update_port, port_id, host, pairs, device_id)

    def delete_port(self, port_id: str) -> None:
        self._database.run(lambda c: c.execute(L2_PORTS.delete().where(L2_PORTS.c.id == port_id)))

    # Within a transaction

    def _create_network(self, connection: sa.Connection, wanted: NewNetwork) -> L2Network:
        of_key = sa.select(L2_NETWORKS).where(L2_NETWORKS.c.request_key == wanted.key)
        if (found := connection.execute(of_key).one_or_none()) is not None:
            return _network(found)
        row = {
            "id": str(uuid.uuid4()),
            "request_key": wanted.key,
            "name": wanted.name,
            "project_id": wanted.project_id,
            "mtu": wanted.mtu,
            "segment": self._draw(connection),
            "created_at": _utcnow(),
        }
        try:
            connection.execute(L2_NETWORKS.insert().values(row))
        except exception.DBDuplicateEntry as rival:
            raise Retry("somebody else made the network of this key") from rival
        return _network(connection.execute(of_key).one())

    def _draw(self, connection: sa.Connection) -> int:
        try:
            return self._pools.draw(connection, self._pool(connection))[0]
        except PoolExhausted:
            raise l2_errors.NoMoreSegments(
                SERVICE, "create a network", first=self._first, last=self._last
            ) from None

    def _pool(self, connection: sa.Connection) -> int:
        if self._first > self._last:
            raise _misconfigured(
                f"first_segment {self._first} is higher than last_segment {self._last}"
            )
        try:
            return self._pools.ensure(connection, _SEGMENTS, self._first, self._last)
        except PoolDiffers as differs:
            raise _misconfigured(str(differs)) from None

    def _show_network(self, call: str, network_id: str) -> L2Network:
        with self._database.reading() as connection:
            query = sa.select(L2_NETWORKS).where(L2_NETWORKS.c.id == network_id)
            row = connection.execute(query).one_or_none()
        if row is None:
            raise l2_errors.NetworkNotFound(SERVICE, call, value=network_id)
        return _network(row)

    def _delete_network(self, connection: sa.Connection, network_id: str) -> None:
        this = L2_NETWORKS.c.id == network_id
        segment = connection.scalar(sa.select(L2_NETWORKS.c.segment).where(this).with_for_update())
        if segment is None:
            return
        try:
            connection.execute(L2_NETWORKS.delete().where(this))
        except exception.DBReferenceError:
            raise l2_errors.NetworkInUse(SERVICE, "delete network", value=network_id) from None
        self._pools.release(connection, self._pool(connection), [segment])

    def _create_port(self, connection: sa.Connection, wanted: NewPort) -> L2Port:
        new = _port_row(wanted, normal_mac(wanted.mac_address))
        try:
            row = insert_or_get(connection, L2_PORTS, ["network_id", "mac_address"], new)
        except exception.DBReferenceError:
            raise l2_errors.NetworkNotFound(
                SERVICE, "create a port", field="network_id", value=wanted.network_id
            ) from None
        return of_device(SERVICE, _port(row), wanted)

    def _update_port(
        self,
        connection: sa.Connection,
        port_id: str,
        host: str | None | Keep,
        pairs: Sequence[AddressPair] | Keep,
        device_id: str | Keep,
    ) -> L2Port:
        port = _require_port(connection, "update a port", port_id)
        values: dict[str, Any] = {"updated_at": _utcnow()}
        if not isinstance(host, Keep):
            values["host"] = host
        if not isinstance(pairs, Keep):
            values["pairs"] = _pairs(pairs, port.mac_address)
        if not isinstance(device_id, Keep):
            values["device_id"] = device_id
        connection.execute(L2_PORTS.update().where(L2_PORTS.c.id == port_id).values(values))
        return _require_port(connection, "update a port", port_id)


def _misconfigured(reason: str) -> l2_errors.L2Misconfigured:
    return l2_errors.L2Misconfigured(SERVICE, "use its segments", reason=reason, group=GROUP)


def _require_port(connection: sa.Connection, call: str, port_id: str) -> L2Port:
    row = connection.execute(sa.select(L2_PORTS).where(L2_PORTS.c.id == port_id)).one_or_none()
    if row is None:
        raise l2_errors.PortNotFound(SERVICE, call, value=port_id)
    return _port(row)


def _port_row(wanted: NewPort, mac: str) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "network_id": wanted.network_id,
        "mac_address": mac,
        "device_id": wanted.device_id,
        "device_owner": wanted.device_owner,
        "project_id": wanted.project_id,
        "name": wanted.name,
        "host": wanted.host,
        "pairs": _pairs(wanted.pairs, mac),
        "admin_state_up": wanted.admin_state_up,
        "port_security": wanted.port_security is not False,
        "created_at": _utcnow(),
    }


def _pairs(pairs: Sequence[AddressPair], mac: str) -> list[list[str | None]]:
    return [[pair.ip_address, pair.mac_address] for pair in normal_pairs(pairs, mac)]


def _network(row: sa.Row[Any]) -> L2Network:
    return L2Network(
        id=row.id,
        name=row.name,
        project_id=row.project_id,
        key=row.request_key,
        segment=row.segment,
        mtu=row.mtu,
    )


def _port(row: sa.Row[Any]) -> L2Port:
    return L2Port(
        id=row.id,
        network_id=row.network_id,
        mac_address=row.mac_address,
        device_id=row.device_id,
        device_owner=row.device_owner,
        project_id=row.project_id,
        name=row.name,
        host=row.host,
        pairs=tuple(AddressPair(*pair) for pair in row.pairs),
        admin_state_up=row.admin_state_up,
        port_security=row.port_security,
    )


def _utcnow() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
