"""What only dnsmasq does: DNS, its files, its lease file."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nova_netplugins.host.dhcp.dnsmasq import Dnsmasq
from nova_netplugins.host.dhcp.leases import LeaseChange, LeaseWatcher
from nova_netplugins.host.dhcp.model import DhcpSubnet
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import BadSettings, HostError
from tests.dataplane import dhcp_wire
from tests.dataplane.dhcp_wire import HOST, ID, MACS, OTHER, SLAAC, V4, LinuxWire, network_on
from tests.dataplane.topology import Namespaces, shell
from tests.eventually import eventually

pytestmark = pytest.mark.root


@pytest.fixture
def wire(namespaces: Namespaces, tmp_path: Path) -> Iterator[LinuxWire]:
    with dhcp_wire.real(namespaces, tmp_path, "dnsmasq") as made:
        yield made


def test_only_a_setting_of_its_own_needs_a_restart(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    before = wire.dhcp.running()
    wire.dhcp.ensure(network_on(wire, domain="example.org"), [HOST])
    said = wire.request(MACS[0])
    assert said is not None and said["domain"] == "example.org"
    assert wire.dhcp.running() != before


def test_an_ipv6_prefix_that_it_cannot_give_is_refused(wire: LinuxWire) -> None:
    wide = DhcpSubnet("2001:db8::/48", "2001:db8::1")
    with pytest.raises(BadSettings, match="2001:db8::/48.*64 or more.*kea"):
        wire.dhcp.ensure(network_on(wire, wide), [])
    assert not wire.dhcp.networks()


def test_files_that_it_may_not_have_read_are_not_what_it_serves(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    (wire.state / "networks" / ID / "reload").touch()
    with pytest.raises(HostError, match="ensure it again"):
        wire.dhcp.served(ID)
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.dhcp.served(ID) == {HOST.mac: ("10.9.1.5",)}


def test_names_are_answered_with_both_addresses(wire: LinuxWire) -> None:
    network = network_on(wire, V4, SLAAC)
    wire.dhcp.ensure(network, [replace(HOST, addresses=["10.9.1.5", "2001:db8::abc"])])
    shell(wire.client, "ip addr add 10.9.200.1/16 dev eth0")
    answer = shell(wire.client, "busybox nslookup web.novalocal 10.9.0.1")
    assert "10.9.1.5" in answer and "2001:db8::abc" in answer


def test_a_stranger_with_the_pid_of_the_file_is_left_alone(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    before = wire.dhcp.running()
    with subprocess.Popen(["sleep", "60"]) as stranger:
        (wire.state / "networks" / ID / "pid").write_text(f"{stranger.pid}\n")
        assert wire.dhcp.running() == before, "it is found without the file"
        wire.dhcp.remove(ID)
        assert stranger.poll() is None
        stranger.kill()
    eventually(lambda: not command_line(before[ID]), "the server has ended")


def test_a_reload_that_a_killed_process_owed_is_made_good(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    # As if killed between writing the files and the signal.
    directory = wire.state / "networks" / ID
    directory.joinpath("reload").touch()
    directory.joinpath("hosts").write_text(f"tag:!none,{MACS[1]},10.9.1.6,x # nic-1\n")
    again = wire.after_restart()
    again.ensure(network_on(wire), [OTHER])
    assert wire.request(MACS[1]) is not None
    assert wire.request(MACS[0], patience=1) is None
    assert not directory.joinpath("reload").exists()


def test_additions_are_put_together_after_a_while(wire: LinuxWire) -> None:
    soon = Dnsmasq(wire.state, Settings(tidy_seconds=0.05))
    soon.ensure(network_on(wire), [HOST])
    soon.ensure_host(ID, OTHER)
    directory = wire.state / "networks" / ID
    eventually(lambda: "nic-1" in directory.joinpath("hosts").read_text(), "one file has both")
    eventually(lambda: not list(directory.joinpath("hosts.d").iterdir()), "nothing is left over")
    assert wire.request(MACS[1]) is not None


def test_leases_are_told_once_and_their_end_too(wire: LinuxWire) -> None:
    told: list[LeaseChange] = []
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    assert wire.request(MACS[0]) is not None
    assert isinstance(wire.dhcp, Dnsmasq)
    watcher = LeaseWatcher(wire.dhcp.lease_files, told.append, interval=0.02)
    watcher.start()
    try:
        eventually(lambda: len(told) == 1, "what was leased before")
        assert told[0].first and [lease.mac for lease in told[0].leased] == [MACS[0]]
        assert wire.request(MACS[1]) is not None
        eventually(lambda: len(told) == 2, "a new lease")
        assert [lease.address for lease in told[1].leased] == ["10.9.1.6"]
        wire.dhcp.release_lease(ID, "10.9.1.6", MACS[1])
        eventually(lambda: len(told) == 3, "the end of a lease")
        assert [lease.address for lease in told[2].ended] == ["10.9.1.6"]
    finally:
        watcher.stop()


def test_dnsmasq_gives_up_root_unless_the_files_are_closed_to_others(
    wire: LinuxWire,
) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert owner_of(wire.dhcp.running()[ID]) == "root", "pytest's directories are closed"
    wire.dhcp.remove(ID)
    with tempfile.TemporaryDirectory(prefix="dhcp-") as directory:
        Path(directory).chmod(0o755)
        wire.dhcp = Dnsmasq(Path(directory))
        wire.dhcp.ensure(network_on(wire), [HOST])
        assert owner_of(wire.dhcp.running()[ID]) == "nobody"
        # Both ways in which it reads files after it gave up root.
        wire.dhcp.ensure_host(ID, OTHER)
        wire.dhcp.ensure_host(ID, replace(HOST, addresses=["10.9.1.7"]))
        assert wire.request(MACS[0]) is not None
        assert wire.request(MACS[1]) is not None
        wire.dhcp.remove(ID)


def command_line(pid: int) -> bytes:
    """Empty for a process that has ended."""
    path = Path(f"/proc/{pid}/cmdline")
    return path.read_bytes() if path.exists() else b""


def owner_of(pid: int) -> str:
    return Path(f"/proc/{pid}").owner()
