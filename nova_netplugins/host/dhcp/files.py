"""The files of one network's dnsmasq, as an operator finds them in ``networks/<network id>/``.

``dnsmasq.conf``  what dnsmasq is started with
``hosts``         the hosts that are served, as of the last time everything was written
``hosts.d/``      what was added and taken away since: dnsmasq reads new files here at once
``names``         the same hosts for DNS
``opts``          DHCP options
``leases``        dnsmasq's own: who has which address
``pid``           dnsmasq's own
``reload``        only there between a change of the files and dnsmasq being told of it
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Container, Iterable, Sequence
from pathlib import Path

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, DhcpSubnet
from nova_netplugins.host.dhcp.options import (
    DNS_SERVER,
    DNS_SERVER_V6,
    MTU,
    ROUTER,
    ROUTES,
    option_kind,
    option_number,
)

# dnsmasq looks for a host twice: among those whose tag matches, through all of them, and only then
# among those without a tag. With a tag that always matches, the first look finds it: with 10,000
# hosts and leases, taking up a new host costs 0.3 s instead of 1.7 s.
ALWAYS = "tag:!none"
NO_ROUTER = "no-router"
# Of IPv6 there would be more than a number can tell.
MOST_LEASES = 1 << 24
ADVERTISE_SECONDS, ROUTER_SECONDS = 10, 1800
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.,:/_=+-@%?&~[]")


class NetworkFiles:
    """Where the files of a network are, and writing them."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.conf = directory / "dnsmasq.conf"
        self.hosts = directory / "hosts"
        self.added = directory / "hosts.d"
        self.names = directory / "names"
        self.opts = directory / "opts"
        self.leases = directory / "leases"
        self.pid = directory / "pid"
        self.reload = directory / "reload"

    def make(self) -> None:
        self.added.mkdir(parents=True, exist_ok=True)
        # dnsmasq may have given up root, and must read these whatever the umask was.
        self.directory.chmod(0o755)
        self.added.chmod(0o755)

    def delete(self) -> None:
        shutil.rmtree(self.directory, ignore_errors=True)

    def additions(self) -> list[Path]:
        """The files of ``hosts.d``, oldest first."""
        if not self.added.is_dir():
            return []
        return sorted(path for path in self.added.iterdir() if not path.name.startswith("."))


def read(path: Path) -> str:
    """The text of a file, empty if there is none."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def write(path: Path, text: str) -> None:
    """Replace a file at once: whoever reads it sees the old text or the new one."""
    # dnsmasq does not read files in a directory that begin with a dot.
    temporary = path.with_name(f".{path.name}.new")
    temporary.write_text(text)
    temporary.chmod(0o644)
    temporary.rename(path)


def render_conf(network: DhcpNetwork, files: NetworkFiles, user: str, extra: str) -> str:
    """``dnsmasq.conf``; ``extra`` is a file of the operator's own, or empty."""
    lines = [
        f"# dnsmasq of network {network.id}. Written by nova-netplugins: it is overwritten.",
        f"pid-file={files.pid}",
        f"user={user}",
        # Goes on when the device is made anew, which bind-interfaces does not.
        "bind-dynamic",
        f"interface={network.device}",
        "except-interface=lo",
        "strict-order",
        "no-hosts",
        # Names in this file spare dnsmasq a search through all of its leases for each of them.
        f"addn-hosts={files.names}",
    ]
    if network.dns_servers:
        lines += ["no-resolv", *(f"server={server}" for server in network.dns_servers)]
    # Names without dots, and those of the domain, are known here or nowhere: no other server is
    # asked, and waited for.
    lines.append("domain-needed")
    if network.domain:
        lines += [f"domain={network.domain}", f"local=/{network.domain}/"]
    lines += [_render_range(network, subnet) for subnet in network.subnets]
    lines += _render_clients(network, files)
    if network.of_version(6):
        lines += _render_advertisements(network)
    if extra:
        lines.append(f"conf-file={extra}")
    return "\n".join(lines) + "\n"


