"""Blocks of Melange: where the addresses of a network come from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from melange.client import Client
from melange.client import errors as client_errors
from nova_netplugins.netstack.melange_calls import Calls, cidr_of
from nova_netplugins.netstack.melange_texts import dns_of, gateway_of, routes_of
from nova_netplugins.netstack.model import Block

_POLICY = "netstack"
"""The name of each tenant's policy that keeps back the first address of a block, the network's own:
by itself Melange gives it to the first who asks."""


class BlockCalls(Calls):
    def blocks(self, tenant: str, network_id: str, *, described: bool = False) -> list[Block]:
        """Those that addresses of the network are drawn from, in that order; [] if it has none.

        ``described``: with routes and DHCP options, which costs two calls a block.
        """

        def show(client: Client) -> list[Any]:
            try:
                return client.networks.ip_blocks(tenant, network_id)
            except client_errors.NotFound:
                return []

        found = self.call("show the blocks of network {}", network_id, show)
        # Of a block that was carved into subnets, these have the addresses.
        parents = {block["parent_id"] for block in found}
        blocks = [block_of(block) for block in found if block["id"] not in parents]
        return [self._described(block) for block in blocks] if described else blocks

    def blocks_of_tenant(self, tenant: str) -> dict[str, list[Block]]:
        """As ``blocks`` of each network that it has any on."""
        found = self.call(
            "list the blocks of tenant {}",
            tenant,
            lambda client: list(client.ip_blocks.list(tenant)),
        )
        parents = {block["parent_id"] for block in found}
        networks: dict[str, list[Block]] = {}
        # They come in the order in which they were made.
        for block in sorted(found, key=lambda one: one["priority"]):
            if block["network_id"] is not None and block["id"] not in parents:
                networks.setdefault(block["network_id"], []).append(block_of(block))
        return networks

    def create_block(
        self, tenant: str, network_id: str, wanted: Block, key: str, tags: Sequence[str] = ()
    ) -> Block:
        """``wanted``: its id and tenant do not count. Nobody gets the network's own address."""
        settings: dict[str, Any] = {
            "policy_id": self._policy(tenant),
            "network_id": network_id,
            "gateway": wanted.gateway,
            "priority": wanted.priority,
            "tags": list(tags),
            # Melange would add one of its own to a single one.
            **dict(zip(("dns1", "dns2"), wanted.dns * 2, strict=False)),
        }
        made = self.call(
            f"make block {wanted.cidr}",
            wanted.cidr,
            lambda client: client.ip_blocks.create(
                tenant, wanted.cidr, idempotency_key=key, **settings
            ),
        )
        return block_of(made)

    def _policy(self, tenant: str) -> str:
        def ensure(client: Client) -> str:
            found = [one for one in client.policies.list(tenant) if one["name"] == _POLICY]
            policy = found[0] if found else client.policies.create(tenant, name=_POLICY)
            ranges = client.unusable_ip_ranges
            if not any(one["offset"] == 0 for one in ranges.list(tenant, policy["id"])):
                ranges.create(tenant, policy["id"], offset=0, length=1)
            return policy["id"]

        return self.call("make a policy of tenant {}", tenant, ensure)

    def update_block(self, tenant: str, block_id: str, **settings: Any) -> Block:
        """``settings``: gateway, dns1, dns2, priority, network_id, tags."""
        return block_of(
            self.call(
                "change block {}",
                block_id,
                lambda client: client.ip_blocks.update(tenant, block_id, **settings),
            )
        )

    def delete_block(self, tenant: str, block_id: str) -> None:
        """It is not there afterwards; it need not have been."""
        self.gone(
            "delete block {}", block_id, lambda client: client.ip_blocks.delete(tenant, block_id)
        )

    def used(self, block_id: str) -> list[Mapping[str, Any]]:
        """Its addresses that are in use, as Melange lists them."""
        return self.call(
            "list addresses of block {}",
            block_id,
            lambda client: list(client.allocated_ip_addresses.list(ip_block_id=block_id)),
        )

    def unavailable(self, tenant: str, block_id: str, address: str) -> str | None:
        """Why an address of the block is not to be had; None: it is. Whose it is stays untold: who
        asks may be another project."""
        told = self.call(
            "explain address {}",
            address,
            lambda client: client.ip_blocks.explain(tenant, block_id, address),
        )
        if told["available"]:
            return None
        return "somebody has it" if told["reason"] == "allocated" else told["detail"]

    def _described(self, block: Block) -> Block:
        def describe(client: Client) -> Block:
            routes = client.ip_routes.list(block.tenant_id, block.id)
            options = client.dhcp_options.list(block.tenant_id, block.id)
            return Block(
                **{
                    **vars(block),
                    "routes": routes_of(block.id, block.version, routes),
                    "options": {
                        option["name"] or str(option["number"]): option["value"]
                        for option in options
                    },
                }
            )

        return self.call("show what hangs on block {}", block.id, describe)


def block_of(found: Mapping[str, Any]) -> Block:
    """A block as the client shows it."""
    cidr = cidr_of(found)
    return Block(
        id=found["id"],
        tenant_id=found["tenant_id"],
        version=cidr.version,
        cidr=str(cidr),
        gateway=gateway_of(found, cidr.version),
        dns=dns_of(found),
        priority=found["priority"],
        network_id=found["network_id"],
        tags=tuple(found.get("tags") or ()),
    )
