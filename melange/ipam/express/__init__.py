"""The commonest call in one round trip: a statement that is a transaction by itself.

It gives the next address of a block to the block owner's nameless interface or, of a block without
a network, to one that is named and is there. What the statement cannot decide it leaves alone, and
`melange.ipam.allocation` does the call: policies that pick, quotas, new interfaces, full blocks.
And named interfaces on networks: each is on one, and who looks on which has to lock it first.
"""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Mapping
from typing import Any, NamedTuple

from oslo_db import exception as db_exc

from melange.identifiers import new_id
from melange.ipam import rules, usage
from melange.ipam.addresses import Address
from melange.ipam.express import mariadb, postgresql
from melange.ipam.settings import Settings
from melange.ipam.unit import utcnow
from netkit.context import RequestContext
from netkit.db import Database

KEPT = "$allocated"
"""What stands in place of an answer's body in `idempotency_keys`, for `recalled`."""


class Key(NamedTuple):
    """A row of `idempotency_keys`, without the answer."""

    id: str
    fingerprint: str


_STATEMENTS = {"postgresql": postgresql.statement, "mysql": mariadb.statement}


def allocate(
    database: Database,
    caller: RequestContext,
    settings: Settings,
    block_id: str,
    tenant_id: str,
    vif_id: str | None = None,
    key: Key | None = None,
) -> Address | None:
    """The address; None: nothing was done, and `allocation.allocate` has to find out why.

    With a ``key``, what was given is kept under it in the same transaction (see `recalled`); if
    there is something under it already, nothing is done. Raises what `Database.run_alone` does.
    """
    statement = _STATEMENTS.get(database.dialect)
    if statement is None or "ip_addresses" in settings.quotas:
        return None
    if not block_id.isascii():  # No block's, and MariaDB would not even compare it.
        return None
    sql, constants = statement(settings.audit, vif_id is not None, key is not None)
    now, address_id = utcnow(), new_id()
    known = {"id": address_id, "ip_block_id": block_id, "used_by_tenant": tenant_id}
    lowest = _lowest(settings)
    parameters: dict[str, Any] = {
        "block": block_id,
        "tenant": tenant_id,
        "vif": vif_id,
        "lowest1": lowest[0],
        "lowest2": lowest[-1],
        "id": address_id,
        "now": now,
        "slot": random.randrange(usage.SLOTS),
        "request": caller.request_id,
        "user": caller.user_id,
        "caller": caller.project_id,
        # The audit record's JSON up to the address, which only the statement knows.
        "head": json.dumps(known)[:-1] + ', "value": ',
    }
    if key is not None:
        kept = json.dumps({KEPT: {**known, "created_at": now.isoformat()}})[:-2] + ', "drawn": '
        parameters |= {"key": key.id, "fingerprint": key.fingerprint, "kept": kept}
    try:
        rows = database.run_alone(sql, constants | parameters)
    except db_exc.DBReferenceError:  # Somebody has deleted the interface when we had looked.
        return None
    except db_exc.DBDuplicateEntry:  # Of a rival with the same key, who was faster.
        return None
    if not rows:
        return None
    (row,) = rows
    drawn = (int(row.value), row.version, row.vif_id, row.device_id)
    return _address({**known, "created_at": now}, row.interface_id, *drawn)


def recalled(kept: Mapping[str, Any]) -> Address:
    """The address of what is kept under a key (below KEPT), as it was when it was given."""
    value, version, vif_id, device_id = kept["drawn"]  # numbers as text, on one or the other
    created_at = datetime.datetime.fromisoformat(kept["created_at"])
    known = {**kept, "created_at": created_at}
    return _address(known, None, int(value), int(version), vif_id, device_id)


def _address(
    known: Mapping[str, Any],
    interface_id: str | None,
    value: int,
    version: int,
    vif_id: str,
    device_id: str | None,
) -> Address:
    return Address(
        id=known["id"],
        ip_block_id=known["ip_block_id"],
        value=value,
        version=version,
        interface_id=interface_id,
        used_by_tenant_id=known["used_by_tenant"],
        deallocated_at=None,
        quarantined_until=None,
        holder_id=None,
        floating=False,
        created_at=known["created_at"],
        updated_at=known["created_at"],
        vif_id=vif_id,
        device_id=device_id,
    )


def _lowest(settings: Settings) -> list[int]:
    """The IP versions of which the configuration wants the lowest free address; [0]: none."""
    named = {4: settings.ipv4_generator, 6: settings.ipv6_generator}
    return [version for version, name in named.items() if name == rules.SEQUENTIAL] or [0]
