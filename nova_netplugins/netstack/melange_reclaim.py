"""What is asked of Melange for what may belong to nobody: all that has a tag, and to take something
away, or over, only if it is still what was seen."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from melange.client import Client
from melange.client import errors as client_errors
from nova_netplugins.netstack.deployment import Deployment
from nova_netplugins.netstack.melange import Melange, interface_of
from nova_netplugins.netstack.melange_blocks import block_of
from nova_netplugins.netstack.model import Block, Interface

T = TypeVar("T")


@dataclass(frozen=True)
class Looked(Generic[T]):
    """An object, its tags, and the ETag of the state in which it was seen."""

    value: T
    tags: tuple[str, ...]
    etag: str


def blocks_tagged(
    melange: Melange, tenant: str, tag: str, network_id: str | None = None
) -> Sequence[Block]:
    """All of the tenant's (on that network) with this tag: subnets, and what they were carved out
    of, too."""
    filters = {"tags": tag, "network_id": network_id}
    found = melange.call(
        "list blocks of tenant {}",
        tenant,
        lambda client: list(client.ip_blocks.list(tenant, **filters)),
    )
    return [block_of(one) for one in found]


def look_at_interface(melange: Melange, interface: Interface) -> Looked[Interface] | None:
    """As it is now; None: it is gone."""
    tenant, id_ = interface.tenant_id, interface.id

    def look(client: Client) -> Looked[Interface]:
        shown = client.interfaces.show_versioned(tenant, id_)
        tags = client.tags.of_interface(tenant, id_).list()
        return Looked(interface_of(shown.value), tuple(tags), shown.etag)

    return melange.call("show interface {}", id_, lambda client: _if_there(look, client))


def look_at_block(melange: Melange, block: Block) -> Looked[Block] | None:
    def look(client: Client) -> Looked[Block]:
        shown = client.ip_blocks.show_versioned(block.tenant_id, block.id)
        found = block_of(shown.value)
        return Looked(found, found.tags, shown.etag)

    return melange.call("show block {}", block.id, lambda client: _if_there(look, client))


def is_ours(
    deployment: Deployment, looked: Looked[Interface], rolled_back: Collection[str]
) -> bool:
    """By its tag. A request that came too late made one without, for a virtual NIC that was
    ``rolled_back``."""
    if deployment.tag in looked.tags:
        return True
    return looked.value.id in rolled_back and not deployment.is_anothers(looked.tags)


def block_is_in_use(melange: Melange, block: Block) -> bool:
    return melange.call(
        "list the addresses of block {}",
        block.id,
        lambda client: any(
            client.allocated_ip_addresses.list(ip_block_id=block.id, limit=1)  # one will do
        ),
    )


def take_interface(melange: Melange, looked: Looked[Interface], device_id: str) -> Interface | None:
    """It is this device's from now on. None: it is gone, or no longer as it was seen."""
    one = looked.value

    def take(client: Client) -> Interface | None:
        try:
            taken = client.interfaces.update(
                one.tenant_id, one.id, device_id=device_id, if_match=looked.etag
            )
        except (client_errors.NotFound, client_errors.Stale):
            return None
        return interface_of(taken)

    return melange.call("give interface {} to another device", one.id, take)


def delete_interface(melange: Melange, looked: Looked[Interface]) -> bool:
    """Only in the state in which it was seen. Whether it is gone."""
    one = looked.value
    return _deleted(
        melange,
        "delete interface {}",
        one.id,
        lambda client: client.interfaces.delete(one.id, one.tenant_id, if_match=looked.etag),
    )


def delete_block(melange: Melange, looked: Looked[Block]) -> bool:
    """Only in the state in which it was seen. Whether it is gone."""
    one = looked.value
    return _deleted(
        melange,
        "delete block {}",
        one.id,
        lambda client: client.ip_blocks.delete(one.tenant_id, one.id, if_match=looked.etag),
    )


def tag_interface(melange: Melange, interface: Interface, tag: str) -> None:
    melange.call(
        "tag interface {}",
        interface.id,
        lambda client: client.tags.of_interface(interface.tenant_id, interface.id).add(tag),
    )


def _if_there(look: Callable[[Client], T], client: Client) -> T | None:
    try:
        return look(client)
    except client_errors.NotFound:
        return None


def _deleted(melange: Melange, call: str, about: str, delete: Callable[[Client], None]) -> bool:
    def once(client: Client) -> bool:
        try:
            delete(client)
        except client_errors.NotFound:
            return True
        except client_errors.Stale:
            return False
        return True

    return melange.call(call, about, once)
