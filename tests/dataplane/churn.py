"""Makes and removes a router without end, to be killed: ``python -m tests.dataplane.churn``."""

from __future__ import annotations

import sys
from dataclasses import replace

from nova_netplugins.host.driver import BridgePort, LinuxHost
from nova_netplugins.host.router import Routers, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules


def routers(root: str) -> Routers:
    """The routers of a host that has a public interface named public."""
    return Routers(LinuxHost(root), HostRules("host", "public", "100.64.0.0/16", "192.0.2.1"))


def spec(network_id: str) -> RouterSpec:
    """A router with two floating IPs."""
    transit = Transit("100.64.0.0/31", "100.64.0.1/31")
    floating = {"192.0.2.50": "10.0.0.2", "192.0.2.51": "10.0.0.3"}
    attachment = BridgePort("br-net")
    return RouterSpec(network_id, attachment, ("10.0.0.1/24",), transit, floating=floating)


def main(root: str, network_id: str) -> None:
    """Go on until killed."""
    made, wanted = routers(root), spec(network_id)
    print("started", flush=True)
    while True:
        made.ensure_host()
        made.ensure(replace(wanted, floating={}))
        made.ensure(wanted)
        made.ensure(replace(wanted, floating={"192.0.2.51": "10.0.0.3"}))
        made.ensure(wanted)
        made.remove(network_id)


if __name__ == "__main__":
    main(*sys.argv[1:])
