"""What only Kea does: its own processes, files and prefixes; and taking over from another."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from nova_netplugins.host.dhcp.drivers import dhcp_server
from nova_netplugins.host.dhcp.kea import server
from nova_netplugins.host.dhcp.kea.control import Control
from nova_netplugins.host.dhcp.kea.driver import Kea
from nova_netplugins.host.dhcp.model import DhcpSubnet
from nova_netplugins.host.dhcp.settings import Settings
from nova_netplugins.host.errors import HostError, NotFound
from tests.dataplane import dhcp_wire
from tests.dataplane.dhcp_wire import (
    DEVICE,
    HOST,
    ID,
    MACS,
    OTHER,
    OTHER_V4,
    STATEFUL,
    V4,
    LinuxWire,
    network_on,
)
from tests.dataplane.topology import Namespaces, shell
from tests.eventually import eventually

pytestmark = pytest.mark.root


@pytest.fixture
def wire(namespaces: Namespaces, tmp_path: Path) -> Iterator[LinuxWire]:
    with dhcp_wire.real(namespaces, tmp_path, "kea") as made:
        yield made


def directory_of(wire: LinuxWire) -> Path:
    return wire.state / "kea" / ID


def processes_of(wire: LinuxWire) -> set[str]:
    """The programs that run with a file of the network's."""
    every = [entry.name for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    ours = [line for pid in every if str(directory_of(wire)) in (line := command_line(int(pid)))]
    return {Path(line.partition("\0")[0]).name for line in ours}


def command_line(pid: int) -> str:
    """Empty for a process that has ended."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_each_server_that_was_killed_is_started_again(wire: LinuxWire) -> None:
    network = network_on(wire, V4, STATEFUL)
    wire.dhcp.ensure(network, [HOST])
    every = {"kea-dhcp4", "kea-dhcp6", "dnsmasq", "radvd"}
    assert processes_of(wire) == every
    for written in directory_of(wire).glob("*.pid"):
        os.kill(int(written.read_text()), signal.SIGKILL)
        eventually(lambda: not wire.dhcp.running(), "one is missed")
        wire.dhcp.ensure(network, [HOST])
        assert processes_of(wire) == every
    wire.dhcp.ensure(network_on(wire), [HOST])
    eventually(lambda: processes_of(wire) == {"kea-dhcp4"}, "the others are not needed")
    wire.dhcp.remove(ID)
    assert not processes_of(wire)


def test_a_server_that_died_is_started_by_the_next_change(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.kill_server()
    eventually(lambda: not wire.dhcp.running(), "the server is dead")
    wire.dhcp.ensure_host(ID, OTHER)
    assert wire.dhcp.served(ID) == {MACS[0]: ("10.9.1.5",), MACS[1]: ("10.9.1.6",)}


def test_settings_that_a_killed_process_did_not_tell_are_told_by_the_next(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    conf = directory_of(wire) / "kea-dhcp4.conf"
    before = conf.read_text()
    wire.dhcp.ensure(network_on(wire), [HOST, OTHER])
    after = conf.read_text()
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert conf.read_text() == before
    conf.write_text(after)
    assert wire.dhcp.served(ID) == {MACS[0]: ("10.9.1.5",)}, "whatever the file says"
    again = wire.after_restart()
    again.ensure(network_on(wire), [HOST, OTHER])
    assert wire.request(MACS[1]) is not None


def test_a_stranger_with_the_pid_of_the_file_is_left_alone(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    wire.kill_server()
    eventually(lambda: not wire.dhcp.running(), "the server is dead")
    with subprocess.Popen(["sleep", "60"]) as stranger:
        pid_file = directory_of(wire) / "kea-dhcp4.kea-dhcp4.pid"
        assert pid_file.exists()
        pid_file.write_text(f"{stranger.pid}\n")
        assert not wire.dhcp.running()
        wire.dhcp.ensure(network_on(wire), [HOST])
        assert wire.dhcp.running()[ID] != stranger.pid
        assert stranger.poll() is None
        stranger.kill()


def test_a_prefix_of_any_length_is_served(wire: LinuxWire) -> None:
    shell(wire.netns, f"ip addr add 2001:db8:8000::1/33 dev {DEVICE}")
    wide = DhcpSubnet("2001:db8:8000::/33", "2001:db8:8000::1")
    narrow = DhcpSubnet("2001:db8:6::/120", "2001:db8:6::1")
    far = replace(HOST, addresses=["2001:db8:ffff::5"])
    near = replace(OTHER, addresses=["2001:db8:6::5"])
    wire.dhcp.ensure(network_on(wire, wide, narrow), [far, near])
    assert wire.request6(MACS[0]) == ["2001:db8:ffff::5"]
    assert wire.request6(MACS[1]) == ["2001:db8:6::5"]


def test_what_it_refuses_is_told_in_its_words(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    control = Control(directory_of(wire) / "kea-dhcp4.socket")
    assert control.ask("lease4-get", **{"ip-address": "10.9.1.5"}) is None
    with pytest.raises(HostError, match="refuses nonsense: 'nonsense' command not supported"):
        control.ask("nonsense")
    wire.dhcp.remove(ID)
    with pytest.raises(NotFound, match="no Kea listens"):
        control.ask("config-get")


def test_a_question_is_heard_once_however_many_addresses_the_device_has(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire, V4, OTHER_V4), [HOST])
    log = directory_of(wire).joinpath("kea-dhcp4.log").read_text()
    assert "MULTI_THREADING" in log, "there is a log"
    assert "MULTIPLE_RAW_SOCKETS" not in log


def test_names_that_dns_does_not_know_are_told_all_the_same(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [replace(HOST, hostname="fake_instance00")])
    said = wire.request(MACS[0])
    assert said is not None and said["hostname"] == "fake_instance00"


def test_a_directory_with_a_long_name_is_good_enough(wire: LinuxWire) -> None:
    wire.dhcp = Kea(wire.state / ("x" * 100))
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.dhcp.served(ID) == {MACS[0]: ("10.9.1.5",)}
    wire.dhcp.remove(ID)


def test_without_its_device_nothing_is_started(wire: LinuxWire) -> None:
    with pytest.raises(NotFound, match="no link gw-gone"):
        wire.dhcp.ensure(network_on(wire, device="gw-gone"), [HOST])
    assert not wire.dhcp.running()


def test_a_device_that_is_down_is_told_of(wire: LinuxWire, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LISTEN_SECONDS", 0.1)
    shell(wire.netns, f"ip link set {DEVICE} down")
    with pytest.raises(HostError, match=f"hears nothing: the interface {DEVICE} is down"):
        wire.dhcp.ensure(network_on(wire), [HOST])
    shell(wire.netns, f"ip link set {DEVICE} up")
    monkeypatch.undo()
    wire.dhcp.ensure(network_on(wire), [HOST])
    assert wire.request(MACS[0]) is not None


def test_one_driver_takes_over_from_the_other(wire: LinuxWire) -> None:
    wire.dhcp.ensure(network_on(wire), [HOST])
    for name in ("dnsmasq", "kea"):
        wire.dhcp = dhcp_server(wire.state, Settings(driver=name))
        assert not wire.dhcp.running() and not processes_of(wire)
        wire.dhcp.ensure(network_on(wire), [HOST])
        assert wire.request(MACS[0]) is not None


def test_a_driver_that_there_is_not_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no DHCP driver 'isc': one of dnsmasq, kea"):
        dhcp_server(tmp_path, Settings(driver="isc"))
