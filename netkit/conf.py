"""An application's configuration: one module per option group, with its ``GROUP`` and its ``OPTS``.

``GROUP`` None is ``[DEFAULT]``. A configuration object is made by ``Configuration.load`` and passed
to what needs it.
"""

from __future__ import annotations

import copy
import importlib
import pkgutil
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg
from oslo_db import options as oslo_db_options
from oslo_log import log

OptionGroups = list[tuple[str | None, list[cfg.Opt]]]

# Before any application has set its own.
_LOG_LEVELS = tuple(log.get_default_log_levels())

# oslo.db also has options for what nobody here does: reads from a replica, asyncio.
_UNUSED = {
    "slave_connection",
    "asyncio_connection",
    "asyncio_slave_connection",
    "synchronous_reader",
}


@dataclass(frozen=True)
class Configuration:
    """Where an application's options are and what it is called.

    ``project`` names the configuration file and its directories. ``package`` has the modules.
    ``distribution`` is what is installed, for its version. ``log_levels``: further entries of
    oslo.log's ``default_log_levels``.
    """

    project: str
    package: str
    distribution: str
    log_levels: tuple[str, ...] = ()

    def list_opts(self) -> OptionGroups:
        """Every group with its options, for ``oslo-config-generator``."""
        levels = dict.fromkeys([*_LOG_LEVELS, *self.log_levels])
        log.set_defaults(default_log_levels=list(levels))
        where = importlib.import_module(self.package).__path__
        names = sorted(module.name for module in pkgutil.iter_modules(where))
        modules = [importlib.import_module(f"{self.package}.{name}") for name in names]
        return [(module.GROUP, list(module.OPTS)) for module in modules]

    def register(self, conf: cfg.ConfigOpts) -> None:
        for group, opts in self.list_opts():
            conf.register_opts(opts, group=group)
        log.register_options(conf)

    def load(
        self,
        args: Sequence[str] = (),
        *,
        config_files: Sequence[str] | None = None,
        prog: str | None = None,
    ) -> cfg.ConfigOpts:
        """The configuration of this process, from its command line and its files.

        ``args`` is what follows the program's name (``--config-file F``, ``--config-dir D``,
        oslo.log's options). ``config_files`` None: ``<project>.conf`` in ``~/.<project>``, ``~``,
        ``/etc/<project>`` or ``/etc``, whichever comes first. Raises ``oslo_config.cfg.Error``.
        """
        conf = cfg.ConfigOpts()
        self.register(conf)
        conf(
            args=list(args),
            project=self.project,
            prog=prog,
            version=version(self.distribution),
            default_config_files=None if config_files is None else list(config_files),
        )
        return conf


def without_password(url: str) -> str:
    """For messages: also of what is not quite a URL, and may name several hosts."""
    return re.sub(r":(?!//).*@", ":***@", url)


def database_options(connection: str) -> list[cfg.Opt]:
    """oslo.db's options, with this default of ``connection``."""
    return [
        _with_default(opt, connection)
        for opt in oslo_db_options.database_opts
        if opt.name not in _UNUSED
    ]


def _with_default(opt: cfg.Opt, connection: str) -> cfg.Opt:
    """A copy: oslo.db's own options are shared by everything in the process that uses oslo.db."""
    ours = copy.copy(opt)
    if ours.name == "connection":
        ours.default = connection
    return ours


def make_directory_of(connection: str | None) -> None:
    """SQLite makes the file of a database URL, but not its directory. Raises ``OSError``."""
    try:
        url = sa.make_url(connection or "")
    except sa.exc.ArgumentError:
        return
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
