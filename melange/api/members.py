"""The handlers of what hangs on another object: on a block its static routes and DHCP options, on
a policy its ranges and octets.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from melange.api import etags, pages
from melange.api.row import Row, Schema, body, fields, list_query
from melange.ipam import blocks, policies
from melange.ipam.blocks import Block
from melange.ipam.lists import Window
from melange.ipam.policies import Policy
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

P = TypeVar("P", contravariant=True)
R = TypeVar("R")


class Domain(Protocol[P, R]):
    """What ``melange.ipam`` has for one noun: a module, or an object with these methods."""

    def page(
        self, unit: Unit, parent: P, filters: Mapping[str, Any], window: Window, /
    ) -> list[R]: ...

    def get(self, unit: Unit, parent: P, id: str, /, *, lock: bool = False) -> R: ...

    def create(self, unit: Unit, parent: P, given: Mapping[str, Any], /) -> R: ...

    def update(self, unit: Unit, parent: P, found: R, given: Mapping[str, Any], /) -> R: ...

    def delete(self, unit: Unit, parent: P, found: R, /) -> None: ...


@dataclass(frozen=True)
class Members(Generic[P, R]):
    """``path``: of the list; ``key``: the variable behind it. ``one`` and ``many``: root keys; the
    rules are named after ``many``. ``parent``: of the other variables of the path, locked if the
    list hangs on what the lock protects.
    """

    path: str
    key: str
    one: str
    many: str
    parent: Callable[..., P]
    domain: Domain[P, R]
    shape: Callable[[R], dict[str, Any]]
    fields: Mapping[str, Schema]
    filters: Mapping[str, Schema]

    def rows(self) -> list[Row]:
        member, taken = f"{self.path}/{{{self.key}}}", body(self.one, self.fields)
        query = list_query(**self.filters)
        return [
            Row("GET", self.path, self.index, f"{self.many}:list", query=query),
            Row("POST", self.path, self.create, f"{self.many}:create", body=taken),
            Row("GET", member, self.show, f"{self.many}:show"),
            Row("PUT", member, self.update, f"{self.many}:update", body=taken),
            Row("DELETE", member, self.delete, f"{self.many}:delete"),
        ]

    def index(self, request: Request, unit: Unit, **ids: str) -> Result:
        parent = self.parent(unit, **ids)
        found = self.domain.page(unit, parent, request.params, pages.window(request))
        return 200, request.page.collection(self.many, [self.shape(one) for one in found])

    def create(self, request: Request, unit: Unit, **ids: str) -> Result:
        parent = self.parent(unit, **ids)
        made = self.domain.create(unit, parent, fields(request, self.one))
        return 201, {self.one: self.shape(made)}

    def show(self, request: Request, unit: Unit, **ids: str) -> Result:
        member = ids.pop(self.key)
        found = self.domain.get(unit, self.parent(unit, **ids), member)
        return 200, {self.one: self.shape(found)}

    def update(self, request: Request, unit: Unit, **ids: str) -> Result:
        parent, found = self._locked(request, unit, ids)
        after = self.domain.update(unit, parent, found, fields(request, self.one))
        return 200, {self.one: self.shape(after)}

    def delete(self, request: Request, unit: Unit, **ids: str) -> Result:
        parent, found = self._locked(request, unit, ids)
        self.domain.delete(unit, parent, found)
        return 200, None

    def _locked(self, request: Request, unit: Unit, ids: dict[str, str]) -> tuple[P, R]:
        member = ids.pop(self.key)
        parent = self.parent(unit, **ids, lock=True)
        found = self.domain.get(unit, parent, member, lock=True)
        etags.require_match(request, self.shape(found))
        return parent, found


def of_block(unit: Unit, tenant_id: str, block_id: str, *, lock: bool = False) -> Block:
    """Never locked: what hangs on a block is no matter of its addresses."""
    return blocks.get(unit, block_id, tenant_id)


def of_policy(unit: Unit, tenant_id: str, policy_id: str, *, lock: bool = False) -> Policy:
    """Locked with all its blocks, whose addresses change with what hangs on it."""
    found = policies.lock if lock else policies.get
    return found(unit, policy_id, tenant_id)
