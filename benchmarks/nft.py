"""What floating IPs cost: ten thousand at once, one more, and a look at all of them.

Run as root: ``python -m benchmarks.nft [count]``. Works in namespaces of its own.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from nova_netplugins.host import namespaces
from nova_netplugins.host.driver import BridgePort, LinuxHost
from nova_netplugins.host.router import Routers, RouterSpec, Transit
from nova_netplugins.host.ruleset_host import HostRules

ROOT = "bench-nft"
NETWORK = "benchmark-0-network"


def processor_seconds() -> float:
    """Processor time of this process and of the programs it ran."""
    used = os.times()
    return used.user + used.system + used.children_user + used.children_system


def measured(what: str, verb: Callable[[], object]) -> None:
    """Print how long a verb took, by the clock and of a processor, in ms."""
    begin, busy = time.perf_counter(), processor_seconds()
    verb()
    clock, processor = time.perf_counter() - begin, processor_seconds() - busy
    print(f"{what:<50}{clock * 1000:10.0f} ms{processor * 1000:10.0f} ms of a processor")


def main(count: int) -> None:
    """Build a router with ``count`` floating IPs and change it."""
    namespaces.ensure_netns(ROOT)
    host = LinuxHost(ROOT)
    routers = Routers(host, HostRules("host", "public", "100.64.0.0/16", "172.16.0.1"), 1)
    try:
        host.links.ensure_veth("public", "world", "bench")
        host.links.ensure_bridge("br", "bench")
        host.addresses.ensure_address("public", "172.16.0.1/12")
        transit = Transit("100.64.0.0/31", "100.64.0.1/31")
        empty = RouterSpec(NETWORK, BridgePort("br"), ("10.0.0.1/16",), transit)
        floating = {
            f"172.17.{n // 250}.{n % 250}": f"10.0.{n // 250}.{n % 250}" for n in range(count)
        }
        full = replace(empty, floating=floating)
        measured("host rules", routers.ensure_host)
        measured("router without floating IPs", lambda: routers.ensure(empty))
        measured(f"router with {count:,} floating IPs, all at once", lambda: routers.ensure(full))
        measured("the same again, nothing to change", lambda: routers.ensure(full))
        fuller = replace(full, floating=floating | {"172.20.0.1": "10.0.200.1"})
        measured("one more floating IP", lambda: routers.ensure(fuller))
        measured("one less", lambda: routers.ensure(full))
        measured("host rules again, nothing to change", routers.ensure_host)
        measured("everything removed", lambda: routers.remove(NETWORK))
    finally:
        routers.remove(NETWORK)
        namespaces.delete_netns(ROOT)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
