"""What clients of a network get from its DHCP server."""

from __future__ import annotations

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nova_netplugins.host.dhcp.dnsmasq import Dnsmasq
from nova_netplugins.host.dhcp.leases import LeaseChange, LeaseWatcher
from nova_netplugins.host.dhcp.model import DhcpHost
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import HostError, NotFound
from nova_netplugins.host.namespaces import delete_netns, ensure_netns
from tests.dataplane.dhcp_wire import (
    DEVICE,
    ID,
    SLAAC,
    V4,
    FakeWire,
    LinuxWire,
    Wire,
    missing_program,
    network_on,
)
from tests.dataplane.topology import Namespaces, shell
from tests.eventually import eventually

MACS = [f"02:00:00:00:00:{n:02x}" for n in range(16)]
HOST = DhcpHost("nic-0", MACS[0], ["10.9.1.5"], hostname="web")
OTHER = DhcpHost("nic-1", MACS[1], ["10.9.1.6"])


@pytest.fixture
def linux_wire(namespaces: Namespaces, tmp_path: Path) -> Iterator[LinuxWire]:
    missing = missing_program()
    if missing:
        pytest.skip(f"{missing} is not installed")
    wire = LinuxWire(namespaces, tmp_path)
    yield wire
    wire.dhcp.close()
    for network_id in wire.dhcp.networks():
        wire.dhcp.remove(network_id)


@pytest.fixture(params=["fake", pytest.param("linux", marks=pytest.mark.root)])
def wire(request: pytest.FixtureRequest) -> Wire:
    if request.param == "fake":
        return FakeWire()
    real: LinuxWire = request.getfixturevalue("linux_wire")
    return real


def leased(wire: Wire) -> set[tuple[str, str]]:
    return {(lease.mac, lease.address) for lease in wire.dhcp.leases(ID)}


def test_a_nic_gets_its_address_its_name_and_the_gateway(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    said = wire.request(MACS[0])
    assert said is not None
    assert said["ip"] == "10.9.1.5"
    assert said["hostname"] == "web"
    assert said["domain"] == "novalocal"
    assert said["router"] == "10.9.0.1"
    assert leased(wire) == {(MACS[0], "10.9.1.5")}
    assert wire.dhcp.leases(ID)[0].hostname == "web"


def test_an_unknown_nic_gets_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[7], patience=1) is None


