"""net-api for WSGI servers that import an application: gunicorn, uWSGI, granian, mod_wsgi.

::

    gunicorn --threads 8 nova_netplugins.wsgi:application
    uwsgi --http :9797 --module nova_netplugins.wsgi --enable-threads

The configuration files are the usual ones, or those that the environment variable
``NOVA_NETPLUGINS_CONFIG_FILES`` names, separated by ``:``. Importing this module makes the
application; nothing else imports it.
"""

from __future__ import annotations

import os

from oslo_log import log

from netkit.wsgi.environment import WsgiApp
from nova_netplugins import conf as configuration
from nova_netplugins.api.application import make_application
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.cloud import Cloud

FILES = "NOVA_NETPLUGINS_CONFIG_FILES"


def create() -> WsgiApp:
    """A new application. Raises what ``load_catalogue``, ``Cloud`` and ``Bus`` do."""
    files = os.environ.get(FILES)
    conf = configuration.load(config_files=files.split(":") if files else None)
    log.setup(conf, configuration.PROJECT)
    cloud = Cloud(conf, load_catalogue(conf))
    made = make_application(cloud, Bus(conf))
    # A server that forks workers after this would have them share connections.
    os.register_at_fork(after_in_child=lambda: cloud.database.engine.dispose(close=False))
    return made


application = create()
