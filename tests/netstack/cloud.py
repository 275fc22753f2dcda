"""A cloud with netstack, on a Melange that is there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from nova_netplugins.netstack.model import BlockSpec, NetworkSpec
from nova_netplugins.netstack.net_api import NetstackNetApi as NetApi
from nova_netplugins.testing.bench import Bench, bench

__all__ = ["NetApi", "interfaces_of", "netstack_bench", "network_of"]

PROJECT = "red"
TUNNEL_ADDRESS = "192.0.2.10"


@contextlib.contextmanager
def netstack_bench(
    directory: Path,
    melange_url: str,
    database_url: str | None = None,
    host_name: str = "host-1",
    **options: Any,
) -> Iterator[Bench]:
    """``options``: of [netstack]."""
    others: Mapping[str, Mapping[str, Any]] = {"melange": {"endpoint_override": melange_url}}
    url = database_url or f"sqlite:///{directory}/netstack.sqlite"
    given = {
        "l2_driver": "local",
        "tunnel_address": TUNNEL_ADDRESS,
        "follow_interval": 0,
        **options,
    }
    module = "nova_netplugins.netstack"
    with bench(directory, url, module, given, host_name, others) as made:
        yield made


def network_of(api: NetApi, *cidrs: str, label: str = "web", **fields: Any) -> str:
    """The id of a new network with these blocks, of all projects unless told otherwise."""
    blocks = [BlockSpec(cidr) for cidr in cidrs]
    return str(api.create_network(NetworkSpec(label, blocks=blocks, **fields))["id"])


def interfaces_of(api: NetApi, *projects: str) -> list[str]:
    """Ids of the interfaces that this cloud has in Melange."""
    tag = api.deployment.tag
    return [one.id for project in projects for one in api.melange.interfaces(project, tags=tag)]
