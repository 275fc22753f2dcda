"""How soon a DHCP server serves, with many NICs on one network.

    python -m benchmarks.dhcp [--server kea] [--nics 10000] [--rounds 10] [--no-leases]

Needs root. For each server, makes two network namespaces with a cable between them, has the server
serve ``--nics`` NICs that all hold a lease, and prints for each figure the median, the least and
the most:

new NIC    from the call that adds a NIC to the acknowledgement that its client gets
removal    from the call that removes a NIC until its DISCOVER is not answered any more
renewal    from a client's DISCOVER to its acknowledgement, of one that has a lease
restart    kill -9 of the server; from ``ensure`` with all NICs to a client's acknowledgement
takeover   ``ensure`` with all NICs by a new process, while the server runs and nothing changed
reload     ``ensure_host`` of a NIC whose address changed: everything is read anew
served     ``served``: the server says whom it gives what
"""

from __future__ import annotations

import argparse
import ipaddress
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.dhcp_client import RawClient
from nova_netplugins.host import namespaces
from nova_netplugins.host.dhcp.drivers import DRIVERS, dhcp_server
from nova_netplugins.host.dhcp.kea.config import subnet_number
from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.server import DhcpServer
from nova_netplugins.host.dhcp.settings import Settings

NETWORK = ipaddress.IPv4Network("10.64.0.0/14")
SUBNET = DhcpSubnet(str(NETWORK), str(NETWORK[1]), gateway=str(NETWORK[1]))
LEASE_SECONDS = 86400
DEVICE, NETWORK_ID = "gw-bench", "bench"
PATIENCE = 30.0
FIGURES = ("new_nic", "renewal", "removal", "reload", "takeover", "served", "restart")


def _dnsmasq_leases(directory: Path, hosts: list[DhcpHost]) -> None:
    """As if the hosts had got their leases before: asking for them one by one takes minutes."""
    expires = int(time.time()) + LEASE_SECONDS
    files = directory / "networks" / NETWORK_ID
    files.mkdir(parents=True)
    lines = [f"{expires} {host.mac} {host.addresses[0]} {host.label} *\n" for host in hosts]
    files.joinpath("leases").write_text("".join(lines))


def _kea_leases(directory: Path, hosts: list[DhcpHost]) -> None:
    expires = int(time.time()) + LEASE_SECONDS
    number = subnet_number(SUBNET)
    files = directory / "kea" / NETWORK_ID
    files.mkdir(parents=True)
    lines = [
        f"{host.addresses[0]},{host.mac},,{LEASE_SECONDS},{expires},{number},0,0,{host.label},0,\n"
        for host in hosts
    ]
    files.joinpath("leases4.csv").write_text(_KEA_COLUMNS + "".join(lines))


_KEA_COLUMNS = (
    "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,"
    "fqdn_fwd,fqdn_rev,hostname,state,user_context\n"
)
LEASES = {"dnsmasq": _dnsmasq_leases, "kea": _kea_leases}


def nic(number: int) -> DhcpHost:
    mac = ":".join(f"{octet:02x}" for octet in (0x02000000 << 16 | number).to_bytes(6))
    return DhcpHost(f"nic-{number}", mac, [str(NETWORK[number])])


@contextmanager
def wire() -> Iterator[tuple[DhcpNetwork, RawClient]]:
    netns, client = f"dhcp-bench-{os.getpid()}", f"dhcp-bench-c{os.getpid()}"
    namespaces.ensure_netns(netns)
    namespaces.ensure_netns(client)
    try:
        for command in (
            f"ip -n {netns} link add {DEVICE} type veth peer name eth0 netns {client}",
            f"ip -n {netns} addr add {SUBNET.server}/{NETWORK.prefixlen} dev {DEVICE}",
            f"ip -n {netns} link set {DEVICE} up",
            f"ip -n {client} link set eth0 up",
        ):
            subprocess.run(command.split(), check=True)
        yield (
            DhcpNetwork(
                NETWORK_ID,
                netns,
                DEVICE,
                [SUBNET],
                domain="novalocal",
                lease_seconds=LEASE_SECONDS,
            ),
            RawClient(client, "eth0"),
        )
    finally:
        namespaces.delete_netns(client)
        namespaces.delete_netns(netns)


