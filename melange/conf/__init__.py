"""The configuration: one module per option group, with its ``GROUP`` and its ``OPTS``."""

from __future__ import annotations

from netkit.conf import Configuration

PROJECT = "melange"

# Each upgrade of the database, and each question to Keystone: in our own lines, or nobody's
# business.
_LOG_LEVELS = ("alembic=WARNING", "keystoneauth=ERROR")

_APPLICATION = Configuration(PROJECT, __name__, "nova-netplugins", _LOG_LEVELS)
list_opts = _APPLICATION.list_opts
register = _APPLICATION.register
load = _APPLICATION.load
