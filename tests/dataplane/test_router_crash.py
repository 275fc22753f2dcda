"""A process killed while it makes or removes a router: the next one puts things right."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.router import Names
from tests.dataplane import churn

KILLS = 8


@pytest.mark.root
def test_whenever_it_is_killed_a_router_is_repaired_and_leaves_nothing(linux: LinuxHost) -> None:
    root, network_id = linux.netns or "", f"kill-{os.getpid()}"
    linux.links.ensure_veth("public", "world", "test")
    linux.addresses.ensure_address("public", "192.0.2.1/24")
    linux.links.ensure_bridge("br-net", "test")
    routers, spec, names = churn.routers(root), churn.spec(network_id), Names(network_id)
    argv = [sys.executable, "-m", "tests.dataplane.churn", root, network_id]
    try:
        for kill in range(KILLS):
            with subprocess.Popen(argv, stdout=subprocess.PIPE) as process:
                assert process.stdout is not None and process.stdout.readline()
                # Not a wait for anything: the moments are to fall all over the work.
                time.sleep(0.055 * kill)
                process.kill()
            routers.ensure_host()
            routers.ensure(spec)
            routed = {route.destination for route in linux.routes.owned(names.outside_port)}
            assert routed == {f"{floating}/32" for floating in spec.floating}
            assert linux.routes.proxied().get("public", set()) == set(spec.floating)
            inside = linux.inside(names.netns)
            assert inside.nft.elements("inet", "floating") == {
                (floating,): fixed for floating, fixed in spec.floating.items()
            }
            port = linux.links.get(names.inside_port)
            assert port is not None and (port.up, port.master) == (True, "br-net")
    finally:
        routers.remove(network_id)
    assert routers.owned() == set()
    assert linux.routes.proxied().get("public", set()) == set()
    assert set(linux.links.owned()) == {"public", "world", "br-net"}
