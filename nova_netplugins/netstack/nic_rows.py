"""Rows of virtual NICs, within the caller's transaction, and as the contract shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from oslo_config import cfg

from nova_netplugins import errors, plugin
from nova_netplugins.associations import Associations, service_of
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import pairs
from nova_netplugins.netstack.model import ACTIVE, BUILDING, COMPUTE, DELETING, NicPlan
from nova_netplugins.netstack.tables import NETWORKS, VIRTUAL_NICS

c = VIRTUAL_NICS.c

# Made once: making a statement costs as much as asking the database.
_IS_LEFT = (
    c.instance_id == sa.bindparam("of_instance"),
    c.state != DELETING,
    c.purpose == COMPUTE,
)
_OF_INSTANCE = sa.select(c.id, c.default_route, c.created_at).where(*_IS_LEFT)

KNOWN = (
    service_of(sa.bindparam("of_project")).label("service"),
    sa.exists().where(*_IS_LEFT, c.project_id != sa.bindparam("of_project")).label("is_foreign"),
    sa.exists().where(*_IS_LEFT, c.default_route).label("has_default"),
)
"""Columns that tell of a project and an instance, the parameters ``of_project`` and
``of_instance``, what has to be known before it gets a NIC."""

_INSERT = VIRTUAL_NICS.insert()
_OF_IDS = c.id.in_(sa.bindparam("ids", expanding=True))
_WITHDRAW = VIRTUAL_NICS.update().where(_OF_IDS)
_DELETE = VIRTUAL_NICS.delete().where(_OF_IDS).returning(c.instance_id, c.state)
# The project of its network.
_OWNER = sa.select(NETWORKS.c.project_id).where(NETWORKS.c.id == c.network_id).scalar_subquery()
_OWNED = sa.select(VIRTUAL_NICS, _OWNER.label("network_owner"))
_LOCKED_OF_INSTANCE = _OWNED.where(*_IS_LEFT).order_by(c.id).with_for_update()
_LOCKED = _OWNED.where(
    c.id == sa.bindparam("of_nic"), c.state == ACTIVE, c.purpose == COMPUTE
).with_for_update()


def select(*where: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Of those that there are for everybody: neither being made nor being deleted, and no
    gateways."""
    return sa.select(VIRTUAL_NICS).where(c.state == ACTIVE, c.purpose == COMPUTE, *where)


def new_row(nic: NicPlan) -> dict[str, Any]:
    """Of one that is being made."""
    return {
        "id": nic.id,
        "network_id": nic.network_id,
        "project_id": nic.tenant,
        "instance_id": nic.instance_id,
        "purpose": nic.purpose,
        "host": nic.host,
        "hostname": nic.hostname,
        "status": plugin.DOWN,
        "default_route": nic.default_route,
        "port_security": True,
        "state": BUILDING,
        "addresses": [],
        "allowed": [],
    }


def insert(connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    connection.execute(_INSERT, rows)


def find(connection: sa.Connection, nic_id: str, *, lock: bool = False) -> Row:
    """Raises VirtualNicNotFound."""
    query = select(c.id == nic_id)
    row = connection.execute(query.with_for_update() if lock else query).mappings().one_or_none()
    if row is None:
        raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic_id)
    return row


def update(connection: sa.Connection, /, nic_id: str, **values: Any) -> Row:
    """Raises VirtualNicNotFound."""
    here = VIRTUAL_NICS.update().where(c.id == nic_id, c.state == ACTIVE, c.purpose == COMPUTE)
    connection.execute(here.values(**values, updated_at=utcnow()))
    return find(connection, nic_id)


def is_first(
    known: Row,
    associations: Associations,
    service: str,
    project_id: str,
    instance_id: str | None,
) -> bool:
    """Whether the next NIC carries the instance's default route. ``known``: the columns KNOWN.
    Raises ProjectUsesOtherService, and InstanceNotFound for an instance of another project."""
    associations.require(project_id, known["service"], service)
    if known["is_foreign"]:
        raise errors.InstanceNotFound(field="instance_id", value=instance_id, project=project_id)
    return not known["has_default"]


def withdraw(connection: sa.Connection, nic_id: str) -> Row:
    """Nobody sees it any more. Its row, with ``network_owner``: the project of its network. Raises
    VirtualNicNotFound."""
    row = connection.execute(_LOCKED, {"of_nic": nic_id}).mappings().one_or_none()
    if row is None:
        raise errors.VirtualNicNotFound(field="virtual_nic_id", value=nic_id)
    hide(connection, [row])
    promote(connection, [row["instance_id"]])
    return row


def withdraw_all(connection: sa.Connection, instance_id: str) -> list[Row]:
    """The same of all that the instance has."""
    rows = connection.execute(_LOCKED_OF_INSTANCE, {"of_instance": instance_id}).mappings().all()
    gone = [row for row in rows if row["state"] == ACTIVE]
    if gone:
        hide(connection, gone)
        _promote_first(connection, [row for row in rows if row["state"] != ACTIVE])
    return gone


def hide(connection: sa.Connection, rows: Sequence[Row]) -> None:
    """Nobody sees them any more; the caller has locked them."""
    ids = [row["id"] for row in rows]
    connection.execute(_WITHDRAW, {"ids": ids, "state": DELETING, "updated_at": utcnow()})


def delete(connection: sa.Connection, ids: Sequence[str]) -> None:
    gone = connection.execute(_DELETE, {"ids": list(ids)}).all()
    # Of one that was withdrawn, another has the default route already.
    promote(connection, {row.instance_id for row in gone if row.state != DELETING})


def promote(connection: sa.Connection, instances: Iterable[str | None]) -> None:
    """An instance whose default route went with a NIC has it on the oldest one left."""
    for instance_id in sorted(one for one in set(instances) if one is not None):
        left = connection.execute(_OF_INSTANCE, {"of_instance": instance_id}).mappings().all()
        _promote_first(connection, left)


def _promote_first(connection: sa.Connection, left: Sequence[Row]) -> None:
    if left and not any(row["default_route"] for row in left):
        oldest = min(left, key=lambda row: (row["created_at"], row["id"]))
        first = VIRTUAL_NICS.update().where(c.id == oldest["id"])
        connection.execute(first.values(default_route=True, updated_at=utcnow()))


def plan_of(row: Row, network_tenant: str) -> NicPlan:
    """What has to be known to delete it."""
    return NicPlan(
        id=row["id"],
        network_id=row["network_id"],
        tenant=row["project_id"],
        network_tenant=network_tenant,
        device_id=row["instance_id"] or row["id"],
        purpose=row["purpose"],
        instance_id=row["instance_id"],
        host=row["host"],
        mac_address=row["mac_address"],
        addresses=tuple(one["address"] for one in row["addresses"]),
        port_id=row["port_id"],
    )


def view(options: cfg.GroupAttr, row: Row | Mapping[str, Any]) -> plugin.VirtualNic:
    """``attributes``: ``port_id``, ``port_security``, and ``allowed_address_pairs``: [[address or
    CIDR, MAC address or null], ...], all that it may send from."""
    own = [one["address"] for one in row["addresses"]]
    allowed = pairs.of_nic(options, row["mac_address"], own, row["allowed"])
    fixed_ips = (
        plugin.FixedIp(one["address"], one["version"], one["block_id"]) for one in row["addresses"]
    )
    attributes = {
        "port_id": row["port_id"],
        "port_security": row["port_security"],
        "allowed_address_pairs": [[pair.ip_address, pair.mac_address] for pair in allowed],
    }
    return views.virtual_nic(row, fixed_ips, attributes)
