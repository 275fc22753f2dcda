"""Running the few programs that have no library: nft, ovs-vsctl, conntrack, ethtool, ip netns.
And starting servers that outlive whoever starts them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from nova_netplugins.host.errors import HostError, NotSupported
from nova_netplugins.host.namespaces import entered

TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Result:
    """Exit status and output of a program that ended."""

    status: int
    stdout: str
    stderr: str


def run(
    argv: Sequence[str],
    netns: str | None = None,
    stdin: str | None = None,
    expected: Sequence[int] = (0,),
    environment: Mapping[str, str] | None = None,
) -> Result:
    """Run ``argv`` inside namespace ``netns``, with ``environment`` beside our own, and return
    what it said.

    Raises NotSupported if the program is not installed, HostError if it exits with a status that
    is not among ``expected`` or is not done in 60 seconds.
    """
    try:
        # A child inherits the namespace of the thread that starts it, so no wrapper is needed.
        with entered(netns):
            done = subprocess.run(
                list(argv),
                input=stdin,
                capture_output=True,
                text=True,
                timeout=TIMEOUT_SECONDS,
                env={**os.environ, **(environment or {})},
            )
    except FileNotFoundError:
        raise NotSupported(f"{argv[0]} is not installed on this host") from None
    except subprocess.TimeoutExpired:
        raise HostError(f"{argv[0]} did not finish in {TIMEOUT_SECONDS} s") from None
    if done.returncode not in expected:
        said = done.stderr.strip() or done.stdout.strip() or "nothing"
        shown = " ".join(argv[:8])
        raise HostError(f"'{shown}' exited with {done.returncode} and said: {said}")
    return Result(done.returncode, done.stdout, done.stderr)


def start_server(
    argv: Sequence[str], netns: str, directory: Path, environment: Mapping[str, str], said: Path
) -> None:
    """Start ``argv`` inside the namespace, with ``directory`` as its working directory, as no
    child of this process: it goes on when this one ends, and leaves no zombie when it ends. What
    it prints is in the file ``said``. Raises NotSupported if it is not installed."""
    if shutil.which(argv[0]) is None:
        raise NotSupported(f"{argv[0]} is not installed on this host")
    with entered(netns), said.open("wb") as output:
        subprocess.run(
            ["setsid", "--fork", *argv],
            cwd=directory,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=True,
        )
