"""The same API in XML, and bodies that are none."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest
import requests

from tests.api.ethernet.served import ServedCloud, Service

NETWORK = """<network>
  <label>net</label>
  <cidr>10.1.0.0/24</cidr>
  <num_networks>1</num_networks>
  <mtu>1450</mtu>
  <dhcp_options><ntp-server>192.0.2.1</ntp-server><entry key="42">192.0.2.2</entry></dhcp_options>
</network>"""


def send(service: Service, method: str, path: str, body: str | bytes = "") -> requests.Response:
    """XML out and in."""
    url = f"{service.url}/v1.0/{service.name}{path}"
    headers = {"Content-Type": "application/xml", "Accept": "application/xml"}
    return requests.request(method, url, data=body, headers=headers, timeout=30)


def xml(answer: requests.Response) -> ElementTree.Element:
    assert answer.ok, answer.text
    assert answer.headers["Content-Type"] == "application/xml"
    return ElementTree.fromstring(answer.text)


def test_an_instance_is_served_in_xml_from_end_to_end(service: Service) -> None:
    project = service.new_project()
    owned = NETWORK.replace("</label>", f"</label><project_id>{project}</project_id>")
    network = xml(send(service, "POST", "/networks", owned))
    assert network.tag == "network"
    assert network.findtext("gateway") == "10.1.0.1"
    assert network.findtext("mtu") == "1450"
    entries = network.find("dhcp_options")
    assert entries is not None
    assert [entry.text for entry in entries] == ["192.0.2.1", "192.0.2.2"]
    wish = (
        f"<virtual_nics><project_id>{project}</project_id><networks><network>"
        f"<network_id>{network.findtext('id')}</network_id>"
        "<addresses><address>10.1.0.50</address></addresses>"
        "</network></networks></virtual_nics>"
    )
    nics = xml(send(service, "POST", "/instances/i1/virtual_nics", wish))
    assert nics.tag == "virtual_nics"
    assert [nic.findtext("fixed_ips/fixed_ip/address") for nic in nics] == ["10.1.0.50"]
    listed = xml(send(service, "GET", "/virtual_nics?instance_id=i1"))
    assert [nic.findtext("default_route") for nic in listed] == ["true"]
    in_json = service.get("/virtual_nics")["virtual_nics"]
    assert [nic["id"] for nic in in_json] == [nic.findtext("id") for nic in listed]
    assert send(service, "DELETE", "/instances/i1/virtual_nics").status_code == 204


def test_floating_addresses_are_served_in_xml(serving: Service) -> None:
    project = serving.new_project()
    nic = serving.nic(project, serving.network(project)["id"])
    body = "<floating_range><ip_range>198.51.100.7</ip_range></floating_range>"
    assert xml(send(serving, "POST", "/floating_ranges", body)).findtext("pool") == "nova"
    body = f"<floating_ip><project_id>{project}</project_id></floating_ip>"
    assert xml(send(serving, "POST", "/floating_ips", body)).findtext("address") == "198.51.100.7"
    body = f"<association><virtual_nic_id>{nic['id']}</virtual_nic_id></association>"
    done = xml(send(serving, "PUT", "/floating_ips/198.51.100.7/association", body))
    assert done.findtext("fixed_address") == "10.1.0.2"


def test_an_error_is_xml_too(service: Service) -> None:
    service.network()
    answer = send(service, "POST", "/networks", NETWORK)
    error = ElementTree.fromstring(answer.text)
    assert answer.status_code == 409
    assert error.findtext("code") == "cidr_conflict"
    assert "overlaps with 10.1.0.0/24" in str(error.findtext("message"))


@pytest.mark.parametrize("path", ["/networks", "/virtual_nics", "/ports", "/floating_ips"])
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b"null", 400),
        (b"{}", 400),
        (b'{"other": {}}', 400),
        (b'{"network": {}, "virtual_nic": {}, "port": {}, "floating_ip": {}}', 400),
        (b'"' + b"x" * 2_000_000 + b'"', 413),
    ],
    ids=["empty", "broken", "list", "null", "no noun", "another noun", "two nouns", "huge"],
)
def test_a_body_that_is_none_is_refused(
    standing_cloud: ServedCloud, path: str, body: bytes, status: int
) -> None:
    flat_dhcp = standing_cloud.service("flat_dhcp")
    before = flat_dhcp.everything()
    url = f"{flat_dhcp.url}/v1.0/flat_dhcp{path}"
    headers = {"Content-Type": "application/json"}
    answer = requests.post(url, data=body, headers=headers, timeout=30)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["message"]
    assert flat_dhcp.everything() == before


def test_an_xml_entity_bomb_does_not_go_off(standing_cloud: ServedCloud) -> None:
    bomb = (
        '<!DOCTYPE network [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
        "<network><label>&b;</label><cidr>10.1.0.0/24</cidr></network>"
    )
    vlan = standing_cloud.service("vlan")
    assert send(vlan, "POST", "/networks", bomb).status_code == 400
    assert vlan.get("/networks")["networks"] == []
