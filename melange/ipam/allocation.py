"""Giving addresses of a block to interfaces."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from melange import errors
from melange.identifiers import new_id
from melange.ipam import (
    addresses,
    addressing,
    block_pools,
    blocks,
    exclusions,
    generators,
    interfaces,
    macs,
    proposals,
    quarantine,
    quotas,
    rules,
    secret_keys,
    shapes,
    usage,
)
from melange.ipam.addresses import Address
from melange.ipam.blocks import Block
from melange.ipam.exclusions import Reason
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit
from netkit.db import Retry
from netkit.pool import OutsidePool, PoolExhausted, ValueTaken

LOOKED_AT = 4096
"""Proposals of a generator that are looked at, at most, for an address that is free."""


@dataclass(frozen=True)
class Wish:
    """What is asked of a block. ``address``: this very one; else ``count`` of the block's choice.

    ``parameters``: for a generator, beside what is known of the interface. A ``mac_address`` in
    them goes before the interface's own.
    """

    interface: Interface
    address: str | None = None
    count: int = 1
    parameters: Mapping[str, Any] = field(default_factory=dict)
    floating: bool = False


def allocate(unit: Unit, block: Block, wish: Wish) -> list[Address]:
    """The addresses, their rows made; all that were asked for or, with an exception, none.

    Raises what a v0.1 client knows: BlockSubnetted, AddressOutside, DuplicateAddress,
    PolicyForbids, BlockFull, ParametersMissing, CannotAllocateNow, InterfaceElsewhere; and
    OverQuota.
    """
    if block.subnetted:
        raise errors.BlockSubnetted(field="ip_block_id", value=block.id)
    if not wish.floating:
        interfaces.require_network(unit, wish.interface, block)
    tenant_id = wish.interface.tenant_id
    count = 1 if wish.address is not None else wish.count
    quotas.require(unit, tenant_id, "ip_addresses", count)
    if wish.address is not None:
        values = [_take(unit, block, wish.address)]
    else:
        values = _choose(unit, block, wish, count)
    _require_still_permitted(unit, block, values)
    made = [_row(unit, block, wish, value) for value in values]
    addresses.insert(unit, made)
    usage.add(unit.connection, block.id, tenant_id, allocated=len(made))
    found = [_address(row, wish.interface) for row in made]
    for address in found:
        unit.record(
            "allocate", "ip_address", address.id, tenant_id, after=shapes.ip_address(address)
        )
    return found


def _take(unit: Unit, block: Block, text: str) -> int:
    try:
        version, value = addressing.parse_address(text)
    except ValueError:
        raise errors.Invalid({"address": f"{text} is not a valid address"}, text) from None
    if version != block.version or not block.first <= value <= block.last:
        raise errors.AddressOutside(field="address", value=text)
    reason = blocks.exclusions_of(unit, block).why(value)
    if reason is not None and reason.of_policy:
        raise errors.PolicyForbids(field="address", value=text)
    if reason in (Reason.GATEWAY, Reason.BROADCAST) or not _takes(unit, block, value):
        raise errors.DuplicateAddress(field="address", value=text)
    return value


def _takes(unit: Unit, block: Block, value: int) -> bool:
    """Takes it, if it is free; whether it was."""
    for _ in range(2):
        try:
            block_pools.pools.take(unit.connection, block.pool_id, value)
        except ValueTaken:
            # Where this finds nothing, a rival may have been faster, and have left it free.
            quarantine.reclaim(unit, block, value=value)
        except OutsidePool:
            return False
        else:
            return True
    return False


def _require_still_permitted(unit: Unit, block: Block, values: list[int]) -> None:
    """Octets leave the pool only as draws meet them. Who changes them waits for all who have drawn,
    and who draws after that has to know them.
    """
    if unit.connection.dialect.name == "sqlite":  # Nobody changes anything beside us.
        return
    octets = rules.octets_of_block(unit, block.id)
    modulus = exclusions.modulus_of(block.version)
    if any(value % modulus in octets for value in values):
        raise Retry(f"the policy of block {block.id} has other octets now")


def _choose(unit: Unit, block: Block, wish: Wish, count: int) -> list[int]:
    found = rules.of_policy(unit, block.policy_id) if block.drawing == rules.PICKY else None
    name = _generator_name(unit, block, found)
    if name == rules.SEQUENTIAL:
        return _draw(unit, block, count, picky=block.drawing == rules.PICKY)
    generator = generators.load(name)
    proposed = generator.propose(block.span, _parameters(unit, generator, wish))
    candidates = proposals.untaken(unit, block, itertools.islice(proposed, LOOKED_AT + count))
    return [_first_free(unit, block, candidates, generator.any_will_do) for _ in range(count)]


def _parameters(unit: Unit, generator: generators.Generator, wish: Wish) -> dict[str, Any]:
    found = {
        **wish.parameters,
        "used_by_tenant": wish.interface.tenant_id,
        "used_by_device": wish.interface.device_id,
        "interface_id": wish.interface.shown_id,
    }
    if not found.get("mac_address"):
        found["mac_address"] = macs.of_interface(unit, wish.interface.id)
    if generators.SECRET in generator.needs:
        found[generators.SECRET] = secret_keys.stable_private(unit)
    missing = [need for need in generator.needs if not found.get(need)]
    if missing:
        raise errors.ParametersMissing(missing)
    return found


def _generator_name(unit: Unit, block: Block, found: rules.Rules | None) -> str:
    if block.drawing == rules.LOWEST:
        return rules.SEQUENTIAL
    named = found.generator(block.version) if found else None
    settings = unit.settings
    default = settings.ipv4_generator if block.version == 4 else settings.ipv6_generator
    return named or default


def _draw(unit: Unit, block: Block, count: int, *, picky: bool) -> list[int]:
    permitted = blocks.exclusions_of(unit, block).next_permitted if picky else None
    nothing_due = False
    while True:
        try:
            return block_pools.pools.draw(unit.connection, block.pool_id, count, permitted)
        except PoolExhausted:
            # A rival may have given back to the pool, since we looked there, what was due when we
            # look for that. So it is full if that happens twice.
            if nothing_due:
                raise errors.BlockFull(field="ip_block_id", value=block.id) from None
            nothing_due = not quarantine.reclaim(unit, block)


def _first_free(unit: Unit, block: Block, candidates: Iterator[int], any_will_do: bool) -> int:
    """The first of the candidates that can be had. Raises CannotAllocateNow, BlockFull."""
    for value in itertools.islice(candidates, unit.settings.ip_allocation_retries):
        if _takes(unit, block, value):
            return value
    if any_will_do:
        return _draw(unit, block, 1, picky=True)[0]
    nothing_free = block_pools.pools.lowest_free(unit.connection, block.pool_id) is None
    if nothing_free and not quarantine.reclaim(unit, block):
        raise errors.BlockFull(field="ip_block_id", value=block.id)
    raise errors.CannotAllocateNow(block.id)


def _row(unit: Unit, block: Block, wish: Wish, value: int) -> dict[str, Any]:
    return {
        "id": new_id(),
        "ip_block_id": block.id,
        "value": value,
        "version": block.version,
        "interface_id": wish.interface.id,
        "used_by_tenant_id": wish.interface.tenant_id,
        "floating": wish.floating,
        "created_at": unit.now,
        "updated_at": unit.now,
    }


def _address(row: Mapping[str, Any], interface: Interface) -> Address:
    blank: dict[str, Any] = dict.fromkeys(("deallocated_at", "quarantined_until", "holder_id"))
    return Address(
        **row,
        **blank,
        vif_id=interface.shown_id,
        device_id=interface.device_id,
    )
