"""PostgreSQL: allocation as one statement, by data-modifying common table expressions."""

from __future__ import annotations

import functools
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg

from melange.db.service_tables import audit_records, idempotency_keys
from melange.db.tables import interfaces, ip_addresses, ip_block_usage, ip_blocks, quotas
from melange.ipam import block_pools, rules, usage
from netkit.pool import Timestamp


@functools.cache
def statement(audited: bool, named: bool, keyed: bool) -> tuple[str, dict[str, Any]]:
    """The text for psycopg, and its constants. Compiling it takes longer than executing it.

    ``audited``: it writes an audit record. ``named``: for the interface ``vif`` instead of the
    tenant's nameless one. ``keyed``: it keeps the answer under a key. The parameters: see
    `melange.ipam.express`.
    """
    dialect: sa.Dialect = PGDialect_psycopg()  # type: ignore[no-untyped-call]
    compiled = _statement(audited, named, keyed).compile(dialect=dialect)
    constants = {name: value for name, value in compiled.params.items() if value is not None}
    return str(compiled), constants


def _statement(audited: bool, named: bool, keyed: bool) -> sa.Select[Any]:
    chosen = _chosen(named, keyed)
    drawn = block_pools.pools.drawing(sa.select(chosen.c.pool_id).scalar_subquery())
    made = _made(chosen, drawn)
    ctes = [_counted(made)]
    if audited:
        ctes.append(_told(made))
    if keyed:
        ctes.append(_kept(made, chosen))
    query = sa.select(
        made.c.value, chosen.c.version, chosen.c.interface_id, chosen.c.vif_id, chosen.c.device_id
    ).select_from(made.join(chosen, sa.true()))
    return query.add_cte(*ctes)


def _chosen(named: bool, keyed: bool) -> sa.CTE:
    b, i, q = ip_blocks.c, interfaces.c, quotas.c
    tenant = sa.bindparam("tenant", type_=sa.String)
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
            sa.and_(
                b.drawing == rules.DEFAULT,
                b.version.in_(
                    [
                        sa.bindparam("lowest1", type_=sa.SmallInteger),
                        sa.bindparam("lowest2", type_=sa.SmallInteger),
                    ]
                ),
            ),
        ),
        ~limited,
    )
    if named:
        query = query.where(b.network_id.is_(None))
    if keyed:
        key = sa.bindparam("key", type_=sa.String)
        query = query.where(~sa.exists().where(idempotency_keys.c.id == key))
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
    row: dict[str, sa.ColumnElement[Any]] = {
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


def _kept(made: sa.CTE, chosen: sa.CTE) -> sa.CTE:
    value = sa.cast(made.c.value, sa.Text)
    drawn = sa.func.json_build_array(
        value, chosen.c.version, chosen.c.vif_id, chosen.c.device_id, type_=sa.JSON
    )
    row: dict[str, sa.ColumnElement[Any]] = {
        "id": sa.bindparam("key", type_=sa.String),
        "fingerprint": sa.bindparam("fingerprint", type_=sa.String),
        "status": sa.literal(201, sa.SmallInteger),
        "headers": sa.literal("{}", sa.Text),
        "body": sa.bindparam("kept", type_=sa.Text) + sa.cast(drawn, sa.Text) + "}}",
        "created_at": sa.bindparam("now", type_=Timestamp),
    }
    source = sa.select(*row.values()).select_from(made.join(chosen, sa.true()))
    insert = idempotency_keys.insert().from_select(list(row), source, include_defaults=False)
    return insert.cte("kept")
