"""An Open vSwitch of one's own: userspace datapath, database and sockets in a directory."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.dataplane.topology import eventually

SCHEMA = Path("/usr/share/openvswitch/vswitch.ovsschema")


class Missing(Exception):
    """Open vSwitch is not installed here."""


@contextmanager
def running(netns: str, directory: Path) -> Iterator[str]:
    """Open vSwitch runs in the namespace; where its database listens. Raises Missing."""
    if shutil.which("ovs-vswitchd") is None or not SCHEMA.exists():
        raise Missing("Open vSwitch is not installed")
    database, listening = directory / "conf.db", directory / "db.sock"
    subprocess.run(["ovsdb-tool", "create", str(database), str(SCHEMA)], check=True)
    address = f"unix:{listening}"
    servers = (
        ["ovsdb-server", str(database), f"--remote=p{address}", f"--unixctl={directory}/db.ctl"],
        ["ovs-vswitchd", address, f"--unixctl={directory}/switch.ctl"],
    )
    environment = {**os.environ, "OVS_RUNDIR": str(directory), "OVS_LOGDIR": str(directory)}
    with ExitStack() as stack:
        for command in servers:
            log = stack.enter_context((directory / f"{command[0]}.log").open("w"))
            argv = ["ip", "netns", "exec", netns, *command]
            server = stack.enter_context(subprocess.Popen(argv, env=environment, stderr=log))
            stack.callback(server.terminate)
            assert eventually(listening.exists)
        subprocess.run(["ovs-vsctl", f"--db={address}", "--no-wait", "init"], check=True)
        yield address


def revalidated(directory: Path) -> None:
    """Wait until what the datapath remembers of earlier frames follows the present flows."""
    target = f"--target={directory}/switch.ctl"
    subprocess.run(
        ["ovs-appctl", target, "revalidator/wait"], check=True, stdout=subprocess.DEVNULL
    )
