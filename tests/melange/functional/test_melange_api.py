"""The command melange-api: how it starts, serves with several processes, and ends."""

from __future__ import annotations

import contextlib
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import bcrypt
import psutil
import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.eventually import eventually
from tests.scripts import last_line
from tests.servers import free_port

BIN = Path(sys.executable).parent
START_SECONDS = 30


class Command:
    """melange-api with a configuration and a state directory of its own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file = directory / "melange.conf"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.configure()

    def configure(self, default: str = "", api: str = "workers = 2", more: str = "") -> None:
        self.file.write_text(
            f"[DEFAULT]\nstate_path = {self.directory}/state\n{default}\n"
            f"[api]\nbind_port = {self.port}\n{api}\n{more}\n"
        )

    @property
    def words(self) -> list[str]:
        return [str(BIN / "melange-api"), "--config-file", str(self.file)]

    def run(self) -> subprocess.CompletedProcess[str]:
        """For what cannot start."""
        return subprocess.run(self.words, capture_output=True, text=True, timeout=START_SECONDS)

    @contextlib.contextmanager
    def serving(self) -> Iterator[psutil.Popen]:
        with (self.directory / "output").open("w") as output:
            process = psutil.Popen(self.words, stdout=output, stderr=subprocess.STDOUT)
            try:
                eventually(lambda: self.answers(process), "melange-api answers", START_SECONDS)
                yield process
            finally:
                with contextlib.suppress(psutil.NoSuchProcess):
                    for worker in process.children():
                        worker.kill()
                    process.kill()
                process.wait()

    @property
    def output(self) -> str:
        return (self.directory / "output").read_text()

    def answers(self, process: psutil.Popen) -> bool:
        assert process.poll() is None, self.output
        return self.status("/healthcheck") == 200

    def status(self, path: str, **headers: str) -> int | None:
        """None: it does not answer."""
        try:
            return requests.get(f"{self.url}{path}", headers=headers, timeout=5).status_code
        except requests.ConnectionError:
            return None


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def _workers(process: psutil.Popen) -> list[psutil.Process]:
    return _alive(process.children())


def _alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Who has ended stays a zombie where nobody asks how."""

    def ended(process: psutil.Process) -> bool:
        try:
            return process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    return [process for process in processes if not ended(process)]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Command]:
    """One that serves, for tests that leave it as it is."""
    command = Command(tmp_path_factory.mktemp("melange-api"))
    with command.serving():
        yield command


def test_the_first_start_makes_the_embedded_database(served: Command) -> None:
    versions = requests.get(served.url, timeout=5).json()["versions"]
    assert versions[0]["name"] == "v0.1"
    assert (served.directory / "state" / "melange.sqlite").exists()
    assert f"Melange listens on {served.url}/" in served.output


def test_any_worker_tells_the_metrics_of_all(served: Command) -> None:
    before = _counted(served)
    for _ in range(40):
        # Each by a connection of its own, so that both workers get some.
        assert served.status("/v0.1/extensions") == 200
    assert {_counted(served) - before for _ in range(10)} == {40}


def _counted(command: Command) -> float:
    page = requests.get(f"{command.url}/metrics", timeout=5).text
    return sum(
        sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
        if sample.name == "melange_http_requests_total"
        and sample.labels["route"] == "/v0.1/extensions"
    )


def test_a_second_one_on_the_same_port_says_so(served: Command) -> None:
    second = served.run()
    assert second.returncode == 1
    assert f"error: [Errno 98] cannot listen on ('127.0.0.1', {served.port})" in second.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_its_workers(command: Command, number: signal.Signals) -> None:
    with command.serving() as process:
        workers = _workers(process)
        process.send_signal(number)
        assert process.wait(15) == 0
        assert _alive(workers) == []


def test_a_killed_worker_is_replaced(command: Command) -> None:
    with command.serving() as process:
        eventually(lambda: command.output.count("Started worker-") == 2, "both workers serve", 30)
        _workers(process)[0].kill()
        eventually(lambda: command.output.count("Started worker-") == 3, "another serves", 30)
        assert {command.status("/healthcheck") for _ in range(20)} == {200}


def test_workers_do_not_outlive_the_process_that_started_them(command: Command) -> None:
    with command.serving() as process:
        workers = _workers(process)
        assert workers
        process.kill()
        process.wait()
        eventually(lambda: not _alive(workers), "they end")
        assert command.status("/") is None


def test_users_of_a_file_are_asked_for_passwords(command: Command) -> None:
    users = command.directory / "htpasswd"
    users.write_text(f"ann:{bcrypt.hashpw(b'secret', bcrypt.gensalt(4)).decode()}\n")
    command.configure("auth_strategy = http_basic", more=f"[http_basic]\nuser_file = {users}")
    with command.serving():
        assert command.status("/v0.1/extensions") == 401
        url = f"{command.url}/v0.1/extensions"
        assert requests.get(url, auth=("ann", "secret"), timeout=5).status_code == 200


def test_what_cannot_be_used_is_one_line_about_it(command: Command) -> None:
    command.configure("auth_strategy = http_basic", more="[http_basic]\nuser_file = /no/file")
    done = command.run()
    assert done.returncode == 1
    assert re.fullmatch(r"melange-api: error: .*/no/file.*cannot be read\n", done.stderr)


def test_a_database_that_cannot_be_used_is_one_line_without_its_password(command: Command) -> None:
    command.configure(more="[database]\nconnection = mysql://ann:secret@host/x")
    done = command.run()
    assert done.returncode == 1
    told = r"melange-api: error: \[database\] connection 'mysql://ann:\*\*\*@host/x' has a .*\n"
    assert re.fullmatch(told, done.stderr)


def test_the_wsgi_application_is_the_same_server(command: Command) -> None:
    script = (
        "import webob; from melange.wsgi import application;"
        "print(webob.Request.blank('/').get_response(application).json['versions'][0]['name'])"
    )
    assert last_line(script, MELANGE_CONFIG_FILES=str(command.file)) == "v0.1"


def test_the_wsgi_application_calls_webhooks(command: Command) -> None:
    command.configure(more="[webhooks]\nallow_private_addresses = true\npoll_interval = 1")
    assert last_line(_HOOKED, MELANGE_CONFIG_FILES=str(command.file)) == "create IpBlock"


_HOOKED = """
import http.server, json, queue, threading, webob
from melange.wsgi import application

told = queue.Queue()

class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        told.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

hook = http.server.HTTPServer(("127.0.0.1", 0), Hook)
threading.Thread(target=hook.serve_forever, daemon=True).start()

def post(path, body):
    request = webob.Request.blank(f"/v0.1/ipam/tenants/acme/{path}", method="POST", json=body)
    request.content_type = "application/json"
    assert request.get_response(application).status_int == 201

url = f"http://127.0.0.1:{hook.server_port}/"
post("webhooks", {"webhook": {"url": url, "events": ["create IpBlock"]}})
post("ip_blocks", {"ip_block": {"type": "private", "cidr": "10.0.0.0/24"}})
print(told.get(timeout=20)["type"])
"""
