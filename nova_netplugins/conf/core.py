"""Where this host keeps its things, which network services it offers, and what it is called."""

from __future__ import annotations

import socket

from oslo_config import cfg
from oslo_utils import netutils

GROUP = None

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "network_service_conf",
        default="/etc/nova/nova-network.conf",
        help="The file that lists the network services of this cloud: one Python module path a "
        "line, in the order in which they are shown. Blank lines and lines that start with # are "
        "ignored. Keep it the same on every host.",
    ),
    cfg.StrOpt(
        "default_network_service",
        default="nova_netplugins.vlan",
        help="The Python module path of the network service of every project that has not been "
        "associated with one. It must be listed in network_service_conf. A project keeps the "
        "service that it first used: a new value here affects only projects that have never had "
        "a virtual NIC.",
    ),
    cfg.StrOpt(
        "state_path",
        default="/var/lib/nova-netplugins",
        help="The directory of what outlives a process: the embedded SQLite database, and what "
        "network services keep on a network host, such as the DHCP server's files. It is made "
        "when it does not exist.",
    ),
    cfg.StrOpt(
        "host",
        default=socket.gethostname(),
        sample_default="<the host name>",
        help="The name of this host in this cloud. On a compute host it must equal `host` in "
        "nova-compute's configuration, for virtual NICs are bound to hosts by this name. Change "
        "it only while the host has no instances.",
    ),
    cfg.IPOpt(
        "my_ip",
        default=netutils.get_my_ipv4(),
        sample_default="<the address of the interface with the default route>",
        help="The address at which other hosts of this cloud reach this one.",
    ),
]