def test_a_further_nic_is_served_by_the_same_process(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    before = wire.dhcp.running()
    wire.dhcp.ensure_host(ID, OTHER)
    said = wire.request(MACS[1], patience=1)
    assert said is not None and said["ip"] == "10.9.1.6"
    assert said["hostname"] == "host-10-9-1-6"
    assert wire.dhcp.running() == before


def test_a_removed_nic_is_not_served_and_may_come_back(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    wire.dhcp.remove_host(ID, "nic-1")
    wire.dhcp.remove_host(ID, "nic-1")
    assert wire.request(MACS[1], patience=1) is None
    wire.dhcp.ensure_host(ID, OTHER)
    assert wire.request(MACS[1], patience=1) is not None


def test_a_released_address_serves_another_nic_at_once(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    heir = DhcpHost("nic-2", MACS[2], HOST.addresses)
    wire.dhcp.remove_host(ID, HOST.nic_id)
    wire.dhcp.ensure_host(ID, heir)
    assert wire.request(MACS[2], patience=1) is None, "the lease of the one before has not ended"
    wire.dhcp.release_lease(ID, "10.9.1.5", MACS[0])
    assert leased(wire) == set()
    said = wire.request(MACS[2], patience=1)
    assert said is not None and said["ip"] == "10.9.1.5"


def test_an_address_goes_to_whom_it_was_given_last(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, DhcpHost("nic-2", MACS[2], HOST.addresses))
    assert wire.request(MACS[0], patience=1) is None
    assert wire.request(MACS[2], patience=1) is not None


def test_a_nic_gets_the_address_it_was_changed_to(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, replace(HOST, addresses=["10.9.7.7"], hostname="db"))
    said = wire.request(MACS[0], patience=1)
    assert said is not None and (said["ip"], said["hostname"]) == ("10.9.7.7", "db")


def test_only_a_nic_with_the_default_route_is_told_of_the_router(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST, replace(OTHER, default_route=False)])
    first, second = wire.request(MACS[0]), wire.request(MACS[1])
    assert first is not None and first["router"] == "10.9.0.1"
    assert second is not None and "router" not in second


def test_after_kill_9_ensure_serves_with_the_same_leases(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    wire.kill_server()
    eventually(lambda: not wire.dhcp.running(), "the server is dead")
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    assert leased(wire) == {(MACS[0], "10.9.1.5")}
    assert wire.request(MACS[1]) is not None


def test_the_server_goes_on_without_net_service_and_is_taken_over(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.dhcp.ensure_host(ID, OTHER)
    before = wire.dhcp.running()
    wire.dhcp.close()
    wire.dhcp = wire.after_restart()
    assert wire.dhcp.networks() == [ID]
    assert wire.request(MACS[1]) is not None
    added = DhcpHost("nic-3", MACS[3], ["10.9.1.9"])
    wire.dhcp.ensure(network_on(wire), [OTHER, added])
    assert wire.dhcp.running() == before
    assert wire.request(MACS[0], patience=1) is None
    assert wire.request(MACS[3]) is not None


def test_a_removed_network_leaves_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None
    wire.dhcp.remove(ID)
    wire.dhcp.remove(ID)
    assert not wire.dhcp.running() and not wire.dhcp.networks() and not wire.dhcp.leases(ID)
    with pytest.raises(NotFound, match="ensure it first"):
        wire.dhcp.ensure_host(ID, HOST)


def test_two_nics_with_one_address_change_nothing(wire: Wire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    with pytest.raises(HostError, match=r"nic-0 and nic-9 both have 10\.9\.1\.5"):
        wire.dhcp.ensure(network_on(wire), [HOST, DhcpHost("nic-9", MACS[9], HOST.addresses)])
    assert wire.request(MACS[0]) is not None


# -- what only the real one can show -----------------------------------------------------------


@pytest.mark.root
def test_a_client_of_another_server_on_the_wire_is_left_alone(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    assert linux_wire.ask_to_keep(MACS[0], "10.9.1.5") == "ACK"
    assert linux_wire.ask_to_keep(MACS[0], "10.9.1.6") == "NAK"
    for theirs in ("10.9.1.6", "192.168.1.6"):
        assert linux_wire.ask_to_keep(MACS[1], theirs) is None


@pytest.mark.root
def test_options_are_given_by_name_and_by_number(linux_wire: LinuxWire) -> None:
    options = {"ntp-server": "10.9.0.8,10.9.0.9", "6": "192.0.2.53", "17": "a#b, c d;e"}
    linux_wire.dhcp.ensure(network_on(linux_wire, mtu=1400, options=options), [HOST])
    said = linux_wire.request(MACS[0])
    assert said is not None
    assert said["dns"] == "192.0.2.53"
    assert said["mtu"] == "1400"
    assert said["ntpsrv"] == "10.9.0.8 10.9.0.9"
    assert said["rootpath"] == "a#b, c d;e"


@pytest.mark.root
def test_changed_options_reach_clients_without_a_restart(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    before = linux_wire.dhcp.running()
    linux_wire.dhcp.ensure(network_on(linux_wire, options={"dns-server": "192.0.2.1"}), [HOST])
    said = linux_wire.request(MACS[0])
    assert said is not None and said["dns"] == "192.0.2.1"
    assert linux_wire.dhcp.running() == before
    linux_wire.dhcp.ensure(network_on(linux_wire, domain="example.org"), [HOST])
    said = linux_wire.request(MACS[0])
    assert said is not None and said["domain"] == "example.org"
    assert linux_wire.dhcp.running() != before


@pytest.mark.root
def test_an_option_that_dnsmasq_refuses_is_named_and_changes_nothing(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    before = linux_wire.dhcp.running()
    with pytest.raises(HostError, match=r"option:ntp-server,10\.9\.0\.300'.*bad IP"):
        wrong = {"mtu": "1400", "ntp-server": "10.9.0.300"}
        linux_wire.dhcp.ensure(network_on(linux_wire, options=wrong), [])
    assert linux_wire.dhcp.running() == before
    assert linux_wire.request(MACS[0]) is not None


@pytest.mark.root
def test_names_are_answered_with_both_addresses(linux_wire: LinuxWire) -> None:
    network = network_on(linux_wire, V4, SLAAC)
    linux_wire.dhcp.ensure(network, [replace(HOST, addresses=["10.9.1.5", "2001:db8::abc"])])
    shell(linux_wire.client, "ip addr add 10.9.200.1/16 dev eth0")
    answer = shell(linux_wire.client, "busybox nslookup web.novalocal 10.9.0.1")
    assert "10.9.1.5" in answer and "2001:db8::abc" in answer


@pytest.mark.root
def test_ipv6_addresses_and_the_mtu_follow_from_advertisements(linux_wire: LinuxWire) -> None:
    network = network_on(linux_wire, V4, SLAAC, mtu=1400)
    linux_wire.dhcp.ensure(network, [])
    shell(linux_wire.client, "ip link set eth0 down && ip link set eth0 up")
    client = linux_wire.client
    eventually(lambda: "2001:db8::" in shell(client, "ip -6 addr show scope global"), "an address")
    assert "default" not in shell(client, "ip -6 route"), "IPv6 ends at the gateway"
    assert shell(client, "cat /proc/sys/net/ipv6/conf/eth0/mtu").strip() == "1400"


@pytest.mark.root
def test_a_network_of_ipv6_alone_is_served(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire, SLAAC), [])
    linux_wire.dhcp.ensure_host(ID, DhcpHost("nic-0", MACS[0], ["2001:db8::abc"]))
    client = linux_wire.client
    shell(client, "ip link set eth0 down && ip link set eth0 up")
    eventually(lambda: "2001:db8::" in shell(client, "ip -6 addr show scope global"), "an address")


@pytest.mark.root
def test_a_device_that_is_made_anew_is_served(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    linux_wire.plug()
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    assert linux_wire.request(MACS[0]) is not None


@pytest.mark.root
def test_a_namespace_that_is_made_anew_gets_a_server_of_its_own(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    shell(linux_wire.netns, f"ip link del {DEVICE}")
    delete_netns(linux_wire.netns)
    ensure_netns(linux_wire.netns)
    linux_wire.plug()
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    assert len(linux_wire.dhcp.running()) == 1
    assert linux_wire.request(MACS[0]) is not None


@pytest.mark.root
def test_a_stranger_with_the_pid_of_the_file_is_left_alone(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    before = linux_wire.dhcp.running()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (linux_wire.state / "networks" / ID / "pid").write_text(f"{stranger.pid}\n")
        assert linux_wire.dhcp.running() == before, "it is found without the file"
        linux_wire.dhcp.remove(ID)
        assert stranger.poll() is None
        stranger.kill()
    eventually(lambda: not command_line(before[ID]), "the server has ended")


@pytest.mark.root
def test_a_reload_that_a_killed_process_owed_is_made_good(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    # As if killed between writing the files and the signal.
    directory = linux_wire.state / "networks" / ID
    directory.joinpath("reload").touch()
    directory.joinpath("hosts").write_text(f"tag:!none,{MACS[1]},10.9.1.6,x # nic-1\n")
    again = linux_wire.after_restart()
    again.ensure(network_on(linux_wire), [OTHER])
    assert linux_wire.request(MACS[1]) is not None
    assert linux_wire.request(MACS[0], patience=1) is None
    assert not directory.joinpath("reload").exists()


@pytest.mark.root
def test_additions_are_put_together_after_a_while(linux_wire: LinuxWire) -> None:
    soon = Dnsmasq(linux_wire.state, Settings(tidy_seconds=0.05))
    soon.ensure(network_on(linux_wire), [HOST])
    soon.ensure_host(ID, OTHER)
    directory = linux_wire.state / "networks" / ID
    eventually(lambda: "nic-1" in directory.joinpath("hosts").read_text(), "one file has both")
    eventually(lambda: not list(directory.joinpath("hosts.d").iterdir()), "nothing is left over")
    assert linux_wire.request(MACS[1]) is not None


@pytest.mark.root
def test_many_threads_at_a_time_are_all_served(linux_wire: LinuxWire) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [])
    hosts = [DhcpHost(f"nic-{n}", f"02:00:00:00:01:{n:02x}", [f"10.9.3.{n}"]) for n in range(64)]
    threads = [
        threading.Thread(target=linux_wire.dhcp.ensure_host, args=(ID, host)) for host in hosts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for host in (hosts[0], hosts[31], hosts[63]):
        said = linux_wire.request(host.mac, patience=1)
        assert said is not None and said["ip"] == host.addresses[0]


@pytest.mark.root
def test_leases_are_told_once_and_their_end_too(linux_wire: LinuxWire) -> None:
    told: list[LeaseChange] = []
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST, OTHER])
    assert linux_wire.request(MACS[0]) is not None
    assert isinstance(linux_wire.dhcp, Dnsmasq)
    watcher = LeaseWatcher(linux_wire.dhcp.lease_files, told.append, interval=0.02)
    watcher.start()
    try:
        eventually(lambda: len(told) == 1, "what was leased before")
        assert told[0].first and [lease.mac for lease in told[0].leased] == [MACS[0]]
        assert linux_wire.request(MACS[1]) is not None
        eventually(lambda: len(told) == 2, "a new lease")
        assert [lease.address for lease in told[1].leased] == ["10.9.1.6"]
        linux_wire.dhcp.release_lease(ID, "10.9.1.6", MACS[1])
        eventually(lambda: len(told) == 3, "the end of a lease")
        assert [lease.address for lease in told[2].ended] == ["10.9.1.6"]
    finally:
        watcher.stop()


@pytest.mark.root
def test_dnsmasq_gives_up_root_unless_the_files_are_closed_to_others(
    linux_wire: LinuxWire,
) -> None:
    linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
    assert owner_of(linux_wire.dhcp.running()[ID]) == "root", "pytest's directories are closed"
    linux_wire.dhcp.remove(ID)
    with tempfile.TemporaryDirectory(prefix="dhcp-") as directory:
        Path(directory).chmod(0o755)
        linux_wire.dhcp = Dnsmasq(Path(directory))
        linux_wire.dhcp.ensure(network_on(linux_wire), [HOST])
        assert owner_of(linux_wire.dhcp.running()[ID]) == "nobody"
        # Both ways in which it reads files after it gave up root.
        linux_wire.dhcp.ensure_host(ID, OTHER)
        linux_wire.dhcp.ensure_host(ID, replace(HOST, addresses=["10.9.1.7"]))
        assert linux_wire.request(MACS[0]) is not None
        assert linux_wire.request(MACS[1]) is not None
        linux_wire.dhcp.remove(ID)


def command_line(pid: int) -> bytes:
    """Empty for a process that has ended."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes() if path.exists() else b""


def owner_of(pid: int) -> str:
    return Path(f"/proc/{pid}").owner()
