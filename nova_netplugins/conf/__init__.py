"""The configuration: one module per option group, with its ``GROUP`` and its ``OPTS``.

``GROUP`` None is ``[DEFAULT]``. A configuration object is made by ``load`` and passed to what needs
it. Network services bring options of their own, which the catalogue registers in a group of the
service's name.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.metadata import version

from oslo_config import cfg
from oslo_log import log

PROJECT = "nova-netplugins"

# What these tell at their usual levels is in our own lines, or nobody's business.
_LOG_LEVELS = ("alembic=WARNING", "keystoneauth=ERROR", "pyroute2=INFO")


def list_opts() -> list[tuple[str | None, list[cfg.Opt]]]:
    """Every group with its options, for ``oslo-config-generator``."""
    levels = dict.fromkeys([*log.get_default_log_levels(), *_LOG_LEVELS])
    log.set_defaults(default_log_levels=list(levels))
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    return [(module.GROUP, list(module.OPTS)) for module in modules]


def register(conf: cfg.ConfigOpts) -> None:
    for group, opts in list_opts():
        conf.register_opts(opts, group=group)
    log.register_options(conf)


def load(
    args: Sequence[str] = (),
    *,
    config_files: Sequence[str] | None = None,
    prog: str | None = None,
) -> cfg.ConfigOpts:
    """The configuration of this process, from its command line and its files.

    ``args`` is what follows the program's name (``--config-file F``, ``--config-dir D``, oslo.log's
    options). ``config_files`` None: ``nova-netplugins.conf`` in ``~/.nova-netplugins``, ``~``,
    ``/etc/nova-netplugins`` or ``/etc``, whichever comes first. Raises ``oslo_config.cfg.Error``.
    """
    conf = cfg.ConfigOpts()
    register(conf)
    conf(
        args=list(args),
        project=PROJECT,
        prog=prog,
        version=version(PROJECT),
        default_config_files=None if config_files is None else list(config_files),
    )
    return conf
