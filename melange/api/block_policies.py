"""Policies of a tenant: what blocks that follow one do not give out."""

from __future__ import annotations

from melange.api import etags, pages
from melange.api.fieldtypes import NAME, TEXT
from melange.api.row import Row, body, fields, list_query
from melange.ipam import policies, shapes
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_COLLECTION = "/ipam/tenants/{tenant_id}/policies"
_MEMBER = f"{_COLLECTION}/{{policy_id}}"

_BODY = body(
    "policy",
    {
        "name": NAME,
        "description": {"type": ["string", "null"], "maxLength": 4096},
        "keep_deallocated_ips_for_days": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": 36500,
        },
        "ipv4_generator": NAME,
        "ipv6_generator": NAME,
    },
)
_INDEX = list_query(**dict.fromkeys(("name", "ipv4_generator", "ipv6_generator"), TEXT))


def index(request: Request, unit: Unit, tenant_id: str) -> Result:
    found = policies.of_tenant(unit, tenant_id, request.params, pages.window(request))
    return 200, request.page.collection("policies", [shapes.policy(one) for one in found])


def create(request: Request, unit: Unit, tenant_id: str) -> Result:
    made = policies.create(unit, tenant_id, fields(request, "policy"))
    return 201, {"policy": shapes.policy(made)}


def show(request: Request, unit: Unit, tenant_id: str, policy_id: str) -> Result:
    return 200, {"policy": shapes.policy(policies.get(unit, policy_id, tenant_id))}


def update(request: Request, unit: Unit, tenant_id: str, policy_id: str) -> Result:
    policy = policies.lock(unit, policy_id, tenant_id)
    etags.require_match(request, shapes.policy(policy))
    return 200, {"policy": shapes.policy(policies.update(unit, policy, fields(request, "policy")))}


def delete(request: Request, unit: Unit, tenant_id: str, policy_id: str) -> Result:
    policy = policies.lock(unit, policy_id, tenant_id)
    etags.require_match(request, shapes.policy(policy))
    policies.delete(unit, policy)
    return 200, None


ROUTES = [
    Row("GET", _COLLECTION, index, "policies:list", query=_INDEX),
    Row("POST", _COLLECTION, create, "policies:create", body=_BODY),
    Row("GET", _MEMBER, show, "policies:show"),
    Row("PUT", _MEMBER, update, "policies:update", body=_BODY),
    Row("DELETE", _MEMBER, delete, "policies:delete"),
]
