"""Static routes and DHCP options of a block over HTTP, and where clients find them."""

from __future__ import annotations

from typing import Any

from melange.ipam.blocks import Block
from tests.melange.everywhere import TENANT, Melange, path_of

ROUTE = {"destination": "10.9.0.0", "netmask": "255.255.0.0", "gateway": "10.0.0.1"}


def wrong(melange: Melange, method: str, path: str, **fields: Any) -> str:
    noun = "ip_route" if "ip_routes" in path else "dhcp_option"
    status, text = melange.refused(method, path, {noun: fields})
    assert status == 400
    return text.removeprefix("The following values are invalid: ")


def new_option(melange: Melange, block: Block, **fields: Any) -> dict[str, Any]:
    path, body = path_of(block, "dhcp_options"), {"dhcp_option": fields}
    made: dict[str, Any] = melange.post(path, body)["dhcp_option"]
    return made


def test_a_route_is_made_shown_changed_and_deleted(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    routes = path_of(block, "ip_routes")
    made = melange.post(routes, {"ip_route": {**ROUTE, "source_block_id": "x"}})["ip_route"]
    assert set(made) == {*ROUTE, "id", "created_at", "updated_at"}
    path = f"{routes}/{made['id']}"
    assert melange.get(path) == {"ip_route": made}
    assert melange.put(path) == {"ip_route": made}
    changed = melange.put(path, {"ip_route": {"netmask": None}})["ip_route"]
    assert changed == {**made, "netmask": None, "updated_at": changed["updated_at"]}
    melange.post(routes, {"ip_route": ROUTE})
    page = melange.get(f"{routes}?limit=1")
    assert page["ip_routes"] == [changed]
    assert page["ip_routes_links"][0]["href"].endswith(f"marker={made['id']}")
    melange.delete(path)
    assert melange.refused("GET", path) == (404, "IpRoute Not Found")


def test_a_route_needs_a_destination_and_a_gateway(melange: Melange) -> None:
    routes = path_of(melange.new_block("10.0.0.0/24"), "ip_routes")
    told = "destination: destination should be present; gateway: gateway should be present"
    assert wrong(melange, "POST", routes, netmask="255.0.0.0") == told
    made = melange.post(routes, {"ip_route": {**ROUTE, "destination": "anything"}})["ip_route"]
    told = "gateway: gateway should be present"
    assert wrong(melange, "PUT", f"{routes}/{made['id']}", gateway="") == told


def test_options_come_in_pages_in_the_order_of_their_numbers(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    for number in (42, 6, 26):
        new_option(melange, block, number=number, value="1.2.3.4" if number != 26 else 1400)
    page = melange.get(path_of(block, "dhcp_options?limit=2"))
    assert [one["number"] for one in page["dhcp_options"]] == [6, 26]
    rest = melange.get(path_of(block, f"dhcp_options?marker={page['dhcp_options'][-1]['id']}"))
    assert [one["number"] for one in rest["dhcp_options"]] == [42]
    assert page.keys() - rest.keys() == {"dhcp_options_links"}


def test_routes_and_options_are_their_blocks(melange: Melange) -> None:
    block, other = melange.new_block("10.0.0.0/24"), melange.new_block("10.0.0.0/24")
    made = melange.post(path_of(block, "ip_routes"), {"ip_route": ROUTE})["ip_route"]["id"]
    option = new_option(melange, block, name="mtu", value="1400")["id"]
    for below, name in (("ip_routes", "IpRoute"), ("dhcp_options", "DhcpOption")):
        found = made if below == "ip_routes" else option
        for method in ("GET", "PUT", "DELETE"):
            refused = melange.refused(method, path_of(other, below, found))
            assert refused == (404, f"{name} Not Found")
        elsewhere = path_of(block, below).replace(f"/{TENANT}/", "/other/")
        assert melange.refused("GET", elsewhere) == (404, "IpBlock Not Found")


def test_an_option_is_set_by_name_or_number(melange: Melange) -> None:
    block = melange.new_block("10.0.0.0/24")
    by_name = new_option(melange, block, name="NTP-server", value="10.0.0.1, 10.0.0.2")
    by_number = new_option(melange, block, number=26, value=1400)
    nameless = new_option(melange, block, number=224, value="x")
    assert by_name == {
        "id": by_name["id"],
        "number": 42,
        "name": "ntp-server",
        "value": "10.0.0.1,10.0.0.2",
    }
    assert (by_number["name"], by_number["value"]) == ("mtu", "1400")
    assert nameless["name"] is None
    listed = melange.get(path_of(block, "dhcp_options"))["dhcp_options"]
    assert listed == [by_number, by_name, nameless]


def test_an_option_of_ipv6_has_the_numbers_of_ipv6(melange: Melange) -> None:
    block = melange.new_block("fd00::/64")
    assert new_option(melange, block, name="dns-server", value="fd00::1")["number"] == 23
    assert new_option(melange, block, number=65535, value="x")["name"] is None
    options = path_of(block, "dhcp_options")
    told = "number: number should be from 1 to 65535"
    assert wrong(melange, "POST", options, number=65536, value="x") == told


def test_what_no_dhcp_server_could_send_is_refused(melange: Melange) -> None:
    options = path_of(melange.new_block("10.0.0.0/24"), "dhcp_options")
    for given, told in (
        ({"value": "x"}, "number: number or name should be present"),
        ({"number": 0, "value": "x"}, "number: number should be from 1 to 254"),
        ({"number": 255, "value": "x"}, "number: number should be from 1 to 254"),
        ({"name": "nonsense", "value": "x"}, "name: name is none of DHCPv4 that is known here"),
        ({"name": "mtu", "number": 6, "value": "x"}, "number: number of mtu should be 26"),
        ({"name": "mtu"}, "value: value should be present"),
        ({"name": "mtu", "value": "big"}, "value: value should be an integer from 68 to 65535"),
    ):
        assert wrong(melange, "POST", options, **given).startswith(told)


def test_an_option_is_set_once_and_changes_its_value(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    block = melange.new_block("10.0.0.0/24")
    options = path_of(block, "dhcp_options")
    made = new_option(melange, block, name="mtu", value="1400")
    again = {"dhcp_option": {"number": 26, "value": "1500"}}
    assert melange.refusal("POST", options, again) == (409, "dhcp_option_taken")
    path = f"{options}/{made['id']}"
    changed = melange.put(path, again)["dhcp_option"]
    assert changed == {**made, "value": "1500"}
    assert wrong(melange, "PUT", path, number=6) == (
        "number: number is 26 for good: make another option of 6"
    )
    melange.delete(path)
    assert melange.get(options) == {"dhcp_options": []}


def test_whoever_gets_an_address_is_told_the_routes_and_options_of_its_block(
    melange: Melange,
) -> None:
    block = melange.new_block("10.0.0.0/24", network_id="n1")
    route = melange.post(path_of(block, "ip_routes"), {"ip_route": ROUTE})["ip_route"]
    new_option(melange, block, name="domain-name", value="example.org")
    path = f"/tenants/{TENANT}/networks/n1/interfaces/vif/ip_allocations"
    (given,) = melange.post(path)["ip_addresses"]
    assert given["ip_block"]["ip_routes"] == [{"id": route["id"], **ROUTE}]
    told = {"number": 15, "name": "domain-name", "value": "example.org"}
    assert given["ip_block"]["dhcp_options"] == [told]
