"""The same API in XML."""

from __future__ import annotations

from tests.api.ethernet.test_formats import send, xml
from tests.api.netstack.served import Netstack

NETWORK = """<network><label>net</label><project_id>{project}</project_id>
<subnets><subnet><cidr>10.1.0.0/24</cidr><dns><dns>192.0.2.53</dns></dns></subnet></subnets>
</network>"""


def test_a_network_an_instance_and_a_shared_address_in_xml(netstack: Netstack) -> None:
    project = netstack.new_project()
    network = xml(send(netstack, "POST", "/networks", NETWORK.format(project=project)))
    assert network.tag == "network"
    assert network.findtext("subnets/subnet/gateway") == "10.1.0.1"
    wish = f"<virtual_nics><project_id>{project}</project_id></virtual_nics>"
    nics = xml(send(netstack, "POST", "/instances/i1/virtual_nics", wish))
    nic_id = nics.findtext("virtual_nic/id")
    one = f"/networks/{network.findtext('id')}/shared_addresses"
    share = (
        f"<shared_address><project_id>{project}</project_id><virtual_nic_ids>"
        f"<virtual_nic_id>{nic_id}</virtual_nic_id></virtual_nic_ids></shared_address>"
    )
    shared = xml(send(netstack, "POST", one, share))
    assert shared.findtext("virtual_nic_ids/virtual_nic_id") == nic_id
    address = shared.findtext("address")
    hold = f"<holder><virtual_nic_id>{nic_id}</virtual_nic_id></holder>"
    held = xml(send(netstack, "PUT", f"{one}/{address}/holder", hold))
    assert held.findtext("virtual_nic_id") == nic_id
    ports = xml(send(netstack, "GET", "/ports"))
    pairs = ports.findall("port/allowed_address_pairs/allowed_address_pair/ip_address")
    assert [found.text for found in pairs] == [address]
    in_json = netstack.get("/ports")["ports"]
    assert [one["id"] for one in in_json] == [ports.findtext("port/id")]
    assert send(netstack, "DELETE", f"{one}/{address}").status_code == 204
