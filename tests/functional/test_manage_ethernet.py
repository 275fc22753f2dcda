"""The management tools of flat, flat_dhcp and vlan, as an operator types them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nova_netplugins.ethernet.net_api import EthernetNetApi
from nova_netplugins.ethernet.specs import NetworkSpec
from tests.api.ethernet.served import SERVICES, Prompted, open_cloud, upgrade, write_conf
from tests.functional.manage_tool import Tool


class EthernetTool(Tool):
    def with_api(self, act: Callable[[EthernetNetApi], Any]) -> Any:
        """What only the REST API does, such as giving a project a NIC."""
        with open_cloud(self.file) as cloud:
            cloud.associations.associate("p1", self.service)
            api = cloud.net_api(self.service, Prompted())
            assert isinstance(api, EthernetNetApi)
            return act(api)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("upgraded")
    path = directory / "upgraded.sqlite"
    with open_cloud(write_conf(directory, f"sqlite:///{path}")) as cloud:
        upgrade(cloud)
    return path


@pytest.fixture
def make_tool(
    upgraded: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[[str], EthernetTool]:
    path = tmp_path / "cloud.sqlite"
    shutil.copy(upgraded, path)
    file = write_conf(tmp_path, f"sqlite:///{path}")
    return lambda service: EthernetTool(file, service, capsys)


@pytest.fixture(params=SERVICES)
def tool(request: pytest.FixtureRequest, make_tool: Callable[[str], EthernetTool]) -> EthernetTool:
    return make_tool(request.param)


@pytest.fixture(params=["flat_dhcp", "vlan"])
def serving(
    request: pytest.FixtureRequest, make_tool: Callable[[str], EthernetTool]
) -> EthernetTool:
    return make_tool(request.param)


@pytest.fixture
def vlan(make_tool: Callable[[str], EthernetTool]) -> EthernetTool:
    return make_tool("vlan")


CREATE = ("network", "create", "--label", "net", "--fixed_range_v4", "10.1.0.0/24")


class TestNetworks:
    def test_a_network_from_its_making_to_its_end(self, tool: EthernetTool) -> None:
        table = tool.does(*CREATE, "--dns1", "192.0.2.53", "--project_id", "p1")
        assert "| 10.1.0.0/24 |" in table
        [network] = tool.rows("network", "list")
        assert network["gateway"] == "10.1.0.1"
        assert (network["project_id"], network["dns1"]) == ("p1", "192.0.2.53")
        shown = tool.rows("network", "show", "--fixed_range", "10.1.0.0/24")
        assert {"field": "id", "value": network["id"]} in shown
        assert not {"deleted", "pool_id"} & {row["field"] for row in shown}
        which = ("--uuid", network["id"])
        [changed] = tool.rows(
            "network", "modify", *which, "--label", "new", "--disassociate-project", "--host", "h"
        )
        assert (changed["label"], changed["project_id"], changed["host"]) == ("new", None, "h")
        assert tool.does("network", "delete", *which) == f"network {network['id']} is deleted"
        assert tool.rows("network", "list") == []

    def test_every_classic_option_is_heeded(self, serving: EthernetTool) -> None:
        own = ("--vlan", "42") if serving.service == "vlan" else ("--bridge", "br42")
        uuid = "8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e"
        serving.does(
            *CREATE,
            *("--fixed_range_v6", "fd00:1::/64", "--gateway", "10.1.0.254"),
            *("--gateway_v6", "fd00:1::fe", "--dns1", "192.0.2.1", "--dns2", "192.0.2.2"),
            *("--allowed_start", "10.1.0.16", "--allowed_end", "10.1.0.200"),
            *("--bridge_interface", "eth1", "--mtu", "1450", "--uuid", uuid, "--priority", "3"),
            *("--dhcp_server", "10.1.0.253", "--multi_host", "T"),
            *("--dhcp_option", "ntp-server=192.0.2.9", "--dhcp_option", "224=a b"),
            *own,
        )
        rows = serving.rows("network", "show", "--uuid", uuid)
        found = {row["field"]: row["value"] for row in rows}
        assert (
            found.items()
            >= {
                "cidr_v6": "fd00:1::/64",
                "gateway": "10.1.0.254",
                "gateway_v6": "fd00:1::fe",
                "allowed_start": "10.1.0.16",
                "allowed_end": "10.1.0.200",
                "dns2": "192.0.2.2",
                "bridge": "br42",
                "bridge_interface": "eth1",
                "mtu": 1450,
                "priority": 3,
                "dhcp_server": "10.1.0.253",
                "multi_host": True,
                "dhcp_options": {"ntp-server": "192.0.2.9", "224": "a b"},
            }.items()
        )

    def test_one_range_is_split_into_many(self, vlan: EthernetTool) -> None:
        made = vlan.rows(
            *("network", "create", "--label", "n", "--fixed_range_v4", "10.0.0.0/16"),
            *("--num_networks", "3", "--network_size", "256", "--vlan_start", "200"),
        )
        assert [(row["label"], row["cidr"], row["vlan"]) for row in made] == [
            ("n_0", "10.0.0.0/24", 200),
            ("n_1", "10.0.1.0/24", 201),
            ("n_2", "10.0.2.0/24", 202),
        ]

    def test_of_two_with_one_cidr_the_uuid_is_asked_for(self, vlan: EthernetTool) -> None:
        ids = [vlan.rows(*CREATE, "--project_id", project)[0]["id"] for project in ("p1", "p2")]
        code, told = vlan.refuses("network", "show", "--fixed_range", "10.1.0.0/24")
        assert code == 1
        assert "several networks have it; give --uuid" in told
        assert all(network_id in told for network_id in ids)

    def test_a_network_in_use_is_neither_deleted_nor_given_away(self, tool: EthernetTool) -> None:
        [network] = tool.rows(*CREATE, "--project_id", "p1")
        which = ("--uuid", network["id"])
        tool.with_api(lambda api: api.create_virtual_nic("p1", network["id"]))
        for words in (
            ("delete", *which, "--disassociate"),
            ("modify", *which, "--project", "p2"),
        ):
            code, told = tool.refuses("network", *words)
            assert code == 1
            assert f"error: network '{network['id']}' is in use: 1 virtual NIC" in told
        assert tool.rows("network", "list") == [network]
        code, told = tool.refuses("network", "delete", *which)
        assert "project p1 owns it; disassociate the project first" in told

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (("--label", "n"), 1, "give a cidr, a cidr_v6 or both"),
            (("--label", ""), 1, "network.label: '' has 0 characters; at least 1"),
            (("--label", "x" * 256), 1, "has 256 characters; at most 255"),
            (("--fixed_range_v4", "10.0.0/24"), 1, "is not an IPv4 CIDR such as 192.0.2.0/24"),
            (("--num_networks", "0"), 1, "0 is smaller than the least allowed, 1"),
            (("--num_networks", "many"), 2, "argument --num_networks: invalid int value: 'many'"),
            (("--network_size", "512"), 1, "fewer than 1 x 512"),
            (("--gateway", "10.9.0.1"), 1, "gateway '10.9.0.1' is outside 10.1.0.0/24"),
            (("--allowed_start", "10.9.0.1"), 1, "allowed_start '10.9.0.1' is outside"),
            (("--allowed_end", "junk"), 1, "'junk' is not an IPv4 or IPv6 address"),
            (("--fixed_cidr", "10.9.0.0/28"), 1, "fixed_cidr '10.9.0.0/28' is outside"),
            (("--dns1", "resolver"), 1, "network.dns1: 'resolver' is not an IPv4 or IPv6"),
            (("--uuid", "1"), 1, "network.id: '1' is not a UUID"),
            (("--bridge_interface", "eth 1"), 1, "bridge_interface: 'eth 1' is not the name"),
            (("--vlan", "0"), 1, "VLAN 0 is not valid: a VLAN id is a whole number from 1"),
            (("--vlan", "4095"), 1, "VLAN 4095 is not valid"),
            (("--vlan", "fake"), 2, "argument --vlan: invalid int value: 'fake'"),
            (("--multi_host", "maybe"), 2, "'maybe' is neither T nor F"),
            (("--dhcp_option", "router"), 2, "'router' is not NAME=VALUE"),
            (("--dhcp_option", "router=a\nb"), 1, "value of DHCP option router"),
            (("--colour", "red"), 2, "unrecognized arguments: --colour red"),
        ],
    )
    def test_what_is_wrong_is_told_and_nothing_made(
        self, vlan: EthernetTool, words: tuple[str, ...], code: int, told: str
    ) -> None:
        given = dict(zip(words[::2], words[1::2], strict=True))
        base = (
            {"--label": "n"}
            if words == ("--label", "n")
            else {
                "--label": "n",
                "--fixed_range_v4": "10.1.0.0/24",
            }
        )
        line = [word for pair in {**base, **given}.items() for word in pair]
        found, said = vlan.refuses("network", "create", *line)
        assert (found, told in said) == (code, True), said
        assert vlan.rows("network", "list") == []

    def test_an_overlap_is_refused(self, tool: EthernetTool) -> None:
        [network] = tool.rows(*CREATE)
        code, told = tool.refuses(*CREATE)
        assert code == 1
        assert told == (
            f"error: '10.1.0.0/24' overlaps with 10.1.0.0/24 of network {network['id']}"
        )

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (("show", "--uuid", "none"), 2, "error: network 'none' does not exist"),
            (("delete", "--fixed_range", "10.9.0.0/24"), 2, "network '10.9.0.0/24' does not"),
            (("modify", "--uuid", "none", "--label", "x"), 2, "network 'none' does not exist"),
            (("delete",), 2, "one of the arguments --uuid --fixed_range is required"),
        ],
    )
    def test_what_does_not_exist_is_exit_code_2(
        self, vlan: EthernetTool, words: tuple[str, ...], code: int, told: str
    ) -> None:
        found, said = vlan.refuses("network", *words)
        assert (found, told in said) == (code, True), said

    def test_a_change_must_say_what_and_not_contradict_itself(self, vlan: EthernetTool) -> None:
        [network] = vlan.rows(*CREATE)
        modify = ("network", "modify", "--uuid", network["id"])
        assert "say what to change" in vlan.refuses(*modify)[1]
        code, told = vlan.refuses(*modify, "--project", "p1", "--disassociate-project")
        assert (code, "cannot be together with --disassociate-project" in told) == (1, True)
        assert "at most 255" in vlan.refuses(*modify, "--host", "h" * 256)[1]


class TestFixedAddresses:
    def test_an_address_is_reserved_listed_and_unreserved(self, tool: EthernetTool) -> None:
        [network] = tool.rows(*CREATE, "--project_id", "p1")
        told = tool.does("fixed", "reserve", "--address", "10.1.0.2")
        assert told == f"address 10.1.0.2 of network {network['id']} is reserved"
        tool.with_api(
            lambda api: api.create_virtual_nic(
                "p1", network["id"], host="c1", hostname="web", instance_id="i1"
            )
        )
        rows = tool.rows("fixed", "list")
        assert [(row["address"], row["state"]) for row in rows] == [
            ("10.1.0.2", "reserved"),
            ("10.1.0.3", "allocated"),
        ]
        assert tool.rows("fixed", "list", "--host", "c1") == [
            {
                "network": network["id"],
                "address": "10.1.0.3",
                "state": "allocated",
                "hostname": "web",
                "instance": "i1",
                "host": "c1",
            }
        ]
        tool.does("fixed", "unreserve", "--address", "10.1.0.2", "--network", network["id"])
        assert len(tool.rows("fixed", "list", "--network", network["id"])) == 1

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (("reserve", "--address", "10.9.0.1"), 2, "no network has the address 10.9.0.1"),
            (("reserve", "--address", "junk"), 1, "address 'junk' is not an IP address"),
            (("reserve", "--address", "10.1.0.1"), 1, "is in use or reserved on network"),
            (("unreserve", "--address", "10.1.0.9"), 2, "no fixed address '10.1.0.9' is drawn"),
            (("reserve",), 2, "the following arguments are required: --address"),
        ],
    )
    def test_what_cannot_be_is_told(
        self, vlan: EthernetTool, words: tuple[str, ...], code: int, told: str
    ) -> None:
        vlan.does(*CREATE)
        found, said = vlan.refuses("fixed", *words)
        assert (found, told in said) == (code, True), said


class TestFloatingAddresses:
    def test_a_range_from_its_making_to_its_end(self, serving: EthernetTool) -> None:
        create = ("floating", "create", "--ip_range", "203.0.113.0/29", "--interface", "eth1")
        assert serving.does(*create, "--pool", "b") == "203.0.113.0/29 is in pool b, on eth1"
        serving.does("floating", "create", "--ip_range", "198.51.100.7")
        serving.with_api(lambda api: api.allocate_floating_ip("p1", "b"))
        rows = serving.rows("floating", "list", "--pool", "b")
        assert [(row["address"], row["project_id"]) for row in rows] == [
            ("203.0.113.0/29", None),
            ("203.0.113.1", "p1"),
        ]
        code, told = serving.refuses("floating", "delete", "--ip_range", "203.0.113.0/29")
        assert (code, "addresses of this range belong to projects" in told) == (1, True)
        serving.with_api(lambda api: api.release_floating_ip("203.0.113.1"))
        assert serving.does("floating", "delete", "--ip_range", "203.0.113.0/29").endswith(
            "is deleted"
        )
        assert [row["address"] for row in serving.rows("floating", "list")] == ["198.51.100.7/32"]

    @pytest.mark.parametrize(
        ("words", "code", "told"),
        [
            (("create", "--ip_range", "junk"), 1, "ip_range 'junk' is not a usable network"),
            (("create", "--ip_range", "10.0.0.0/8"), 1, "a prefix of at least /12 is needed"),
            (
                ("create", "--ip_range", "192.0.2.1", "--interface", "a b"),
                1,
                "floating_range.interface: 'a b' is not the name",
            ),
            (("delete", "--ip_range", "192.0.2.1"), 2, "there is no floating range '192.0.2.1'"),
        ],
    )
    def test_what_cannot_be_is_told(
        self, vlan: EthernetTool, words: tuple[str, ...], code: int, told: str
    ) -> None:
        found, said = vlan.refuses("floating", *words)
        assert (found, told in said) == (code, True), said

    def test_flat_has_no_such_command(self, make_tool: Callable[[str], EthernetTool]) -> None:
        code, told = make_tool("flat").refuses("floating", "list")
        assert (code, "invalid choice: 'floating'" in told) == (2, True)


def _spec(cidr: str, project_id: str | None = None) -> NetworkSpec:
    return NetworkSpec("net", cidr, project_id=project_id)


class TestPurging:
    def test_what_was_deleted_goes_and_what_lives_stays(self, tool: EthernetTool) -> None:
        [network] = tool.rows(*CREATE, "--project_id", "p1")

        def use(api: EthernetNetApi) -> None:
            for _ in range(3):
                api.delete_virtual_nic(api.create_virtual_nic("p1", network["id"]).id)
            api.create_virtual_nic("p1", network["id"])
            [other] = api.create_networks(_spec("10.2.0.0/24"))
            api.delete_network(other["id"])

        tool.with_api(use)
        for days, nics, networks in (("1", 0, 0), ("0", 3, 1), ("0", 0, 0)):
            assert tool.rows("purge", "--days", days) == [
                {"what": "virtual NICs", "purged": nics},
                {"what": "networks", "purged": networks},
            ]
        assert tool.rows("network", "list") == [network]
        assert len(tool.rows("fixed", "list")) == 1

    def test_it_goes_in_batches(self, vlan: EthernetTool) -> None:
        def use(api: EthernetNetApi) -> Any:
            [network] = api.create_networks(_spec("10.2.0.0/24", "p1"))
            for _ in range(5):
                api.delete_virtual_nic(api.create_virtual_nic("p1", network["id"]).id)
            api.delete_network(network["id"], disassociate=True)
            return api.purge_deleted(0, batch=2)

        assert vlan.with_api(use) == (5, 1)

    @pytest.mark.parametrize("days", ["-1", "x", "1.5", "99999"])
    def test_the_days_are_a_whole_number(self, vlan: EthernetTool, days: str) -> None:
        code, told = vlan.refuses("purge", "--days", days)
        assert (code, "is not a whole number of days" in told) == (2, True), told
