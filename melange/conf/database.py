"""Melange's database: oslo.db's options."""

from __future__ import annotations

from oslo_config import cfg

from netkit.conf import database_options

GROUP = "database"

CONNECTION = "sqlite:///$state_path/melange.sqlite"

OPTS: list[cfg.Opt] = database_options(CONNECTION)
