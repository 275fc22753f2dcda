"""What daemons take for the host they work on."""

from __future__ import annotations

from oslo_config import cfg

GROUP = None

OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "host_netns",
        help="""
A network namespace (`ip netns`) that net-agent and net-service take for this host, instead of the
host's own: bridges, rules and DHCP servers are made in there. For trying things out without
touching the machine's network; the lab does. Unset: the host itself.
""",
    ),
    cfg.StrOpt(
        "ovs_database",
        help="""
Where the database of Open vSwitch listens, as in `ovs-vsctl --db`: `unix:/run/openvswitch/db.sock`.
Unset: where ovs-vsctl looks by itself.
""",
    ),
]
