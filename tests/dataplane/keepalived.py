"""keepalived in namespaces: instances that have a virtual address between them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

# Version 3 of the protocol counts in hundredths of a second.
_CONFIGURATION = """
global_defs {{
    vrrp_version 3
    script_user root
    enable_script_security
}}
vrrp_instance vip {{
    state BACKUP
    interface eth0
    virtual_router_id 7
    priority {priority}
    advert_int 0.2
    unicast_src_ip {address}
    unicast_peer {{
        {peers}
    }}
    virtual_ipaddress {{
        {vip}
    }}
    notify_master "{notify}"
}}
"""


@contextlib.contextmanager
def running(
    netns: str,
    directory: Path,
    address: str,
    peers: Sequence[str],
    vip: str,
    priority: int,
    notify: str,
) -> Iterator[None]:
    """keepalived in the namespace, from ``address`` on eth0. ``vip``: the address that it and its
    peers have between them, with a prefix length; ``notify``: the shell command when it has it."""
    program = shutil.which("keepalived", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    if program is None:
        pytest.skip("keepalived is not installed")
    home = directory / f"keepalived-{netns}"
    home.mkdir()
    script, configuration = home / "notify", home / "keepalived.conf"
    script.write_text(f"#!/bin/sh\n{notify}\n")
    script.chmod(0o700)
    configuration.write_text(
        _CONFIGURATION.format(
            priority=priority, address=address, peers="\n".join(peers), vip=vip, notify=script
        )
    )
    options = ["--dont-fork", "--log-console", "--vrrp", f"--use-file={configuration}"]
    pids = [f"--pid={home / 'pid'}", f"--vrrp_pid={home / 'vrrp.pid'}"]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(
            ["ip", "netns", "exec", netns, program, *options, *pids], stdout=log, stderr=log
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(10)
