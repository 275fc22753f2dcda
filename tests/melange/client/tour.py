"""Each method of the client once, in an order in which each has something to do."""

from __future__ import annotations

from melange.client import Client
from melange.client.interfaces import NetworkOfInterface
from melange.client.ip_addresses import IpAddressFields

T = "acme"


def everything(melange: Client) -> None:
    blocks(melange)
    policies(melange)
    addresses(melange)
    interfaces(melange)
    tenants(melange)


def blocks(melange: Client) -> None:
    block = melange.ip_blocks.create(T, "10.8.0.0/16", network_id="carved")["id"]
    assert melange.ip_blocks.show(T, block)["cidr"] == "10.8.0.0/16"
    assert [one["id"] for one in melange.ip_blocks.list(T, network_id="carved")] == [block]
    subnet = melange.subnets.create(T, block, prefix=24)
    assert [one["cidr"] for one in melange.subnets.list(T, block)] == [subnet["cidr"]]
    where = T, subnet["id"]

    route = melange.ip_routes.create(*where, "10.9.0.0", "10.8.0.1", "255.255.0.0")["id"]
    assert melange.ip_routes.update(*where, route, netmask=None)["netmask"] is None
    assert melange.ip_routes.show(*where, route) == next(melange.ip_routes.list(*where))
    etag = melange.ip_routes.show_versioned(*where, route).etag
    melange.ip_routes.delete(*where, route, if_match=etag)

    option = melange.dhcp_options.create(*where, "mtu", "1400")["id"]
    assert melange.dhcp_options.update(*where, option, "1500")["value"] == "1500"
    assert melange.dhcp_options.show(*where, option) == next(melange.dhcp_options.list(*where))
    etag = melange.dhcp_options.show_versioned(*where, option).etag
    melange.dhcp_options.delete(*where, option, if_match=etag)

    assert melange.ip_blocks.utilization(*where)["size"] == 256
    assert melange.ip_blocks.explain(*where, "10.8.0.4")["available"]
    tags = melange.tags.of_ip_block(*where)
    tags.add("rack.1")
    assert tags.list() == ["rack.1"]
    tags.remove("rack.1", if_match=tags.list_versioned().etag)
    melange.ip_blocks.update(T, block, dns1="10.8.0.3")
    melange.ip_blocks.delete(T, block)


def policies(melange: Client) -> None:
    policy = melange.policies.create(T, name="house", keep_deallocated_ips_for_days=1)["id"]
    assert melange.policies.update(T, policy, description="ours")["description"] == "ours"
    assert melange.policies.show(T, policy) == next(melange.policies.list(T))
    assert melange.policies.show_versioned(T, policy).etag
    where = T, policy

    range_ = melange.unusable_ip_ranges.create(*where, 0, 4)["id"]
    assert melange.unusable_ip_ranges.update(*where, range_, length=5)["length"] == 5
    listed = melange.unusable_ip_ranges.list(*where)
    assert melange.unusable_ip_ranges.show(*where, range_) == next(listed)
    etag = melange.unusable_ip_ranges.show_versioned(*where, range_).etag
    melange.unusable_ip_ranges.delete(*where, range_, if_match=etag)

    octet = melange.unusable_ip_octets.create(*where, 13)["id"]
    assert melange.unusable_ip_octets.update(*where, octet, 14)["octet"] == 14
    octets = melange.unusable_ip_octets.list(*where)
    assert melange.unusable_ip_octets.show(*where, octet) == next(octets)
    etag = melange.unusable_ip_octets.show_versioned(*where, octet).etag
    melange.unusable_ip_octets.delete(*where, octet, if_match=etag)
    melange.policies.delete(T, policy)


def addresses(melange: Client) -> None:
    inside = T, melange.ip_blocks.create(T, "10.0.0.0/24", network_id="net")["id"]
    outside = melange.ip_blocks.create(T, "198.51.100.0/24", "public")["id"]
    local = melange.ip_addresses.allocate(*inside, interface_id="vif", tenant_id=T)["address"]
    wanted: IpAddressFields = {"address": "198.51.100.9"}
    (global_,) = melange.ip_addresses.allocate_all(T, outside, [wanted])
    assert next(melange.ip_addresses.list(*inside))["address"] == local
    assert melange.ip_addresses.show_versioned(*inside, local).value["interface_id"] == "vif"
    assert len(list(melange.allocated_ip_addresses.list())) == 2
    assert len(list(melange.allocated_ip_addresses.list(T))) == 2

    melange.inside_globals.add(
        *inside, local, [{"ip_block_id": outside, "ip_address": global_["address"]}]
    )
    assert next(melange.inside_globals.list(*inside, local))["id"] == global_["id"]
    melange.inside_globals.remove(*inside, local, global_["address"])
    etag = melange.inside_globals.list_versioned(*inside, local).etag
    melange.inside_globals.remove(*inside, local, if_match=etag)
    back = T, outside, global_["address"]
    melange.inside_locals.add(*back, [{"ip_block_id": inside[1], "ip_address": local}])
    assert next(melange.inside_locals.list(*back))["address"] == local
    melange.inside_locals.remove(*back, local)
    melange.inside_locals.remove(*back)

    assert melange.ip_addresses.set_holder(*inside, local, "vif")["interface_id"] == "vif"
    assert melange.ip_addresses.holder(*inside, local)["interface_id"] == "vif"
    etag = melange.ip_addresses.holder_versioned(*inside, local).etag
    melange.ip_addresses.unset_holder(*inside, local, if_match=etag)
    tags = melange.tags.of_ip_address(*inside, local)
    tags.add("vip")
    assert tags.list() == ["vip"]
    tags.remove("vip")

    floating = melange.floating_ips.create(
        T, ip_block_id=outside, inside_local={"ip_block_id": inside[1], "address": local}
    )["id"]
    assert melange.floating_ips.associate(T, floating, None)["inside_local"] is None
    assert melange.floating_ips.show(T, floating) == next(melange.floating_ips.list(T))
    etag = melange.floating_ips.show_versioned(T, floating).etag
    melange.floating_ips.delete(T, floating, if_match=etag)

    melange.ip_addresses.release(*inside, local)
    etag = melange.ip_addresses.show_versioned(*inside, local).etag
    melange.ip_addresses.restore(*inside, local, if_match=etag)
    assert melange.ip_addresses.show(*inside, local)["interface_id"] is None


