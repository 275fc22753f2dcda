"""Throw-away PostgreSQL, MariaDB and RabbitMQ servers, on free ports of 127.0.0.1.

Each is a context manager that yields a URL and leaves nothing behind:

    with postgresql() as url: ...       # postgresql+psycopg://postgres@127.0.0.1:<port>/postgres
    with mariadb(durable=True) as url:  # mysql+pymysql://root@127.0.0.1:<port>/mysql
    with rabbitmq() as url:             # rabbit://guest:guest@127.0.0.1:<port>/

`durable` keeps fsync on, for benchmarks; tests do without. A server that isn't installed
raises ServerMissing, one that doesn't answer within START_SECONDS raises ServerFailed
with the end of its log.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

START_SECONDS = 60.0
STOP_SECONDS = 20.0
HOST = "127.0.0.1"
MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30


class ServerMissing(Exception):
    """The server's program isn't installed here."""


class ServerFailed(Exception):
    """The server's program is installed, but didn't start."""


@contextlib.contextmanager
def postgresql(*, durable: bool = False) -> Iterator[str]:
    with postgresql_cluster(durable=durable) as cluster, cluster.running():
        yield cluster.url


@dataclass(frozen=True)
class PostgresqlCluster:
    """The data of a PostgreSQL server, which can run on them time and again."""

    command: Sequence[str]
    home: Path
    port: int

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://postgres@{HOST}:{self.port}/postgres"

    @property
    def process_id(self) -> int:
        """The first process of the server, while it runs."""
        return int((self.home / "data" / "postmaster.pid").read_text().split()[0])

    @contextlib.contextmanager
    def running(self) -> Iterator[None]:
        # SIGINT: disconnect the clients and stop; SIGTERM would wait for them.
        with _running("postgres", self.command, self.home, signal.SIGINT) as check:
            _wait(lambda: _answers_postgresql(self.port), check)
            yield


@contextlib.contextmanager
def postgresql_cluster(*, durable: bool = False) -> Iterator[PostgresqlCluster]:
    """A cluster of its own, which does not run yet."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    path = str(programs[-1]) if programs else _program("postgres", "postgresql")
    initdb = str(Path(path).with_name("initdb"))
    with _home("postgres", durable) as home:
        data = home / "data"
        _setup("postgres", [initdb, "-D", str(data), "-A", "trust", "-U", "postgres", "-N"], home)
        port = free_port()
        options = {
            "port": port,
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": 300,
            "fsync": "on" if durable else "off",
            "synchronous_commit": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
        }
        settings = [word for key, value in options.items() for word in ("-c", f"{key}={value}")]
        yield PostgresqlCluster([path, "-D", str(data), *settings], home, port)


@contextlib.contextmanager
def mariadb(*, durable: bool = False) -> Iterator[str]:
    path = _program("mariadbd", "mariadb-server")
    install = _program("mariadb-install-db", "mariadb-server")
    with _home("mysql", durable) as home:
        data = home / "data"
        common = ["--no-defaults", f"--datadir={data}"]
        authentication = "--auth-root-authentication-method=normal"
        _setup("mysql", [install, *common, authentication, "--skip-test-db"], home)
        port = free_port()
        settings = [
            f"--port={port}",
            f"--bind-address={HOST}",
            f"--socket={home}/socket",
            f"--pid-file={home}/pid",
            f"--tmpdir={home}",
            "--max-connections=300",
            "--skip-name-resolve",
            f"--innodb-flush-log-at-trx-commit={1 if durable else 0}",
            *([] if durable else ["--innodb-flush-method=nosync"]),
        ]
        with _running("mysql", [path, *common, *settings], home, signal.SIGTERM) as check:
            _wait(lambda: _answers_mariadb(port), check)
            yield f"mysql+pymysql://root@{HOST}:{port}/mysql"


