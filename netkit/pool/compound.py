"""MariaDB: a draw as a part of the caller's own compound statement (BEGIN NOT ATOMIC ... END)."""

from __future__ import annotations

from netkit.pool.tables import PoolTables

DECLARATIONS = "DECLARE drawn, drawn_end DECIMAL(39);"


def drawing(tables: PoolTables, pool: str) -> str:
    """Statements that draw one value of the pool whose id the variable ``pool`` has.

    Afterwards ``drawn`` (see DECLARATIONS) has it; NULL: nothing was drawn, for a reason that
    `Pools.draw` finds out. There must be a handler for NOT FOUND.
    """
    ranges = tables.ranges.name
    return f"""
    SELECT first, last INTO drawn, drawn_end FROM {ranges}
      WHERE pool_id = {pool} ORDER BY last LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF drawn < drawn_end THEN
      UPDATE {ranges} SET first = first + 1 WHERE pool_id = {pool} AND last = drawn_end;
    ELSEIF drawn = drawn_end THEN
      DELETE FROM {ranges} WHERE pool_id = {pool} AND last = drawn_end;
    END IF;
    """
