"""The core's tables and their migrations."""

from __future__ import annotations

from pathlib import Path

from netkit.migrations import Lineage
from nova_netplugins.db.models import metadata

CORE = Lineage("core", str(Path(__file__).with_name("migrations")), metadata)
