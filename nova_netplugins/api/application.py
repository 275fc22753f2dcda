"""The net-api of every network service of a cloud, as one WSGI application."""

from __future__ import annotations

from netkit.wsgi.environment import WsgiApp
from netkit.wsgi.health import database_probe
from nova_netplugins.api.deploy import build_app
from nova_netplugins.api.hosts import Hosts
from nova_netplugins.api.projects import Projects
from nova_netplugins.bus import Bus
from nova_netplugins.cloud import Cloud


def make_application(cloud: Cloud, bus: Bus) -> WsgiApp:
    """Raises ``NotUpgraded`` when the database is not at this release's revision."""
    cloud.check_upgraded()
    apis = {name: cloud.net_api(name, bus.prompts(name)) for name in cloud.catalogue.names}
    return build_app(
        cloud.conf,
        [(name, api.routes) for name, api in apis.items()],
        core=[Hosts(cloud.catalogue, apis).routes, Projects(cloud.associations).routes],
        probes={"database": database_probe(cloud.database)},
    )
