"""What netstack itself knows at one moment: networks, virtual NICs, associations, intents."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from nova_netplugins.associations import Attachment
from nova_netplugins.netstack import suspects
from nova_netplugins.netstack.base import NAME, Operations
from nova_netplugins.netstack.model import ACTIVE
from nova_netplugins.netstack.tables import INTENTS, NETWORKS, PROJECTS, VIRTUAL_NICS

Row = sa.RowMapping


@dataclass(frozen=True)
class Records:
    """By id. ``spoken_of``: all that an intent names. ``rolled_back``: NICs that were never
    finished, of which something may have been made later than it was undone."""

    networks: Mapping[str, Row]
    nics: Mapping[str, Row]
    attached: Mapping[str, Attachment]
    intents: Mapping[str, Row]
    spoken_of: frozenset[str]
    projects: frozenset[str]
    rolled_back: frozenset[str]


def read(operations: Operations) -> Records:
    """The associations are those of a moment before the rest."""
    attachments = operations.associations.attachments()
    with operations.database.reading() as connection:

        def by_id(table: sa.Table) -> dict[str, Row]:
            rows = connection.execute(sa.select(table).order_by(table.c.id)).mappings()
            return {row["id"]: row for row in rows}

        intents = by_id(INTENTS)
        return Records(
            networks=by_id(NETWORKS),
            nics=by_id(VIRTUAL_NICS),
            attached={one.virtual_nic_id: one for one in attachments if _is_ours(one)},
            intents=intents,
            spoken_of=frozenset(
                text for row in intents.values() for text in (row["id"], *_texts(row["document"]))
            ),
            projects=frozenset(connection.scalars(sa.select(PROJECTS.c.project_id))),
            rolled_back=suspects.all_rolled_back(connection),
        )


def _is_ours(attachment: Attachment) -> bool:
    return attachment.network_service == NAME


def _texts(document: Any) -> Iterator[str]:
    """Every text in a JSON value: an intent may name an object anywhere."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, Mapping):
        for key, value in document.items():
            yield str(key)
            yield from _texts(value)
    elif isinstance(document, list):
        for value in document:
            yield from _texts(value)


@dataclass(frozen=True)
class Span:
    """What netstack knew before and after a look at the two services. What the services have and
    neither knew belongs to nobody; what both knew alike should be there."""

    before: Records
    after: Records

    def knows_nic(self, nic_id: str) -> bool:
        return nic_id in self.before.nics or nic_id in self.after.nics or self.speaks_of(nic_id)

    def knows_network(self, network_id: str) -> bool:
        known = network_id in self.before.networks or network_id in self.after.networks
        return known or self.speaks_of(network_id)

    def speaks_of(self, text: str) -> bool:
        """An unfinished piece of work names it."""
        return text in self.before.spoken_of or text in self.after.spoken_of

    def steady_nics(self) -> Iterator[Row]:
        """Those that were active all the time, unchanged, and that nobody works on."""
        for row in self._steady(self.before.nics, self.after.nics):
            if not self.speaks_of(row["id"]):
                yield row

    def steady_networks(self) -> Iterator[Row]:
        for row in self._steady(self.before.networks, self.after.networks):
            if not self.speaks_of(row["id"]):
                yield row

    def _steady(self, before: Mapping[str, Row], after: Mapping[str, Row]) -> Iterator[Row]:
        for id_, row in after.items():
            if row["state"] == ACTIVE and before.get(id_) == row:
                yield row

    def abandoned(self, now: datetime.datetime) -> Iterator[Row]:
        """Intents that nobody works on."""
        for id_, row in self.after.intents.items():
            if row["claimed_until"] < now and self.before.intents.get(id_) == row:
                yield row
