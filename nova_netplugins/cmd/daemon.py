"""What the daemons' commands have in common: configuration, logging, and errors as one line."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from keystoneauth1.exceptions import ClientException
from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log

from netkit import command
from netkit.errors import ServiceError
from netkit.messaging import messaging
from netkit.process import AlreadyRunning, StopSignal, only_one
from nova_netplugins import conf as configuration
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue, CatalogueError, load_catalogue
from nova_netplugins.client import Client, make_client
from nova_netplugins.host.driver import Host, LinuxHost
from nova_netplugins.host.errors import HostError

Serve = Callable[[cfg.ConfigOpts, Catalogue, StopSignal], None]

_EXPECTED = (
    AlreadyRunning,
    CatalogueError,
    ClientException,
    DBError,
    HostError,
    OSError,
    ServiceError,
    ValueError,
    cfg.Error,
    messaging.MessagingException,
)


def run(prog: str, serve: Serve) -> int:
    """Read the configuration that the command line names and ``serve`` until a signal comes.

    0: ended by a signal; 1: could not start, with one line on the standard error stream why.
    """

    def work() -> None:
        conf = configuration.load(sys.argv[1:], prog=prog)
        log.setup(conf, configuration.PROJECT)
        serve(conf, load_catalogue(conf), StopSignal())

    return command.run(prog, work, _EXPECTED)


class HostProcess(Protocol):
    """A daemon that changes this host."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def run_on_host(
    prog: str, make: Callable[[cfg.ConfigOpts, Catalogue, Bus, Client, Host], HostProcess]
) -> int:
    """``run`` such a daemon, of which there is one a host."""

    def serve(conf: cfg.ConfigOpts, catalogue: Catalogue, stop: StopSignal) -> None:
        if os.geteuid() != 0:
            raise PermissionError("it changes this host's links and rules, so run it as root")
        lock = Path(conf.state_path) / f"{prog}.lock"
        with only_one(lock), contextlib.closing(Bus(conf)) as bus:
            host = LinuxHost(conf.host_netns, conf.ovs_database)
            process = make(conf, catalogue, bus, make_client(conf), host)
            process.start()
            stop.wait()
            process.stop()

    return run(prog, serve)
