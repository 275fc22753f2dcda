"""``openstack ipam ...`` as an operator types it, against melange-api as it is started."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from netkit.wsgi.environment import Environ, StartResponse
from netkit.wsgi.server import Server
from tests.melange.functional.test_melange_api import BIN, Command

SECONDS = 60
WITHOUT_KEYSTONE = {"OS_AUTH_TYPE": "none", "OS_IPAM_TENANT": "acme"}


@dataclass(frozen=True)
class Openstack:
    settings: dict[str, str]

    def run(self, *words: str, said: str = "") -> subprocess.CompletedProcess[str]:
        """``said``: commands for its interactive mode, so that it has to start only once."""
        kept = {name: text for name, text in os.environ.items() if not name.startswith("OS_")}
        return subprocess.run(
            [str(BIN / "openstack"), *words],
            input=said,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            env={**kept, **self.settings},
        )

    def tell(self, *commands: str) -> list[Any]:
        """What each command shows, of those that show anything."""
        done = self.run(said="".join(f"ipam {command}\n" for command in commands))
        assert done.stderr == "", done.stderr
        decoder, text, found = json.JSONDecoder(), done.stdout.strip(), []
        while text:
            shown, end = decoder.raw_decode(text)
            found.append(shown)
            text = text[end:].strip()
        return found


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    command = Command(tmp_path_factory.mktemp("openstack"))
    command.configure(api="workers = 1")
    with command.serving():
        yield command.url


@pytest.fixture
def openstack(url: str) -> Openstack:
    return Openstack({**WITHOUT_KEYSTONE, "OS_ENDPOINT": f"{url}/v0.1"})


def test_from_a_block_to_an_address_and_back(openstack: Openstack) -> None:
    block, (made,), listed, explained, (again,) = openstack.tell(
        "block create 10.20.0.0/24 --network blue --gateway 10.20.0.1 --tag red -f json",
        "address allocate 10.20.0.0/24 --interface eth0 --device vm1 -f json",
        "address list 10.20.0.0/24 -f json",
        "address release 10.20.0.0/24 10.20.0.0",
        "address explain 10.20.0.0/24 10.20.0.0 -f json",
        "address restore 10.20.0.0/24 10.20.0.0",
        "address list -f json",
    )

    assert (block["CIDR"], block["Gateway"], block["Tags"]) == (
        "10.20.0.0/24",
        "10.20.0.1",
        ["red"],
    )
    assert (made["Address"], made["Used By Device"]) == ("10.20.0.0", "vm1")
    assert [one["Interface ID"] for one in listed] == ["eth0"]
    assert (explained["Available"], explained["Reason"]) == (False, "quarantined")
    assert again["Address"] == "10.20.0.0"


def test_networks_policies_and_what_hangs_on_blocks(openstack: Openstack) -> None:
    block, policy, changed, *_, interface, interfaces, allocated, used, quota = openstack.tell(
        "block create 10.30.0.0/16 --network green -f json",
        "policy create house --keep-days 1 -f json",
        "block set 10.30.0.0/16 --priority 3 --no-dns2 -f json",
        "dhcp option create 10.30.0.0/16 mtu 1400 -f json",
        "route create 10.30.0.0/16 --destination 10.9.0.0 --netmask 255.255.0.0"
        " --gateway 10.30.0.1 -f json",
        "interface create --id nic1 --device vm2 --network green --tag blue -f json",
        "interface list --device-id vm2 --tags blue -f json",
        "allocation list green nic1 --long -f json",
        "utilization show --block 10.30.0.0/16 -f json",
        "quota set --ip-blocks 20 -f json",
    )

    assert (policy["Name"], policy["Keep Deallocated IPs For Days"]) == ("house", 1)
    assert (changed["ID"], changed["Priority"]) == (block["ID"], 3)
    assert interface["ID"] == "nic1"
    assert interfaces[0]["Addresses"] == ["10.30.0.0"]
    assert allocated[0]["DHCP Options"] == [{"number": 26, "name": "mtu", "value": "1400"}]
    assert allocated[0]["IP Routes"][0]["gateway"] == "10.30.0.1"
    assert (used["Allocated"], used["Size"]) == (1, 65536)
    assert {one["Resource"]: one["Limit"] for one in quota}["ip_blocks"] == 20


def test_lists_are_narrowed(openstack: Openstack) -> None:
    *_, through, mtu, network, none, told = openstack.tell(
        "block create 10.35.0.0/16 --network grey -f json",
        "route create 10.35.0.0/16 --destination 10.9.0.0 --gateway 10.35.0.1 -f json",
        "dhcp option create 10.35.0.0/16 mtu 1400 -f json",
        "webhook create https://example.net/ --event create.IpBlock -f json",
        "route list 10.35.0.0/16 --gateway 10.35.0.1 -f json",
        "dhcp option list 10.35.0.0/16 --name mtu --limit 5 -f json",
        "network block list grey --ip-version 4 --contains 10.35.7.7 -f json",
        "network block list grey --ip-version 6 -f json",
        "webhook list --event create.IpBlock -f json",
    )

    assert [one["Destination"] for one in through] == ["10.9.0.0"]
    assert [one["Value"] for one in mtu] == ["1400"]
    assert ([one["CIDR"] for one in network], none) == (["10.35.0.0/16"], [])
    assert [one["URL"] for one in told] == ["https://example.net/"]


def test_floating_ips_shared_addresses_and_tags(openstack: Openstack) -> None:
    *_, floating, outside, allowed, holder, tags, records = openstack.tell(
        "block create 203.0.113.0/24 --type public -f json",
        "block create 10.40.0.0/24 --network red -f json",
        "address allocate 10.40.0.0/24 --interface one --address 10.40.0.9 -f json",
        "address allocate 10.40.0.0/24 --interface two --address 10.40.0.8 -f json",
        "floating create --block 203.0.113.0/24 --inside 10.40.0.0/24,10.40.0.9 -f json",
        "nat list globals 10.40.0.0/24 10.40.0.9 -f json",
        "allowed create two red 10.40.0.9 -f json",
        "holder set 10.40.0.0/24 10.40.0.9 two -f json",
        "tag add vip rack.1 --block 10.40.0.0/24 --address 10.40.0.9",
        "tag list --block 10.40.0.0/24 --address 10.40.0.9 -f json",
        "audit list --resource ip_block -f json",
    )

    assert floating["Inside Local"]["address"] == "10.40.0.9"
    assert [one["Address"] for one in outside] == [floating["Address"]]
    assert allowed["Address"] == "10.40.0.9"
    assert holder["Interface ID"] == "two"
    assert [one["Tag"] for one in tags] == ["rack.1", "vip"]
    assert {one["Action"] for one in records} >= {"create"}


def test_a_refusal_is_told_in_melanges_words_and_by_the_exit_status(openstack: Openstack) -> None:
    done = openstack.run("ipam", "block", "create", "10.99.0.0/99")

    assert done.returncode == 1
    assert "cidr is invalid" in done.stderr
    assert "Traceback" not in done.stderr


@contextlib.contextmanager
def keystone(melange_url: str) -> Iterator[str]:
    """As much of Keystone as gives everybody a token of project acme, and the catalogue."""
    endpoint = {"interface": "public", "region_id": "here", "region": "here", "id": "e"}
    token = {
        "methods": ["password"],
        "user": {"id": "u", "name": "ann", "domain": {"id": "default", "name": "Default"}},
        "project": {"id": "acme", "name": "acme", "domain": {"id": "default", "name": "Default"}},
        "roles": [{"id": "r", "name": "member"}],
        "issued_at": "2026-01-01T00:00:00.000000Z",
        "expires_at": "2126-01-01T00:00:00.000000Z",
        "catalog": [
            {
                "type": "ipam",
                "name": "melange",
                "id": "s",
                "endpoints": [{**endpoint, "url": melange_url}],
            }
        ],
    }

    def application(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = json.dumps({"token": token}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response("201 Created", [*headers, ("X-Subject-Token", "a-token")])
        return [body]

    server = Server(application)
    server.start()
    try:
        yield f"{server.url}/v3"
    finally:
        server.stop()


def test_keystones_catalogue_tells_where_melange_is_and_the_token_whose_blocks(url: str) -> None:
    # The server itself asks for no token here; it is the commands that are tested.
    with keystone(url) as auth_url:
        ann = Openstack(
            {
                "OS_AUTH_URL": auth_url,
                "OS_AUTH_TYPE": "v3password",
                "OS_USERNAME": "ann",
                "OS_PASSWORD": "secret",
                "OS_PROJECT_NAME": "acme",
                "OS_USER_DOMAIN_ID": "default",
                "OS_PROJECT_DOMAIN_ID": "default",
            }
        )
        (block,) = ann.tell("block create 10.50.0.0/24 -f json")

    assert block["Tenant ID"] == "acme"
