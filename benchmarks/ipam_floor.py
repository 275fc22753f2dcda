"""What PostgreSQL alone does of a draw: pgbench with one statement and no server in between."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import sqlalchemy as sa

_TABLES = """
CREATE TABLE floor_ranges (first numeric(39), last numeric(39) PRIMARY KEY)
  WITH (fillfactor = 50);
CREATE TABLE floor_drawn (value numeric(39) PRIMARY KEY, at timestamp DEFAULT now());
INSERT INTO floor_ranges
  SELECT stripe * 262144, (stripe + 1) * 262144 - 1 FROM generate_series(0, 63) AS stripe;
"""
_DRAW = """
WITH held AS (
  SELECT first, last FROM floor_ranges ORDER BY last LIMIT 1 FOR UPDATE SKIP LOCKED
), moved AS (
  UPDATE floor_ranges AS r SET first = held.first + 1 FROM held
  WHERE r.last = held.last RETURNING held.first
)
INSERT INTO floor_drawn (value) SELECT first FROM moved RETURNING value;
"""


def rate(url: str, *, clients: int = 64, seconds: int = 10) -> float:
    """Draws a second of a /8, each one statement and one commit."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(_TABLES)
    where = engine.url
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "draw.sql")
        script.write_text(_DRAW.replace("\n", " "))
        command = ["pgbench", "-n", f"-c{clients}", "-j1", f"-T{seconds}", "-Mprepared"]
        server = ["-h", str(where.host), "-p", str(where.port), "-U", str(where.username)]
        done = subprocess.run(
            [*command, *server, f"-f{script}", str(where.database)],
            capture_output=True,
            text=True,
            check=True,
        )
    engine.dispose()
    found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
    if found is None:
        raise RuntimeError(done.stdout + done.stderr)
    return float(found[1])
