"""Networks: changed and deleted, on flat, flat_dhcp and vlan alike."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.ethernet.served import ServedCloud, Service

UNFIT = {
    "nope=1": "DHCP option 'nope' is not known: a name of dnsmasq's, such as dns-server",
    "ntp-sever=192.0.2.1": "did you mean ntp-server",
    "mtu=abc": "'abc' is not valid: it must be an integer from 0 to 65535",
    "26=65536": "must be an integer from 0 to 65535",
    "121=nope": "must be a CIDR and a router by turns",
    "3=x": "'x' is not valid: it must be addresses of IPv4",
    "ntp-server=2001:db8::1": "must be addresses of IPv4 with commas between them",
    "200=1,2": "digits with dots, commas or slashes must be IPv4 addresses",
}


class TestChanging:
    def test_a_network_is_renamed_and_given_other_settings(self, service: Service) -> None:
        network = service.network(dhcp_options={"ntp-server": "192.0.2.1"})
        changes = {
            "label": "renamed",
            "dns1": "192.0.2.53",
            "mtu": 9000,
            "priority": -1,
            "host": "net1",
            "dhcp_options": {"42": "192.0.2.2"},
        }
        service.put(f"/networks/{network['id']}", {"network": changes})
        changed = service.get(f"/networks/{network['id']}")["network"]
        assert changed.items() >= changes.items()

    def test_its_hosts_are_prompted(self, cloud: ServedCloud, service: Service) -> None:
        network = service.network()
        service.put(f"/networks/{network['id']}", {"network": {"mtu": 1400}})
        service.delete(f"/networks/{network['id']}")
        assert cloud.prompted[service.name].networks.count(network["id"]) >= 2

    @pytest.mark.parametrize(
        "changes",
        [
            {"cidr": "10.9.0.0/24"},
            {"vlan": 7},
            {"label": None},
            {"host": "h\x1b[2J"},
            {"priority": 10**20},
            {"dhcp_options": {"ntp-server": ""}},
            {"dns1": "resolver"},
        ],
    )
    def test_what_cannot_change_is_refused(self, vlan: Service, changes: dict[str, Any]) -> None:
        network = vlan.network()
        before = vlan.everything()
        refusal = vlan.refused("PUT", f"/networks/{network['id']}", {"network": changes})
        assert (refusal.status, refusal.code) == (400, "invalid_request")
        assert vlan.everything() == before

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("mtu", 1000),
            ("dhcp_options", {"router": '192.0.2.1"'}),
            ("dhcp_options", {"router": "192.0.2.1\nlog-queries"}),
            ("dhcp_options", {"-x": "1"}),
        ],
    )
    def test_what_its_host_could_not_serve_is_refused(
        self, vlan: Service, field: str, value: Any
    ) -> None:
        network = vlan.network(cidr_v6="fd00:1::/64")
        before = vlan.everything()
        body = {"network": {field: value}}
        refusal = vlan.refused("PUT", f"/networks/{network['id']}", body)
        assert (refusal.status, refusal.code, refusal.field) == (400, "invalid_value", field)
        assert vlan.everything() == before

    @pytest.mark.parametrize("option", UNFIT)
    def test_dhcp_options_that_do_not_fit_are_neither_made_nor_set(
        self, serving: Service, option: str
    ) -> None:
        name, value = option.split("=")
        path = f"/networks/{serving.network()['id']}"
        before = serving.everything()
        wishes = {"label": "n", "cidr": "10.7.0.0/24", "dhcp_options": {name: value}}
        options = {"dhcp_options": {"6": "192.0.2.1", name: value}}
        for verb, where, body in (("POST", "/networks", wishes), ("PUT", path, options)):
            refusal = serving.refused(verb, where, {"network": body})
            assert (refusal.status, refusal.field) == (400, "dhcp_options")
            assert UNFIT[option] in refusal.text
        assert serving.everything() == before

    def test_dhcp_options_that_fit_are_taken(self, flat_dhcp: Service) -> None:
        options = {"T1": "600", "nis+-domain": "example.org", "sip-server": "192.0.2.1", "2": "-1"}
        options |= {"121": "10.0.0.0/8,192.0.2.1, 0.0.0.0/0,192.0.2.2", "200": "all", "60": "PXE"}
        assert flat_dhcp.network(dhcp_options=options)["dhcp_options"] == options

    def test_a_network_that_is_not_there_cannot_change(self, service: Service) -> None:
        refusal = service.refused("PUT", "/networks/none", {"network": {"label": "x"}})
        assert (refusal.status, refusal.code) == (404, "network_not_found")

    def test_its_project_keeps_it_while_it_has_nics_on_it(self, service: Service) -> None:
        mine, theirs = service.new_project(), service.new_project()
        network = service.network(mine)
        nics = [service.nic(mine, network["id"]) for _ in range(2)]
        path = f"/networks/{network['id']}"
        before = service.everything()
        refusal = service.refused("PUT", path, {"network": {"project_id": theirs}})
        assert (refusal.status, refusal.code) == (409, "network_in_use")
        assert "2 virtual NICs or ports are on it, of another project" in refusal.text
        assert service.everything() == before
        for nic in nics:
            service.delete(f"/virtual_nics/{nic['id']}")
        service.put(path, {"network": {"project_id": theirs}})
        service.nic(theirs, network["id"])

    def test_a_port_keeps_a_network_too(self, vlan: Service) -> None:
        mine = vlan.new_project()
        network = vlan.network(mine)
        port = vlan.post("/ports", {"port": {"project_id": mine, "network_id": network["id"]}})
        path = f"/networks/{network['id']}"
        refusal = vlan.refused("PUT", path, {"network": {"project_id": None}})
        assert "1 virtual NIC or port is on it" in refusal.text
        vlan.delete(f"/ports/{port['port']['id']}")
        vlan.put(path, {"network": {"project_id": None}})

    def test_a_flat_network_may_be_opened_to_all_but_not_closed_to_those_on_it(
        self, flat_dhcp: Service
    ) -> None:
        mine, theirs = flat_dhcp.new_project(), flat_dhcp.new_project()
        network = flat_dhcp.network(mine)
        path = f"/networks/{network['id']}"
        flat_dhcp.nic(mine, network["id"])
        flat_dhcp.put(path, {"network": {"project_id": None}})
        flat_dhcp.nic(theirs, network["id"])
        refusal = flat_dhcp.refused("PUT", path, {"network": {"project_id": mine}})
        assert "1 virtual NIC or port is on it" in refusal.text

    def test_a_project_cannot_be_given_two_networks_that_overlap(self, vlan: Service) -> None:
        mine, theirs = vlan.new_project(), vlan.new_project()
        first, second = vlan.network(mine), vlan.network(theirs)
        body = {"network": {"project_id": mine}}
        refusal = vlan.refused("PUT", f"/networks/{second['id']}", body)
        assert (refusal.status, refusal.code) == (409, "cidr_conflict")
        assert first["id"] in refusal.text

    def test_another_project_gets_a_network_that_was_given_up(self, vlan: Service) -> None:
        mine, theirs = vlan.new_project(), vlan.new_project()
        network = vlan.network(mine)
        vlan.put(f"/networks/{network['id']}", {"network": {"project_id": None}})
        [nic] = vlan.boot(theirs, "instance")
        assert nic["network_id"] == network["id"]


class TestDeleting:
    def test_it_is_gone_and_its_cidr_is_free(self, service: Service) -> None:
        network = service.network()
        service.delete(f"/networks/{network['id']}")
        assert service.refused("GET", f"/networks/{network['id']}").status == 404
        assert service.refused("DELETE", f"/networks/{network['id']}").status == 404
        assert service.get("/networks")["networks"] == []
        service.network()

    def test_one_that_a_project_owns_needs_to_be_disassociated(self, service: Service) -> None:
        network = service.network(service.new_project())
        refusal = service.refused("DELETE", f"/networks/{network['id']}")
        assert (refusal.status, refusal.code) == (409, "network_in_use")
        assert f"{network['project_id']} owns it" in refusal.text
        service.delete(f"/networks/{network['id']}", disassociate="true")

    def test_one_in_use_stays_and_goes_when_it_is_not(self, service: Service) -> None:
        project = service.new_project()
        network = service.network(project)
        nic = service.nic(project, network["id"])
        service.put(
            "/fixed_ips/10.1.0.9/reservation", {"reservation": {"network_id": network["id"]}}
        )
        before = service.everything()
        path = f"/networks/{network['id']}"
        refusal = service.refused("DELETE", path, disassociate="true")
        assert (refusal.status, refusal.code) == (409, "network_in_use")
        assert "1 virtual NIC or port is on it" in refusal.text
        assert service.everything() == before
        service.delete(f"/virtual_nics/{nic['id']}")
        service.delete(path, disassociate="true")
        assert service.addresses() == []
