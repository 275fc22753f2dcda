"""Melange as netstack uses it: every address and every MAC address is its decision.

All that knows ``melange.client`` is in the modules named melange. What makes something is called
with a key, so that it is made once however often it is called; what takes something away may be
repeated.
"""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from keystoneauth1 import loading, noauth
from oslo_config import cfg

from melange.client import Client, Patience
from melange.client import errors as client_errors
from nova_netplugins.netstack import melange_errors
from nova_netplugins.netstack.conf import GROUP, MELANGE_GROUP
from nova_netplugins.netstack.l2 import normal_mac
from nova_netplugins.netstack.melange_blocks import BlockCalls
from nova_netplugins.netstack.melange_blocks import block_of as block_of
from nova_netplugins.netstack.melange_calls import cidr_of, shortest
from nova_netplugins.netstack.melange_sharing import SharingCalls
from nova_netplugins.netstack.melange_texts import gateway_of
from nova_netplugins.netstack.model import Address, Block, Interface

_CONNECTIONS = 64
"""Kept open to Melange at most, for as many threads."""


def make_melange(conf: cfg.ConfigOpts) -> Melange:
    """With the options in ``[melange]``, which are registered. Makes no call.

    Raises ``keystoneauth1.exceptions.ClientException`` for options that do not go together.
    """
    options = conf[MELANGE_GROUP]
    endpoint = options.endpoint_override
    auth: Any = noauth.NoAuth(endpoint=endpoint)
    if options.auth_type not in (None, "none"):
        auth = loading.load_auth_from_conf_options(conf, MELANGE_GROUP)
    session = loading.load_session_from_conf_options(
        conf, MELANGE_GROUP, auth=auth, app_name="nova-netplugins"
    )
    for adapter in session.session.adapters.values():
        adapter.init_poolmanager(_CONNECTIONS, _CONNECTIONS)
    patience = Patience(timeout=options.timeout, retries=options.retries)
    client = Client(
        session,
        patience=patience,
        endpoint_override=endpoint,
        service_type=options.service_type,
        service_name=options.service_name,
        interface=options.valid_interfaces or options.interface,
        region_name=options.region_name,
    )
    return Melange(client, conf[GROUP].default_tenant)


