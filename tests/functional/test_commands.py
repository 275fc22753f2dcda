"""The daemons' commands: how they start, end, and say why they cannot start."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import requests

from nova_netplugins.host import namespaces
from tests.eventually import eventually
from tests.scripts import last_line
from tests.servers import free_port

BIN = Path(sys.executable).parent


class Cloud:
    """A configuration, and commands run with it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "nova-netplugins.conf"
        self.port = free_port()
        (directory / "nova-network.conf").write_text("nova_netplugins.flat\n")
        self.configure()

    def configure(self, *lines: str) -> None:
        default = [
            "[DEFAULT]",
            f"state_path = {self.directory}",
            f"network_service_conf = {self.directory}/nova-network.conf",
            "default_network_service = nova_netplugins.flat",
            *lines,
            f"[api]\nbind_port = {self.port}",
        ]
        self.file.write_text("\n".join(default))

    def start(self, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(BIN / f"nova-netplugins-{name}"), "--config-file", str(self.file)],
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(BIN / f"nova-netplugins-{name}"), "--config-file", str(self.file), *arguments],
            capture_output=True,
            text=True,
            timeout=30,
        )

    def upgrade(self) -> None:
        done = self.run("manage", "db", "upgrade")
        assert done.returncode == 0, done.stderr

    def versions(self) -> Mapping[str, object]:
        """What net-api answers, once it does."""
        deadline = time.monotonic() + 20
        while True:
            try:
                answer: Mapping[str, object] = requests.get(
                    f"http://127.0.0.1:{self.port}/", timeout=5
                ).json()
            except requests.ConnectionError:
                assert time.monotonic() < deadline, "net-api does not answer"
                time.sleep(0.05)
            else:
                return answer


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


@pytest.fixture
def api(cloud: Cloud) -> Iterator[subprocess.Popen[str]]:
    cloud.upgrade()
    process = cloud.start("api")
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_net_api_serves_until_a_signal_ends_it_in_order(
    cloud: Cloud, api: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert cloud.versions()["services"] == ["flat"]

    api.send_signal(number)

    assert api.wait(15) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_net_api_while_it_waits_for_the_database(
    cloud: Cloud, number: signal.Signals
) -> None:
    nobody = free_port()
    url = f"postgresql+psycopg://a:b@127.0.0.1:{nobody}/x"
    cloud.configure("use_stderr = true", f"[database]\nconnection = {url}")
    process = cloud.start("api")
    try:
        assert process.stderr is not None
        waits = any("SQL connection failed" in line for line in process.stderr)
        process.send_signal(number)
        assert waits and process.wait(3) == 0
    finally:
        process.kill()
        process.communicate()


def test_net_api_serves_again_after_a_kill(cloud: Cloud, api: subprocess.Popen[str]) -> None:
    cloud.versions()
    api.kill()
    api.wait()

    again = cloud.start("api")
    try:
        assert cloud.versions()["health"] == "ok"
    finally:
        again.terminate()
        again.communicate(timeout=15)


def test_a_second_net_api_on_the_same_port_says_so(
    cloud: Cloud, api: subprocess.Popen[str]
) -> None:
    cloud.versions()

    second = cloud.run("api")

    assert second.returncode == 1
    assert f"error: [Errno 98] cannot listen on ('127.0.0.1', {cloud.port})" in second.stderr


def test_net_api_does_not_start_on_a_database_that_lacks_tables(cloud: Cloud) -> None:
    done = cloud.run("api")

    assert done.returncode == 1
    assert "run nova-netplugins-manage db upgrade" in done.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "transport_url = carrier-pigeon://ann:secret@host/x",
            "transport_url 'carrier-pigeon://ann:***@host/x' cannot be used",
        ),
        ("[database]\nconnection = oracle://h/x", "connection 'oracle://h/x' isn't of SQLite"),
        ("default_network_service = no.such", "default_network_service is no.such, which"),
        ("[api]\nthreads = many", "Value for option threads"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_one_line_about_it(
    cloud: Cloud, line: str, message: str
) -> None:
    cloud.upgrade()
    cloud.configure(line)

    done = cloud.run("api")

    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("nova-netplugins-api: error:")
    assert message in last


def test_the_wsgi_application_is_the_same_net_api(cloud: Cloud) -> None:
    cloud.upgrade()
    script = (
        "import webob; from nova_netplugins.wsgi import application;"
        "print(webob.Request.blank('/v1.0/flat/networks').get_response(application).json)"
    )
    assert last_line(script, NOVA_NETPLUGINS_CONFIG_FILES=str(cloud.file)) == "{'networks': []}"


@pytest.fixture
def netns() -> Iterator[str]:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network namespace")
    name = f"test-commands-{os.getpid()}"
    namespaces.ensure_netns(name)
    yield name
    namespaces.delete_netns(name)


@pytest.mark.root
@pytest.mark.parametrize("name", ["agent", "service"])
def test_one_daemon_of_a_sort_runs_on_a_host(cloud: Cloud, netns: str, name: str) -> None:
    cloud.configure(f"host_netns = {netns}")
    first = cloud.start(name)
    lock = cloud.directory / f"nova-netplugins-{name}.lock"
    try:
        eventually(lambda: lock.exists() and lock.read_text(), "the first daemon starts", 20)
        second = cloud.run(name)
    finally:
        first.terminate()
        first.communicate(timeout=20)

    assert first.returncode == 0
    assert second.returncode == 1
    assert re.search(r"error: process \d+ runs already: it holds", second.stderr)


@pytest.mark.root
def test_an_agent_without_its_namespace_says_so(cloud: Cloud, netns: str) -> None:
    cloud.configure(f"host_netns = {netns}-not")

    done = cloud.run("agent")

    assert done.returncode == 1
    assert f"error: there is no network namespace {netns}-not" in done.stderr
