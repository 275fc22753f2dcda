"""Finishes and undoes what was broken off, and follows what others changed in Melange and Quantum.

Any number of processes may do it at once, beside others that work.
"""

from __future__ import annotations

import dataclasses
import datetime
import logging
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from netkit import errors
from nova_netplugins.ethernet.rows import Row, utcnow
from nova_netplugins.netstack import follow_steps, intents, network_rows, nic_rows, pairs
from nova_netplugins.netstack.intents import ClaimLost
from nova_netplugins.netstack.l2 import NIC_OWNER, L2Port, normal_pairs
from nova_netplugins.netstack.model import Interface
from nova_netplugins.netstack.nics import NicOperations
from nova_netplugins.netstack.tables import DEPLOYMENT, VIRTUAL_NICS

LOG = logging.getLogger(__name__)

_BATCH = 1000
_TOGETHER = 50
"""NICs that follow in one intent."""

_OVERLAP = datetime.timedelta(minutes=5)
"""How far Melange's clock may be from ours."""


class NotDone(str):
    """Words for what could not be done now, and stays to be done."""


class ReconcileOperations(NicOperations):
    def reconcile(self, *, due: bool = False, logged: bool = False) -> list[str]:
        """What was done, in words. ``logged``: others' changes of allowed addresses are only looked
        for where Melange's audit log tells of some since the last look; Melange lists those of one
        NIC at a time. ``due``: the same, of ports not at all, and only if nobody has looked since
        ``follow_interval``.

        What fails stays to be done, and is told as NotDone.
        """
        done = list(self._broken_off())
        try:
            done += self._follow(due, logged or due)
        except Exception as error:
            LOG.warning("what Melange and Quantum changed cannot be followed now: %s", error)
            done.append(NotDone(f"could not look at what was changed elsewhere: {error}"))
        return done

    def _broken_off(self) -> Iterator[str]:
        for intent_id in self.run(intents.unclaimed, _BATCH):
            intent = self.run(intents.claim, intent_id, self.options.intent_timeout)
            if intent is None:
                continue
            try:
                yield self.flow.resume(intent)
            except Exception as error:
                LOG.warning("%s %s is not done yet: %s", intent.kind, intent.id, error)
                yield NotDone(f"could not finish {intent.kind} {intent.id}: {error}")
                if isinstance(error, errors.Unavailable) and not isinstance(error, ClaimLost):
                    # It would not answer about the others either; they come first next time.
                    return

    # -- Following

    def _follow(self, due: bool, logged: bool) -> Iterator[str]:
        owner, now = self.deployment.owner, utcnow()
        before = self.run(_begin, owner, now, self.options.follow_interval if due else 0)
        if before is _NOT_DUE:
            return
        try:
            yield from self._follow_blocks()
            yield from self._follow_nics(before if logged else None, ports=not due)
        except BaseException:
            # Whoever looks next has to look as far back.
            self.run(_take_back, now, before)
            raise

    def _follow_blocks(self) -> Iterator[str]:
        """Networks whose blocks are others than remembered."""
        tenants: dict[str, list[Row]] = {}
        for row in self.rows(network_rows.select()):
            tenants.setdefault(self.melange.tenant_of(row["project_id"]), []).append(row)
        for tenant, rows in sorted(tenants.items()):
            found = self.melange.blocks_of_tenant(tenant)
            for row in rows:
                if self.remember_blocks(row, found.get(row["id"], [])):
                    yield f"network {row['id']} follows its blocks"

    def _follow_nics(self, since: datetime.datetime | None, *, ports: bool) -> Iterator[str]:
        """``since`` None: allowed addresses and ports of all are looked at."""
        rows = self.rows(nic_rows.select().order_by(VIRTUAL_NICS.c.id))
        if not rows:
            return
        lately = None if since is None else self.melange.lately_allowed(since - _OVERLAP)
        changed = set(self._others_in_melange(rows, lately))
        if ports or since is None:
            changed.update(self._other_ports(rows))
        ids = sorted(changed)
        for first in range(0, len(ids), _TOGETHER):
            together = ids[first : first + _TOGETHER]
            self.flow.start("follow", {"nic_ids": together})
            yield from (f"virtual NIC {nic_id} follows Melange" for nic_id in together)

    def _others_in_melange(
        self, rows: Iterable[Row], lately: Collection[str] | None
    ) -> Iterator[str]:
        """Whose addresses, allowed addresses or device are not what Melange says. ``lately``: to
        whom some were allowed or forbidden; None: that is not known."""
        networks = self.rows(network_rows.select())
        blocks = {row["id"]: {one["id"] for one in row["blocks"]} for row in networks}
        projects: dict[str, list[Row]] = {}
        for row in rows:
            projects.setdefault(row["project_id"], []).append(row)
        for project, of_project in sorted(projects.items()):
            listed = self.melange.interfaces(project, tags=self.deployment.tag)
            found = {interface.id: interface for interface in listed}
            for row in of_project:
                interface = found.get(row["id"]) or follow_steps.interface_of(self.melange, row)
                # An address that is released is allowed to nobody, of which nothing is told.
                if lately is None or row["id"] in lately or row["allowed"]:
                    allowed = self.melange.allowed(project, row["id"])
                    interface = dataclasses.replace(interface, allowed=allowed)
                if _differs(row, interface, blocks.get(row["network_id"], set())):
                    yield row["id"]

    def _other_ports(self, rows: Iterable[Row]) -> Iterator[str]:
        """Whose port is not what its row says; one that is gone is an audit's business."""
        ports = {port.id: port for port in self.l2.list_ports(device_owner=NIC_OWNER)}
        for row in rows:
            port = ports.get(row["port_id"])
            if port is not None and self._port_differs(row, port):
                yield row["id"]

    def _port_differs(self, row: Row, port: L2Port) -> bool:
        if port.host != row["host"] or port.device_id != follow_steps.device_of(row):
            return True
        own = [one["address"] for one in row["addresses"]]
        wanted = pairs.of_nic(self.options, row["mac_address"], own, row["allowed"])
        return bool(row["port_security"]) and port.pairs != normal_pairs(wanted, port.mac_address)


def _differs(row: Row, interface: Interface, blocks: Collection[str]) -> bool:
    remembered = follow_steps.remembered(row, interface, blocks)
    return interface.device_id != follow_steps.device_of(row) or any(
        row[name] != value for name, value in remembered.items()
    )


_NOT_DUE: Any = object()


def _begin(connection: sa.Connection, owner: str, now: datetime.datetime, interval: int) -> Any:
    """When somebody last looked (None: nobody did), or _NOT_DUE; from now on, it was now."""
    c = DEPLOYMENT.c
    ours = sa.select(c.followed_at).where(c.owner == owner).with_for_update()
    before = connection.scalar(ours)
    if before is not None and before + datetime.timedelta(seconds=interval) > now:
        return _NOT_DUE
    connection.execute(DEPLOYMENT.update().where(c.owner == owner).values(followed_at=now))
    return before


def _take_back(
    connection: sa.Connection, now: datetime.datetime, before: datetime.datetime | None
) -> None:
    c = DEPLOYMENT.c
    connection.execute(DEPLOYMENT.update().where(c.followed_at == now).values(followed_at=before))
