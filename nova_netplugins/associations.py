"""Project -> network service, and instance -> virtual NICs.

A project uses the default network service until an operator associates it with another one, or
until its first virtual NIC pins it to the default. From then on it has a row, which every
allocation locks for sharing and every re-association locks for itself: neither sees the other half
done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from oslo_utils import timeutils

from netkit import errors
from netkit.db import Database
from netkit.upsert import insert_or_get
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.db.models import instance_virtual_nics as nics
from nova_netplugins.db.models import project_network_services as projects
from nova_netplugins.errors import InvalidOption

LONGEST = 255
"""Characters of a project's id."""

_SHOWN_NICS = 10


class ProjectUsesOtherService(errors.Conflict):
    code = "project_uses_other_service"
    template = "project {value} uses the network service {used}, not {asked}"


class ProjectHasVirtualNics(errors.Conflict):
    code = "project_has_virtual_nics"
    template = (
        "project {value} still has {count} on the network service {used}: {shown}; "
        "delete them first"
    )


class VirtualNicAttached(errors.Conflict):
    code = "virtual_nic_attached"
    template = (
        "virtual NIC {value} is attached to instance {instance}, not {asked}; detach it first"
    )


@dataclass(frozen=True)
class ProjectService:
    """The network service of a project. ``explicit`` False: it has no row, hence the default."""

    project_id: str
    network_service: str
    explicit: bool


@dataclass(frozen=True)
class Attachment:
    """A virtual NIC of a project. ``instance_id`` None: no instance has it yet."""

    virtual_nic_id: str
    instance_id: str | None
    project_id: str
    network_service: str


class Associations:
    """``pin``, ``require``, ``attach``, ``pin_and_attach`` and ``detach`` belong in a network
    service's own transaction.

    The other methods are each a transaction of their own.
    """

    def __init__(self, catalogue: Catalogue, database: Database) -> None:
        self._catalogue = catalogue
        self._database = database

    # -- Within the caller's transaction ----------------------------------------------------------

    def pin(self, connection: sa.Connection, project_id: str, service: str) -> None:
        """The project uses this service, and does so until the transaction ends.

        Call it first in every transaction that gives a project a virtual NIC. A project without a
        row gets one, of the default service. Raises ``ProjectUsesOtherService``.
        """
        row = connection.execute(_LIVE_SHARED, {"of_project": project_id}).one_or_none()
        default = self._catalogue.default.name
        if row is None and service == default:
            row = insert_or_get(
                connection, projects, ["project_id", "deleted"], _new_row(project_id, default)
            )
        self.require(project_id, None if row is None else row.network_service, service)

    def require(self, project_id: str, used: str | None, service: str) -> None:
        """``used``: what ``service_of`` says of the project. Raises ``ProjectUsesOtherService``."""
        used = used or self._catalogue.default.name
        if used != service:
            raise ProjectUsesOtherService(
                field="project_id", value=project_id, used=used, asked=service
            )

    def attach(
        self,
        connection: sa.Connection,
        instance_id: str | None,
        nic_id: str,
        project_id: str,
        service: str,
    ) -> None:
        """Record a virtual NIC of the project, and the instance that has it (None: none yet).

        Attaching it again to the same instance changes nothing. Raises ``VirtualNicAttached``.
        """
        values = {
            "instance_id": instance_id,
            "virtual_nic_id": nic_id,
            "project_id": project_id,
            "network_service": service,
            "created_at": timeutils.utcnow(),
            "deleted": 0,
        }
        row = insert_or_get(
            connection, nics, ["virtual_nic_id", "deleted"], values, ["id", "instance_id"]
        )
        if row.instance_id == instance_id:
            return
        if row.instance_id is not None:
            raise VirtualNicAttached(
                field="virtual_nic_id", value=nic_id, instance=row.instance_id, asked=instance_id
            )
        connection.execute(
            nics.update()
            .where(nics.c.id == row.id)
            .values(instance_id=instance_id, updated_at=timeutils.utcnow())
        )

    def pin_and_attach(
        self,
        connection: sa.Connection,
        instance_id: str | None,
        nic_id: str,
        project_id: str,
        service: str,
    ) -> None:
        """``pin`` and ``attach`` of a virtual NIC that is new, in one statement if the project has
        a row."""
        values = {
            "of_instance": instance_id,
            "of_nic": nic_id,
            "of_project": project_id,
            "of_service": service,
            "now": timeutils.utcnow(),
        }
        if connection.execute(_PIN_AND_ATTACH, values).rowcount != 1:
            self.pin(connection, project_id, service)
            self.attach(connection, instance_id, nic_id, project_id, service)

    def detach(self, connection: sa.Connection, *nic_ids: str) -> None:
        """Forget virtual NICs: they are deleted. Nothing to forget is fine."""
        connection.execute(_DETACH, {"of_nics": nic_ids, "now": timeutils.utcnow()})

    # -- Whole operations -------------------------------------------------------------------------

    def list(self) -> Sequence[ProjectService]:
        """The projects that have a row, by project id. All others have the default service."""
        query = sa.select(projects).where(projects.c.deleted == 0).order_by(projects.c.project_id)
        with self._database.reading() as connection:
            return [_project_service(row) for row in connection.execute(query)]

    def show(self, project_id: str) -> ProjectService:
        """The network service of a project, which is the default one when nothing else is known."""
        with self._database.reading() as connection:
            row = connection.execute(_live(project_id)).one_or_none()
        if row is None:
            return ProjectService(project_id, self._catalogue.default.name, explicit=False)
        return _project_service(row)

    def attachments(
        self, *, project_id: str | None = None, instance_id: str | None = None
    ) -> Sequence[Attachment]:
        """The virtual NICs of a project, of an instance, or all, in the order they were made."""
        query = sa.select(nics).where(nics.c.deleted == 0).order_by(nics.c.id)
        if project_id is not None:
            query = query.where(nics.c.project_id == project_id)
        if instance_id is not None:
            query = query.where(nics.c.instance_id == instance_id)
        with self._database.reading() as connection:
            return [
                Attachment(r.virtual_nic_id, r.instance_id, r.project_id, r.network_service)
                for r in connection.execute(query)
            ]

    def associate(self, project_id: str, service: str) -> ProjectService:
        """Give a project this network service; the one it has already is fine.

        Raises ``UnknownNetworkService``, ``InvalidOption`` for what no project can be called, and
        ``ProjectHasVirtualNics`` for a project of another service that still has virtual NICs.
        Nothing has changed then.
        """
        _require_name(project_id)
        name = self._catalogue.get(service).name
        self._database.run(_associate, project_id, name)
        return ProjectService(project_id, name, explicit=True)

    def disassociate(self, project_id: str) -> ProjectService:
        """Give a project the default service again. Raises ``ProjectHasVirtualNics``."""
        self._database.run(_disassociate, project_id)
        return ProjectService(project_id, self._catalogue.default.name, explicit=False)


