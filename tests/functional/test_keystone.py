"""net-api for the users of a real Keystone: their tokens, roles and projects, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import requests

from netkit.errors import RemoteError, Unauthorized
from nova_netplugins import conf as configuration
from nova_netplugins.client import Client, make_client
from tests.api.ethernet.served import (
    Refusal,
    Service,
    open_cloud,
    serve,
    upgrade,
    write_conf,
)
from tests.eventually import eventually
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.functional.keystone import PASSWORD, Keystone, keystone

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

# What each user may, and where; net-api and the daemons are nova-netplugins.
USERS = {
    "operator": ("service", "admin"),
    "nova": ("service", "service"),
    "nova-netplugins": ("service", "service"),
    "ann": ("red", "member"),
    "rita": ("red", "reader"),
    "bob": ("blue", "member"),
}

# As docs/operations.md has it. The time for which a revoked token is believed is short here.
NET_API = """
[DEFAULT]
auth_strategy = keystone
[keystone_authtoken]
www_authenticate_uri = {url}
service_token_roles_required = true
token_cache_time = 1
"""
LOGIN = f"""
auth_url = {{url}}
auth_type = password
username = nova-netplugins
password = {PASSWORD}
user_domain_name = Default
project_name = service
project_domain_name = Default
"""


@dataclass(frozen=True)
class Cloud:
    keystone: Keystone
    projects: dict[str, str]
    anybody: Service

    def as_user(self, name: str) -> Service:
        return self.with_token(self.token(name))

    def token(self, name: str) -> str:
        return self.keystone.token(name, USERS[name][0])

    def with_token(self, token: str, **headers: str) -> Service:
        return replace(self.anybody, headers={"X-Auth-Token": token, **headers})


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """Projects red and blue with flat_dhcp, and a network for both."""
    directory = tmp_path_factory.mktemp("cloud")
    with keystone(directory / "keystone") as identity:
        projects = {name: identity.add_project(name) for name in ("service", "red", "blue")}
        for user, (project, role) in USERS.items():
            identity.add_user(user, projects[project], role)
        settings = (NET_API + LOGIN).format(url=identity.url)
        file = write_conf(directory, f"sqlite:///{directory}/cloud.sqlite", settings)
        with open_cloud(file) as upgraded:
            upgrade(upgraded)
        with serve(file) as served:
            made = Cloud(identity, projects, served.service("flat_dhcp"))
            operator = made.as_user("operator")
            for name in ("red", "blue"):
                associate(operator, projects[name])
            operator.network()
            yield made


@pytest.fixture
def ann(cloud: Cloud) -> Service:
    return cloud.as_user("ann")


@pytest.fixture
def nic(ann: Service) -> Iterator[dict[str, Any]]:
    """A NIC of red."""
    [network] = ann.get("/networks")["networks"]
    body = {"network_id": network["id"], "hostname": "web"}
    made = ann.post("/virtual_nics", {"virtual_nic": body})["virtual_nic"]
    yield made
    ann.delete(f"/virtual_nics/{made['id']}")


def associate(operator: Service, project_id: str) -> None:
    url = f"{operator.url}/v1.0/projects/{project_id}/network_service"
    body = {"network_service": {"service": "flat_dhcp"}}
    assert requests.put(url, json=body, headers=operator.headers, timeout=30).ok


def client(cloud: Cloud, path: Path, endpoint: str) -> Client:
    """net-api as the daemons of a host call it, with the lines ``endpoint`` in ``[net_api]``."""
    file = path / "host.conf"
    file.write_text(f"[net_api]\n{LOGIN.format(url=cloud.keystone.url)}{endpoint}\n")
    return make_client(configuration.load([], config_files=[str(file)]))


# -- who is nobody --------------------------------------------------------------------------------


def test_a_call_without_a_token_is_told_where_to_get_one(cloud: Cloud) -> None:
    answer = cloud.anybody.call("GET", "/virtual_nics")
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == f'Keystone uri="{cloud.keystone.url}"'
    assert answer.json()["error"]["code"] == "unauthorized"


@pytest.mark.parametrize("token", ["rubbish", "gAAAAA" + "x" * 200, "x" * 5000, "a/../b?c#d"])
def test_a_token_that_keystone_did_not_issue_is_refused(cloud: Cloud, token: str) -> None:
    assert cloud.with_token(token).refused("GET", "/virtual_nics").status == 401


def test_a_token_is_worth_nothing_when_it_has_expired(cloud: Cloud) -> None:
    caller = cloud.with_token(cloud.keystone.token_until("ann", "red", seconds=2))
    assert caller.call("GET", "/virtual_nics").status_code == 200
    eventually(lambda: caller.call("GET", "/virtual_nics").status_code == 401, "it expires")


def test_a_token_is_worth_nothing_when_it_was_revoked(cloud: Cloud) -> None:
    token = cloud.token("ann")
    caller = cloud.with_token(token)
    assert caller.call("GET", "/virtual_nics").status_code == 200
    cloud.keystone.revoke(token)
    eventually(lambda: caller.call("GET", "/virtual_nics").status_code == 401, "it is refused")


# -- who may what ---------------------------------------------------------------------------------


def test_a_member_sees_the_nics_of_its_project_and_nobody_elses(
    cloud: Cloud, ann: Service, nic: dict[str, Any]
) -> None:
    bob = cloud.as_user("bob")
    theirs = bob.post("/virtual_nics", {"virtual_nic": {}})["virtual_nic"]

    assert nic["project_id"] == cloud.projects["red"]
    assert ann.get(f"/virtual_nics/{nic['id']}")["virtual_nic"] == nic
    assert [row["id"] for row in ann.get("/virtual_nics")["virtual_nics"]] == [nic["id"]]
    for verb in ("GET", "DELETE"):
        refusal = ann.refused(verb, f"/virtual_nics/{theirs['id']}")
        assert (refusal.status, refusal.code) == (404, "virtual_nic_not_found")
    bob.delete(f"/virtual_nics/{theirs['id']}")


def test_a_reader_reads_and_is_told_the_rule_when_it_writes(
    cloud: Cloud, nic: dict[str, Any]
) -> None:
    rita = cloud.as_user("rita")
    assert [row["id"] for row in rita.get("/virtual_nics")["virtual_nics"]] == [nic["id"]]

    for verb, path, rule in (
        ("POST", "/virtual_nics", "virtual_nics:create"),
        ("DELETE", f"/virtual_nics/{nic['id']}", "virtual_nics:delete"),
    ):
        refusal = rita.refused(verb, path, {"virtual_nic": {}} if verb == "POST" else None)
        assert (refusal.status, refusal.field, refusal.value) == (403, "rule", rule)


@pytest.mark.parametrize("user", ["ann", "rita", "nova"])
def test_only_an_administrator_creates_networks(cloud: Cloud, user: str) -> None:
    body = {"network": {"label": "n", "cidr": "10.7.0.0/24"}}
    refusal = cloud.as_user(user).refused("POST", "/networks", body)
    assert (refusal.status, refusal.value) == (403, "networks:create")

    operator = cloud.as_user("operator")
    made = operator.post("/networks", body)["network"]
    operator.delete(f"/networks/{made['id']}")


def test_headers_that_keystone_alone_may_set_are_worth_nothing(cloud: Cloud) -> None:
    headers = {"X-Roles": "admin", "X-Project-Id": cloud.projects["red"]}
    caller = cloud.with_token(cloud.token("bob"), **headers, **{"X-Service-Roles": "service"})
    assert caller.get("/virtual_nics", project_id=cloud.projects["red"])["virtual_nics"] == []
    assert caller.refused("POST", "/networks", {"network": {"label": "n"}}).status == 403


# -- Nova: the user's token, and its own beside it ------------------------------------------------


def test_a_users_call_that_nova_passes_on_is_still_the_users(
    cloud: Cloud, ann: Service, nic: dict[str, Any]
) -> None:
    passed_on = cloud.with_token(cloud.token("ann"), **{"X-Service-Token": cloud.token("nova")})
    bob = cloud.with_token(cloud.token("bob"), **{"X-Service-Token": cloud.token("nova")})
    path = f"/virtual_nics/{nic['id']}"
    binding = {"binding": {"host": "compute1"}}

    assert passed_on.get(path)["virtual_nic"] == nic
    assert bob.refused("GET", path).status == 404
    assert passed_on.refused("PUT", f"{path}/binding", binding).value == "virtual_nics:bind"
    cloud.as_user("nova").put(f"{path}/binding", binding)
    assert ann.get(path)["virtual_nic"]["host"] == "compute1"


def test_a_users_token_that_expires_under_way_still_serves_nova(cloud: Cloud) -> None:
    token = cloud.keystone.token_until("ann", "red", seconds=1)
    user = cloud.with_token(token)
    eventually(lambda: user.call("GET", "/virtual_nics").status_code == 401, "it expires")
    nova = cloud.with_token(token, **{"X-Service-Token": cloud.token("nova")})
    assert nova.get("/virtual_nics") == {"virtual_nics": []}


def test_a_token_without_the_service_role_is_no_service_token(cloud: Cloud) -> None:
    caller = cloud.with_token(cloud.token("ann"), **{"X-Service-Token": cloud.token("bob")})
    assert caller.refused("GET", "/virtual_nics").status == 401


# -- the daemons ----------------------------------------------------------------------------------


def test_a_daemon_reads_what_its_host_has_to_wire(
    cloud: Cloud, nic: dict[str, Any], tmp_path: Path
) -> None:
    cloud.as_user("nova").put(
        f"/virtual_nics/{nic['id']}/binding", {"binding": {"host": "compute2"}}
    )
    daemon = client(cloud, tmp_path, f"endpoint_override = {cloud.anybody.url}")
    [wiring] = daemon.get("hosts/compute2/wirings")["wirings"]
    assert wiring["service"] == "flat_dhcp"
    body = {"virtual_nic": {"service": "flat_dhcp", "status": "ACTIVE"}}
    daemon.put(f"hosts/compute2/virtual_nics/{nic['id']}", body)
    shown = cloud.as_user("ann").get(f"/virtual_nics/{nic['id']}")
    assert shown["virtual_nic"]["status"] == "ACTIVE"


def test_a_daemon_finds_net_api_in_the_catalogue(cloud: Cloud, tmp_path: Path) -> None:
    cloud.keystone.add_endpoint("network-services", cloud.anybody.url)
    found = "endpoint_override =\nservice_type = network-services\nvalid_interfaces = public"
    assert client(cloud, tmp_path, found).get("hosts/compute3/wirings") == {"wirings": []}


def test_a_daemon_goes_on_after_its_tokens_were_revoked(cloud: Cloud, tmp_path: Path) -> None:
    daemon = client(cloud, tmp_path, f"endpoint_override = {cloud.anybody.url}")
    assert daemon.get("hosts/compute4/wirings") == {"wirings": []}

    cloud.keystone.enable("nova-netplugins", False)
    cloud.keystone.enable("nova-netplugins", True)

    def works() -> bool:
        try:
            return bool(daemon.get("hosts/compute4/wirings") == {"wirings": []})
        except Unauthorized:
            return False
        except RemoteError as error:
            # net-api asks Keystone as the same user, and needs a new token too.
            assert error.status == 503
            return False

    eventually(works, "it has a new token")


# -- when something is wrong with Keystone --------------------------------------------------------


@pytest.fixture
def refusing(tmp_path: Path) -> Callable[[str], Refusal]:
    """What a caller with a token is told by a net-api of these ``[keystone_authtoken]`` lines."""

    def call(lines: str) -> Refusal:
        path = tmp_path / "cloud.sqlite"
        file = write_conf(tmp_path, f"sqlite:///{path}", NET_API.format(url="") + lines)
        with open_cloud(file) as upgraded:
            upgrade(upgraded)
        with serve(file) as served:
            service = replace(served.service("flat"), headers={"X-Auth-Token": "any"})
            return service.refused("GET", "/virtual_nics")

    return call


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        (f"password = {PASSWORD}", "password = mistaken"),
        ("username = nova-netplugins", "username = nobody"),
        ("project_name = service", "project_name = blue"),
        ("auth_type = password", "auth_type = password\nregion_name = elsewhere"),
        ("auth_type = password", "auth_type = password\ninterface = admin"),
    ],
)
def test_net_api_that_cannot_ask_keystone_says_so(
    cloud: Cloud, refusing: Callable[[str], Refusal], right: str, wrong: str
) -> None:
    lines = LOGIN.format(url=cloud.keystone.url)
    assert right in lines
    refusal = refusing(lines.replace(right, wrong))
    assert (refusal.status, refusal.code) == (503, "unavailable")


def test_net_api_does_not_start_without_knowing_as_whom_to_ask_keystone(
    refusing: Callable[[str], Refusal],
) -> None:
    with pytest.raises(ValueError, match=r"\[keystone_authtoken\] needs auth_type"):
        refusing("")


def test_a_daemon_that_keystone_refuses_says_so(cloud: Cloud, tmp_path: Path) -> None:
    file = tmp_path / "host.conf"
    login = LOGIN.format(url=cloud.keystone.url).replace(PASSWORD, "mistaken")
    file.write_text(f"[net_api]\n{login}endpoint_override = {cloud.anybody.url}\n")
    daemon = make_client(configuration.load([], config_files=[str(file)]))
    with pytest.raises(Unauthorized, match=r"Keystone refuses the credentials in \[net_api\]"):
        daemon.get("hosts/here/wirings")
