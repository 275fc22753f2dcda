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

import atexit
import os
import threading
from collections.abc import Iterable

from oslo_log import log

from melange import conf as configuration
from melange.api.application import make_application
from melange.db.opening import ready_database
from melange.events import Events
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp

FILES = "MELANGE_CONFIG_FILES"


def create() -> WsgiApp:
    """A new application. Raises what ``ready_database`` and ``make_application`` do."""
    files = os.environ.get(FILES)
    conf = configuration.load(config_files=files.split(":") if files else None)
    log.setup(conf, configuration.PROJECT)
    database = ready_database(conf)
    # A server that forks workers after this would have them share connections.
    os.register_at_fork(after_in_child=lambda: database.engine.dispose(close=False))
    events = Events(conf, database)
    atexit.register(events.close)
    return Telling(make_application(conf, database, events), events)


class Telling:
    """Calls webhooks from the first request on: a server may fork its workers between import and
    that, and threads do not come along.
    """

    def __init__(self, app: WsgiApp, events: Events) -> None:
        self._app = app
        self._events = events
        self._started = False
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if not self._started:
            with self._lock:
                if not self._started:
                    self._events.start()
                    self._started = True
        return self._app(environ, start_response)


application = create()
