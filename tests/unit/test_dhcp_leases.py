"""What is read of dnsmasq's leases, and told of them."""

from __future__ import annotations

import os
import time
from pathlib import Path

from nova_netplugins.host.dhcp.leases import Client6, LeaseChange, LeaseWatcher, parse, read_client
from nova_netplugins.host.dhcp.model import Lease

LEASES = """\
2000000000 fa:16:3e:00:00:01 10.0.0.5 web *
1000 fa:16:3e:00:00:02 10.0.0.6 ended *
0 fa:16:3e:00:00:03 10.0.0.7 * 01:02
rubbish
duid 00:01
2000000000 1 2001:db8::5 web 00:01
"""


def test_leases_that_have_ended_are_left_out() -> None:
    assert parse(LEASES, now=2000) == [
        Lease("fa:16:3e:00:00:01", "10.0.0.5", "web", 2000000000),
        Lease("fa:16:3e:00:00:03", "10.0.0.7", None, 0),
        Lease("", "2001:db8::5", "web", 2000000000),
    ]


def write_leases(path: Path, *macs: str) -> None:
    """As dnsmasq did a second ago, and at another moment than the last time."""
    path.write_text("".join(f"0 {mac} 10.0.0.{mac[-1]} * *\n" for mac in macs))
    moment = time.time_ns() - 10**9
    os.utime(path, ns=(moment, moment))


def test_the_watcher_tells_of_changes_alone(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    told: list[LeaseChange] = []
    watcher = LeaseWatcher(lambda: {"net-1": path}, told.append)
    watcher.look()
    write_leases(path, "mac-1", "mac-2")
    watcher.look()
    watcher.look()
    write_leases(path, "mac-2", "mac-3")
    watcher.look()
    seen = [([x.mac for x in one.leased], [x.mac for x in one.ended], one.first) for one in told]
    assert seen[0] == ([], [], True)
    assert (sorted(seen[1][0]), seen[1][1]) == (["mac-1", "mac-2"], [])
    assert seen[2:] == [(["mac-3"], ["mac-1"], False)]


def test_what_the_callback_failed_on_is_told_again(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    write_leases(path, "mac-1")
    told: list[LeaseChange] = []

    def callback(change: LeaseChange) -> None:
        told.append(change)
        if len(told) == 1:
            raise ConnectionError("net-api is away")

    watcher = LeaseWatcher(lambda: {"net-1": path}, callback)
    watcher.look()
    watcher.look()
    watcher.look()
    assert len(told) == 2 and told[0] == told[1]


def test_a_file_that_is_being_written_is_read_later(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text("0 mac-1 10.0.0.1 * *\n")
    told: list[LeaseChange] = []
    watcher = LeaseWatcher(lambda: {"net-1": path}, told.append)
    future = time.time_ns() + 10**9
    os.utime(path, ns=(future, future))
    watcher.look()
    assert not told
    write_leases(path, "mac-1")
    watcher.look()
    assert len(told) == 1


def test_a_lease_of_ipv6_is_found_with_what_its_client_calls_it_by(tmp_path: Path) -> None:
    path = tmp_path / "leases"
    path.write_text(LEASES)
    moment = time.time() - 1
    os.utime(path, (moment, moment))
    assert read_client(path, "2001:db8::5") == Client6("00:01", "1", "00:01")
    assert read_client(path, "10.0.0.5") is None
    assert read_client(tmp_path / "none", "2001:db8::5") is None
