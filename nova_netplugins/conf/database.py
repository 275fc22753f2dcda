"""The database of the core and of every network service with tables: oslo.db's options."""

from __future__ import annotations

import copy

from oslo_config import cfg
from oslo_db import options

GROUP = "database"

CONNECTION = "sqlite:///$state_path/nova-netplugins.sqlite"

# oslo.db also has options for what this project never does: reads from a replica, asyncio.
_UNUSED = {
    "slave_connection",
    "asyncio_connection",
    "asyncio_slave_connection",
    "synchronous_reader",
}


def _with_our_default(opt: cfg.Opt) -> cfg.Opt:
    """A copy: oslo.db's own options are shared by everything in the process that uses oslo.db."""
    ours = copy.copy(opt)
    if ours.name == "connection":
        ours.default = CONNECTION
    return ours


OPTS: list[cfg.Opt] = [
    _with_our_default(opt) for opt in options.database_opts if opt.name not in _UNUSED
]
