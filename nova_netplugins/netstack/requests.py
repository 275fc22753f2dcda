"""What is asked for is looked at before anything is made."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet import planning
from nova_netplugins.ethernet.macs import format_mac, parse_mac
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack import melange_errors, network_rows
from nova_netplugins.netstack.melange import Melange
from nova_netplugins.netstack.model import Block, BlockSpec, NetworkSpec

_MOST_DNS = 2


def of_instance(
    request: plugin.InstanceRequest, melange: Melange, network: Callable[[str], Row]
) -> dict[str, Any]:
    """As ``nic_plans.plan_nics`` needs it. ``network``: its row, by id; raises NetworkNotFound.

    Raises InvalidOption, InvalidAddress, AddressOutOfRange, AddressTaken, NetworkNotFound.
    """
    require_tenant(request.project_id)
    nics = [
        {
            "network_id": nic.network_id,
            "mac_address": nic.mac_address
            and format_mac(parse_mac(nic.mac_address, "mac_address")),
            "addresses": [str(planning.parse_address(one, "addresses")) for one in nic.addresses],
        }
        for nic in request.nics
    ]
    _refuse_twice(nics)
    for nic in nics:
        if nic["addresses"]:
            _require_available(nic, request.project_id, melange, network)
    return {
        "project_id": request.project_id,
        "instance_id": request.instance_id,
        "host": request.host,
        "hostname": request.hostname,
        "nics": nics,
    }


def require_tenant(project_id: str) -> None:
    """Raises InvalidOption for what cannot be a tenant of Melange: it is part of URLs there."""
    if project_id in ("", ".", "..") or "/" in project_id or not project_id.isprintable():
        reason = (
            "as a tenant of Melange it needs a name that prints, without a slash, and other than . "
            "and .."
        )
        raise errors.InvalidOption(field="project_id", value=project_id, reason=reason)


def _refuse_twice(nics: Sequence[dict[str, Any]]) -> None:
    macs = [("mac_address", nic["mac_address"]) for nic in nics if nic["mac_address"] is not None]
    addresses = [
        ("addresses", (nic["network_id"], one)) for nic in nics for one in nic["addresses"]
    ]
    seen = set()
    for field, value in (*macs, *addresses):
        if value in seen:
            shown = value[1] if isinstance(value, tuple) else value
            reason = "it is asked for twice"
            raise errors.InvalidOption(field=field, value=shown, reason=reason)
        seen.add(value)


def _require_available(
    nic: dict[str, Any], project_id: str, melange: Melange, network: Callable[[str], Row]
) -> None:
    if nic["network_id"] is None:
        reason = "addresses need a network_id"
        raise errors.InvalidOption(field="addresses", value=nic["addresses"], reason=reason)
    row = network(nic["network_id"])
    network_rows.require_usable(row, project_id)
    tenant = melange.tenant_of(row["project_id"])
    blocks = melange.blocks(tenant, row["id"])
    for address in nic["addresses"]:
        block = block_around(address, blocks)
        why_not = melange.unavailable(block.tenant_id, block.id, address)
        if why_not is not None:
            raise melange_errors.AddressTaken(
                "give this address", field="addresses", value=address, reason=why_not
            )


def block_around(address: str, blocks: Sequence[Block]) -> Block:
    """Raises AddressOutOfRange."""
    wanted = ipaddress.ip_address(address)
    for block in blocks:
        if wanted in ipaddress.ip_network(block.cidr):
            return block
    cidrs = ", ".join(block.cidr for block in blocks) or "any block: the network has none"
    raise errors.AddressOutOfRange(field="addresses", value=address, cidr=cidrs)


# -- Networks


def of_network(spec: NetworkSpec) -> dict[str, Any]:
    """As ``network_steps.plan_network`` needs it. Raises InvalidOption, InvalidCidr, CidrConflict,
    AddressOutOfRange, InvalidAddress."""
    if spec.project_id is not None:
        require_tenant(spec.project_id)
    blocks = [of_block(one) for one in spec.blocks]
    _refuse_overlap(blocks)
    for block in blocks:
        planning.refuse_small_mtu(spec.mtu, block.cidr if block.version == 6 else None)
    names = ("label", "project_id", "mtu", "priority", "routed", "enable_dhcp", "adopt")
    return {
        **{name: getattr(spec, name) for name in names},
        "blocks": [block.to_json() for block in blocks],
    }


def of_block(spec: BlockSpec) -> Block:
    """Without id and tenant."""
    cidr = _cidr(spec.cidr)
    if len(spec.dns) > _MOST_DNS:
        reason = f"Melange keeps at most {_MOST_DNS} for a block"
        raise errors.InvalidOption(field="dns", value=list(spec.dns), reason=reason)
    return Block(
        id="",
        tenant_id="",
        version=cidr.version,
        cidr=str(cidr),
        gateway=_gateway(spec.gateway, cidr),
        dns=tuple(str(planning.parse_address(server, "dns")) for server in spec.dns),
        priority=spec.priority,
    )


def _cidr(text: str) -> planning.IPv4 | planning.IPv6:
    return planning.parse_v6(text, "cidr") if ":" in text else planning.parse_v4(text)


def _gateway(wanted: str | None, cidr: planning.IPv4 | planning.IPv6) -> str | None:
    if wanted is None:
        return str(cidr.network_address + 1)
    return planning.host_in(wanted, cidr, "gateway") if wanted else None


def _refuse_overlap(blocks: Sequence[Block]) -> None:
    for number, block in enumerate(blocks):
        for other in _others(blocks[:number], block):
            raise errors.CidrConflict(
                field="cidr", value=block.cidr, existing=other.cidr, owner="the same network"
            )


def _others(blocks: Sequence[Block], block: Block) -> Iterator[Block]:
    """Those that have addresses of the block."""
    cidr = ipaddress.ip_network(block.cidr)
    for other in blocks:
        if other.version == block.version and cidr.overlaps(ipaddress.ip_network(other.cidr)):
            yield other