class Bench:
    def __init__(
        self, make: Callable[[], DhcpServer], network: DhcpNetwork, client: RawClient, nics: int
    ) -> None:
        self._make = make
        self._dhcp = make()
        self._network = network
        self._client = client
        self._hosts = {n: nic(n) for n in range(10, 10 + nics)}
        self._next = 10 + nics

    @property
    def hosts(self) -> list[DhcpHost]:
        return list(self._hosts.values())

    def start(self) -> float:
        return self._timed(lambda: self._dhcp.ensure(self._network, self.hosts), self.hosts[0])

    def new_nic(self) -> float:
        host = self._hosts[self._next] = nic(self._next)
        self._next += 1
        return self._timed(lambda: self._dhcp.ensure_host(NETWORK_ID, host), host)

    def removal(self) -> float:
        _, host = self._hosts.popitem()
        begin = time.monotonic()
        self._dhcp.remove_host(NETWORK_ID, host.nic_id)
        while self._client.discover(host.mac, 0.2) is not None:
            assert time.monotonic() - begin < PATIENCE, f"{host} is still served"
        # The last wait was for an answer that did not come.
        return time.monotonic() - begin - 0.2

    def renewal(self) -> float:
        host = self.hosts[len(self._hosts) * (self._next % 7) // 7]
        self._next += 1
        return self._timed(lambda: None, host)

    def restart(self) -> float:
        os.kill(self._dhcp.running()[NETWORK_ID], signal.SIGKILL)
        while self._dhcp.running():
            time.sleep(0.001)
        return self.start()

    def takeover(self) -> float:
        self._dhcp.close()
        self._dhcp = self._make()
        begin = time.monotonic()
        self._dhcp.ensure(self._network, self.hosts)
        return time.monotonic() - begin

    def reload(self) -> float:
        number = next(iter(self._hosts))
        host = replace(nic(number), addresses=[str(NETWORK[100_000 + self._next])])
        self._hosts[number] = host
        self._next += 1
        begin = time.monotonic()
        self._dhcp.ensure_host(NETWORK_ID, host)
        return time.monotonic() - begin

    def served(self) -> float:
        begin = time.monotonic()
        served = self._dhcp.served(NETWORK_ID)
        took = time.monotonic() - begin
        assert served == {host.mac: tuple(host.addresses) for host in self.hosts}
        return took

    def close(self) -> None:
        self._dhcp.remove(NETWORK_ID)

    def _timed(self, change: Callable[[], None], host: DhcpHost) -> float:
        begin = time.monotonic()
        change()
        address = self._client.lease(host.mac, PATIENCE)
        took = time.monotonic() - begin
        assert address == host.addresses[0], f"{host.mac} got {address}, not {host.addresses[0]}"
        return took


def report(figure: str, times: list[float]) -> None:
    print(
        f"{figure:<10} median {statistics.median(times):7.3f} s"
        f"   least {min(times):7.3f} s   most {max(times):7.3f} s   ({len(times)} times)",
        flush=True,
    )


def measure(server: str, nics: int, rounds: int, leases: bool) -> None:
    settings = Settings(driver=server, tidy_seconds=3600)
    with tempfile.TemporaryDirectory(prefix="dhcp-bench-") as text, wire() as (network, client):
        directory = Path(text)
        directory.chmod(0o755)
        bench = Bench(lambda: dhcp_server(directory, settings), network, client, nics)
        if leases:
            LEASES[server](directory, bench.hosts)
        print(f"{server}, {nics} NICs on one network, {'all with a' if leases else 'no'} lease")
        try:
            report("start", [bench.start()])
            for name in FIGURES:
                figure: Callable[[], float] = getattr(bench, name)
                report(name.replace("_", " "), [figure() for _ in range(rounds)])
        finally:
            bench.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--server", choices=DRIVERS, action="append", help="default: all")
    parser.add_argument("--nics", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--no-leases", action="store_true", help="no NIC has had a lease before")
    args = parser.parse_args()
    if os.geteuid() != 0:
        sys.exit("needs root: makes network namespaces")
    for server in args.server or DRIVERS:
        measure(server, args.nics, args.rounds, not args.no_leases)


if __name__ == "__main__":
    main()
