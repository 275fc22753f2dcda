"""Melange as one WSGI application."""

from __future__ import annotations

from oslo_config import cfg

from melange.api.deploy import build_app
from melange.api.routes import ROWS
from melange.events import Events
from melange.ipam.utilization import all_blocks
from netkit.db import Database
from netkit.wsgi.environment import WsgiApp


def make_application(
    conf: cfg.ConfigOpts, database: Database, events: Events | None = None
) -> WsgiApp:
    """The server that the configuration describes. ``events`` tells others of changes.

    Raises what ``build_app`` does.
    """
    return build_app(conf, database, ROWS, events=events, all_blocks=all_blocks)
