"""``melange-api``: the REST server."""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import functools
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.server.mp import MPServer
from keystoneauth1.exceptions import ClientException
from oslo_config import cfg
from oslo_db.exception import DBError
from oslo_log import log

from melange import conf as configuration
from melange.db.opening import ready_database
from netkit import command
from netkit.errors import ServiceError
from netkit.wsgi.environment import WsgiApp
from netkit.wsgi.server import listen_tcp, url_of

_PROG = "melange-api"
_EXPECTED = (ClientException, DBError, OSError, ServiceError, ValueError, cfg.Error)
_METRICS = "PROMETHEUS_MULTIPROC_DIR"
_PR_SET_PDEATHSIG = 1

# Into our own log, as the rest.
_GRANIAN_LOG = {"incremental": True, "handlers": {}, "loggers": {"_granian": {"propagate": True}}}


def main() -> int:
    args = sys.argv[1:]
    return command.run(_PROG, lambda: _serve(args), _EXPECTED)


def _serve(args: Sequence[str]) -> None:
    conf = configuration.load(args, prog=_PROG)
    log.setup(conf, configuration.PROJECT)
    # Workers share the port (SO_REUSEPORT): another server's would go unnoticed.
    with listen_tcp(conf.api.bind_host, conf.api.bind_port) as probe:
        port: int = probe.getsockname()[1]
    with _metrics(Path(conf.state_path) / f"metrics-{conf.api.bind_host}-{port}"):
        _check(conf)
        print(f"Melange listens on {url_of(conf.api.bind_host, port)}/", flush=True)
        os.register_at_fork(after_in_child=functools.partial(_end_on_signals, os.getpid()))
        _server(conf, port).serve(
            target_loader=functools.partial(_application, args), wrap_loader=False
        )


@contextlib.contextmanager
def _metrics(directory: Path) -> Iterator[None]:
    """Where the workers keep their counters, so that each can tell those of all. What a server that
    was killed has left there goes.
    """
    if _METRICS in os.environ:
        yield
        return
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    os.environ[_METRICS] = str(directory)
    try:
        yield
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def _check(conf: cfg.ConfigOpts) -> None:
    """Make the database ready, and find out here what a worker could not tell well."""
    # Not before the metrics have their directory: prometheus_client looks for it once.
    from melange.api.application import make_application
    from melange.events import Events

    database = ready_database(conf)
    make_application(conf, database, Events(conf, database))
    database.close()


def _server(conf: cfg.ConfigOpts, port: int) -> MPServer:
    return MPServer(
        _PROG,
        address=conf.api.bind_host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=conf.api.workers,
        blocking_threads=conf.api.threads,
        workers_kill_timeout=conf.api.shutdown_timeout,
        respawn_failed_workers=True,
        process_name=_PROG,
        log_dictconfig=_GRANIAN_LOG,
    )


def _application(args: Sequence[str]) -> WsgiApp:
    """In a worker: an application of its own, with connections of its own."""
    from melange.api.application import make_application
    from melange.events import Events

    conf = configuration.load(args, prog=_PROG)
    log.setup(conf, configuration.PROJECT)
    database = ready_database(conf)
    events = Events(conf, database)
    events.start()
    atexit.register(events.close)
    return make_application(conf, database, events)


def _end_on_signals(parent: int) -> None:
    """In a worker, until granian sets handlers of its own: the parent's do nothing here, so that a
    signal would be lost.

    And have the kernel end this worker when the parent is killed: nobody else would.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit(0)
