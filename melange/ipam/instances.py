"""Interfaces made together with their addresses, one at a time or all of an instance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db import tables
from melange.ipam import interface_lists, interfaces, network_allocation, overlaps, tags, tenancy
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit

MOST = 1024
"""Interfaces made at once."""


@dataclass(frozen=True)
class Plug:
    """An interface that is to be. ``network_id``: where it gets addresses; None: nowhere.

    ``network_tenant_id``: who has the network. ``addresses``: these and no others. ``tags``: of the
    interface.
    """

    tenant_id: str
    vif_id: str | None = None
    device_id: str | None = None
    mac_address: str | None = None
    network_id: str | None = None
    network_tenant_id: str | None = None
    addresses: Sequence[str] = ()
    tags: Sequence[str] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


def plug_of(
    fields: Mapping[str, Any], id_key: str, tenant_id: str | None, device_id: str | None
) -> Plug:
    """Of the fields of a request. Raises Invalid when what is needed is missing."""
    network = fields.get("network") or {}
    missing = [] if tenant_id else ["tenant_id"]
    if network:
        missing += [f"network.{name}" for name in ("id", "tenant_id") if not network.get(name)]
    if missing:
        raise errors.Invalid({name: f"{name} should be present" for name in missing})
    return Plug(
        tenant_id=str(tenant_id),
        vif_id=fields.get(id_key) or None,
        device_id=device_id,
        mac_address=fields.get("mac_address") or None,
        network_id=network.get("id"),
        network_tenant_id=network.get("tenant_id"),
        addresses=network.get("addresses") or (),
        tags=fields.get("tags") or (),
    )


def create(unit: Unit, plugs: Sequence[Plug]) -> list[Interface]:
    """All of them, or an exception and none.

    Raises ForeignTenant for one whose objects the caller may not see, Invalid for too many, and
    what ``interfaces.create``, ``tags.check`` and ``network_allocation.allocate`` do.
    """
    if len(plugs) > MOST:
        raise errors.Invalid({"interfaces": f"at most {MOST} at once"}, len(plugs))
    return [_create(unit, plug) for plug in plugs]


def of_device(
    unit: Unit,
    device_id: str,
    filters: Mapping[str, Any] | None = None,
    *,
    lock: bool = False,
) -> list[Interface]:
    """The interfaces of the device that the caller may see, oldest first. ``filters``: of
    ``interface_lists``. Raises Invalid.
    """
    c = tables.interfaces.c
    query = sa.select(tables.interfaces).where(c.device_id == device_id).order_by(c.id)
    if unit.caller.project_filter is not None:
        query = query.where(c.tenant_id == unit.caller.project_filter)
    query = interface_lists.narrowed(query, filters or {})
    rows = unit.connection.execute(query.with_for_update() if lock else query)
    return [interfaces.of_row(row) for row in rows]


def lock(unit: Unit, device_id: str) -> list[Interface]:
    """As ``of_device``, locked. Who else asks for the device's lock waits until the commit."""
    overlaps.hold(unit, f"device:{device_id}")
    return of_device(unit, device_id, lock=True)


def delete(unit: Unit, found: Iterable[Interface]) -> None:
    """Of interfaces that the caller has locked."""
    for interface in found:
        interfaces.delete(unit, interface)


def _create(unit: Unit, plug: Plug) -> Interface:
    tenancy.require_visible(unit, plug.tenant_id)
    made = interfaces.create(unit, plug.vif_id, plug.tenant_id, plug.device_id, plug.mac_address)
    if plug.tags:
        tags.give(unit, tags.INTERFACE, made.id, plug.tags)
    if plug.network_id is not None:
        owner = plug.network_tenant_id or plug.tenant_id
        tenancy.require_visible(unit, owner)
        network_allocation.allocate(
            unit, owner, plug.network_id, made, plug.addresses, plug.parameters
        )
    return made