def interfaces(melange: Client) -> None:
    macs = melange.mac_address_ranges.create("FA:16:3E:00:00:00/24")["id"]
    assert melange.mac_address_ranges.show(macs) == next(melange.mac_address_ranges.list())

    network: NetworkOfInterface = {"id": "net", "tenant_id": T}
    made = melange.interfaces.create(T, id="nic1", device_id="vm", network=network)
    assert str(made["mac_address"]).startswith("FA:16:3E")
    melange.interfaces.create_all(T, [{"id": "nic2", "tags": ["spare"]}, {"id": "nic3"}])
    assert [one["id"] for one in melange.interfaces.list(T, tags="spare")] == ["nic2"]
    assert melange.interfaces.update(T, "nic2", device_id="vm")["device_id"] == "vm"
    assert melange.interfaces.show_versioned(T, "nic1").value == melange.interfaces.show(T, "nic1")
    of_device = melange.interfaces.list(T, device_id="vm")
    assert {one["id"] for one in of_device} == {"nic1", "nic2"}
    tags = melange.tags.of_interface(T, "nic1")
    tags.add("nic")
    assert tags.list() == ["nic"]
    tags.remove("nic")

    own = made["ip_addresses"][0]["address"]
    assert melange.allowed_ips.create(T, "nic1", "net", "10.0.0.0")["address"] == "10.0.0.0"
    allowed = {one["address"] for one in melange.allowed_ips.list(T, "nic1")}
    assert allowed == {own, "10.0.0.0"}
    assert melange.allowed_ips.show(T, "nic1", own)["interface_id"] == "nic1"
    etag = melange.allowed_ips.show_versioned(T, "nic1", "10.0.0.0").etag
    melange.allowed_ips.delete(T, "nic1", "10.0.0.0", if_match=etag)

    assert [one["cidr"] for one in melange.networks.ip_blocks(T, "net")] == ["10.0.0.0/24"]
    given = melange.networks.allocate(T, "net", "nic3", addresses=["10.0.0.50"])
    assert melange.networks.allocations(T, "net", "nic3") == given
    etag = melange.networks.allocations_versioned(T, "net", "nic3").etag
    melange.networks.deallocate(T, "net", "nic3", if_match=etag)

    melange.interfaces.delete("nic3", T)
    melange.interfaces.delete("nic2")
    replaced = melange.instance_interfaces.replace("vm", T, [{"virtual_interface_id": "nic4"}])
    assert [one["id"] for one in replaced] == ["nic4"]
    melange.instance_interfaces.add("vm", T, [{"virtual_interface_id": "nic5"}])
    assert len(melange.instance_interfaces.list("vm")) == 2
    etag = melange.instance_interfaces.list_versioned("vm").etag
    melange.instance_interfaces.delete("vm", if_match=etag)
    etag = melange.mac_address_ranges.show_versioned(macs).etag
    melange.mac_address_ranges.delete(macs, if_match=etag)


def tenants(melange: Client) -> None:
    assert melange.quotas.update(T, {"ip_blocks": 50})["ip_blocks"]["limit"] == 50
    assert melange.quotas.show(T) == melange.quotas.of_tenant(T)
    melange.quotas.delete(T, if_match=melange.quotas.show_versioned(T).etag)
    assert melange.utilizations.of_tenant(T)["ipv4"]["size"] == 512
    assert next(melange.audit.list())["resource"] == "ip_block"
    assert next(melange.audit.list(T, action="delete"))["after"] is None
    for tenant in (T, None):
        hook = melange.webhooks.create(tenant, url="https://example.net/")["id"]
        assert melange.webhooks.update(hook, tenant, events=["ip_block.*"])["id"] == hook
        assert melange.webhooks.show(hook, tenant) == next(melange.webhooks.list(tenant))
        assert list(melange.webhooks.deliveries(hook, tenant)) == []
        etag = melange.webhooks.show_versioned(hook, tenant).etag
        melange.webhooks.delete(hook, tenant, if_match=etag)
    aliases = [one["alias"] for one in melange.extensions.list()]
    assert melange.extensions.show(aliases[0])["alias"] == aliases[0]
