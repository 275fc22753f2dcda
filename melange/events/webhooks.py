"""Webhooks: URLs that are told of events."""

from __future__ import annotations

import datetime
import fnmatch
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from melange import errors
from melange.db.webhook_tables import webhook_deliveries, webhooks
from melange.events import signature, targets
from melange.identifiers import new_id
from melange.ipam import lists
from melange.ipam.lists import Window, equal
from melange.ipam.unit import Unit

MOST_PATTERNS = 50
LONGEST_PATTERN = 100


@dataclass(frozen=True)
class Webhook:
    """A row of ``webhooks``. ``tenant_id`` None: told of the objects of all tenants."""

    id: str
    tenant_id: str | None
    url: str
    secret: str
    events: tuple[str, ...]
    not_before: datetime.datetime
    failures: int
    created_at: datetime.datetime
    updated_at: datetime.datetime

    def wants(self, event_type: str, tenant_id: str | None) -> bool:
        """Whether it is told of such an event of this tenant's object."""
        if self.tenant_id is not None and self.tenant_id != tenant_id:
            return False
        return self.has(event_type)

    def has(self, event_type: str) -> bool:
        """Whether such events are among those it was made for."""
        return not self.events or any(
            fnmatch.fnmatchcase(event_type, pattern) for pattern in self.events
        )


def of_row(row: sa.Row[Any]) -> Webhook:
    return Webhook(**{**row._mapping, "events": tuple(json.loads(row.events))})


def create(unit: Unit, tenant_id: str | None, fields: Mapping[str, Any]) -> Webhook:
    """Raises Invalid. Without ``secret`` it gets one, which its maker is told now or never."""
    found = Webhook(
        id=new_id(),
        tenant_id=tenant_id,
        secret=_secret(fields["secret"]) if fields.get("secret") else signature.new_secret(),
        url=_url(unit, fields.get("url")),
        events=_events(fields.get("events") or []),
        not_before=unit.now,
        failures=0,
        created_at=unit.now,
        updated_at=unit.now,
    )
    row = {**vars(found), "events": json.dumps(found.events)}
    unit.connection.execute(webhooks.insert().values(row))
    unit.record("create", "webhook", found.id, tenant_id, after=shape(found))
    return found


def update(unit: Unit, found: Webhook, fields: Mapping[str, Any]) -> Webhook:
    """Changes what is given. Raises Invalid."""
    values: dict[str, Any] = {"updated_at": unit.now}
    if "url" in fields:
        values["url"] = _url(unit, fields["url"])
        # Somewhere else: who knows that it fails there too.
        values |= {"failures": 0, "not_before": unit.now}
    if fields.get("secret"):
        values["secret"] = _secret(fields["secret"])
    if "events" in fields:
        values["events"] = json.dumps(_events(fields["events"] or []))
    c = webhooks.c
    unit.connection.execute(webhooks.update().where(c.id == found.id).values(values))
    after = get(unit, found.id, found.tenant_id)
    unit.record("update", "webhook", found.id, found.tenant_id, shape(found), shape(after))
    return after


def delete(unit: Unit, found: Webhook) -> None:
    """With what is still to be delivered to it."""
    unit.connection.execute(webhooks.delete().where(webhooks.c.id == found.id))
    unit.record("delete", "webhook", found.id, found.tenant_id, shape(found))


def get(unit: Unit, webhook_id: str, tenant_id: str | None, *, lock: bool = False) -> Webhook:
    """The webhook of this tenant; with None, an administrator's. Raises WebhookNotFound."""
    c = webhooks.c
    query = sa.select(webhooks).where(
        c.id == webhook_id, c.tenant_id.is_not_distinct_from(tenant_id)
    )
    row = unit.connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise errors.WebhookNotFound(webhook_id)
    return of_row(row)


def index(
    unit: Unit, tenant_id: str | None, filters: Mapping[str, Any], window: Window
) -> list[Webhook]:
    """In the order in which they were made. ``filters``: ``url``; ``event``, a type of which it
    is told.
    """
    c = webhooks.c
    query = sa.select(webhooks).where(c.tenant_id.is_not_distinct_from(tenant_id))
    query = lists.narrowed(query, filters, {"url": equal(c.url)})
    event = filters.get("event")
    if event is None:
        return [of_row(row) for row in unit.connection.execute(window.of(query, c.id))]
    # Patterns are ours to match, and nobody has many webhooks.
    query = window.of(query, c.id).limit(None)
    found = [of_row(row) for row in unit.connection.execute(query)]
    return [hook for hook in found if hook.has(event)][: window.limit + 1]


def everyone(connection: sa.Connection) -> list[Webhook]:
    return [of_row(row) for row in connection.execute(sa.select(webhooks))]


def deliveries(
    unit: Unit, found: Webhook, filters: Mapping[str, Any], window: Window
) -> list[dict[str, Any]]:
    """What was, is or will be delivered to it, as the API shows it; the oldest first. ``filters``:
    state, event_type.
    """
    c = webhook_deliveries.c
    query = sa.select(webhook_deliveries).where(c.webhook_id == found.id)
    conditions = {name: equal(c[name]) for name in ("state", "event_type")}
    query = lists.narrowed(query, filters, conditions)
    rows = unit.connection.execute(window.of(query, c.id))
    hidden = {"body", "webhook_id"}
    return [{k: v for k, v in row._mapping.items() if k not in hidden} for row in rows]


def purge(unit: Unit, keep_days: int, limit: int = 1000) -> int:
    """Forgets deliveries that ended longer ago, at most so many; returns how many it were."""
    c = webhook_deliveries.c
    oldest = unit.now - datetime.timedelta(days=keep_days)
    query = sa.select(c.id).where(c.state != "pending", c.updated_at < oldest).limit(limit)
    ids = list(unit.connection.scalars(query))
    if ids:
        unit.connection.execute(webhook_deliveries.delete().where(c.id.in_(ids)))
    return len(ids)


def shape(found: Webhook) -> dict[str, Any]:
    """As the API shows it: without its secret."""
    return {
        "id": found.id,
        "tenant_id": found.tenant_id,
        "url": found.url,
        "events": list(found.events),
        "created_at": found.created_at,
        "updated_at": found.updated_at,
    }


def _url(unit: Unit, url: Any) -> str:
    try:
        targets.parse(str(url or ""), private=unit.settings.private_webhooks)
    except ValueError as error:
        raise errors.Invalid({"url": f"url is invalid: {error}"}, url) from None
    return str(url)


def _secret(secret: Any) -> str:
    try:
        signature.key_of(str(secret))
    except ValueError as error:
        text = (
            f"secret is invalid: {error}; give {signature.PREFIX} and the base64 of"
            f" {signature.SHORTEST} to {signature.LONGEST} octets"
        )
        # Not the value: it may be a secret.
        raise errors.Invalid({"secret": text}) from None
    return str(secret)


def _events(patterns: Iterable[Any]) -> tuple[str, ...]:
    found = tuple(str(pattern).strip() for pattern in patterns)
    if len(found) > MOST_PATTERNS or not all(0 < len(one) <= LONGEST_PATTERN for one in found):
        text = (
            f"give at most {MOST_PATTERNS} event types of 1 to {LONGEST_PATTERN} characters,"
            " such as 'create IpBlock' or '* IpAddress'"
        )
        raise errors.Invalid({"events": text}, list(found))
    return found
