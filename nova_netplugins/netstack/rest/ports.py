"""``/ports``, what NICs are to layer 2, and ``/fixed_ips``, the addresses that they have. Both are
to be read: they are made and deleted with their NICs."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from netkit.wsgi.paging import list_query
from netkit.wsgi.request import Request, Result
from nova_netplugins import errors
from nova_netplugins.ethernet.rest import common
from nova_netplugins.ethernet.rest.common import Body
from nova_netplugins.ethernet.rows import Row

if TYPE_CHECKING:
    from nova_netplugins.netstack.net_api import NetstackNetApi

_FILTERS = {
    "project_id": common.PROJECT,
    "network_id": common.ID,
    "host": common.HOST,
    "virtual_nic_id": common.ID,
}
LIST_PORTS = list_query(**_FILTERS, mac_address=common.MAC, instance_id=common.ID)
LIST_FIXED_IPS = list_query(**_FILTERS, address=common.ADDRESS)
ON_NETWORK = {
    "type": "object",
    "properties": {"network_id": common.ID},
    "additionalProperties": False,
}


class _OfNics:
    def __init__(self, api: NetstackNetApi) -> None:
        self._api = api

    def _where(self, request: Request, *names: str) -> list[sa.ColumnElement[bool]]:
        columns = self._api.nic_columns
        where = common.matching(request, columns, "project_id", "network_id", "host", *names)
        if "virtual_nic_id" in request.params:
            where.append(columns["id"] == request.params["virtual_nic_id"])
        return where + common.own(request, columns["project_id"])


class Ports(_OfNics):
    def index(self, request: Request) -> Result:
        """Of NICs; those of gateways are layer 2's and net-service's alone."""
        where = self._where(request, "mac_address", "instance_id")
        port_id = self._api.nic_columns["port_id"]
        query = common.page_of_rows(request, self._api.nic_rows(*where), port_id)
        rows = [_port(row) for row in self._api.rows(query)]
        return 200, request.page.collection("ports", rows)

    def show(self, request: Request, port_id: str) -> Result:
        found = self._api.rows(self._api.nic_rows(self._api.nic_columns["port_id"] == port_id))
        if not found or not request.context.sees(found[0]["project_id"]):
            raise errors.PortNotFound(field="port_id", value=port_id)
        return 200, {"port": _port(found[0])}


class FixedIps(_OfNics):
    def index(self, request: Request) -> Result:
        wanted = request.params.get("address")
        found = [
            ip
            for row in self._api.rows(self._api.nic_rows(*self._where(request)))
            for ip in _fixed_ips(row)
            if wanted is None or ip["address"] == str(ipaddress.ip_address(wanted))
        ]
        found.sort(key=lambda ip: str(ip["id"]))
        if (marker := request.page.marker) is not None:
            found = [ip for ip in found if ip["id"] > marker]
        return 200, request.page.collection("fixed_ips", found)

    def show(self, request: Request, address: str) -> Result:
        """On several networks there may be the same: ``network_id`` says on which."""
        nics = self._api.nic_rows(*self._where(request))
        found = [
            ip
            for row in self._api.rows(nics)
            for ip in _fixed_ips(row)
            if ip["address"] == normal_address(address)
        ]
        if not found:
            raise errors.FixedIpNotFound(field="address", value=address)
        if len(found) > 1:
            networks = ", ".join(sorted(ip["network_id"] for ip in found))
            reason = f"several networks have it; give network_id, one of {networks}"
            raise errors.InvalidOption(field="address", value=address, reason=reason)
        return 200, {"fixed_ip": found[0]}


def normal_address(text: str) -> str:
    """As it is kept. Raises InvalidAddress: a path may hold anything."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        raise errors.InvalidAddress(field="address", value=text) from None


def _port(row: Row) -> Body:
    return {
        "id": row["port_id"],
        "network_id": row["network_id"],
        "project_id": row["project_id"],
        "virtual_nic_id": row["id"],
        "instance_id": row["instance_id"],
        "mac_address": row["mac_address"],
        "host": row["host"],
        "status": row["status"],
        "port_security": row["port_security"],
        "addresses": [address["address"] for address in row["addresses"]],
        "allowed_address_pairs": [
            {"ip_address": ip, "mac_address": mac} for ip, mac in row["allowed"]
        ],
    } | common.timestamps(row)


def _fixed_ips(row: Row) -> Iterator[Body]:
    for address in row["addresses"]:
        yield {
            "id": f"{row['id']}/{address['address']}",
            "address": address["address"],
            "version": address["version"],
            "network_id": row["network_id"],
            "project_id": row["project_id"],
            "subnet_id": address["block_id"],
            "virtual_nic_id": row["id"],
            "host": row["host"],
        } | common.timestamps(row)
