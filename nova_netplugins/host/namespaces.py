"""Network namespaces: making them, working inside them.

A thread can enter a namespace on its own, whatever the other threads of the process do. So no
verb here forks a helper process: it enters, opens the socket or starts the program, and leaves.
"""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nova_netplugins.host.errors import HostError, NotFound

RUN_DIR = Path("/run/netns")
CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def _set_namespace(descriptor: int, what: str) -> None:
    if _libc.setns(descriptor, CLONE_NEWNET) != 0:
        error = ctypes.get_errno()
        raise HostError(f"cannot enter network namespace {what}: {os.strerror(error)}")


@contextmanager
def entered(netns: str | None) -> Iterator[None]:
    """The calling thread is inside ``netns`` for the duration; None stays where it is.

    Raises NotFound if there is no such namespace, HostError if it cannot be entered.
    """
    if netns is None:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        with opened(netns) as there:
            _set_namespace(there, netns)
        try:
            yield
        finally:
            _set_namespace(home, "this process came from")
    finally:
        os.close(home)


@contextmanager
def opened(netns: str | None) -> Iterator[int]:
    """A file descriptor of the namespace (None: the caller's). Raises NotFound."""
    path = Path("/proc/thread-self/ns/net") if netns is None else RUN_DIR / netns
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        raise NotFound(f"there is no network namespace {netns}") from None
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def socket_in(netns: str | None, family: int, kind: int, protocol: int = 0) -> socket.socket:
    """A socket that lives in ``netns`` for as long as it is open, whichever thread uses it."""
    with entered(netns):
        return socket.socket(family, kind, protocol)


def is_usable(netns: str) -> bool:
    """Whether the name stands for a namespace, and is not what a killed ``ip netns`` left."""
    try:
        return (RUN_DIR / netns).stat().st_dev == os.stat("/proc/self/ns/net").st_dev
    except FileNotFoundError:
        return False


def ensure_netns(netns: str) -> None:
    """There is a network namespace of this name, with its loopback up."""
    if not is_usable(netns):
        delete_netns(netns)
        _ip_netns("add", netns)
    _ip("-n", netns, "link", "set", "lo", "up")


def delete_netns(netns: str) -> None:
    """There is no namespace of this name. Links inside go once no process is left in it."""
    if not (RUN_DIR / netns).exists():
        return
    if is_usable(netns):
        _ip_netns("delete", netns)
    else:
        (RUN_DIR / netns).unlink(missing_ok=True)


def list_netns(prefix: str = "") -> list[str]:
    """Names of the namespaces that begin with ``prefix``, sorted."""
    if not RUN_DIR.exists():
        return []
    return sorted(entry.name for entry in RUN_DIR.iterdir() if entry.name.startswith(prefix))


def set_sysctl(netns: str | None, key: str, value: int | str) -> None:
    """Write one kernel setting, only if it differs.

    ``key`` is a path below /proc/sys with slashes (interface names may have dots), as in
    ``net/ipv4/ip_forward``. Raises NotFound if this kernel has no such setting.
    """
    path = Path("/proc/sys") / key
    with entered(netns):
        try:
            if path.read_text().strip() != str(value):
                path.write_text(f"{value}\n")
        except FileNotFoundError:
            raise NotFound(f"this kernel has no setting {key}") from None
        except OSError as error:
            raise HostError(f"cannot set {key} to {value}: {error.strerror}") from None


def get_sysctl(netns: str | None, key: str) -> str:
    """The present value of a kernel setting; ``key`` as for set_sysctl. Raises NotFound."""
    with entered(netns):
        try:
            return (Path("/proc/sys") / key).read_text().strip()
        except FileNotFoundError:
            raise NotFound(f"this kernel has no setting {key}") from None


def _ip_netns(verb: str, netns: str) -> None:
    _ip("netns", verb, netns)


def _ip(*arguments: str) -> None:
    done = subprocess.run(["ip", *arguments], capture_output=True, text=True)
    if done.returncode != 0:
        raise HostError(f"'ip {' '.join(arguments)}' failed: {done.stderr.strip()}")
