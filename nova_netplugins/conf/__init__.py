"""The configuration: one module per option group, with its ``GROUP`` and its ``OPTS``.

Network services bring options of their own, which the catalogue registers in a group of the
service's name.
"""

from __future__ import annotations

from netkit.conf import Configuration

PROJECT = "nova-netplugins"

# What these tell at their usual levels is in our own lines, or nobody's business.
_LOG_LEVELS = ("alembic=WARNING", "keystoneauth=ERROR", "pyroute2=INFO")

_APPLICATION = Configuration(PROJECT, __name__, PROJECT, _LOG_LEVELS)
list_opts = _APPLICATION.list_opts
register = _APPLICATION.register
load = _APPLICATION.load
