"""Whose the ports and interfaces are that netstack makes: a name of this deployment, made once."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Iterable

import sqlalchemy as sa

from netkit.db import Database
from netkit.upsert import insert_or_get
from nova_netplugins.netstack.tables import DEPLOYMENT

_ONLY = 1
_PREFIX = "netstack:"


class Deployment:
    def __init__(self, database: Database) -> None:
        self._database = database

    @functools.cached_property
    def owner(self) -> str:
        """A UUID that no other deployment has."""
        return self._database.run(_owner)

    @property
    def tag(self) -> str:
        """Of all that is ours in Melange."""
        return f"{_PREFIX}{self.owner}"

    def is_anothers(self, tags: Iterable[str]) -> bool:
        """Whether what has these tags is of another deployment."""
        return any(tag.startswith(_PREFIX) and tag != self.tag for tag in tags)

    def port_name(self, nic_id: str) -> str:
        return f"{self.tag}:{nic_id}"

    def nic_of(self, port_name: str) -> str | None:
        """The NIC of a port with that name; None: it is not ours."""
        prefix = f"{self.tag}:"
        return port_name.removeprefix(prefix) if port_name.startswith(prefix) else None

    def network_key(self, intent_id: str) -> str:
        """Of the layer 2 network that this intent makes: no other deployment has it."""
        return f"{self.owner}:{intent_id}"

    def intent_of(self, network_key: str | None) -> str | None:
        """The intent that made the layer 2 network with that key; None: it is not ours."""
        owner, _, intent_id = (network_key or "").partition(":")
        return intent_id if owner == self.owner else None


def _owner(connection: sa.Connection) -> str:
    new = {"id": _ONLY, "owner": str(uuid.uuid4())}
    return str(insert_or_get(connection, DEPLOYMENT, ["id"], new).owner)
