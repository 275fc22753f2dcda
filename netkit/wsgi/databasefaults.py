"""How errors of the database that are nobody's mistake are answered."""

from __future__ import annotations

from oslo_db import exception as db_exc

from netkit.wsgi.faults import ErrorTable


def register(table: ErrorTable) -> ErrorTable:
    """The same table, with the database's errors in it."""
    away = "the database does not answer now; try again later"
    busy = "others change the same objects at this moment; try again"
    table.register(db_exc.DBConnectionError, 503, "database_unavailable", away)
    table.register(db_exc.DBDeadlock, 503, "database_busy", busy)
    return table
