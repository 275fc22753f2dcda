"""Floating IPs: Melange's, from the public blocks that it shares with every tenant. Nothing of them
is kept here."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from nova_netplugins import errors, plugin
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack.base import NAME
from nova_netplugins.netstack.melange_sharing import Floating, Inside
from nova_netplugins.netstack.model import Block
from nova_netplugins.netstack.reading import ReadingOperations
from nova_netplugins.netstack.tables import PROJECTS


class FloatingOperations(ReadingOperations):
    def floating_pools(self) -> dict[str, list[Block]]:
        """The blocks of each pool, in the order in which they are drawn from. A pool is a public
        block, or all that have the same ``network_id``, which then is its name."""
        pools: dict[str, list[Block]] = {}
        for block in self.melange.public_blocks(shared=True):
            pools.setdefault(_pool_of(block), []).append(block)
        return pools

    def allocate_floating_ip(
        self, project_id: str, pool: str | None = None, address: str | None = None
    ) -> plugin.FloatingIp:
        """Without a pool: of the first that has one. ``address``: this very one.

        Raises FloatingPoolNotFound, NoMoreFloatingIps, AddressOutOfRange, AddressTaken.
        """
        pools = self.floating_pools()
        blocks = _chosen(pools, pool)
        if address is not None:
            blocks = _around_or_refused(blocks, address)
        self.know_project(project_id)
        self.run(self.associations.pin, project_id, NAME)
        key = str(uuid.uuid4())
        for block in blocks:
            made = self.melange.allocate_floating(
                project_id, block.id, address, f"{key}:{block.id}"
            )
            if made is not None:
                return self._lent([made], blocks)[0]
        if not pools:
            tenant = self.options.default_tenant
            told = f"there is no floating pool: Melange shares no public block of tenant {tenant}"
            raise errors.NoMoreFloatingIps(told, field="pool")
        raise errors.NoMoreFloatingIps(field="pool", value=pool or ", ".join(pools))

    def release_floating_ip(self, address: str) -> None:
        """Refused while it is associated."""
        found = self._find(address)
        shown = self._lent([found])[0]
        if shown.fixed_address is not None:
            reason = f"it is associated with {shown.fixed_address}; disassociate it first"
            raise errors.FloatingIpInUse(field="floating_ip", value=address, reason=reason)
        self.melange.release_floating(found.tenant_id, found.id)

    def associate_floating_ip(
        self, address: str, fixed_address: str, nic_id: str
    ) -> plugin.FloatingIp:
        """With an address of the NIC, or one that it shares; from another it is moved.

        Raises FloatingIpNotFound also where the NIC is another project's.
        """
        nic = self.nic_row(nic_id)
        found = self._find(address)
        if nic["project_id"] != found.tenant_id:
            raise errors.FloatingIpNotFound(field="floating_ip", value=address)
        network = self._routed_network(nic)
        inside = self._inside(nic, network, fixed_address)
        if ipaddress.ip_address(inside.address).version != found.version:
            reason = f"{address} is IPv{found.version}, and so must it be"
            raise errors.InvalidOption(field="fixed_address", value=fixed_address, reason=reason)
        done = self.melange.point_floating(found.tenant_id, found.id, inside)
        try:
            # Whoever takes the router away has looked before, or does not any more.
            self._routed_network(nic)
        except Exception:
            former = found.inside if found.inside and found.inside.interface_id else None
            self.melange.point_floating(found.tenant_id, found.id, former)
            raise
        self._prompt([found, done])
        return self._lent([done])[0]

    def _routed_network(self, nic: Row) -> Row:
        """The NIC's. Raises InvalidOption for one without a router."""
        network = self.network_row(nic["network_id"])
        if not network["routed"]:
            reason = f"its network {network['id']} has no router; make it routed"
            raise errors.InvalidOption(field="virtual_nic_id", value=nic["id"], reason=reason)
        return network

    def _inside(self, nic: Row, network: Row, fixed_address: str) -> Inside:
        """Where Melange has an address of the NIC, its own or shared. Raises FixedIpNotFound."""
        wanted = _normal(fixed_address)
        for own in nic["addresses"]:
            if own["address"] == wanted:
                return Inside(wanted, own["block_id"], nic["id"])
        allowed = [address for address, _ in nic["allowed"]]
        for block in network["blocks"] if wanted in allowed else ():
            if ipaddress.ip_address(wanted) in ipaddress.ip_network(block["cidr"]):
                return Inside(wanted, block["id"], None)
        raise errors.FixedIpNotFound(
            f"virtual NIC {nic['id']} has no address {fixed_address!r}",
            field="fixed_address",
            value=fixed_address,
        )

    def disassociate_floating_ip(self, address: str) -> plugin.FloatingIp:
        found = self._find(address)
        if self._lent([found])[0].fixed_address is None:
            raise errors.FloatingIpNotAssociated(field="floating_ip", value=address)
        done = self.melange.point_floating(found.tenant_id, found.id, None)
        self._prompt([found])
        return self._lent([done])[0]

    def get_floating_ip(self, address: str) -> plugin.FloatingIp:
        """Raises FloatingIpNotFound."""
        return self._lent([self._find(address)])[0]

    def list_floating_ips(self, project_id: str | None = None) -> Sequence[plugin.FloatingIp]:
        """Of all projects: of those that ever had something on netstack. Others are not ours."""
        known = self._projects()
        projects = known if project_id is None else [one for one in known if one == project_id]
        found = [one for project in projects for one in self.melange.floating_ips(project)]
        return self._lent(found)

    def floating_ips_on(self, network: Row) -> list[Floating]:
        """Those that lead to addresses of the network, as Melange has them now: of the default
        tenant's public blocks, for a tenant may have made others for any address in the world."""
        blocks = {block["id"] for block in network["blocks"]}
        here = self.nic_rows(self.nic_columns["network_id"] == network["id"])
        projects = here.with_only_columns(self.nic_columns["project_id"]).distinct()
        found = [
            one
            for project in sorted(row["project_id"] for row in self.rows(projects))
            for one in self.melange.floating_ips(project)
            if one.inside and one.inside.interface_id and one.inside.block_id in blocks
        ]
        lent = {block.id for block in self.melange.public_blocks()} if found else set()
        return [one for one in found if one.block_id in lent]

    def _projects(self) -> list[str]:
        query = sa.select(PROJECTS).order_by(PROJECTS.c.project_id)
        return [row["project_id"] for row in self.rows(query)]

    def _find(self, address: str) -> Floating:
        wanted = _normal(address)
        for block in _around(self.melange.public_blocks(), wanted):
            tenant = self.melange.user_of(block.id, wanted)
            if tenant is not None and tenant in self._projects():
                for found in self.melange.floating_ips(tenant, wanted):
                    return found
        raise errors.FloatingIpNotFound(field="floating_ip", value=address)

    def _prompt(self, changed: Iterable[Floating]) -> None:
        """The networks of what the floating IPs lead to."""
        blocks = {one.inside.block_id for one in changed if one.inside is not None}
        for network in self.rows(self.network_rows()):
            if blocks & {block["id"] for block in network["blocks"]}:
                self.prompts.network_changed(network["id"])

    def _lent(
        self, found: Sequence[Floating], blocks: Sequence[Block] | None = None
    ) -> list[plugin.FloatingIp]:
        """Those that are of public ``blocks``, which are looked up if need be: any other floating
        IP of a tenant was made by somebody else, of a block of his."""
        if not found:
            return []
        known = self.melange.public_blocks() if blocks is None else blocks
        pools = {block.id: _pool_of(block) for block in known}
        ends = {one.inside.interface_id for one in found if one.inside is not None}
        mine = self.nic_rows(self.nic_columns["id"].in_(ends - {None}))
        nics = {row["id"] for row in self.rows(mine)}
        return [_viewed(one, pools[one.block_id], nics) for one in found if one.block_id in pools]


