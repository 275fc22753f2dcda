"""Static routes of a block, for whoever configures its interfaces."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.tables import ip_routes
from melange.identifiers import new_id
from melange.ipam import lists, shapes
from melange.ipam.blocks import Block
from melange.ipam.lists import Window, equal
from melange.ipam.unit import Unit

_NEEDED = ("destination", "gateway")


@dataclass(frozen=True)
class IpRoute:
    """A row of ``ip_routes``: its texts are as a caller gave them."""

    id: str
    source_block_id: str
    destination: str
    netmask: str | None
    gateway: str
    created_at: datetime.datetime
    updated_at: datetime.datetime


def of_block(unit: Unit, block_id: str) -> list[IpRoute]:
    """All of them, oldest first."""
    return _fetch(unit, _ALL, {"of_block": block_id})


def page(unit: Unit, block: Block, filters: Mapping[str, Any], window: Window) -> list[IpRoute]:
    """``filters``: destination, netmask, gateway, as they were given."""
    c = ip_routes.c
    conditions = {name: equal(c[name]) for name in (*_NEEDED, "netmask")}
    query = lists.narrowed(_of_block(block.id), filters, conditions)
    return _fetch(unit, window.of(query, c.id))


def get(unit: Unit, block: Block, route_id: str, *, lock: bool = False) -> IpRoute:
    """Raises IpRouteNotFound."""
    c = ip_routes.c
    query = _of_block(block.id).where(c.id == route_id)
    row = unit.connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise errors.IpRouteNotFound(route_id)
    return IpRoute(**row._mapping)


def create(unit: Unit, block: Block, fields: Mapping[str, Any]) -> IpRoute:
    """Raises Invalid."""
    values = _checked({**dict.fromkeys((*_NEEDED, "netmask")), **fields})
    route = IpRoute(
        id=new_id(),
        source_block_id=block.id,
        created_at=unit.now,
        updated_at=unit.now,
        **values,
    )
    unit.connection.execute(ip_routes.insert().values(dataclasses.asdict(route)))
    unit.record("create", "ip_route", route.id, block.tenant_id, after=shapes.ip_route(route))
    return route


def update(unit: Unit, block: Block, route: IpRoute, fields: Mapping[str, Any]) -> IpRoute:
    """What is not given stays. The caller has locked the row. Raises Invalid."""
    values = _checked(fields)
    if not values:
        return route
    after = dataclasses.replace(route, **values, updated_at=unit.now)
    here = ip_routes.c.id == route.id
    unit.connection.execute(ip_routes.update().where(here).values(dataclasses.asdict(after)))
    shown = shapes.ip_route(route), shapes.ip_route(after)
    unit.record("update", "ip_route", route.id, block.tenant_id, *shown)
    return after


def delete(unit: Unit, block: Block, route: IpRoute) -> None:
    """The caller has locked the row."""
    unit.connection.execute(ip_routes.delete().where(ip_routes.c.id == route.id))
    unit.record("delete", "ip_route", route.id, block.tenant_id, before=shapes.ip_route(route))


def _of_block(block_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    return sa.select(ip_routes).where(ip_routes.c.source_block_id == block_id)


_ALL = _of_block(sa.bindparam("of_block")).order_by(ip_routes.c.id)


def _fetch(
    unit: Unit, query: sa.Select[Any], parameters: Mapping[str, Any] | None = None
) -> list[IpRoute]:
    return [IpRoute(**row._mapping) for row in unit.connection.execute(query, parameters)]


def _checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Those that were given. Melange v0.1 doesn't look at what they say, nor do we."""
    wrong = {
        name: f"{name} should be present" for name in _NEEDED if name in fields and not fields[name]
    }
    if wrong:
        raise errors.Invalid(wrong)
    return {name: fields[name] for name in (*_NEEDED, "netmask") if name in fields}
