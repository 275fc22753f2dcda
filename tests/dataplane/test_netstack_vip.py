"""A load balancer's address: shared by two instances, moved by their keepalived, nobody else's."""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from nova_netplugins.host import frames
from tests.dataplane import dhcp6_client, keepalived, netstack_cloud
from tests.dataplane.cloud import PATIENCE
from tests.dataplane.instances import Instance
from tests.dataplane.net_api import PORT, Row, ask
from tests.dataplane.netstack_cloud import Beside
from tests.dataplane.topology import capturing, reaches
from tests.eventually import eventually

pytestmark = pytest.mark.root

GATEWAY = "10.0.0.1"

# What keepalived runs in an instance that has the address now: it tells net-api.
_NOTIFY = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], timeout=10)
connection.request("PUT", sys.argv[2], sys.argv[3], {"Content-Type": "application/json"})
sys.exit(connection.getresponse().status >= 300)
"""


@dataclass(frozen=True)
class Balanced:
    """``pair``: the instances that share ``address``, the preferred one first."""

    beside: Beside
    network: Row
    address: str
    pair: list[Instance]
    thief: Instance
    client: Instance

    @property
    def path(self) -> str:
        return f"/netstack/networks/{self.network['id']}/shared_addresses/{self.address}/holder"

    @property
    def api(self) -> str:
        """As instances reach it."""
        return f"{self.beside.cloud.address_of(self.beside.cloud.node)}:{PORT}"

    def holder(self) -> str | None:
        """The NIC that has the address, says Melange."""
        nic_id: str | None = self.beside.cloud.api.get(self.path)["holder"]["virtual_nic_id"]
        return nic_id

    def answering(self) -> str:
        """The MAC address that the client finds behind the address; '' if nobody answers."""
        if not reaches(self.client.netns, self.address):
            return ""
        return self.client.shell(f"ip neighbour show {self.address}").split("lladdr ")[1][:17]

    def is_with(self, instance: Instance) -> bool:
        nic_id, mac = (str(instance.nics[0][name]) for name in ("id", "mac_address"))
        return self.holder() == nic_id and self.answering() == mac


@pytest.fixture(scope="module")
def balanced() -> Iterator[Balanced]:
    # What serves DHCP makes no difference here, and dnsmasq has its turn elsewhere.
    driver = "kea" if shutil.which("kea-dhcp4") else "dnsmasq"
    with netstack_cloud.running(dhcp_driver=driver) as beside:
        network = beside.make_network("red", "10.0.0.0/24", "fd00:1::/64")
        boot = functools.partial(beside.cloud.boot, project="red")
        names = ("one", "two", "thief", "client")
        one, two, thief, client = (boot(name, "netstack", network) for name in names)
        for instance in (one, two, thief, client):
            instance.configure(gateway=GATEWAY)
            # keepalived tells once that it has the address.
            eventually(functools.partial(reaches, instance.netns, GATEWAY), GATEWAY, PATIENCE)
        wanted = {"project_id": "red", "virtual_nic_ids": [one.nics[0]["id"], two.nics[0]["id"]]}
        path = f"/netstack/networks/{network['id']}/shared_addresses"
        made = beside.cloud.api.post(path, {"shared_address": wanted})["shared_address"]
        shared = Balanced(beside, network, made["address"], [one, two], thief, client)
        with contextlib.ExitStack() as stack:
            for instance, other, priority in ((one, two, 100), (two, one, 90)):
                stack.enter_context(
                    keepalived.running(
                        instance.netns,
                        beside.cloud.directory,
                        instance.address,
                        [other.address],
                        f"{shared.address}/24",
                        priority,
                        notify(shared, instance),
                    )
                )
            yield shared


def notify(shared: Balanced, instance: Instance) -> str:
    """A shell command."""
    program = shared.beside.cloud.directory / "notify.py"
    program.write_text(_NOTIFY)
    body = json.dumps({"holder": {"virtual_nic_id": instance.nics[0]["id"]}})
    return f"{sys.executable} {program} {shared.api} /v1.0{shared.path} '{body}'"


def test_the_address_follows_whoever_is_alive(balanced: Balanced) -> None:
    one, two = balanced.pair
    cloud, floating = balanced.beside.cloud, balanced.beside.make_floating("red")
    body = {"virtual_nic_id": one.nics[0]["id"], "fixed_address": balanced.address}
    cloud.api.put(f"/netstack/floating_ips/{floating}/association", {"association": body})
    eventually(lambda: balanced.is_with(one), "the first has it", 2 * PATIENCE, 0.1)
    eventually(lambda: reaches(cloud.world, floating), f"{floating} leads to it", PATIENCE)
    one.shell("ip link set eth0 down")
    eventually(lambda: balanced.is_with(two), "the second takes over", PATIENCE, 0.1)
    eventually(lambda: reaches(cloud.world, floating), f"{floating} leads to it", PATIENCE)
    one.shell("ip link set eth0 up")
    one.configure(gateway=GATEWAY)
    eventually(lambda: balanced.is_with(one), "the first takes it back", PATIENCE, 0.1)


def test_dhcp_gives_it_to_nobody(balanced: Balanced) -> None:
    for instance in balanced.pair:
        v4, v6 = instance.addresses
        assert instance.ask_dhcp()["ip"] == v4 != balanced.address
        duid = dhcp6_client.duid_of(instance.nics[0]["mac_address"])
        answer = dhcp6_client.request(instance.netns, "eth0", duid, 20)
        assert answer is not None and answer.addresses == [v6]


def test_a_third_instance_cannot_have_it(balanced: Balanced) -> None:
    eventually(lambda: balanced.holder() is not None, "it is somebody's", 2 * PATIENCE, 0.1)
    before, thief, client = balanced.holder(), balanced.thief, balanced.client
    claim = {"holder": {"virtual_nic_id": thief.nics[0]["id"]}}
    status, answer = ask(thief.netns, balanced.api, f"/v1.0{balanced.path}", "PUT", claim)
    assert status == http.client.CONFLICT, answer
    assert balanced.holder() == before

    mac = thief.nics[0]["mac_address"]
    announce = functools.partial(frames.send_gratuitous_arp, thief.netns, "eth0", mac)
    with capturing(client.netns, "eth0", f"arp and ether src {mac}") as first_line:
        announce([balanced.address], 5)
        announce([thief.address], 5)
        heard = first_line()
    assert thief.address in heard and balanced.address not in heard
    assert balanced.answering() != mac
