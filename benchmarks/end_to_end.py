"""How soon a new instance has its network, with all daemons at work.

    python -m benchmarks.end_to_end [--service flat_dhcp] [--instances 50] [--bus] [--fill 10000]

Needs root; with --bus also RabbitMQ. One host in namespaces of its own, net-api with SQLite,
net-service and net-agent as processes. Instances come one after the other; for each figure the
median, the least and the most of them:

created    POST of the virtual NIC until net-api has answered
ACTIVE     from that POST until net-api says ACTIVE; the tap is made as soon as the answer is there
DHCP       from that POST until the client has its acknowledgement; it asks every 0.1 s

With --fill, so many NICs are on the network before, of instances elsewhere.
Without a bus, net-service finds out by itself what is new, every 0.5 s here.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from benchmarks.dhcp_client import RawClient
from nova_netplugins.host import namespaces
from tests import servers
from tests.dataplane import cloud as clouds
from tests.dataplane.cloud import Cloud
from tests.dataplane.net_api import Row

ASK_SECONDS = 0.1
AT_ONCE = 64
PATIENCE = 30.0
POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Times:
    created: float
    active: float
    dhcp: float


@contextlib.contextmanager
def cloud_of_one_host(bus: bool) -> Iterator[Cloud]:
    with contextlib.ExitStack() as stack:
        cloud = stack.enter_context(clouds.prepared())
        if bus:
            # The broker is a process of the host's namespace.
            with namespaces.entered(cloud.node.machine.netns):
                url = stack.enter_context(servers.rabbitmq())
            cloud.configure("DEFAULT", transport_url=url)
            for daemon in clouds.DAEMONS:
                cloud.configure(daemon, sync_interval=3600)
        cloud.start()
        yield cloud


def boot(cloud: Cloud, service: str, network: Row, number: int) -> Times:
    begin = time.monotonic()
    nics = cloud.allocate(service, network)
    created = time.monotonic() - begin
    instance = cloud.make_instance(f"i{number}", nics, cloud.node)
    instance.make_taps()
    while not instance.is_active():
        assert time.monotonic() - begin < PATIENCE, f"{instance.nics} is not ACTIVE"
        time.sleep(POLL_SECONDS)
    active = time.monotonic() - begin
    client = RawClient(instance.netns, "eth0", resend=ASK_SECONDS)
    address = client.lease(nics[0]["mac_address"], PATIENCE)
    assert address == instance.address, f"got {address}, not {instance.address}"
    return Times(created, active, time.monotonic() - begin)


def fill(cloud: Cloud, service: str, network: Row, nics: int) -> None:
    """NICs of instances on a host that is not there."""
    for start in range(0, nics, AT_ONCE):
        count = min(AT_ONCE, nics - start)
        body = {
            "project_id": service,
            "host": "elsewhere",
            "networks": [{"network_id": network["id"]}] * count,
        }
        path = f"/{service}/instances/{uuid.uuid4()}/virtual_nics"
        cloud.api.post(path, {"virtual_nics": body})


def report(figure: str, times: list[float]) -> None:
    print(
        f"{figure:<8} median {statistics.median(times):6.3f} s"
        f"   least {min(times):6.3f} s   most {max(times):6.3f} s   ({len(times)} times)"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--service", choices=("flat_dhcp", "vlan"), default="flat_dhcp")
    parser.add_argument("--instances", type=int, default=50)
    parser.add_argument("--fill", type=int, default=0, metavar="NICS")
    parser.add_argument("--bus", action="store_true", help="with RabbitMQ between the daemons")
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: makes network namespaces")
    with cloud_of_one_host(args.bus) as cloud:
        network = cloud.make_network(args.service, cidr="10.0.0.0/16", project_id=args.service)
        fill(cloud, args.service, network, args.fill)
        boot(cloud, args.service, network, args.instances)  # The host has caught up after this.
        times = [boot(cloud, args.service, network, number) for number in range(args.instances)]
    bus = "with RabbitMQ" if args.bus else "without a bus"
    others = f" beside {args.fill} NICs" if args.fill else ""
    print(f"{args.service}, {args.instances} instances on one host{others}, {bus}")
    report("created", [one.created for one in times])
    report("ACTIVE", [one.active for one in times])
    report("DHCP", [one.dhcp for one in times])


if __name__ == "__main__":
    main()
