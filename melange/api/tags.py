"""Tags of blocks, addresses and interfaces."""

from __future__ import annotations

from collections.abc import Callable

from melange.api import etags
from melange.api.fieldtypes import TEXT
from melange.api.row import Row, query
from melange.ipam import addresses, blocks, interfaces, tags
from melange.ipam.unit import Unit
from netkit.wsgi import Reply, Request, Result

_TENANT = "/ipam/tenants/{tenant_id}"
_BLOCK = f"{_TENANT}/ip_blocks/{{block_id}}"

_QUERY = query(tag=TEXT)

Find = Callable[..., str]
"""The id of the object that a path leads to; with ``lock``, its row is locked."""


def _of_block(unit: Unit, tenant_id: str, block_id: str, *, lock: bool = False) -> str:
    return blocks.get(unit, block_id, tenant_id, lock=lock).id


def _of_address(
    unit: Unit, tenant_id: str, block_id: str, address: str, *, lock: bool = False
) -> str:
    block = blocks.get(unit, block_id, tenant_id)
    return addresses.get(unit, block, address, lock=lock).id


def _of_interface(unit: Unit, tenant_id: str, vif_id: str, *, lock: bool = False) -> str:
    return interfaces.get(unit, vif_id, tenant_id, lock=lock).id


def _rows(path: str, noun: str, resource: str, find: Find) -> list[Row]:
    def index(request: Request, unit: Unit, **where: str) -> Result:
        found = tags.of(unit, resource, find(unit, **where))
        wanted = request.params.get("tag")
        return _shown(found, [one for one in found if wanted in (None, one)])

    def update(request: Request, unit: Unit, tag: str, **where: str) -> Result:
        """`If-Match`: of the list."""
        return change(request, unit, tag, where, tags.add)

    def delete(request: Request, unit: Unit, tag: str, **where: str) -> Result:
        """`If-Match`: of the list."""
        return change(request, unit, tag, where, tags.remove)

    def change(
        request: Request, unit: Unit, tag: str, where: dict[str, str], how: Callable[..., None]
    ) -> Result:
        resource_id = find(unit, **where, lock=True)
        before = tags.of(unit, resource, resource_id)
        etags.require_match(request, before)
        how(unit, resource, resource_id, tag)
        after = tags.of(unit, resource, resource_id)
        if after != before:
            shown = {"tags": before}, {"tags": after}
            unit.record("tag", resource, resource_id, where["tenant_id"], *shown)
        return _shown(after)

    return [
        Row("GET", f"{path}/tags", index, f"{noun}_tags:list", query=_QUERY, kind="C"),
        Row("PUT", f"{path}/tags/{{tag}}", update, f"{noun}_tags:update", kind="C"),
        Row("DELETE", f"{path}/tags/{{tag}}", delete, f"{noun}_tags:delete", kind="C"),
    ]


def _shown(found: list[str], passing: list[str] | None = None) -> Reply:
    return etags.with_state({"tags": found if passing is None else passing}, found)


ROUTES = [
    *_rows(_BLOCK, "ip_block", tags.BLOCK, _of_block),
    *_rows(f"{_BLOCK}/ip_addresses/{{address}}", "ip_address", tags.ADDRESS, _of_address),
    *_rows(f"{_TENANT}/interfaces/{{vif_id}}", "interface", tags.INTERFACE, _of_interface),
]
