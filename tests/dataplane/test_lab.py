"""The demonstration and the lab's commands, as somebody uses them who has just installed this."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dataplane.room import BIN, Room, room
from tests.eventually import eventually

pytestmark = pytest.mark.root


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Room]:
    with room(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    """A demonstration that serves, for all who look at it: it takes its time to start."""
    with room(tmp_path_factory.mktemp("cloud")) as made:
        yield from _serving(made)


def _serving(place: Room) -> Iterator[Room]:
    process = place.start_demo()
    assert process.stdout is not None and process.stderr is not None
    try:
        shown = []
        # The last line of what it tells to try.
        while not (shown and "melange-manage" in shown[-1]):
            line = process.stdout.readline()
            assert line, f"the demonstration ended: {process.stderr.read()}"
            shown.append(line)
        place.told = [line.strip() for line in shown if line.startswith("  ")]
        yield place
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)
    assert process.returncode == 0
    assert place.leftovers() == []


def test_four_services_work_and_nothing_is_left_behind_not_even_of_one_that_was_killed(
    place: Room,
) -> None:
    process = place.start_demo("--once")
    eventually(
        lambda: "lab-" in place.shell("ls /run/netns") and place.configuration.exists(),
        "instances are being booted",
        seconds=30,
    )
    process.kill()
    process.communicate(timeout=10)
    assert place.leftovers() != []

    code, output, errors = place.demo()

    assert (code, errors) == (0, "")
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in output.splitlines()
        if re.match(r"\| (red|green|blue|violet) ", line)
    ]
    seen = [(row[0], row[1], row[2], row[6], row[7], row[8]) for row in rows]
    assert seen == [
        ("blue", "vlan", "blue-1", "DHCP", "answers", "refused"),
        ("blue", "vlan", "blue-2", "DHCP", "answers", "refused"),
        ("green", "flat_dhcp", "green-1", "DHCP", "answers", "refused"),
        ("green", "flat_dhcp", "green-2", "DHCP", "answers", "refused"),
        ("red", "flat", "red-1", "injected", "answers", "refused"),
        ("red", "flat", "red-2", "injected", "answers", "refused"),
        ("violet", "netstack", "violet-1", "DHCP", "answers", "refused"),
        ("violet", "netstack", "violet-2", "DHCP", "answers", "refused"),
    ]
    assert place.leftovers() == []


def test_a_second_demonstration_at_the_same_time_is_refused(cloud: Room) -> None:
    code, _, errors = cloud.demo()

    assert code == 1
    assert re.match(r"error: process \d+ runs already: it holds .*lab\.lock", errors)


def test_the_management_commands_work_as_it_tells_them(cloud: Room) -> None:
    manage, melange_manage = (line for line in cloud.told if "-manage " in line)

    assert " 10.0.0.0/24 " in cloud.shell(manage)
    assert "nothing is wrong" in cloud.shell(melange_manage)


def test_an_instance_is_booted_looked_into_and_deleted(cloud: Room) -> None:
    booted = cloud.lab("boot", "--project", "blue")
    assert "blue-3" in booted.stdout, booted.stderr

    (nic,) = [n for n in listed(cloud) if n["instance"] == "blue-3"]
    assert (nic["how"], nic["status"], nic["service"]) == ("DHCP", "ACTIVE", "vlan")
    address = nic["addresses"][0]
    assert address in cloud.lab("console", "blue-3", "ip", "address", "show", "eth0").stdout
    resolver = cloud.lab("console", "blue-3", "cat", "/etc/resolv.conf").stdout
    assert "nameserver 10.0.0.1" in resolver
    assert cloud.lab("ping", "blue-1", "blue-3").returncode == 0
    assert cloud.lab("ping", "blue-1", address).stdout == f"{address} answers\n"
    refused = cloud.lab("ping", "blue-3", "green-1")
    assert (refused.returncode, refused.stdout) == (1, "green-1 does not answer\n")

    assert cloud.lab("delete", "blue-3").stdout == "blue-3 is deleted\n"
    assert "blue-3" not in {n["instance"] for n in listed(cloud)}
    assert cloud.lab("ping", "blue-1", address).returncode == 1


def test_an_instance_gets_the_networks_and_addresses_that_it_asks_for(cloud: Room) -> None:
    network = cloud.lab("console", "green-1", "ip", "-4", "route")
    assert "default via 10.30.0.1" in network.stdout
    (green,) = networks(cloud, "flat_dhcp")

    wish = f"net={green},ip=10.30.0.77"
    booted = cloud.lab("boot", "--project", "green", "--name", "two", "--nic", wish,
                       "--network", green)  # fmt: skip
    assert booted.returncode == 0, booted.stderr

    nics = [n for n in listed(cloud) if n["instance"] == "two"]
    assert len(nics) == 2
    assert ["10.30.0.77"] in [nic["addresses"] for nic in nics]


def test_mistakes_are_told_and_leave_nothing(cloud: Room) -> None:
    before = listed(cloud)

    for code, arguments, message in (
        (
            1,
            ("boot", "--project", "blue", "--name", "blue-1"),
            "there is an instance 'blue-1' already",
        ),
        (1, ("boot", "--project", "blue", "--name", "Not_A_Name"), "'Not_A_Name' is no host name"),
        (1, ("delete",), "name the instances to delete, or say --all"),
        (2, ("boot", "--project", "blue", "--network", "nope"), "network 'nope' does not exist"),
        (2, ("ping", "nobody", "blue-1"), "there is no instance 'nobody'; there are: blue-1,"),
        (2, ("ping", "blue-1", "nope"), "'nope' is neither an address nor an instance; there are:"),
        (2, ("ping", "blue-1", "10.0.0.300"), "'10.0.0.300' is neither an address nor an instance"),
    ):
        done = cloud.lab(*arguments)
        assert done.returncode == code
        assert done.stderr.startswith(f"error: {message}"), done.stderr

    assert listed(cloud) == before


def test_deleting_all_gives_every_address_back(cloud: Room) -> None:
    assert cloud.lab("delete", "--all").returncode == 0

    assert listed(cloud) == []
    assert "tap" not in cloud.shell("ip -n nova-lab-host -br link")


@pytest.mark.parametrize("euid", [1000])
def test_without_root_the_rest_is_shown_and_the_packets_are_a_dash(
    euid: int, tmp_path: Path
) -> None:
    # In a user namespace we are that user, as far as this process can tell.
    done = subprocess.run(
        ["unshare", "--user", f"--map-user={euid}", str(BIN / "nova-netplugins-lab"), "demo"]
        + ["--once", "--state-dir", str(tmp_path / "lab")],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "HOME": str(tmp_path)},
    )

    assert done.returncode == 0, done.stderr
    assert "Not run as root, so this leaves out the packets" in done.stdout
    assert re.search(r"\| green +\| flat_dhcp \| green-1 .* 10\.30\.0\.\d +\| - +\| -", done.stdout)
    assert not (tmp_path / "lab").exists()


def listed(cloud: Room) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(cloud.lab("list", "--format", "json").stdout)
    return found


def networks(cloud: Room, service: str) -> list[str]:
    """Ids of a service's networks, from its REST API."""
    port = re.search(r"bind_port = (\d+)", cloud.configuration.read_text())
    assert port is not None
    url = f"http://127.0.0.1:{port[1]}/v1.0/{service}/networks"
    script = f"import urllib.request as r; print(r.urlopen('{url}').read().decode())"
    answer = json.loads(cloud.shell(f'{sys.executable} -c "{script}"'))
    return [network["id"] for network in answer["networks"]]
