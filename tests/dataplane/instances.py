"""Instances as a compute host has them: network namespaces with NICs, and DHCP clients inside."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.dataplane.machine import Machine
from tests.dataplane.net_api import Api, Row
from tests.dataplane.topology import shell
from tests.eventually import eventually

_DHCP_SCRIPT = """#!/bin/sh
[ "$1" = bound ] || exit 0
env > {lease}
ip address replace "$ip/$mask" dev "$interface"
[ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
for gateway in $router; do ip route replace default via "$gateway" dev "$interface"; done
"""


class Instance:
    """A network namespace whose NICs are plugged as a compute host's would be."""

    def __init__(
        self, netns: str, nics: list[Row], machine: Machine, api: Api, directory: Path
    ) -> None:
        self.netns = netns
        self.nics = nics
        self.id = str(nics[0]["instance_id"])
        self._machine = machine
        self._api = api
        self._directory = directory

    @property
    def addresses(self) -> list[str]:
        """IPv4 and IPv6 addresses that net-api gave the first NIC."""
        return [str(fixed["address"]) for fixed in self.nics[0]["fixed_ips"]]

    @property
    def address(self) -> str:
        return self.addresses[0]

    def make_taps(self) -> None:
        for index, nic in enumerate(self.nics):
            peer = f"peer name eth{index} address {nic['mac_address']} netns {self.netns}"
            command = f"ip -n {self._machine.netns} link add {nic['device']} type veth {peer}"
            subprocess.run(command.split(), check=True)
            self.shell(f"ip link set eth{index} up")

    def is_active(self) -> bool:
        rows = self._api.get(f"/{self._service}/instances/{self.id}/virtual_nics")
        return all(nic["status"] == "ACTIVE" for nic in rows["virtual_nics"])

    def wait_until_active(self) -> None:
        eventually(self.is_active, f"the NICs of {self.netns} are ACTIVE", 30, pause=0.1)

    def ask_dhcp(
        self, interface: str = "eth0", *options: int, attempts: int = 20
    ) -> dict[str, str]:
        """What udhcpc got and set: its script's variables."""
        lease = self._directory / f"{self.netns}-{interface}.lease"
        script = lease.with_suffix(".sh")
        script.write_text(_DHCP_SCRIPT.format(lease=lease))
        script.chmod(0o755)
        asked = " ".join(f"-O {option}" for option in (26, *options))
        # Who asks once only waits for as long as a busy machine may need.
        pause = 1 if attempts > 1 else 20
        tries = f"-t {attempts} -T {pause}"
        self.shell(f"udhcpc -i {interface} -f -q -n {tries} -s {script} {asked}")
        return dict(line.split("=", 1) for line in lease.read_text().splitlines() if "=" in line)

    def configure(self, length: int = 24, gateway: str | None = None) -> None:
        """The address that net-api gave, without asking anybody."""
        self.shell(f"ip address replace {self.address}/{length} dev eth0")
        if gateway is not None:
            self.shell(f"ip route replace default via {gateway}")

    def shell(self, command: str) -> str:
        return shell(self.netns, command)

    def delete(self) -> None:
        """As Nova does: the NICs first, then their taps."""
        self._api.delete(f"/{self._service}/instances/{self.id}/virtual_nics")
        self.delete_taps()

    def delete_taps(self) -> None:
        for index in range(len(self.nics)):
            self.shell(f"ip link delete eth{index}")

    @property
    def _service(self) -> str:
        return str(self.nics[0]["service"])
