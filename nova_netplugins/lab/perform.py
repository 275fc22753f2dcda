"""``nova-netplugins-lab demo``: everything in one process, a table, and nothing left behind."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from melange.client import connect
from netkit import migrations
from netkit.process import StopSignal, only_one
from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.client import make_client
from nova_netplugins.cloud import Cloud
from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.lab import beside
from nova_netplugins.lab.compute import Compute
from nova_netplugins.lab.demo import MODULES, Demo
from nova_netplugins.lab.place import HOST_NAME, HOST_NETNS, Place
from nova_netplugins.standalone import Standalone

NO_ROOT = """\
Not run as root, so this leaves out the packets: no bridges, DHCP servers and instances are made,
and what would be seen of them is a dash. net-api, the database and the network services are real.
"""
SERVING = """\
net-api serves on {url}, and Melange on {melange}, until Ctrl-C. Try, in another terminal:
  curl {url}/v1.0/vlan/networks
  curl {melange}/v0.1/ipam/allocated_ip_addresses
  {lab} boot --project blue --name blue-3
  {lab} ping blue-3 blue-1
  {lab} console blue-3 ip address
  {manage} vlan network list
  {melange_manage} check
"""


def perform(directory: Path, *, once: bool, lab: str, programs: Path) -> int:
    """``lab``: the lab's command, and ``programs``: where the others are, to tell people. Returns
    the exit code: 0, or 1 when something in the table is not as it should be.

    Raises ``AlreadyRunning`` when another demonstration runs there, and whatever the parts raise.
    """
    stop = StopSignal()
    packets = os.geteuid() == 0
    if not packets:
        print(NO_ROOT)
    place = Place(directory, packets)
    beside_it = directory / "melange"
    melange_conf = beside.configuration(beside_it)
    commands = {
        "lab": lab,
        "manage": f"{programs}/nova-netplugins-manage --config-file {place.configuration}",
        "melange_manage": f"{programs}/melange-manage --config-file {melange_conf}",
    }
    with only_one(directory.with_name(f"{directory.name}.lock")):
        place.sweep()
        began = time.monotonic()
        try:
            with beside.melange(beside_it) as melange:
                place.make(MODULES, melange)
                with _logging(directory / "demo.log"):
                    return _perform(place, stop, melange, began, once=once, commands=commands)
        finally:
            place.sweep()


@contextlib.contextmanager
def _logging(path: Path) -> Iterator[None]:
    """Into a file for who looks closely, and errors to the terminal."""
    in_file, on_terminal = logging.FileHandler(path), logging.StreamHandler()
    in_file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    on_terminal.setLevel(logging.ERROR)
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    handlers = (in_file, on_terminal)
    for handler in handlers:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in handlers:
            root.removeHandler(handler)
            handler.close()


def _perform(
    place: Place,
    stop: StopSignal,
    melange: str,
    began: float,
    *,
    once: bool,
    commands: Mapping[str, str],
) -> int:
    conf = configuration.load(config_files=[str(place.configuration)])
    catalogue = load_catalogue(conf)
    with contextlib.closing(Cloud(conf, catalogue)) as cloud:
        for lineage in cloud.lineages:
            migrations.upgrade(cloud.database, lineage)
    host = LinuxHost(HOST_NETNS) if place.packets else None
    with Standalone(conf, catalogue, host) as running:
        client = make_client(conf, running.url)
        demo = Demo(client, Compute(client, HOST_NAME), host)
        demo.prepare(connect(melange))
        outcome = demo.run()
        print(outcome.table)
        print(f"({time.monotonic() - began:.1f} s)")
        for failure in outcome.failures:
            print(f"FAILED: {failure}")
        if not once:
            serving = SERVING.format(url=running.url, melange=melange, **commands)
            print(f"\n{serving}", flush=True)
            stop.wait()
    return 1 if outcome.failures else 0