def _tag(network: DhcpNetwork, subnet: DhcpSubnet) -> str:
    return f"subnet-{network.subnets.index(subnet)}"


def _render_range(network: DhcpNetwork, subnet: DhcpSubnet) -> str:
    """Addresses are given to hosts that have them, and no others."""
    net, start = subnet.net, f"set:{_tag(network, subnet)},{subnet.net.network_address}"
    if subnet.slaac:
        return f"dhcp-range={start},ra-stateless,{net.prefixlen}"
    length = net.netmask if subnet.version == 4 else net.prefixlen
    return f"dhcp-range={start},static,{length},{network.lease_seconds}s"


def _render_clients(network: DhcpNetwork, files: NetworkFiles) -> list[str]:
    """Who is answered, and what is kept of it."""
    lines = [f"dhcp-optsfile={files.opts}"]
    giving = [subnet.net.num_addresses for subnet in network.subnets if subnet.stateful]
    if not giving:
        return lines
    # Others on the wire have servers of their own: without this, one that comes back with an
    # address of theirs would be told that it is wrong. Where hosts make their IPv6 addresses
    # themselves, all may ask for the rest by DHCPv6.
    slaac = any(subnet.slaac for subnet in network.subnets)
    strangers = "tag:!known,tag:!dhcpv6" if slaac else "tag:!known"
    return [
        *lines,
        f"dhcp-lease-max={min(sum(giving), MOST_LEASES)}",
        "dhcp-authoritative",
        f"dhcp-ignore={strangers}",
        # A NIC is known by its MAC; a client that changes its id would be refused its address.
        "dhcp-ignore-clid",
        f"dhcp-hostsfile={files.hosts}",
        f"dhcp-hostsdir={files.added}",
        f"dhcp-leasefile={files.leases}",
    ]


def _render_advertisements(network: DhcpNetwork) -> list[str]:
    mtu = f"mtu:{network.mtu}," if network.mtu else ""
    # A lifetime of 0 says that this is no default router (RFC 4861, 6.2.3).
    lifetime = ROUTER_SECONDS if is_router(network) else 0
    return ["enable-ra", f"ra-param={network.device},{mtu}{ADVERTISE_SECONDS},{lifetime}"]


def is_router(network: DhcpNetwork) -> bool:
    """Whether the device is an IPv6 subnet's gateway."""
    return any(subnet.gateway == subnet.server for subnet in network.of_version(6))


def render_options(network: DhcpNetwork) -> str:
    """``opts``: one option a line."""
    lines = [f"tag:{NO_ROUTER},{ROUTER}"] if network.of_version(4) else []
    for subnet in network.subnets:
        tag = f"tag:{_tag(network, subnet)}"
        options = network.options_of(subnet)
        given = {option_number(name, subnet.version) for name in options}
        if subnet.version == 4:
            lines += _render_v4_options(network, subnet, tag, given)
        elif DNS_SERVER_V6 not in given and subnet.dns:
            lines.append(f"{tag},{_render_option(str(DNS_SERVER_V6), ','.join(subnet.dns), 6)}")
        lines += [
            f"{tag},{_render_option(name, value, subnet.version)}"
            for name, value in sorted(options.items())
        ]
    return "".join(f"{line}\n" for line in lines)


def _render_v4_options(
    network: DhcpNetwork, subnet: DhcpSubnet, tag: str, given: Container[int | None]
) -> list[str]:
    lines = []
    if ROUTER not in given:
        # Without this line dnsmasq would name itself.
        lines.append(f"{tag},{ROUTER},{subnet.gateway}" if subnet.gateway else f"{tag},{ROUTER}")
    if DNS_SERVER not in given:
        lines.append(f"{tag},{DNS_SERVER},{','.join(subnet.dns or [subnet.server])}")
    if MTU not in given and network.mtu:
        lines.append(f"{tag},{MTU},{network.mtu}")
    if subnet.routes and ROUTES not in given:
        # A client that takes routes from this option takes the default one from here too, and
        # only from here (RFC 3442).
        routes = ",".join(f"{one},{via}" for one, via in subnet.routes.items())
        default = f",0.0.0.0/0,{subnet.gateway}" if subnet.gateway else ""
        lines.append(f"{tag},tag:!{NO_ROUTER},{ROUTES},{routes}{default}")
        lines.append(f"{tag},tag:{NO_ROUTER},{ROUTES},{routes}")
    return lines


