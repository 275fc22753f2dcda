"""What the lab keeps of an instance; it goes with the instance."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

# ``ip netns exec`` shows what is in here to a program in place of what is in ``/etc``.
ETC = Path("/etc/netns")
RUN = Path("/run/nova-netplugins-lab-instances")

# busybox udhcpc calls it with what the server gave. Option 121 replaces the router option (RFC
# 3442); a /32 address needs its gateway declared on the link.
_UDHCPC = """#!/bin/sh
set -e
case "$1" in
deconfig)
    ip addr flush dev "$interface" scope global
    ;;
bound|renew)
    ip addr replace "$ip/$mask" broadcast "${{broadcast:-+}}" dev "$interface"
    [ -z "$mtu" ] || ip link set "$interface" mtu "$mtu"
    if [ -n "$staticroutes" ]; then
        set -- $staticroutes
        while [ $# -ge 2 ]; do
            if [ "$2" = 0.0.0.0 ]; then
                ip route replace "$1" dev "$interface"
            else
                ip route replace "$1" via "$2" dev "$interface" onlink
            fi
            shift 2
        done
    else
        for gateway in $router; do
            ip route replace default via "$gateway" dev "$interface" onlink
            break
        done
    fi
    : > {resolv_conf}
    [ -z "$domain" ] || echo "search $domain" >> {resolv_conf}
    for server in $dns; do
        echo "nameserver $server" >> {resolv_conf}
    done
    ;;
esac
"""


@dataclass(frozen=True)
class Record:
    """What is to be known of an instance without asking net-api. ``how``: by NIC id."""

    name: str
    instance_id: str
    project_id: str
    service: str
    how: dict[str, str]


class Files:
    """The files of the instance in this namespace."""

    def __init__(self, netns: str) -> None:
        self._directories = (ETC / netns, RUN / netns)
        self.resolv_conf = ETC / netns / "resolv.conf"
        self.dhcp_script = RUN / netns / "udhcpc"
        self._record = RUN / netns / "instance.json"

    def make(self) -> None:
        for directory in self._directories:
            directory.mkdir(parents=True, exist_ok=True)
        self.resolv_conf.touch()
        self.dhcp_script.write_text(_UDHCPC.format(resolv_conf=self.resolv_conf))
        self.dhcp_script.chmod(0o755)

    def write_resolv_conf(self, servers: Sequence[str]) -> None:
        self.resolv_conf.write_text("".join(f"nameserver {server}\n" for server in servers))

    def write(self, record: Record) -> None:
        self._record.write_text(json.dumps(asdict(record)))

    def read(self) -> Record | None:
        try:
            return Record(**json.loads(self._record.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def remove(self) -> None:
        for directory in self._directories:
            shutil.rmtree(directory, ignore_errors=True)
            with contextlib.suppress(OSError):
                # Not while there are other instances.
                directory.parent.rmdir()
