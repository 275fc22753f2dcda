"""Neutron fails, or seems to: what was asked for is there once, or the error says what to do."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from nova_netplugins.netstack import l2_errors, quantum_calls
from nova_netplugins.netstack.l2 import AddressPair, L2Network, L2Port, NewNetwork, NewPort
from nova_netplugins.netstack.quantum import Quantum
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.openstack.conftest import quantum_at
from tests.openstack.faulty import Fault, Faulty, faulty
from tests.openstack.neutron import HOST, Neutron
from tests.servers import free_port

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

MAC = "fa:16:3e:00:00:01"

FAULTS = {
    "lost before it arrived": Fault(),
    "answer lost": Fault(effect=True),
    "500 without effect": Fault(status=500),
    "500 with effect": Fault(effect=True, status=500),
    "503 without effect": Fault(status=503),
    "time-out with effect": Fault(effect=True, stall=5),
}


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quantum_calls.Patience, "wait", lambda self, failures: 0.05)


@pytest.fixture
def front(neutron_server: Neutron) -> Iterator[Faulty]:
    with faulty(neutron_server.url) as front:
        yield front


@pytest.fixture
def through(front: Faulty) -> Quantum:
    """The driver that meets the faults."""
    driver = quantum_at(front.url, timeout=2)
    driver.list_networks()
    return driver


def new_network() -> NewNetwork:
    return NewNetwork(str(uuid.uuid4()), "web", "red")


@pytest.fixture
def network(quantum: Quantum) -> L2Network:
    return quantum.create_network(new_network())


@pytest.fixture
def port(quantum: Quantum, network: L2Network) -> L2Port:
    return quantum.create_port(NewPort(network.id, MAC, "instance-1", project_id="red"))


def of_key(quantum: Quantum, key: str) -> list[L2Network]:
    return [row for row in quantum.list_networks() if row.key == key]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
class TestOneFailure:
    def test_a_network_is_made_once(
        self, fault: Fault, front: Faulty, through: Quantum, quantum: Quantum
    ) -> None:
        wanted = new_network()
        front.plan("POST", fault)
        assert [through.create_network(wanted)] == of_key(quantum, wanted.key)

    def test_a_port_is_made_once(
        self, fault: Fault, front: Faulty, through: Quantum, quantum: Quantum, network: L2Network
    ) -> None:
        front.plan("POST", fault)
        made = through.create_port(NewPort(network.id, MAC, "instance-1", host=HOST))
        assert quantum.list_ports(network_id=network.id) == [made]
        assert made.host == HOST

    def test_a_port_is_changed(
        self, fault: Fault, front: Faulty, through: Quantum, quantum: Quantum, port: L2Port
    ) -> None:
        front.plan("PUT", fault)
        changed = through.update_port(port.id, host=HOST, pairs=[AddressPair("10.0.0.5")])
        assert quantum.get_port(port.id) == changed
        assert changed.pairs == (AddressPair("10.0.0.5", MAC),)

    def test_a_port_and_its_network_are_deleted(
        self, fault: Fault, front: Faulty, through: Quantum, quantum: Quantum, port: L2Port
    ) -> None:
        front.plan("DELETE", fault)
        through.delete_port(port.id)
        front.plan("DELETE", fault)
        through.delete_network(port.network_id)
        assert front.met_all()
        assert quantum.list_ports(device_id=port.device_id, network_id=port.network_id) == []
        assert port.network_id not in {row.id for row in quantum.list_networks()}

    def test_ports_are_listed(
        self, fault: Fault, front: Faulty, through: Quantum, port: L2Port
    ) -> None:
        front.plan("GET", fault)
        assert through.list_ports(network_id=port.network_id) == [port]
        assert front.met_all()


def test_a_port_whose_every_answer_is_lost_is_found_when_asked_for_again(
    front: Faulty, through: Quantum, quantum: Quantum, network: L2Network
) -> None:
    wanted = NewPort(network.id, MAC, "instance-1")
    front.plan("POST", Fault(effect=True))
    front.plan("GET", *[Fault()] * 3)
    with pytest.raises(
        l2_errors.OutcomeUnknown, match="may or may not have.*create a port"
    ) as told:
        through.create_port(wanted)
    assert told.value.status == 503
    assert "(4 tries)" in str(told.value) and front.url in str(told.value)
    assert [through.create_port(wanted)] == quantum.list_ports(network_id=network.id)


def test_a_lost_network_that_is_made_late_does_not_stay_beside_the_other(
    front: Faulty, through: Quantum, quantum: Quantum, neutron_server: Neutron
) -> None:
    wanted = new_network()

    def made_after_all() -> None:
        body = {"name": "web", "tenant_id": "red", "description": f"netstack:{wanted.key}"}
        made = requests.post(
            f"{neutron_server.url}/v2.0/networks", json={"network": body}, timeout=10
        )
        assert made.status_code == 201

    front.plan("POST", Fault(), Fault(first=made_after_all, answered=True))
    assert [through.create_network(wanted)] == of_key(quantum, wanted.key)


@pytest.mark.parametrize("done", [False, True], ids=["at work", "done"])
def test_neutron_killed_and_started_again_has_made_a_port_once(
    done: bool, front: Faulty, quantum: Quantum, neutron_server: Neutron, network: L2Network
) -> None:
    patient = quantum_at(front.url, retries=2000)
    killed = threading.Event()

    def kill() -> None:
        front.broken = True
        neutron_server.kill()
        killed.set()

    front.plan("POST", Fault(effect=True, unread=not done, then=kill))
    with ThreadPoolExecutor(1) as pool:
        making = pool.submit(patient.create_port, NewPort(network.id, MAC, "instance-1"))
        assert killed.wait(30)
        neutron_server.start()
        front.broken = False
        assert [making.result(60)] == quantum.list_ports(network_id=network.id)


def test_a_neutron_that_does_not_run_is_named_with_what_to_do(quantum: Quantum) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(l2_errors.L2Unavailable) as told:
        quantum_at(nobody, retries=2).create_network(new_network())
    assert not isinstance(told.value, l2_errors.OutcomeUnknown)
    assert told.value.status == 503
    assert str(told.value) == (
        "Quantum cannot create a network now: connection refused (3 tries); look whether it runs "
        f"at {nobody}. The call may be repeated"
    )


@pytest.mark.parametrize("status", [401, 403])
def test_who_is_refused_is_told_which_options_to_correct(
    front: Faulty, through: Quantum, status: int
) -> None:
    front.plan("POST", Fault(status=status))
    with pytest.raises(l2_errors.L2Misconfigured, match=r"correct the options in \[quantum\]"):
        through.create_port(NewPort("n", MAC, "instance-1"))
    assert len([seen for seen in front.seen if seen.startswith("POST")]) == 1


def test_a_404_of_somebody_else_than_neutron_does_not_mean_that_a_port_is_gone(
    front: Faulty, through: Quantum, quantum: Quantum, port: L2Port
) -> None:
    front.plan("DELETE", Fault(status=404))
    with pytest.raises(l2_errors.L2Refused, match="404"):
        through.delete_port(port.id)
    assert quantum.get_port(port.id) == port


def test_what_neutron_refuses_is_told_in_its_words_and_not_repeated(
    front: Faulty, through: Quantum, network: L2Network
) -> None:
    wanted = NewPort(network.id, "no MAC address", "instance-1")
    with pytest.raises(l2_errors.L2Refused, match="refuses to create a port.*no mac address"):
        through.create_port(wanted)
    assert len([seen for seen in front.seen if seen.startswith("POST")]) == 1
