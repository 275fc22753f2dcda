"""If-Match is heeded by every PUT and DELETE there is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from melange.api.routes import ROWS
from melange.api.row import Row
from tests.melange.everywhere import Melange

CHANGES = [row for row in ROWS if row.method in ("PUT", "DELETE")]
SHOWN = {row.path for row in ROWS if row.method == "GET"}
NEVER = '"never"'

BODIES = {
    "holders:update": {"holder": {"interface_id": "vif"}},
    "instances:replace": {"instance": {"tenant_id": "acme", "interfaces": []}},
}


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
        if "allowed_ips" in path:
            ids["address"] = "10.0.0.1"
        if path.startswith("/ipam/webhooks"):
            ids["webhook_id"] = ids["admin_webhook_id"]
        return path.removeprefix("/ipam").format(**ids)


@pytest.fixture
def world(melange: Melange) -> World:
    found = World(melange, {"tenant_id": "acme", "address": "10.0.0.0", "other": "8.8.8.0"})
    found.ids |= {"network_id": "net", "vif_id": "vif", "device_id": "vm-third", "tag": "red"}
    _addresses(found, "/tenants/acme")
    _rules(found, "/tenants/acme")
    return found


def _addresses(world: World, acme: str) -> None:
    melange = world.melange
    net = {"id": "net", "tenant_id": "acme"}
    block = {"type": "private", "cidr": "10.0.0.0/24", "network_id": "net"}
    public = {"type": "public", "cidr": "8.8.8.0/24"}
    inside = f"{acme}/ip_blocks/{world.make(f'{acme}/ip_blocks', 'ip_block', 'block_id', **block)}"
    outside = f"{acme}/ip_blocks/{world.make(f'{acme}/ip_blocks', 'ip_block', 'public', **public)}"
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


def _rules(world: World, acme: str) -> None:
    policy = f"{acme}/policies/{world.make(f'{acme}/policies', 'policy', 'policy_id', name='p')}"
    ranges, octets = f"{policy}/unusable_ip_ranges", f"{policy}/unusable_ip_octets"
    world.make(ranges, "ip_range", "ip_range_id", offset=0, length=1)
    world.make(octets, "ip_octet", "ip_octet_id", octet=1)
    macs = "/mac_address_ranges"
    world.make(macs, "mac_address_range", "mac_address_range_id", cidr="AA:00:00:00:00:00/40")
    hook = {"url": "https://example.net/"}
    world.make(f"{acme}/webhooks", "webhook", "webhook_id", **hook)
    world.make("/webhooks", "webhook", "admin_webhook_id", **hook)


def shown(row: Row) -> str:
    """The path whose GET has the ETag that a change goes by: its own, or that of its list."""
    if row.path == "/ipam/interfaces/{vif_id}":
        return "/ipam/tenants/{tenant_id}/interfaces/{vif_id}"
    return row.path if row.path in SHOWN else row.path.rpartition("/")[0]


def etag(melange: Melange, path: str) -> str:
    tag: str = melange.answer(200, "GET", path).headers["ETag"]
    return tag


def test_every_change_of_the_api_can_be_made_to_depend_on_a_state(world: World) -> None:
    # What is below an object goes before it.
    for row in sorted(CHANGES, key=lambda row: (row.method == "DELETE", -len(row.path))):
        body, seen = BODIES.get(row.rule or ""), world.url(shown(row))
        if row.path == "/ipam/interfaces/{vif_id}":
            seen = seen.replace("/vif", "/other")
            world.ids["vif_id"] = "other"
        before = etag(world.melange, seen)
        told = world.melange.refusal(row.method, world.url(row.path), body, If_Match=NEVER)
        assert told == (412, "stale"), row
        assert etag(world.melange, seen) == before, row
        world.melange.answer(200, row.method, world.url(row.path), body, If_Match=before)


def test_the_etag_of_a_list_is_of_all_of_it_however_much_is_shown(world: World) -> None:
    path = world.url("/ipam/tenants/{tenant_id}/ip_blocks/{block_id}/ip_addresses/{address}")
    whole = etag(world.melange, f"{path}/inside_globals")
    assert etag(world.melange, f"{path}/inside_globals?address=8.8.8.77") == whole
    assert etag(world.melange, f"{path}/inside_globals.xml") == whole
    world.melange.delete(f"{path}/inside_globals")
    assert etag(world.melange, f"{path}/inside_globals") != whole


def test_a_change_of_a_list_tells_its_new_etag(world: World) -> None:
    path = world.url("/ipam/tenants/{tenant_id}/interfaces/{vif_id}/tags")
    answer = world.melange.answer(200, "PUT", f"{path}/blue", If_Match=etag(world.melange, path))
    assert answer.headers["ETag"] == etag(world.melange, path)


def test_of_many_at_once_one_finds_the_state_that_all_have_seen(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    world = World(melange)
    _addresses(world, "/tenants/acme")
    inside = f"/tenants/acme/ip_blocks/{world.ids['block_id']}/ip_addresses/10.0.0.0/inside_globals"
    outside = f"/tenants/acme/ip_blocks/{world.ids['public']}/ip_addresses/8.8.8.0/inside_locals"
    tags = "/tenants/acme/interfaces/vif/tags"
    held = "/tenants/acme/networks/net/interfaces/vif/ip_allocations"

    def plug(n: int) -> Any:
        made = [{"virtual_interface_id": f"new-{n}"}]
        return {"instance": {"tenant_id": "acme", "interfaces": made}}

    def rivals(*asked: tuple[str, str, str, Any]) -> list[int]:
        """Method, path, path of the ETag, body."""
        ready = [(method, path, body, etag(melange, seen)) for method, path, seen, body in asked]

        def ask(one: tuple[str, str, Any, str]) -> int:
            method, path, body, seen = one
            status: int = melange.call(method, path, body, If_Match=seen).status_int
            return status

        with ThreadPoolExecutor(len(ready)) as threads:
            return sorted(threads.map(ask, ready))

    one_of_four = [200, 412, 412, 412]
    for n in range(5):
        path = f"/instances/new-{n}/interfaces"
        assert rivals(*(("PUT", path, path, plug(4 * n + k)) for k in range(4))) == one_of_four
        puts = (("PUT", f"{tags}/{n}-{k}", tags, None) for k in range(4))
        assert rivals(*puts) == one_of_four
    assert rivals(*[("DELETE", path, path, None) for path in (inside, outside) * 2]) == one_of_four
    assert rivals(*[("DELETE", held, held, None)] * 4) == one_of_four
