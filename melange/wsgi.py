"""Melange for WSGI servers that import an application: granian, gunicorn, uWSGI, mod_wsgi.

::

    gunicorn --threads 8 melange.wsgi:application
    uwsgi --http :9898 --module melange.wsgi --enable-threads

The configuration files are the usual ones, or those that the environment variable
``MELANGE_CONFIG_FILES`` names, separated by ``:``. For ``/metrics`` of several processes, have
``PROMETHEUS_MULTIPROC_DIR`` name an empty directory. Importing this module makes the application;
nothing else imports it.
"""

from __future__ import annotations

import os

from oslo_log import log

from melange import conf as configuration
from melange.api.application import make_application
from melange.db.opening import ready_database
from netkit.wsgi.environment import WsgiApp

FILES = "MELANGE_CONFIG_FILES"


def create() -> WsgiApp:
    """A new application. Raises what ``ready_database`` and ``make_application`` do."""
    files = os.environ.get(FILES)
    conf = configuration.load(config_files=files.split(":") if files else None)
    log.setup(conf, configuration.PROJECT)
    database = ready_database(conf)
    # A server that forks workers after this would have them share connections.
    os.register_at_fork(after_in_child=lambda: database.engine.dispose(close=False))
    return make_application(conf, database)


application = create()
