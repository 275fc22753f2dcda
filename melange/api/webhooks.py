"""Webhooks of tenants and of administrators, and what became of their deliveries."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from melange.api import etags, fieldtypes, pages
from melange.api.row import Row, Schema, body, fields, list_query
from melange.events import webhooks
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

STATES = ("pending", "delivered", "given_up")

_TEXT: Schema = {"type": "string"}
_BODY = body(
    "webhook", {"url": _TEXT, "secret": _TEXT, "events": {"type": "array", "items": _TEXT}}
)
_STATE: Schema = {"type": "string", "enum": list(STATES)}
_INDEX = list_query(url={"type": "string", "maxLength": 2048}, event=fieldtypes.TEXT)
_DELIVERIES = list_query(state=_STATE, event_type=fieldtypes.TEXT)


def index(request: Request, unit: Unit, tenant_id: str | None = None) -> Result:
    found = webhooks.index(unit, tenant_id, request.params, pages.window(request))
    return 200, request.page.collection("webhooks", [webhooks.shape(hook) for hook in found])


def create(request: Request, unit: Unit, tenant_id: str | None = None) -> Result:
    """The only answer with the secret."""
    found = webhooks.create(unit, tenant_id, fields(request, "webhook"))
    return 201, {"webhook": {**webhooks.shape(found), "secret": found.secret}}


def show(request: Request, unit: Unit, webhook_id: str, tenant_id: str | None = None) -> Result:
    return 200, {"webhook": webhooks.shape(webhooks.get(unit, webhook_id, tenant_id))}


def update(request: Request, unit: Unit, webhook_id: str, tenant_id: str | None = None) -> Result:
    found = webhooks.get(unit, webhook_id, tenant_id, lock=True)
    etags.require_match(request, webhooks.shape(found))
    after = webhooks.update(unit, found, fields(request, "webhook"))
    return 200, {"webhook": webhooks.shape(after)}


def delete(request: Request, unit: Unit, webhook_id: str, tenant_id: str | None = None) -> Result:
    found = webhooks.get(unit, webhook_id, tenant_id, lock=True)
    etags.require_match(request, webhooks.shape(found))
    webhooks.delete(unit, found)
    return 200, None


def deliveries(
    request: Request, unit: Unit, webhook_id: str, tenant_id: str | None = None
) -> Result:
    found = webhooks.get(unit, webhook_id, tenant_id)
    rows = webhooks.deliveries(unit, found, request.params, pages.window(request))
    return 200, request.page.collection("deliveries", rows)


_ACTIONS: Iterable[tuple[str, str, Callable[..., Result], str, Schema | None, Schema | None]] = (
    ("GET", "", index, "list", None, _INDEX),
    ("POST", "", create, "create", _BODY, None),
    ("GET", "/{webhook_id}", show, "show", None, None),
    ("PUT", "/{webhook_id}", update, "update", _BODY, None),
    ("DELETE", "/{webhook_id}", delete, "delete", None, None),
    ("GET", "/{webhook_id}/deliveries", deliveries, "deliveries", None, _DELIVERIES),
)

ROUTES = [
    Row(method, f"{place}/webhooks{path}", handler, f"{noun}:{action}", body=taken, query=query)
    for place, noun in (("/ipam", "admin_webhooks"), ("/ipam/tenants/{tenant_id}", "webhooks"))
    for method, path, handler, action, taken, query in _ACTIONS
]