def _viewed(found: Floating, pool: str, nics: set[str]) -> plugin.FloatingIp:
    """A shared address is no NIC's; one that was released leads nowhere."""
    end = found.inside and found.inside.interface_id
    return plugin.FloatingIp(
        id=found.id,
        address=found.address,
        pool=pool,
        project_id=found.tenant_id,
        virtual_nic_id=end if end in nics else None,
        fixed_address=found.inside.address if found.inside and end else None,
    )


def _pool_of(block: Block) -> str:
    return block.network_id or block.id


def _chosen(pools: dict[str, list[Block]], pool: str | None) -> list[Block]:
    if pool is None:
        return [block for blocks in pools.values() for block in blocks]
    if pool not in pools:
        known = ", ".join(pools) or "none"
        raise errors.FloatingPoolNotFound(field="pool", value=pool, known=known)
    return pools[pool]


def _around(blocks: Iterable[Block], address: str) -> list[Block]:
    wanted = ipaddress.ip_address(address)
    return [block for block in blocks if wanted in ipaddress.ip_network(block.cidr)]


def _around_or_refused(blocks: Sequence[Block], address: str) -> list[Block]:
    """Raises AddressOutOfRange, InvalidAddress."""
    found = _around(blocks, _normal(address))
    if not found:
        cidrs = ", ".join(block.cidr for block in blocks) or "any pool: there is none"
        raise errors.AddressOutOfRange(field="address", value=address, cidr=cidrs)
    return found


def _normal(address: str) -> str:
    """Raises InvalidAddress."""
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        raise errors.InvalidAddress(field="address", value=address) from None
