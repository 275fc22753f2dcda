"""The files of one network's Kea, as an operator finds them in ``kea/<network id>/``.

``kea-dhcp4.conf``    what the server serves: written, then it is told to read it
``kea-dhcp4.socket``  where it takes commands
``leases4.csv``       its own: who has which address
``kea-dhcp4.log``     its own; ``kea-dhcp4.said`` is what it printed before it had a log
``relay.conf``        which questions of DHCPv6 come to it
``radvd.conf``        what is advertised
``radvd.reload``      only there between a change of it and radvd being told

And the same with a 6.
"""

from __future__ import annotations

import shutil
from pathlib import Path


class KeaFiles:
    """``version``: 4 or 6. Kea has the directory as its working directory, so that a socket's
    name, which has 107 characters at most, need not have the directory's."""

    def __init__(self, directory: Path, version: int) -> None:
        self.directory = directory
        self.program = f"kea-dhcp{version}"
        self.conf = directory / f"{self.program}.conf"
        self.socket = directory / f"{self.program}.socket"
        self.log = directory / f"{self.program}.log"
        self.said = directory / f"{self.program}.said"
        self.leases = directory / f"leases{version}.csv"
        # Kea makes the name of these from those of the settings and of the program.
        self.pid = directory / f"{self.program}.{self.program}.pid"


class RadvdFiles:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.conf = directory / "radvd.conf"
        self.pid = directory / "radvd.pid"
        self.said = directory / "radvd.said"
        self.reload = directory / "radvd.reload"


def make(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)


def delete(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
