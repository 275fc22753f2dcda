"""flat: all instances on one bridge of the operator's. No DHCP, no gateway, no floating IPs of
ours; addresses are injected into the guest."""

from oslo_config import cfg

from nova_netplugins.ethernet import descriptor, options
from nova_netplugins.ethernet.tables import build
from nova_netplugins.ethernet.traits import Traits
from nova_netplugins.plugin import NetworkService

TRAITS = Traits(name="flat", serves=False, own_networks=False)
TABLES = build("flat", fixed_ips="ip_addresses", floating=False)


OPTS: list[cfg.Opt] = [
    *options.common("fa:16:3e:00:00:00/26"),
    *options.layer2(),
    *options.flat_bridge("br-flat"),
    cfg.BoolOpt(
        "flat_injected",
        default=True,
        help="Give an instance its address by injection (config drive, metadata). Without it, "
        "addresses are only recorded.",
    ),
]


def network_service(conf: cfg.ConfigOpts) -> NetworkService:
    return descriptor.network_service(TRAITS, TABLES, OPTS, __file__)


def list_opts() -> list[tuple[str, list[cfg.Opt]]]:
    """For ``oslo-config-generator``."""
    return [(TRAITS.name, OPTS)]
