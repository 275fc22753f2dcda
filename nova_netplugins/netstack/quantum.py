"""``l2_driver = quantum``: layer 2 of a Neutron server, the Quantum of today, by its Networking API
v2.0. This and ``quantum_calls`` are all that knows openstacksdk.

A network that netstack made has its key in the description, because Neutron lets nobody choose an
id; a port is told by its network and MAC, of which Neutron has one only. Neutron never gives an
address to a port of ours.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, Unpack

from keystoneauth1 import loading, noauth
from oslo_config import cfg

from nova_netplugins.netstack import l2_errors
from nova_netplugins.netstack.conf import QUANTUM_GROUP
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
from nova_netplugins.netstack.quantum_calls import (
    SERVICE,
    Calls,
    Lost,
    MacTaken,
    NetworkConnection,
    Patience,
    Tries,
)

_KEY = "netstack:"


def make_quantum(conf: cfg.ConfigOpts) -> Quantum:
    """The driver with the options in ``[quantum]``, which are registered. No call is made.

    Raises ``keystoneauth1.exceptions.ClientException`` for options that do not go together.
    """
    options = conf[QUANTUM_GROUP]
    endpoint = options.endpoint_override
    auth: Any = noauth.NoAuth(endpoint=endpoint)
    if options.auth_type not in (None, "none"):
        auth = loading.load_auth_from_conf_options(conf, QUANTUM_GROUP)
    session = loading.load_session_from_conf_options(
        conf, QUANTUM_GROUP, auth=auth, app_name="nova-netplugins"
    )
    url = endpoint and endpoint.rstrip("/").removesuffix("/v2.0") + "/v2.0"
    connection = NetworkConnection(
        session=session,
        # Without, a service that is not in the catalogue now would count as absent for ever.
        strict_proxies=True,
        region_name=options.region_name,
        network_endpoint_override=url,
        network_service_type=options.service_type,
        network_service_name=options.service_name,
        network_interface=options.valid_interfaces or options.interface,
    )
    where = endpoint or f"the endpoint of {options.service_type!r} in Keystone's catalogue"
    calls = Calls(connection, Patience(retries=options.retries), where)
    return Quantum(calls, options.default_project_id)


class Quantum:
    """An ``L2``. ``default_project_id``: whose in Neutron the networks for all projects are."""

    def __init__(self, calls: Calls, default_project_id: str) -> None:
        self._calls = calls
        self._default_project_id = default_project_id

    # Networks

    def create_network(self, wanted: NewNetwork) -> L2Network:
        tries = self._calls.tries("create a network", changes=True)
        if (found := self._of_key(wanted.key, tries)) is not None:
            return found
        body = {
            "name": wanted.name,
            "description": f"{_KEY}{wanted.key}",
            "project_id": wanted.project_id or self._default_project_id,
            **({"mtu": wanted.mtu} if wanted.mtu is not None else {}),
        }
        while True:
            try:
                made = self._calls.once(tries, "", lambda net: net.create_network(**body))
            except Lost as lost:
                tries.failed(lost)
                if (found := self._of_key(wanted.key, tries)) is not None:
                    return found
            else:
                # What seemed lost may have been made after we looked.
                late = self._of_key(wanted.key, tries) if tries.unsure else None
                return late or self._network(made)

    def adopt_network(self, network_id: str) -> L2Network:
        tries = self._calls.tries("adopt a network", changes=False)
        found = self._calls.repeated(tries, network_id, lambda net: net.get_network(network_id))
        if found.subnet_ids:
            raise l2_errors.NetworkNotAdoptable(
                SERVICE,
                tries.call,
                value=network_id,
                reason=f"it has subnets ({', '.join(found.subnet_ids)}), so that its addresses "
                "would come from two places; delete them or name a network without any",
            )
        return self._network(found)

    def get_network(self, network_id: str) -> L2Network:
        tries = self._calls.tries("show a network", changes=False)
        found = self._calls.repeated(tries, network_id, lambda net: net.get_network(network_id))
        return self._network(found)

    def list_networks(self) -> Sequence[L2Network]:
        tries = self._calls.tries("list networks", changes=False)
        return [self._network(row) for row in self._networks(tries)]

    def delete_network(self, network_id: str) -> None:
        tries = self._calls.tries("delete network", changes=True)
        with contextlib.suppress(l2_errors.NetworkNotFound):
            self._calls.repeated(
                tries,
                network_id,
                lambda net: net.delete_network(network_id, ignore_missing=False),
            )

    # Ports

    def create_port(self, wanted: NewPort) -> L2Port:
        tries = self._calls.tries("create a port", changes=True)
        body = self._port_body(wanted)
        while True:
            try:
                made = self._calls.once(
                    tries, wanted.network_id, lambda net: net.create_port(**body)
                )
                return self._port(made)
            except Lost as lost:
                # If it was made all the same, the next try meets its MAC address.
                tries.failed(lost)
            except MacTaken:
                found = self._ports(
                    tries, network_id=wanted.network_id, mac_address=body["mac_address"]
                )
                if found:
                    return of_device(SERVICE, self._port(found[0]), wanted)
                tries.failed(Lost("a port with its MAC address was there, and is gone"))

    def get_port(self, port_id: str) -> L2Port:
        tries = self._calls.tries("show a port", changes=False)
        return self._port(self._calls.repeated(tries, port_id, lambda net: net.get_port(port_id)))

    def find_port(self, network_id: str, mac_address: str) -> L2Port | None:
        found = self.list_ports(network_id=network_id, mac_address=mac_address)
        return found[0] if found else None

    def list_ports(self, **filters: Unpack[PortFilters]) -> Sequence[L2Port]:
        query = normal_filters(filters)
        if "host" in query:
            query["binding:host_id"] = query.pop("host")
        tries = self._calls.tries("list ports", changes=False)
        return [self._port(row) for row in self._ports(tries, **query)]

    def update_port(
        self,
        port_id: str,
        *,
        host: str | None | Keep = KEEP,
        pairs: Sequence[AddressPair] | Keep = KEEP,
        device_id: str | Keep = KEEP,
    ) -> L2Port:
        body: dict[str, Any] = {}
        if not isinstance(host, Keep):
            body["binding_host_id"] = host or ""
        if not isinstance(pairs, Keep):
            body["allowed_address_pairs"] = _pairs_body(pairs)
        if not isinstance(device_id, Keep):
            body["device_id"] = device_id
        if not body:
            return self.get_port(port_id)
        tries = self._calls.tries("update a port", changes=True)
        return self._port(
            self._calls.repeated(tries, port_id, lambda net: net.update_port(port_id, **body))
        )

    def delete_port(self, port_id: str) -> None:
        tries = self._calls.tries("delete a port", changes=True)
        with contextlib.suppress(l2_errors.PortNotFound):
            self._calls.repeated(
                tries, port_id, lambda net: net.delete_port(port_id, ignore_missing=False)
            )

    # What is sent and what comes back

    def _of_key(self, key: str, tries: Tries) -> L2Network | None:
        """The oldest network of this key. There are others only if a try that seemed lost came to
        something much later: they are deleted."""
        rows = self._networks(tries, description=f"{_KEY}{key}")
        rows.sort(key=lambda row: (row.created_at or "", row.id))
        for row in rows[1:]:
            with contextlib.suppress(l2_errors.NetworkInUse):
                self.delete_network(row.id)
        return self._network(rows[0]) if rows else None

    def _networks(self, tries: Tries, **query: str) -> list[Any]:
        return self._calls.repeated(tries, "", lambda net: list(net.networks(**query)))

    def _ports(self, tries: Tries, **query: str) -> list[Any]:
        return self._calls.repeated(tries, "", lambda net: list(net.ports(**query)))

    def _port_body(self, wanted: NewPort) -> dict[str, Any]:
        body = {
            "network_id": wanted.network_id,
            "mac_address": normal_mac(wanted.mac_address),
            "device_id": wanted.device_id,
            "device_owner": wanted.device_owner,
            "project_id": wanted.project_id or self._default_project_id,
            "name": wanted.name,
            "is_admin_state_up": wanted.admin_state_up,
            "allowed_address_pairs": _pairs_body(wanted.pairs),
            # Not even on a network that gets subnets one day.
            "fixed_ips": [],
        }
        if wanted.host is not None:
            body["binding_host_id"] = wanted.host
        if wanted.port_security is not None:
            body["is_port_security_enabled"] = wanted.port_security
        return body

    def _project(self, project_id: str | None) -> str | None:
        return None if project_id in ("", self._default_project_id) else project_id

    def _network(self, row: Any) -> L2Network:
        described = row.description or ""
        return L2Network(
            id=row.id,
            name=row.name or "",
            project_id=self._project(row.project_id),
            key=described.removeprefix(_KEY) if described.startswith(_KEY) else None,
            network_type=row.provider_network_type,
            physical_network=row.provider_physical_network,
            segment=row.provider_segmentation_id,
            mtu=row.mtu,
        )

    def _port(self, row: Any) -> L2Port:
        pairs = row.allowed_address_pairs or ()
        return L2Port(
            id=row.id,
            network_id=row.network_id,
            mac_address=row.mac_address,
            device_id=row.device_id,
            device_owner=row.device_owner,
            project_id=self._project(row.project_id),
            name=row.name or "",
            host=row.binding_host_id or None,
            pairs=normal_pairs(
                (AddressPair(pair["ip_address"], pair["mac_address"]) for pair in pairs),
                row.mac_address,
            ),
            admin_state_up=row.is_admin_state_up,
            status=row.status,
            vif_type=row.binding_vif_type,
            port_security=row.is_port_security_enabled,
        )


def _pairs_body(pairs: Sequence[AddressPair]) -> list[dict[str, str]]:
    return [
        {
            "ip_address": pair.ip_address,
            **({"mac_address": pair.mac_address} if pair.mac_address else {}),
        }
        for pair in normal_pairs(pairs)
    ]
