"""vlan: each project gets a network of its own, on a VLAN of its own, with DHCP, a gateway, NAT and
floating IPs."""

from oslo_config import cfg

from nova_netplugins.ethernet import descriptor, options
from nova_netplugins.ethernet.tables import build
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.plugin import NetworkService

TRAITS = Traits(name="vlan", serves=True, own_networks=True)
TABLES = build("vlan")


OPTS: list[cfg.Opt] = [
    *options.common("fa:16:3e:80:00:00/26"),
    *options.layer2(),
    *options.serving(),
    cfg.StrOpt(
        "vlan_interface",
        help="Physical interface that carries the VLAN of a new network that names none"
        f"{options.KEPT} Unset: each VLAN is a bridge of each host alone.",
    ),
    cfg.IntOpt(
        "vlan_start", default=100, min=1, max=4094, help="Lowest VLAN id given to new networks."
    ),
    cfg.StrOpt(
        "fixed_range",
        default="10.0.0.0/8",
        help="A project that has no network, and finds none free, gets one cut out of this CIDR. "
        "Empty: it is refused.",
    ),
    cfg.IntOpt(
        "network_size",
        default=256,
        min=4,
        help="Addresses of a network that is cut out of fixed_range.",
    ),
]


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    return descriptor.network_service(TRAITS, TABLES, OPTS, __file__)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """For ``oslo-config-generator``."""
    return [(TRAITS.name, OPTS)]
