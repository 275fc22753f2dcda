"""Melange's tables and their migrations."""

from __future__ import annotations

from pathlib import Path

from melange.db import service_tables as service_tables
from melange.db import webhook_tables as webhook_tables
from melange.db.tables import metadata
from netkit.migrations import Lineage

MELANGE = Lineage("melange", str(Path(__file__).with_name("versions")), metadata)
