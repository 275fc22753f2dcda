"""A net-api server with flat, flat_dhcp and vlan on a database of its own, and a client of it."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import requests
from oslo_config import cfg

from netkit import migrations
from netkit.wsgi.server import Server
from nova_netplugins import conf as configuration
from nova_netplugins.api.application import make_application
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.cloud import Cloud
from nova_netplugins.ethernet.net_api import EthernetNetApi

SERVICES = ("flat", "flat_dhcp", "vlan")

_serial = itertools.count(1)


class Prompted:
    """Keeps what net-api prompts, instead of sending it."""

    def __init__(self) -> None:
        self.networks: list[str] = []
        self.nics: list[tuple[str, str | None, str | None]] = []

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None:
        self.nics.append((nic_id, network_id, host))

    def network_changed(self, network_id: str) -> None:
        self.networks.append(network_id)


@dataclass(frozen=True)
class Refusal:
    """What a client is told: ``text`` is for people, the rest for programs."""

    status: int
    code: str
    field: str | None
    value: Any
    text: str


@dataclass(frozen=True)
class Service:
    """Calls below ``/v1.0/<name>``, as whoever ``headers`` say; without any, an administrator.

    The methods named after HTTP's return the answer's body, and fail the test when the server
    refuses."""

    url: str
    name: str
    headers: dict[str, str] = field(default_factory=dict)

    def as_project(self, project_id: str, *roles: str) -> Service:
        """For a caller of this project; without roles, a member."""
        named = ",".join(roles or ("member",))
        return replace(self, headers={"X-Project-Id": project_id, "X-Roles": named})

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        url = f"{self.url}/v1.0/{self.name}{path}"
        return requests.request(
            method, url, json=body, params=query, headers=self.headers, timeout=30
        )

    def get(self, path: str, **query: Any) -> Any:
        return self._accepted(self.call("GET", path, **query))

    def post(self, path: str, body: Any) -> Any:
        return self._accepted(self.call("POST", path, body))

    def put(self, path: str, body: Any = None) -> Any:
        return self._accepted(self.call("PUT", path, body))

    def delete(self, path: str, **query: Any) -> None:
        self._accepted(self.call("DELETE", path, **query))

    def refused(self, method: str, path: str, body: Any = None, **query: Any) -> Refusal:
        """What the server says against the call, which it must not accept."""
        answer = self.call(method, path, body, **query)
        assert 400 <= answer.status_code < 600, f"{method} {path} was accepted: {answer.text}"
        error = answer.json()["error"]
        return Refusal(
            answer.status_code,
            error["code"],
            error.get("field"),
            error.get("value"),
            error["message"],
        )

    def _accepted(self, answer: requests.Response) -> Any:
        assert answer.ok, f"{answer.request.method} {answer.url}: {answer.text}"
        return answer.json() if answer.content else None

    # -- what most tests begin with -----------------------------------------------------------

    def new_project(self) -> str:
        """The id of a project that uses this network service."""
        project_id = f"project-{next(_serial)}"
        self._accepted(self.associate(project_id, self.name))
        return project_id

    def associate(self, project_id: str, name: str) -> requests.Response:
        """The answer to an operator who gives the project the network service of that name."""
        url = f"{self.url}/v1.0/projects/{project_id}/network_service"
        return requests.put(url, json={"network_service": {"service": name}}, timeout=30)

    def network(self, project_id: str | None = None, **wishes: Any) -> dict[str, Any]:
        """A network of the project, or of nobody; 10.1.0.0/24 unless the wishes name CIDRs."""
        if not wishes.keys() & {"cidr", "cidr_v6"}:
            wishes["cidr"] = "10.1.0.0/24"
        body: dict[str, Any] = {"label": "net", **wishes}
        if project_id is not None:
            body["project_id"] = project_id
        made: dict[str, Any] = self.post("/networks", {"network": body})["network"]
        return made

    def nic(self, project_id: str, network_id: str | None = None, **wishes: Any) -> dict[str, Any]:
        body: dict[str, Any] = {"project_id": project_id, **wishes}
        if network_id is not None:
            body["network_id"] = network_id
        made: dict[str, Any] = self.post("/virtual_nics", {"virtual_nic": body})["virtual_nic"]
        return made

    def boot(
        self, project_id: str, instance_id: str, *networks: dict[str, Any], **wishes: Any
    ) -> list[dict[str, Any]]:
        """The NICs of an instance on these networks (none: those it gets by default)."""
        body: dict[str, Any] = {"project_id": project_id, **wishes}
        if networks:
            body["networks"] = [{"network_id": network["id"]} for network in networks]
        made = self.post(f"/instances/{instance_id}/virtual_nics", {"virtual_nics": body})
        nics: list[dict[str, Any]] = made["virtual_nics"]
        return nics

    def addresses(self, **query: Any) -> list[str]:
        """Every address that is drawn."""
        return [row["address"] for row in self.get("/fixed_ips", **query)["fixed_ips"]]

    def everything(self) -> dict[str, Any]:
        """All that an administrator can list: equal before and after a refused call."""
        admin = replace(self, headers={})
        nouns = ["networks", "virtual_nics", "ports", "fixed_ips"]
        if self.name != "flat":
            nouns += ["floating_ips", "floating_ranges"]
        return {noun: admin.get(f"/{noun}") for noun in nouns}


def address_of(nic: dict[str, Any], version: int = 4) -> str:
    """The first address of that version."""
    found = next(ip for ip in nic["fixed_ips"] if ip["version"] == version)
    return str(found["address"])


@dataclass
class ServedCloud:
    """``prompted``: what each service's net-api prompted its daemons to look at."""

    conf: cfg.ConfigOpts
    cloud: Cloud
    url: str
    prompted: dict[str, Prompted]

    def service(self, name: str) -> Service:
        return Service(self.url, name)

    def net_api(self, name: str) -> EthernetNetApi:
        """A net-api without a server around it, as a further process would have."""
        api = self.cloud.net_api(name, Prompted())
        assert isinstance(api, EthernetNetApi)
        return api


