"""flat_dhcp: instances of all its projects on one bridge, with DHCP, a gateway, NAT and floating
IPs."""

from oslo_config import cfg

from nova_netplugins.ethernet import descriptor, options
from nova_netplugins.ethernet.tables import build
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.plugin import NetworkService

TRAITS = Traits(name="flat_dhcp", serves=True, own_networks=False)
TABLES = build("flat_dhcp")


OPTS: list[cfg.Opt] = [
    *options.common("fa:16:3e:40:00:00/26"),
    *options.layer2(),
    *options.flat_bridge("br-flat-dhcp"),
    *options.serving(),
]


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    return descriptor.network_service(TRAITS, TABLES, OPTS, __file__)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """For ``oslo-config-generator``."""
    return [(TRAITS.name, OPTS)]
