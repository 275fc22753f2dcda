"""Keys that the installation has for itself: configured, or made once and kept in the database."""

from __future__ import annotations

import secrets

import sqlalchemy as sa

from melange.db import service_tables
from melange.ipam.unit import Unit
from netkit.upsert import insert_or_get

BYTES = 32

STABLE_PRIVATE = "stable_private"


def stable_private(unit: Unit) -> str:
    """The key of the ``stable_private`` generator."""
    return unit.settings.stable_private_secret or _kept(unit, STABLE_PRIVATE)


def _kept(unit: Unit, name: str) -> str:
    c = service_tables.secrets.c
    found: str | None = unit.connection.scalar(sa.select(c.value).where(c.name == name))
    if found is None:
        values = {"name": name, "value": secrets.token_hex(BYTES)}
        found = insert_or_get(unit.connection, service_tables.secrets, ["name"], values).value
    return found
