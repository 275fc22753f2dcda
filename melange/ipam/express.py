"""PostgreSQL: the commonest call as one statement, which is a transaction by itself.

It gives the next address of a block to the block owner's nameless interface, or to one that has
been named and is there. What the statement cannot decide it leaves alone, and
`melange.ipam.allocation` does the call: blocks with policies that pick, quotas, new interfaces,
full blocks.
"""

from __future__ import annotations

import functools
import json
import random
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from melange.db.tables import (
    audit_records,
    interfaces,
    ip_addresses,
    ip_block_usage,
    ip_blocks,
    quotas,
)
from melange.identifiers import new_id
from melange.ipam import blocks, rules, usage
from melange.ipam.addresses import Address
from melange.ipam.settings import Settings
from melange.ipam.unit import utcnow
from netkit.context import RequestContext
from netkit.db import Database
from netkit.pool import Timestamp


def available(database: Database, settings: Settings) -> bool:
    return database.dialect == "postgresql" and "ip_addresses" not in settings.quotas


def allocate(
    database: Database,
    caller: RequestContext,
    settings: Settings,
    block_id: str,
    tenant_id: str,
    vif_id: str | None,
) -> Address | None:
    """The address; None: nothing was done, and `allocation.allocate` has to find out why.

    Raises what `Database.run_alone` does.
    """
    now, address_id = utcnow(), new_id()
    parameters = {
        "block": block_id,
        "tenant": tenant_id,
        "vif": vif_id,
        "lowest": _lowest(settings),
        "id": address_id,
        "now": now,
        "slot": random.randrange(usage.SLOTS),
        "request": caller.request_id,
        "user": caller.user_id,
        "caller": caller.project_id,
        "head": _head(address_id, block_id, tenant_id),
    }
    sql, constants = _compiled(settings.audit, vif_id is not None)
    rows = database.run_alone(sql, constants | parameters)
    if not rows:
        return None
    (row,) = rows
    return Address(
        id=address_id,
        ip_block_id=block_id,
        value=int(row.value),
        version=row.version,
        interface_id=row.interface_id,
        used_by_tenant_id=tenant_id,
        deallocated_at=None,
        quarantined_until=None,
        holder_id=None,
        floating=False,
        created_at=now,
        updated_at=now,
        vif_id=row.vif_id,
        device_id=row.device_id,
    )


def _lowest(settings: Settings) -> list[int]:
    """The IP versions of which the configuration wants the lowest free address."""
    named = {4: settings.ipv4_generator, 6: settings.ipv6_generator}
    return [version for version, name in named.items() if name == rules.SEQUENTIAL]


def _head(address_id: str, block_id: str, tenant_id: str) -> str:
    """The audit record's JSON up to the address, which only the statement knows."""
    known = {"id": address_id, "ip_block_id": block_id, "used_by_tenant": tenant_id}
    return json.dumps(known)[:-1] + ', "value": '


def _statement(audited: bool, named: bool) -> sa.Select[Any]:
    chosen = _chosen(named)
    drawn = blocks.pools.drawing(sa.select(chosen.c.pool_id).scalar_subquery())
    made = _made(chosen, drawn)
    ctes = [_counted(made)]
    if audited:
        ctes.append(_told(made))
    query = sa.select(
        made.c.value, chosen.c.version, chosen.c.interface_id, chosen.c.vif_id, chosen.c.device_id
    ).select_from(made.join(chosen, sa.true()))
    return query.add_cte(*ctes)


def _chosen(named: bool) -> sa.CTE:
    b, i, q = ip_blocks.c, interfaces.c, quotas.c
    tenant = sa.bindparam("tenant", type_=sa.String)
    lowest = sa.bindparam("lowest", type_=postgresql.ARRAY(sa.SmallInteger))
    whose = i.anonymous_tenant == tenant
    if named:
        whose = sa.and_(i.vif_id == sa.bindparam("vif", type_=sa.String), i.tenant_id == tenant)
    limited = sa.exists().where(q.tenant_id == tenant, q.resource == "ip_addresses")
    query = sa.select(
        b.id,
        b.version,
        b.pool_id,
        i.id.label("interface_id"),
        sa.func.coalesce(i.vif_id, i.id).label("vif_id"),
        i.device_id,
    ).where(
        b.id == sa.bindparam("block", type_=sa.String),
        b.tenant_id == tenant,
        whose,
        ~b.subnetted,
        sa.or_(
            b.drawing == rules.LOWEST,
            sa.and_(b.drawing == rules.DEFAULT, b.version == sa.func.any(lowest)),
        ),
        ~limited,
    )
    if named:
        a, other = ip_addresses.alias().c, ip_blocks.alias().c
        elsewhere = sa.exists().where(
            a.interface_id == i.id,
            other.id == a.ip_block_id,
            other.network_id.is_distinct_from(b.network_id),
        )
        query = query.where(~elsewhere)
    return query.cte("chosen")


def _made(chosen: sa.CTE, drawn: sa.Subquery) -> sa.CTE:
    now = sa.bindparam("now", type_=Timestamp)
    row = {
        "id": sa.bindparam("id", type_=sa.String),
        "ip_block_id": chosen.c.id,
        "value": drawn.c.first,
        "version": chosen.c.version,
        "interface_id": chosen.c.interface_id,
        "used_by_tenant_id": sa.bindparam("tenant", type_=sa.String),
        "floating": sa.false(),
        "created_at": now,
        "updated_at": now,
    }
    source = sa.select(*row.values()).select_from(chosen.join(drawn, sa.true()))
    inserted = ip_addresses.insert().from_select(list(row), source, include_defaults=False)
    return inserted.returning(ip_addresses.c.ip_block_id, ip_addresses.c.value).cte("made")


def _counted(made: sa.CTE) -> sa.CTE:
    row = {
        "ip_block_id": made.c.ip_block_id,
        "tenant_id": sa.bindparam("tenant", type_=sa.String),
        "slot": sa.bindparam("slot", type_=sa.SmallInteger),
        "allocated": sa.literal(1, sa.BigInteger),
        "quarantined": sa.literal(0, sa.BigInteger),
    }
    insert = postgresql.insert(ip_block_usage).from_select(
        list(row), sa.select(*row.values()), include_defaults=False
    )
    counted: sa.CTE = usage.on_conflict_add(insert, insert.excluded).cte("counted")
    return counted


def _told(made: sa.CTE) -> sa.CTE:
    after = sa.bindparam("head", type_=sa.Text) + sa.cast(made.c.value, sa.Text) + "}"
    row = {
        "at": sa.bindparam("now", type_=Timestamp),
        "request_id": sa.bindparam("request", type_=sa.String),
        "user_id": sa.bindparam("user", type_=sa.String),
        "caller_tenant_id": sa.bindparam("caller", type_=sa.String),
        "tenant_id": sa.bindparam("tenant", type_=sa.String),
        "action": sa.literal("allocate"),
        "resource": sa.literal("ip_address"),
        "resource_id": sa.bindparam("id", type_=sa.String),
        "after": after,
    }
    insert = audit_records.insert().from_select(
        list(row), sa.select(*row.values()), include_defaults=False
    )
    return insert.cte("told")


@functools.cache
def _compiled(audited: bool, named: bool) -> tuple[str, dict[str, Any]]:
    """The statement's text and its constants. Compiling it takes longer than executing it."""
    compiled = _statement(audited, named).compile(dialect=postgresql.psycopg.dialect())
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), constants
