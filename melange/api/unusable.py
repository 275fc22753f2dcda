"""What the handlers of a policy's ranges and of its octets have in common: all but the names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from melange.api import etags, pages
from melange.api.row import Row, Schema, body, fields, list_query
from melange.ipam import policies, unusable
from melange.ipam.unit import Unit
from melange.ipam.unusable import Kind, R
from netkit.wsgi import Request, Result

# Melange v0.1 makes integers of texts, floats and booleans; what is none is told by the domain.
_NUMBER: Schema = {
    "type": ["integer", "number", "boolean", "string", "null"],
    "maxLength": 64,
}


@dataclass(frozen=True)
class Handlers(Generic[R]):
    """Of ``/policies/{policy_id}/unusable_<plural>``; bodies have the root ``kind.noun``."""

    kind: Kind[R]
    plural: str

    def rows(self) -> list[Row]:
        collection = f"/ipam/tenants/{{tenant_id}}/policies/{{policy_id}}/unusable_{self.plural}"
        member = f"{collection}/{{{self.kind.noun}_id}}"
        schema = body(self.kind.noun, dict.fromkeys(self.kind.numbers, _NUMBER))
        return [
            Row("GET", collection, self.index, f"{self.plural}:list", query=list_query()),
            Row("POST", collection, self.create, f"{self.plural}:create", body=schema),
            Row("GET", member, self.show, f"{self.plural}:show"),
            Row("PUT", member, self.update, f"{self.plural}:update", body=schema),
            Row("DELETE", member, self.delete, f"{self.plural}:delete"),
        ]

    def index(self, request: Request, unit: Unit, tenant_id: str, policy_id: str) -> Result:
        policy = policies.get(unit, policy_id, tenant_id)
        found = unusable.of_policy(unit, self.kind, policy, pages.window(request))
        return 200, request.page.collection(self.plural, [self.kind.shape(one) for one in found])

    def create(self, request: Request, unit: Unit, tenant_id: str, policy_id: str) -> Result:
        policy = policies.get(unit, policy_id, tenant_id)
        made = unusable.create(unit, self.kind, policy, fields(request, self.kind.noun))
        return 201, {self.kind.noun: self.kind.shape(made)}

    def show(
        self, request: Request, unit: Unit, tenant_id: str, policy_id: str, **ids: str
    ) -> Result:
        policy = policies.get(unit, policy_id, tenant_id)
        found = unusable.get(unit, self.kind, policy, self._own(ids))
        return 200, {self.kind.noun: self.kind.shape(found)}

    def update(
        self, request: Request, unit: Unit, tenant_id: str, policy_id: str, **ids: str
    ) -> Result:
        policy = policies.lock(unit, policy_id, tenant_id)
        found = unusable.get(unit, self.kind, policy, self._own(ids))
        etags.require_match(request, self.kind.shape(found))
        given = fields(request, self.kind.noun)
        after = unusable.update(unit, self.kind, policy, found.id, given)
        return 200, {self.kind.noun: self.kind.shape(after)}

    def delete(
        self, request: Request, unit: Unit, tenant_id: str, policy_id: str, **ids: str
    ) -> Result:
        policy = policies.lock(unit, policy_id, tenant_id)
        found = unusable.get(unit, self.kind, policy, self._own(ids))
        etags.require_match(request, self.kind.shape(found))
        unusable.delete(unit, self.kind, policy, found.id)
        return 200, None

    def _own(self, ids: dict[str, str]) -> str:
        return ids[f"{self.kind.noun}_id"]