def write_conf(directory: Path, database_url: str, settings: str = "") -> Path:
    """A configuration file with the three services, vlan the default one. ``settings``: further
    ones, as a file has them."""
    services = directory / "nova-network.conf"
    services.write_text("".join(f"nova_netplugins.{name}\n" for name in SERVICES))
    file = directory / "nova-netplugins.conf"
    file.write_text(
        f"[DEFAULT]\nstate_path = {directory}\nnetwork_service_conf = {services}\n"
        f"default_network_service = nova_netplugins.vlan\n"
        f"[database]\nconnection = {database_url}\nmax_pool_size = 20\nmax_overflow = 60\n"
        f"{settings}"
    )
    return file


@contextlib.contextmanager
def open_cloud(file: Path) -> Iterator[Cloud]:
    conf = configuration.load([], config_files=[str(file)])
    with contextlib.closing(Cloud(conf, load_catalogue(conf))) as cloud:
        yield cloud


def upgrade(cloud: Cloud) -> None:
    for lineage in cloud.lineages:
        migrations.upgrade(cloud.database, lineage)


@contextlib.contextmanager
def serve(file: Path) -> Iterator[ServedCloud]:
    """A server of an upgraded database."""
    with open_cloud(file) as cloud:
        bus = _Bus(cloud.conf)
        with contextlib.closing(bus):
            app = make_application(cloud, bus)
            server = Server(app, max_body=cloud.conf.api.max_request_body_size, threads=4)
            server.start()
            try:
                yield ServedCloud(cloud.conf, cloud, server.url, bus.prompted)
            finally:
                server.stop()


class _Bus(Bus):
    def __init__(self, conf: cfg.ConfigOpts) -> None:
        super().__init__(conf)
        self.prompted: dict[str, Prompted] = {}

    def prompts(self, service: str) -> Prompted:
        return self.prompted.setdefault(service, Prompted())


def at_once(*jobs: Any) -> list[Any]:
    """Run the jobs in threads that start together; what each returned, or raised."""
    start = threading.Barrier(len(jobs))
    results: list[Any] = [None] * len(jobs)

    def run(index: int) -> None:
        start.wait()
        try:
            results[index] = jobs[index]()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=(index,)) for index in range(len(jobs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