@contextlib.contextmanager
def rabbitmq() -> Iterator[str]:
    script = "/usr/lib/rabbitmq/bin/rabbitmq-server"
    path = script if os.access(script, os.X_OK) else _program("rabbitmq-server", "rabbitmq-server")
    epmd = _program("epmd", "erlang-base")
    with _home("rabbitmq") as home:
        port, epmd_port = free_port(), free_port()
        environment = {
            "HOME": str(home),
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"test-{port}@localhost",
            "RABBITMQ_NODE_PORT": str(port),
            "RABBITMQ_NODE_IP_ADDRESS": HOST,
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(home / "data"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            # The script then becomes the server instead of watching over it as a parent, so that
            # signals, the death signal too, reach the server.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        }
        # Run in the foreground by us, epmd is ours to stop; Erlang would leave one behind.
        daemon = [epmd, "-port", str(epmd_port), "-address", HOST]
        with (
            _running("rabbitmq", daemon, home, signal.SIGTERM, environment),
            _running("rabbitmq", [path], home, signal.SIGTERM, environment) as check,
        ):
            _wait(lambda: _answers_amqp(port), check)
            yield f"rabbit://guest:guest@{HOST}:{port}/"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def _program(name: str, package: str) -> str:
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        raise ServerMissing(f"{name} isn't installed (Debian package {package})")
    return path


@contextlib.contextmanager
def _home(user: str, durable: bool = True) -> Iterator[Path]:
    # In memory, MariaDB makes a table in a tenth of the time.
    parent = str(MEMORY) if not durable and _has_room(MEMORY) else None
    home = Path(tempfile.mkdtemp(prefix=f"test-{user}-", dir=parent))
    try:
        if os.geteuid() == 0:
            account = pwd.getpwnam(user)
            os.chown(home, account.pw_uid, account.pw_gid)
        yield home
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _has_room(directory: Path) -> bool:
    if not os.access(directory, os.W_OK):
        return False
    return shutil.disk_usage(directory).free >= ROOM


def _as_user(user: str, command: Sequence[str]) -> list[str]:
    # The death signal ends the server even when the tests are killed with SIGKILL.
    switch = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() == 0:
        switch += [f"--reuid={user}", f"--regid={user}", "--init-groups"]
    return [*switch, "--", *command]


def _setup(user: str, command: Sequence[str], home: Path) -> None:
    done = subprocess.run(
        _as_user(user, command),
        cwd=home,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=START_SECONDS,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ServerFailed(f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:]}")


@contextlib.contextmanager
def _running(
    user: str,
    command: Sequence[str],
    home: Path,
    stop_signal: signal.Signals,
    environment: dict[str, str] | None = None,
) -> Iterator[Callable[[], None]]:
    """Yields a function that raises ServerFailed if the server isn't running any more."""
    log = home / f"{Path(command[0]).name}.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            _as_user(user, command),
            cwd=home,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def check() -> None:
        if server.poll() is not None:
            end = log.read_text(errors="replace")[-2000:]
            raise ServerFailed(f"{command[0]} ended with {server.returncode}: {end}")

    try:
        yield check
    finally:
        server.send_signal(stop_signal)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(STOP_SECONDS)
        # Whatever the server itself left running: the session is its own, so this hits no other.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def _wait(answers: Callable[[], bool], check: Callable[[], None]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not answers():
        check()
        if time.monotonic() > deadline:
            raise ServerFailed(f"the server doesn't answer after {START_SECONDS} seconds")
        time.sleep(0.05)


def _answers_postgresql(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(host=HOST, port=port, user="postgres", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_mariadb(port: int) -> bool:
    import pymysql  # type: ignore[import-untyped]

    try:
        pymysql.connect(host=HOST, port=port, user="root").close()
    except pymysql.MySQLError:
        return False
    return True


def _answers_amqp(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection((HOST, port), 1) as channel:
        channel.settimeout(2)
        channel.sendall(b"AMQP\x00\x00\x09\x01")
        return channel.recv(1) == b"\x01"
    return False