def _render_option(name: str, value: str, version: int) -> str:
    family = "option" if version == 4 else "option6"
    key = name if version == 4 and name.isdecimal() else f"{family}:{name}"
    number = option_number(name, version)
    kind = None if number is None else option_kind(number, version)
    if kind in ("addresses", "routes", "domains"):
        items = [item.strip() for item in value.split(",")]
        in_brackets = version == 6 and kind == "addresses"
        value = ",".join(f"[{item}]" if in_brackets else item for item in items)
    if not value:
        return key
    return f"{key},{value}" if _PLAIN.issuperset(value) else f'{key},"{value}"'


def render_host(host: DhcpHost, given: Sequence[str]) -> str:
    """The line of ``hosts``; empty for one that is given no address."""
    if not given:
        return ""
    tags = ALWAYS if host.default_route else f"{ALWAYS},set:{NO_ROUTER}"
    v4, v6 = _parted(given)
    # dnsmasq offers a client that asks for one address of IPv6 the last that it was told of.
    addresses = ",".join([*v4, *(f"[{one}]" for one in reversed(v6))])
    return f"{tags},{host.mac},{addresses},{host.label} # {host.nic_id}"


def render_removal(nic_id: str, mac: str) -> str:
    """The line of ``hosts.d`` that ends the service of a host."""
    return f"{ALWAYS},{mac},ignore # {nic_id}"


def parse_host(line: str) -> tuple[str, tuple[str, ...]]:
    """The MAC and the addresses in a line of ``render_host``."""
    words = line.partition(" # ")[0].split(",")
    mac, *addresses, _ = [word for word in words if not word.startswith(("tag:", "set:"))]
    v4, v6 = _parted([address.strip("[]") for address in addresses])
    return mac, (*v4, *reversed(v6))


def _parted(addresses: Iterable[str]) -> tuple[list[str], list[str]]:
    """IPv4 and IPv6."""
    v4: list[str] = []
    v6: list[str] = []
    for address in addresses:
        (v6 if ":" in address else v4).append(address)
    return v4, v6


def read_hosts(files: NetworkFiles) -> tuple[dict[str, str], set[str], int]:
    """What dnsmasq makes of ``hosts`` and ``hosts.d``: the lines that count by the NIC's id; all
    MACs and addresses that have a line, be it one that does not count any more; and how many
    lines ``hosts.d`` has."""
    lines: dict[str, str] = {}
    taken: set[str] = set()
    added = [line for path in files.additions() for line in read(path).splitlines()]
    for line in (*read(files.hosts).splitlines(), *added):
        learn(line, lines, taken)
    return lines, taken, len(added)


def learn(line: str, lines: dict[str, str], taken: set[str]) -> None:
    """One line more, see ``read_hosts``."""
    rule, _, nic_id = line.partition(" # ")
    if rule.endswith(",ignore"):
        lines.pop(nic_id, None)
    else:
        lines[nic_id] = line
        mac, addresses = parse_host(line)
        taken.update((mac, *addresses))


def render_names(hosts: Iterable[DhcpHost], domain: str) -> str:
    """``names``: as /etc/hosts."""
    lines = []
    for host in hosts:
        names = f"{host.label}.{domain} {host.label}" if domain else host.label
        lines += [f"{address} {names}" for address in host.addresses]
    return "".join(f"{line}\n" for line in sorted(lines))


def reachable_by_all(directory: Path) -> bool:
    """Whether a process without privileges gets at files in the directory."""
    return all(os.stat(path).st_mode & 0o001 for path in (directory, *directory.parents))