class Melange(BlockCalls, SharingCalls):
    """Every call raises ``melange_errors.MelangeError``: ``MelangeUnavailable`` without an answer,
    ``MelangeMisconfigured`` if Melange will not have us, ``MelangeRefused`` for what it refuses
    besides the errors named. ``tenant``: of the network, as ``tenant_of`` says, unless told
    otherwise."""

    # -- Interfaces

    def create_interface(
        self,
        interface_id: str,
        tenant: str,
        device_id: str | None,
        mac_address: str | None,
        tag: str,
        key: str,
    ) -> Interface:
        """With this MAC address, or one of Melange's ranges. ``tenant``: of the interface.

        Raises NoMacRange (the interface is made then), NoMoreMacs, MacTaken.
        """
        call = "make an interface"
        fields: dict[str, Any] = {"id": interface_id, "tags": [tag]}
        if device_id is not None:
            fields["device_id"] = device_id
        if mac_address is not None:
            fields["mac_address"] = mac_address
        made = self.call(
            call,
            mac_address or interface_id,
            lambda client: client.interfaces.create(tenant, idempotency_key=key, **fields),
        )
        if made["mac_address"] is None:
            raise melange_errors.NoMacRange(call)
        return interface_of(made)

    def find_interface(self, tenant: str, interface_id: str) -> Interface | None:
        """With its allowed addresses."""

        def show(client: Client) -> Interface | None:
            try:
                found = interface_of(client.interfaces.show(tenant, interface_id))
            except client_errors.NotFound:
                return None
            allowed = _allowed(client, tenant, interface_id)
            return dataclasses.replace(found, allowed=allowed)

        return self.call("show interface {}", interface_id, show)

    def interfaces(self, tenant: str, **filters: str) -> Iterator[Interface]:
        """Of that tenant, without their allowed addresses. ``filters``: tags, device_id,
        network_id, mac_address, address."""
        found = self.call(
            "list interfaces of tenant {}",
            tenant,
            lambda client: list(client.interfaces.list(tenant, **filters)),
        )
        return map(interface_of, found)

    def allowed(self, tenant: str, interface_id: str) -> tuple[tuple[str, str], ...]:
        """Addresses that the interface may use, its own among them, each with the id of its block.
        () if there is none."""
        return self.call(
            "list the allowed addresses of interface {}",
            interface_id,
            lambda client: _allowed(client, tenant, interface_id),
        )

    def lately_allowed(self, since: datetime.datetime) -> set[str]:
        """The interfaces that may use other addresses since then, of whatever tenant, as far as
        Melange's audit log tells. ``since``: UTC, without a zone."""

        def look(client: Client) -> set[str]:
            return {
                (record["after"] or record["before"] or {}).get("allowed_interface_id", "")
                for action in ("allow", "forbid")
                for record in client.audit.list(
                    resource="ip_address", action=action, since=since.isoformat()
                )
            }

        return self.call("read its audit log of {}", "allowed addresses", look)

    def change_device(self, tenant: str, interface_id: str, device_id: str | None) -> None:
        self.call(
            "give interface {} to another device",
            interface_id,
            lambda client: client.interfaces.update(tenant, interface_id, device_id=device_id),
        )

    def delete_interface(self, interface_id: str) -> None:
        """It is not there afterwards, nor are its addresses allocated; it need not have been."""
        self.gone(
            "delete interface {}",
            interface_id,
            lambda client: client.interfaces.delete(interface_id),
        )

    # -- Addresses

    def allocate(
        self,
        tenant: str,
        network_id: str,
        interface: Interface,
        wanted: Sequence[str],
        key: str,
    ) -> list[Address]:
        """``wanted``, in that order, or one of each IP version that the network has, IPv4 first.

        Of ``wanted``, those that are not to be had are left out. Raises NoMoreAddresses,
        MelangeNotFound for a network without blocks.
        """
        fields: dict[str, Any] = {"tenant_id": interface.tenant_id}
        if interface.mac_address is not None:
            # Of what an IPv6 address is made.
            fields["mac_address"] = interface.mac_address
        if wanted:
            fields["addresses"] = list(wanted)
        got = self.call(
            "allocate addresses of network {}",
            network_id,
            lambda client: client.networks.allocate(
                tenant, network_id, interface.id, idempotency_key=key, **fields
            ),
        )
        order = {text: number for number, text in enumerate(wanted)}
        found = [_address(one) for one in got]
        return sorted(found, key=lambda one: (order.get(one.address, len(order)), one.version))

    def allocate_of_block(self, block: Block, interface: Interface, key: str) -> Address:
        """The next free one of this very block."""
        fields: dict[str, Any] = {
            "interface_id": interface.id,
            "tenant_id": interface.tenant_id,
        }
        if interface.mac_address is not None:
            fields["mac_address"] = interface.mac_address
        got = self.call(
            f"allocate an address of block {block.cidr}",
            block.network_id,
            lambda client: client.ip_addresses.allocate(
                block.tenant_id, block.id, idempotency_key=key, **fields
            ),
        )
        address = shortest(got["address"])
        return Address(address, got["version"], block.id, block.cidr, block.gateway)

    def deallocate(self, tenant: str, network_id: str, interface_id: str) -> None:
        """The interface has no address of the network afterwards; it need not have had one."""
        self.gone(
            "release addresses of interface {}",
            interface_id,
            lambda client: client.networks.deallocate(tenant, network_id, interface_id),
        )

    def allocated(
        self,
        network_id: str,
        interface_id: str | None = None,
        blocks: Sequence[Block] | None = None,
    ) -> Iterator[Mapping[str, Any]]:
        """The addresses of a network that are in use, of all or of this interface: ``address``,
        ``version``, ``ip_block_id``, ``interface_id``, ``used_by_tenant``, ``used_by_device``.

        ``blocks``: only of these. Any tenant may have further ones on the network.
        """
        found: list[Mapping[str, Any]] = self.call(
            "list addresses of network {}",
            network_id,
            lambda client: list(
                client.allocated_ip_addresses.list(network_id=network_id, interface_id=interface_id)
            ),
        )
        ids = None if blocks is None else {block.id for block in blocks}
        return (
            {**one, "address": shortest(one["address"])}
            for one in found
            if ids is None or one["ip_block_id"] in ids
        )


def interface_of(found: Mapping[str, Any]) -> Interface:
    """An interface as the client shows it."""
    mac = found["mac_address"]
    return Interface(
        id=found["id"],
        mac_address=None if mac is None else normal_mac(mac),
        tenant_id=found["tenant_id"],
        device_id=found["device_id"],
        addresses=tuple(_address(one) for one in found["ip_addresses"]),
    )


def _allowed(client: Client, tenant: str, interface_id: str) -> tuple[tuple[str, str], ...]:
    try:
        found = list(client.allowed_ips.list(tenant, interface_id))
    except client_errors.NotFound:
        return ()
    return tuple((shortest(one["address"]), one["ip_block_id"]) for one in found)


def _address(found: Mapping[str, Any]) -> Address:
    block, version = found["ip_block"], found["version"]
    return Address(
        address=shortest(found["address"]),
        version=version,
        block_id=block["id"],
        cidr=str(cidr_of(block)),
        gateway=gateway_of(block, version),
    )
