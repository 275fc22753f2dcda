"""The net-api of noop: virtual NICs in one table, on networks that an option lists."""

from __future__ import annotations

import random
import uuid
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from oslo_db.exception import DBDuplicateEntry

from netkit.db import Retry
from netkit.errors import BadRequest, NotSupported
from netkit.wsgi.routing import Mapper
from nova_netplugins.errors import NetworkNotFound, VirtualNicNotFound
from nova_netplugins.plugin import (
    DOWN,
    ApiContext,
    FloatingIp,
    InstanceRequest,
    Network,
    RequestedNic,
    VirtualNic,
    Wiring,
    device_name,
)
from nova_netplugins_noop.networks import networks
from nova_netplugins_noop.rest import add_routes
from nova_netplugins_noop.tables import NAME, virtual_nics


class NoopApi:
    """``nova_netplugins.plugin.NetApi``."""

    def __init__(self, context: ApiContext) -> None:
        self._context = context
        self._database = context.database
        self._networks = networks(context.conf[NAME])

    def routes(self, mapper: Mapper) -> None:
        add_routes(self, mapper)

    # -- Networks ---------------------------------------------------------------------------------

    def list_networks(self, project_id: str | None = None) -> Sequence[Network]:
        return list(self._networks.values())

    def get_network(self, network_id: str) -> Network:
        if network_id not in self._networks:
            raise NetworkNotFound(field="network_id", value=network_id)
        return self._networks[network_id]

    # -- Virtual NICs -----------------------------------------------------------------------------

    def allocate_for_instance(self, request: InstanceRequest) -> Sequence[VirtualNic]:
        nics = self._database.run(self._allocate, request)
        # After the commit: whoever is told would not find them before.
        for nic in nics:
            self._context.prompts.nic_changed(nic.id, nic.network_id, nic.host)
        return nics

    def _allocate(self, connection: sa.Connection, request: InstanceRequest) -> list[VirtualNic]:
        # First: it excludes a re-association of the project until this transaction ends.
        self._context.associations.pin(connection, request.project_id, NAME)
        default = [RequestedNic(network_id) for network_id in self._networks]
        others = connection.scalar(
            sa.select(sa.func.count()).where(virtual_nics.c.instance_id == request.instance_id)
        )
        return [
            self._create(connection, request, nic, first=not others and index == 0)
            for index, nic in enumerate(request.nics or default)
        ]

    def _create(
        self, connection: sa.Connection, request: InstanceRequest, wanted: RequestedNic, first: bool
    ) -> VirtualNic:
        if wanted.addresses:
            raise BadRequest("noop has no addresses to give", field="addresses")
        values: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "network_id": self.get_network(wanted.network_id or next(iter(self._networks))).id,
            "project_id": request.project_id,
            "mac_address": wanted.mac_address or _random_mac(),
            "instance_id": request.instance_id,
            "host": request.host,
            "hostname": request.hostname,
            "status": DOWN,
            "default_route": first,
        }
        try:
            connection.execute(virtual_nics.insert().values(values))
        except DBDuplicateEntry as error:
            if wanted.mac_address is None:
                # Another dice roll, in a new transaction.
                raise Retry from error
            raise BadRequest(field="mac_address", value=wanted.mac_address) from error
        self._context.associations.attach(
            connection, request.instance_id, values["id"], request.project_id, NAME
        )
        return _virtual_nic(values)

    def deallocate_for_instance(self, instance_id: str) -> None:
        self._delete_all(virtual_nics.c.instance_id == instance_id)

    def delete_virtual_nic(self, nic_id: str) -> None:
        if not self._delete_all(virtual_nics.c.id == nic_id):
            raise VirtualNicNotFound(field="virtual_nic_id", value=nic_id)

    def _delete_all(self, which: sa.ColumnElement[bool]) -> list[VirtualNic]:
        nics = self._database.run(self._delete, which)
        for nic in nics:
            self._context.prompts.nic_changed(nic.id, nic.network_id, nic.host)
        return nics

    def _delete(self, connection: sa.Connection, which: sa.ColumnElement[bool]) -> list[VirtualNic]:
        nics = _find(connection, which)
        for nic in nics:
            self._context.associations.detach(connection, nic.id)
        connection.execute(virtual_nics.delete().where(which))
        return nics

    def list_virtual_nics(
        self,
        *,
        instance_id: str | None = None,
        host: str | None = None,
        network_id: str | None = None,
    ) -> Sequence[VirtualNic]:
        asked = {"instance_id": instance_id, "host": host, "network_id": network_id}
        filters = [virtual_nics.c[name] == value for name, value in asked.items() if value]
        with self._database.reading() as connection:
            return _find(connection, *filters)

    def get_virtual_nic(self, nic_id: str) -> VirtualNic:
        with self._database.reading() as connection:
            return _get(connection, nic_id)

    def bind_virtual_nic(self, nic_id: str, host: str | None) -> VirtualNic:
        nic = self._database.run(_update, nic_id, host=host, status=DOWN)
        self._context.prompts.nic_changed(nic.id, nic.network_id, nic.host)
        return nic

    def report_virtual_nic(self, nic_id: str, status: str) -> None:
        self._database.run(_update, nic_id, status=status)

    def wirings(self, host: str) -> Sequence[Wiring]:
        return [
            Wiring(nic, self._network_of(str(nic.network_id)))
            for nic in self.list_virtual_nics(host=host)
        ]

    def _network_of(self, network_id: str) -> Network:
        # The option may have lost a network that still has NICs; their agents must hear of them.
        return self._networks.get(network_id) or Network(network_id, label=network_id)

    # -- Floating IPs -----------------------------------------------------------------------------

    def allocate_floating_ip(self, project_id: str, pool: str | None = None) -> FloatingIp:
        raise _no_floating_ips()

    def release_floating_ip(self, address: str) -> None:
        raise _no_floating_ips()

    def associate_floating_ip(self, address: str, fixed_address: str, nic_id: str) -> FloatingIp:
        raise _no_floating_ips()

    def disassociate_floating_ip(self, address: str) -> FloatingIp:
        raise _no_floating_ips()

    def list_floating_ips(self, project_id: str | None = None) -> Sequence[FloatingIp]:
        raise _no_floating_ips()


def _find(connection: sa.Connection, *which: sa.ColumnElement[bool]) -> list[VirtualNic]:
    query = sa.select(virtual_nics).where(*which).order_by(virtual_nics.c.id)
    return [_virtual_nic(row) for row in connection.execute(query).mappings()]


def _get(connection: sa.Connection, nic_id: str) -> VirtualNic:
    for nic in _find(connection, virtual_nics.c.id == nic_id):
        return nic
    raise VirtualNicNotFound(field="virtual_nic_id", value=nic_id)


def _update(connection: sa.Connection, /, nic_id: str, **values: Any) -> VirtualNic:
    connection.execute(virtual_nics.update().where(virtual_nics.c.id == nic_id).values(values))
    return _get(connection, nic_id)


def _virtual_nic(row: Any) -> VirtualNic:
    return VirtualNic(**row, device=device_name(row["id"]))


def _random_mac() -> str:
    """Of Nova's own prefix, fa:16:3e."""
    return "fa:16:3e:" + ":".join(f"{random.randrange(256):02x}" for _ in range(3))


def _no_floating_ips() -> NotSupported:
    return NotSupported(f"floating IPs are not supported by network service {NAME}")
