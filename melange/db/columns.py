"""Column types that Melange's tables share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql

from netkit.pool import Timestamp


class _Identifier(sa.types.TypeDecorator[str]):
    """Ids are ASCII and compare octet by octet: a locale's rules would only make an index slower.

    An id that a caller gave may be any text: as MariaDB refuses to compare other characters with
    ASCII at all, they become question marks, which no id has.
    """

    impl = sa.String(36)
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            return dialect.type_descriptor(sa.String(36, collation="C"))
        if dialect.name in ("mysql", "mariadb"):
            own = mysql.VARCHAR(36, charset="ascii", collation="ascii_nopad_bin")
            return dialect.type_descriptor(own)
        return dialect.type_descriptor(sa.String(36))

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else value.encode("ascii", "replace").decode()


Identifier = _Identifier()
"""A row's id: a UUID as text."""

LongText = sa.Text().with_variant(mysql.LONGTEXT(), "mysql", "mariadb")
"""Text of more than 64 KiB, which is all that MariaDB's TEXT has room for."""

Name = sa.String(255)
"""A name that somebody else gave: a tenant, a device, a network."""


class AnyInteger(sa.types.TypeDecorator[int]):
    """An integer of either sign and of up to 40 characters, as text: for values only."""

    impl = sa.String(40)
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: sa.Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: sa.Dialect) -> int | None:
        return None if value is None else int(value)


def identifier() -> sa.Column[str]:
    """The primary key ``id``."""
    return sa.Column("id", Identifier, primary_key=True)


def reference(
    name: str, to: str, *, nullable: bool = False, on_delete: str | None = None
) -> sa.Column[str]:
    """A column with the id of a row of another table."""
    key = sa.ForeignKey(f"{to}.id", ondelete=on_delete)
    return sa.Column(name, Identifier, key, nullable=nullable)


def times() -> list[sa.Column[Any]]:
    """When a row was made and last changed: naive datetimes in UTC."""
    return [
        sa.Column("created_at", Timestamp, nullable=False),
        sa.Column("updated_at", Timestamp, nullable=False),
    ]
