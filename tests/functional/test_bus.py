"""Prompts and the one RPC call, within a process, over RabbitMQ, and with no broker there."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.bus import Bus
from nova_netplugins.plugin import ACTIVE, Network
from tests import servers
from tests.eventually import eventually
from tests.functional.cell import cell, configure, running
from tests.functional.tiny import Tiny

PROBE = "probe"


class Listener:
    """An agent or a service that notes what it is told, and apart from it that it was probed."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []
        self.probed = threading.Event()

    def nic_changed(
        self, service: str, nic_id: str, network_id: str | None, host: str | None
    ) -> None:
        self.told.append(("nic", service, nic_id, network_id, host))

    def network_changed(self, service: str, network_id: str) -> None:
        if service == PROBE:
            self.probed.set()
        else:
            self.told.append(("network", service, network_id))

    def ensure(self, service: str, network_id: str, nic_id: str | None) -> None:
        if network_id == "bad":
            raise ValueError("this network cannot be served")
        self.told.append(("ensure", service, network_id, nic_id))


@pytest.fixture(params=["in-process", "rabbitmq"])
def transport_url(request: pytest.FixtureRequest) -> str | None:
    if request.param == "in-process":
        return None
    url: str = request.getfixturevalue("rabbitmq_url")
    return url


@contextlib.contextmanager
def bus(path: Path, url: str | None) -> Iterator[Bus]:
    with contextlib.closing(Bus(configure(path, url))) as made:
        yield made


def heard(listener: Listener, bus: Bus) -> None:
    """Return when it listens. With a broker, that takes its time and happens behind our back."""

    def asked() -> bool:
        bus.prompts(PROBE).network_changed("probe")
        return listener.probed.is_set()

    eventually(asked, "the listener hears")


def test_prompts_reach_agents_and_services(transport_url: str | None, tmp_path: Path) -> None:
    agent, service = Listener(), Listener()
    with bus(tmp_path, transport_url) as made:
        made.listen_as_agent("here", agent)
        made.listen_as_service("here", service)
        heard(agent, made)
        heard(service, made)

        made.prompts("flat").nic_changed("nic1", "net1", "here")
        made.prompts("vlan").network_changed("net2")

        expected = {("nic", "flat", "nic1", "net1", "here"), ("network", "vlan", "net2")}
        eventually(lambda: set(agent.told) == expected, "the agent is told")
        eventually(lambda: set(service.told) == expected, "the service is told")


def test_the_service_of_the_networks_host_serves_it(
    transport_url: str | None, tmp_path: Path
) -> None:
    on_net1, on_here = Listener(), Listener()
    with bus(tmp_path, transport_url) as made:
        made.listen_as_service("net1", on_net1)
        made.listen_as_service("here", on_here)
        heard(on_net1, made)
        heard(on_here, made)
        served = made.served("flat", "here", timeout=10)

        served.ensure(Network("a", "a", host="net1"), "nic1")
        served.ensure(Network("b", "b", multi_host=True))
        served.ensure(Network("c", "c", host=None))

    assert on_net1.told == [("ensure", "flat", "a", "nic1")]
    assert on_here.told == [("ensure", "flat", "b", None)]


def test_a_service_that_fails_on_one_network_is_still_asked_about_others(
    transport_url: str | None, tmp_path: Path
) -> None:
    listener = Listener()
    with bus(tmp_path, transport_url) as made:
        made.listen_as_service("net1", listener)
        heard(listener, made)
        served = made.served("flat", "here", timeout=10)

        served.ensure(Network("bad", "bad", host="net1"))
        served.ensure(Network("good", "good", host="net1"))

    assert listener.told == [("ensure", "flat", "good", None)]


def test_without_a_listener_in_this_process_nothing_is_sent_or_kept(tmp_path: Path) -> None:
    with bus(tmp_path, None) as made:
        listener = Listener()
        made.prompts("flat").network_changed("before")
        start = time.monotonic()
        made.served("flat", "here", timeout=10).ensure(Network("a", "a", host="elsewhere"))
        assert time.monotonic() - start < 1
        made.listen_as_agent("here", listener)
        heard(listener, made)

    assert listener.told == []


def test_without_a_broker_nothing_fails_and_nothing_waits_long(tmp_path: Path) -> None:
    nobody = f"rabbit://guest:guest@127.0.0.1:{servers.free_port()}/"
    with bus(tmp_path, nobody) as made:
        start = time.monotonic()
        made.listen_as_agent("here", Listener())
        prompts = made.prompts("flat")
        for number in range(1000):
            prompts.nic_changed(f"nic{number}", "net", "here")
        assert time.monotonic() - start < 1

        served = made.served("flat", "here", timeout=1)
        served.ensure(Network("a", "a", host="net1"))
        served.ensure(Network("a", "a", host="net1"))
        assert time.monotonic() - start < 5


def test_an_instance_boots_over_rabbitmq_without_a_sync(rabbitmq_url: str, tmp_path: Path) -> None:
    tiny = Tiny()
    conf = configure(tmp_path, rabbitmq_url)
    with (
        cell(conf, tiny.descriptor()) as here,
        contextlib.closing(Bus(conf)) as agents_bus,
        contextlib.closing(Bus(conf)) as services_bus,
        running(here.new_service(services_bus), here.new_agent(agents_bus)),
    ):

        def prompted() -> bool:
            tiny.api.prompts.network_changed("probe")
            return bool(tiny.service.runs)

        eventually(prompted, "the service listens", seconds=30)
        here.host.links.ensure_tap("tapnic1", "hypervisor")

        def bound() -> bool:
            tiny.api.create("nic1") if "nic1" not in tiny.api.nics else None
            tiny.api.prompts.nic_changed("nic1", "net", "here")
            return tiny.api.status("nic1") == ACTIVE

        eventually(bound, "the NIC is ACTIVE", seconds=30)
        assert ("net", "nic1") in tiny.service.runs
