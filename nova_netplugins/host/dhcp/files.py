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

import ipaddress
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from nova_netplugins.host.dhcp.model import DNS_SERVER, MTU, ROUTER, ROUTES, DhcpHost, DhcpNetwork

# dnsmasq looks for a host twice: among those whose tag matches, through all of them, and only then
# among those without a tag. With a tag that always matches, the first look finds it: with 10,000
# hosts and leases, taking up a new host costs 0.3 s instead of 1.7 s.
ALWAYS = "tag:!none"
NO_ROUTER = "no-router"
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
    if network.cidr is not None:
        lines += _render_v4(network, files)
    if network.cidr_v6 is not None:
        lines += _render_v6(network)
    if extra:
        lines.append(f"conf-file={extra}")
    return "\n".join(lines) + "\n"


def _render_v4(network: DhcpNetwork, files: NetworkFiles) -> list[str]:
    net = ipaddress.ip_network(network.cidr or "")
    return [
        f"dhcp-range={network.start},static,{net.netmask},{network.lease_seconds}s",
        f"dhcp-lease-max={net.num_addresses}",
        "dhcp-authoritative",
        # Others on the wire have servers of their own: without this, one that comes back with an
        # address of theirs would be told that it is wrong. (Of DHCPv6 all may ask.)
        "dhcp-ignore=tag:!known,tag:!dhcpv6",
        # A NIC is known by its MAC; a client that changes its id would be refused its address.
        "dhcp-ignore-clid",
        f"dhcp-hostsfile={files.hosts}",
        f"dhcp-hostsdir={files.added}",
        f"dhcp-optsfile={files.opts}",
        f"dhcp-leasefile={files.leases}",
    ]


def _render_v6(network: DhcpNetwork) -> list[str]:
    net = ipaddress.ip_network(network.cidr_v6 or "")
    mtu = f"mtu:{network.mtu}," if network.mtu else ""
    return [
        "enable-ra",
        f"dhcp-range={net.network_address},ra-stateless,64",
        # Every 10 s. A lifetime of 0 says that this is no default router (RFC 4861, 6.2.3): IPv6
        # ends here.
        f"ra-param={network.device},{mtu}10,0",
    ]


def render_options(network: DhcpNetwork) -> str:
    """``opts``: one option a line."""
    given = network.numbered_options
    lines = []
    if ROUTER not in given:
        lines.append(f"{ROUTER},{network.gateway}" if network.gateway else f"{ROUTER}")
    if DNS_SERVER not in given and network.server:
        lines.append(f"{DNS_SERVER},{network.server}")
    if MTU not in given and network.mtu:
        lines.append(f"{MTU},{network.mtu}")
    lines += [_render_option(name, value) for name, value in sorted(network.options.items())]
    lines.append(f"tag:{NO_ROUTER},{ROUTER}")
    if network.routes and ROUTES not in given:
        # A client that takes routes from this option takes the default one from here too, and
        # only from here (RFC 3442).
        routes = ",".join(f"{one},{via}" for one, via in network.routes.items())
        default = f",0.0.0.0/0,{network.gateway}" if network.gateway else ""
        lines += [f"{ROUTES},{routes}{default}", f"tag:{NO_ROUTER},{ROUTES},{routes}"]
    return "\n".join(lines) + "\n"


def _render_option(name: str, value: str) -> str:
    key = name if name.isdecimal() else f"option:{name}"
    if not value:
        return key
    return f"{key},{value}" if _PLAIN.issuperset(value) else f'{key},"{value}"'


def render_host(host: DhcpHost) -> str:
    """The line of ``hosts``; empty for one without IPv4."""
    if host.ipv4 is None:
        return ""
    tags = ALWAYS if host.default_route else f"{ALWAYS},set:{NO_ROUTER}"
    return f"{tags},{host.mac.lower()},{host.ipv4},{host.label} # {host.nic_id}"


def render_removal(nic_id: str, mac: str) -> str:
    """The line of ``hosts.d`` that ends the service of a host."""
    return f"{ALWAYS},{mac},ignore # {nic_id}"


def render_names(hosts: Iterable[DhcpHost], domain: str) -> str:
    """``names``: as /etc/hosts."""
    lines = []
    for host in hosts:
        names = f"{host.label}.{domain} {host.label}" if domain else host.label
        lines += [f"{address} {names}" for address in (host.ipv4, host.ipv6) if address]
    return "".join(f"{line}\n" for line in sorted(lines))


def reachable_by_all(directory: Path) -> bool:
    """Whether a process without privileges gets at files in the directory."""
    return all(os.stat(path).st_mode & 0o001 for path in (directory, *directory.parents))
