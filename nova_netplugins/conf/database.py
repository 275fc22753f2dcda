"""The database of the core and of every network service with tables: oslo.db's options."""

from __future__ import annotations

from oslo_config import cfg

from netkit.conf import database_options

GROUP = "database"

CONNECTION = "sqlite:///$state_path/nova-netplugins.sqlite"

OPTS: list[cfg.Opt] = database_options(CONNECTION)
