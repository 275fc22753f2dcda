"""The audit log, to be read."""

from __future__ import annotations

import datetime
from typing import Any

from melange import errors
from melange.api.fieldtypes import TEXT
from melange.api.row import Row, list_query
from melange.ipam import audit
from melange.ipam.unit import Unit
from netkit.wsgi import Request, Result

_ORDERS = ("oldest", "newest")
_LARGEST = 2**63 - 1


def index(request: Request, unit: Unit) -> Result:
    return _list(request, unit, {})


def index_of_tenant(request: Request, unit: Unit, tenant_id: str) -> Result:
    return _list(request, unit, {"tenant_id": tenant_id})


def _list(request: Request, unit: Unit, forced: dict[str, Any]) -> Result:
    params, page = request.params, request.page
    found = audit.search(
        unit,
        params | forced,
        since=_moment(params, "since"),
        until=_moment(params, "until"),
        after=_after(page.marker),
        newest_first=params.get("order") == "newest",
        limit=page.limit + 1,
    )
    return 200, page.collection("audit_records", found)


def _after(marker: str | None) -> int | None:
    if marker is None:
        return None
    try:
        return max(0, min(int(marker), _LARGEST))
    except ValueError:
        raise errors.Invalid({"marker": "marker should be the id of a record"}, marker) from None


def _moment(params: dict[str, Any], name: str) -> datetime.datetime | None:
    """ISO 8601; UTC where it names no zone."""
    text = params.get(name)
    if text is None:
        return None
    try:
        found = datetime.datetime.fromisoformat(text)
        return found.astimezone(datetime.UTC).replace(tzinfo=None) if found.tzinfo else found
    except (ValueError, OverflowError):
        told = f"{name} should be a time such as 2026-01-31T12:00:00Z"
        raise errors.Invalid({name: told}, text) from None


_QUERY = list_query(
    resource=TEXT,
    resource_id=TEXT,
    action=TEXT,
    user_id=TEXT,
    request_id=TEXT,
    since=TEXT,
    until=TEXT,
    order={"type": "string", "enum": list(_ORDERS)},
)
_QUERY_ALL = {**_QUERY, "properties": {**_QUERY["properties"], "tenant_id": TEXT}}

ROUTES = [
    Row("GET", "/ipam/audit", index, "audit:list_all", query=_QUERY_ALL, kind="C"),
    Row(
        "GET",
        "/ipam/tenants/{tenant_id}/audit",
        index_of_tenant,
        "audit:list",
        query=_QUERY,
        kind="C",
    ),
]
