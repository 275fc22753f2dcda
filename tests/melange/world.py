"""A database with one object of each kind that the API knows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.melange.everywhere import Melange


@dataclass
class World:
    """One object of each kind; ``ids``: what to put in a path."""

    melange: Melange
    ids: dict[str, str] = field(default_factory=dict)

    def make(self, path: str, root: str, as_: str = "", **fields: Any) -> str:
        """The id of a new object, kept as ``as_``."""
        made: str = self.melange.post(path, {root: fields})[root]["id"]
        if as_:
            self.ids[as_] = made
        return made

    def url(self, path: str) -> str:
        """Of a path of the route table."""
        ids = dict(self.ids)
        if "inside_locals" in path:
            ids |= {"block_id": ids["public"], "address": "8.8.8.0", "other": "10.0.0.0"}
        if "subnets" in path:
            ids["block_id"] = ids["carved"]
        if "allowed_ips" in path:
            ids["address"] = "10.0.0.1"
        if path.startswith("/ipam/webhooks"):
            ids["webhook_id"] = ids["admin_webhook_id"]
        return path.removeprefix("/ipam").format(**ids)


def make_world(melange: Melange) -> World:
    """Everything is the tenant acme's."""
    found = World(melange, {"tenant_id": "acme", "address": "10.0.0.0", "other": "8.8.8.0"})
    found.ids |= {"network_id": "net", "vif_id": "vif", "device_id": "vm-third", "tag": "red"}
    _make_addresses(found, "/tenants/acme")
    _make_rules(found, "/tenants/acme")
    return found


def _make_addresses(world: World, acme: str) -> None:
    melange = world.melange
    net = {"id": "net", "tenant_id": "acme"}
    block = {"type": "private", "cidr": "10.0.0.0/24", "network_id": "net"}
    public = {"type": "public", "cidr": "8.8.8.0/24"}
    inside = f"{acme}/ip_blocks/{world.make(f'{acme}/ip_blocks', 'ip_block', 'block_id', **block)}"
    outside = f"{acme}/ip_blocks/{world.make(f'{acme}/ip_blocks', 'ip_block', 'public', **public)}"
    carved = {"type": "private", "cidr": "10.1.0.0/16"}
    below = world.make(f"{acme}/ip_blocks", "ip_block", "carved", **carved)
    world.make(f"{acme}/ip_blocks/{below}/subnets", "subnet", prefix=24)
    for vif_id in ("vif", "other", "third"):
        plug: dict[str, Any] = {
            "tenant_id": "acme",
            "id": vif_id,
            "device_id": f"vm-{vif_id}",
            "network": net,
        }
        world.make("/interfaces", "interface", **plug)
    melange.post(f"{outside}/ip_addresses")
    linked = {"ip_addresses": [{"ip_block_id": world.ids["public"], "ip_address": "8.8.8.0"}]}
    melange.answer(200, "POST", f"{inside}/ip_addresses/10.0.0.0/inside_globals", linked)
    allowed = {"network_id": "net", "ip_address": "10.0.0.1"}
    melange.post(f"{acme}/interfaces/vif/allowed_ips", {"allowed_ip": allowed})
    for tagged in (inside, f"{inside}/ip_addresses/10.0.0.0", f"{acme}/interfaces/vif"):
        melange.put(f"{tagged}/tags/red")
    route = {"destination": "10.9.0.0", "gateway": "10.0.0.9"}
    world.make(f"{inside}/ip_routes", "ip_route", "route_id", **route)
    world.make(f"{inside}/dhcp_options", "dhcp_option", "option_id", name="mtu", value="1400")
    world.make(f"{acme}/floating_ips", "floating_ip", "floating_ip_id")


def _make_rules(world: World, acme: str) -> None:
    policy = f"{acme}/policies/{world.make(f'{acme}/policies', 'policy', 'policy_id', name='p')}"
    ranges, octets = f"{policy}/unusable_ip_ranges", f"{policy}/unusable_ip_octets"
    world.make(ranges, "ip_range", "ip_range_id", offset=0, length=1)
    world.make(octets, "ip_octet", "ip_octet_id", octet=1)
    macs = "/mac_address_ranges"
    world.make(macs, "mac_address_range", "mac_address_range_id", cidr="AA:00:00:00:00:00/40")
    hook = {"url": "https://example.net/", "events": ["create IpBlock"]}
    world.make(f"{acme}/webhooks", "webhook", "webhook_id", **hook)
    world.make("/webhooks", "webhook", "admin_webhook_id", **hook)