def _require_name(project_id: str) -> None:
    """Paths of REST name it, and a column has to hold it."""
    if not (0 < len(project_id) <= LONGEST and project_id.isprintable() and "/" not in project_id):
        reason = f"a project's id has 1 to {LONGEST} characters that print, none of them a slash"
        raise InvalidOption(field="project_id", value=project_id, reason=reason)


def _associate(connection: sa.Connection, project_id: str, service: str) -> None:
    row = insert_or_get(
        connection, projects, ["project_id", "deleted"], _new_row(project_id, service)
    )
    if row.network_service == service:
        return
    _refuse_with_nics(connection, row)
    connection.execute(
        projects.update()
        .where(projects.c.id == row.id)
        .values(network_service=service, updated_at=timeutils.utcnow())
    )


def _disassociate(connection: sa.Connection, project_id: str) -> None:
    row = connection.execute(_live(project_id).with_for_update()).one_or_none()
    if row is not None:
        _refuse_with_nics(connection, row)
        gone = _soft_deleted(projects, projects.c.id == row.id)
        connection.execute(gone, {"now": timeutils.utcnow()})


def _refuse_with_nics(connection: sa.Connection, project: sa.Row[Any]) -> None:
    """Refuse while the project, whose row the caller has locked, has virtual NICs."""
    query = sa.select(nics.c.instance_id, nics.c.virtual_nic_id).where(
        nics.c.project_id == project.project_id, nics.c.deleted == 0
    )
    found = connection.execute(query.order_by(nics.c.id)).all()
    if not found:
        return
    shown = ", ".join(
        f"{nic_id} of {f'instance {instance_id}' if instance_id else 'no instance'}"
        for instance_id, nic_id in found[:_SHOWN_NICS]
    )
    if len(found) > _SHOWN_NICS:
        shown += f" and {len(found) - _SHOWN_NICS} more"
    raise ProjectHasVirtualNics(
        field="project_id",
        value=project.project_id,
        count=f"{len(found)} virtual NIC{'s' if len(found) > 1 else ''}",
        used=project.network_service,
        shown=shown,
    )


def service_of(project_id: str | sa.BindParameter[str]) -> sa.ScalarSelect[str | None]:
    """The network service of a project as part of a statement, NULL: the default one. Nothing keeps
    it so."""
    return _live(project_id).with_only_columns(projects.c.network_service).scalar_subquery()


def _live(project_id: str | sa.BindParameter[str]) -> sa.Select[Any]:
    return sa.select(projects).where(projects.c.project_id == project_id, projects.c.deleted == 0)


# Each virtual NIC asks for it: making the statement anew would cost as much as asking.
_LIVE_SHARED = (
    _live(sa.bindparam("of_project"))
    .with_only_columns(projects.c.network_service)
    .with_for_update(read=True)
)


_PIN_AND_ATTACH = (
    nics.insert()
    .from_select(
        [
            "instance_id",
            "virtual_nic_id",
            "project_id",
            "network_service",
            "created_at",
            "deleted",
        ],
        _live(sa.bindparam("of_project"))
        .with_only_columns(
            sa.bindparam("of_instance", type_=nics.c.instance_id.type),
            sa.bindparam("of_nic", type_=nics.c.virtual_nic_id.type),
            projects.c.project_id,
            projects.c.network_service,
            sa.bindparam("now", type_=nics.c.created_at.type),
            sa.literal_column("0"),
        )
        .where(projects.c.network_service == sa.bindparam("of_service"))
        .with_for_update(read=True),
        include_defaults=False,
    )
    .execution_options(preserve_rowcount=True)
)


def _new_row(project_id: str, service: str) -> dict[str, Any]:
    return {
        "project_id": project_id,
        "network_service": service,
        "created_at": timeutils.utcnow(),
        "deleted": 0,
    }


def _project_service(row: sa.Row[Any]) -> ProjectService:
    return ProjectService(row.project_id, row.network_service, explicit=True)


def _soft_deleted(table: sa.Table, which: sa.ColumnElement[bool]) -> sa.Update:
    """The statement; ``now`` is its parameter."""
    values = {"deleted": table.c.id, "deleted_at": sa.bindparam("now")}
    return table.update().where(which, table.c.deleted == 0).values(values)


_DETACH = _soft_deleted(nics, nics.c.virtual_nic_id.in_(sa.bindparam("of_nics", expanding=True)))
