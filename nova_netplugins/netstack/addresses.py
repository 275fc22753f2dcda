"""Addresses that several NICs may send from: allowed on one more, or shared from the beginning.

Melange decides; the NICs' rows, the pairs of their ports and the rules against spoofing follow. The
intent to follow is written first, so that they do even if this process dies after Melange's answer.
"""

from __future__ import annotations

import ipaddress
import logging
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

from nova_netplugins import errors
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.netstack import intents
from nova_netplugins.netstack.intents import Claim, ClaimLost, Intent
from nova_netplugins.netstack.melange_sharing import Shared
from nova_netplugins.netstack.model import Block
from nova_netplugins.netstack.reading import ReadingOperations
from nova_netplugins.netstack.tables import INTENTS

LOG = logging.getLogger(__name__)
T = TypeVar("T")

SHARED_TAG = "shared"
"""In Melange, beside the deployment's own, on addresses made here."""


@dataclass(frozen=True)
class SharedAddress:
    """``id``: of the interface that Melange keeps it for, which is no NIC. ``virtual_nic_ids``:
    who may send from it."""

    id: str
    address: str
    version: int
    network_id: str
    project_id: str
    subnet_id: str
    virtual_nic_ids: tuple[str, ...] = ()


class AddressOperations(ReadingOperations):
    # -- allowed on a NIC

    def allowed_addresses(self, nic_id: str) -> list[str]:
        """What the NIC may send from beside its own addresses, in order."""
        return _allowed(self.nic_row(nic_id))

    def allow_address(self, nic_id: str, address: str) -> list[str]:
        """``address``: one that the NIC's project has on the NIC's network. May be repeated.

        Raises MelangeNotFound for one that it has not.
        """
        nic = self.nic_row(nic_id)
        _refuse_own(nic, address)

        def allow(intent: Intent) -> None:
            self.melange.allow(nic["project_id"], nic_id, nic["network_id"], address, intent.id)

        self._followed([nic], allow)
        return self.allowed_addresses(nic_id)

    def forbid_address(self, nic_id: str, address: str) -> None:
        """Undoes ``allow_address``. May be repeated."""
        nic = self.nic_row(nic_id)
        _refuse_own(nic, address)
        self._followed([nic], lambda _: self.melange.forbid(nic["project_id"], nic_id, address))

    # -- shared by NICs

    def create_shared_address(
        self,
        network_id: str,
        project_id: str,
        nic_ids: Sequence[str],
        *,
        address: str | None = None,
        version: int | None = None,
    ) -> SharedAddress:
        """An address that belongs to no NIC, and that these may send from. They are the project's,
        on this network. ``version``: 4 unless given, or the address's own.

        Raises NetworkNotFound, VirtualNicNotFound, VirtualNicOnOtherNetwork, AddressOutOfRange,
        AddressTaken, NoMoreFixedIps.
        """
        network = self.network_row(network_id)
        self.require_usable(network, project_id)
        nics = [self._sharer(nic_id, network_id, project_id) for nic_id in nic_ids]
        blocks = _candidates(network, address, version)

        def allocate(intent: Intent) -> Shared:
            for block in blocks:
                made = self.melange.allocate_shared(
                    block,
                    project_id,
                    str(uuid.uuid5(uuid.UUID(intent.id), block.id)),
                    nic_ids,
                    address,
                    self._tags,
                    f"{intent.id}:{block.id}",
                )
                if made is not None:
                    return made
            raise errors.NoMoreFixedIps(field="network_id", value=network_id)

        return self._shown([self._followed(nics, allocate)], network_id)[0]

    def _sharer(self, nic_id: str, network_id: str, project_id: str) -> Row:
        nic = self.nic_row(nic_id)
        if nic["project_id"] != project_id:
            raise errors.VirtualNicNotFound(field="virtual_nic_ids", value=nic_id)
        if nic["network_id"] != network_id:
            raise errors.VirtualNicOnOtherNetwork(
                f"virtual NIC {nic_id} is on network {nic['network_id']}, not {network_id}",
                field="virtual_nic_ids",
                value=nic_id,
            )
        return nic

    @property
    def _tags(self) -> tuple[str, str]:
        return SHARED_TAG, self.deployment.tag

    def list_shared_addresses(
        self, network_id: str, project_id: str | None = None
    ) -> list[SharedAddress]:
        """Of one project ("": of none), or of all."""
        if project_id == "":
            return []
        found = self.melange.shared(network_id, self._tags, project_id)
        return self._shown(found, network_id)

    def get_shared_address(self, network_id: str, address: str) -> SharedAddress:
        """Raises SharedAddressNotFound."""
        found = self.melange.shared(network_id, self._tags, address=address)
        if not found:
            raise errors.SharedAddressNotFound(field="address", value=address, network=network_id)
        return self._shown(found, network_id)[0]

    def delete_shared_address(self, shared: SharedAddress) -> None:
        """Nobody may send from it any more; it rests, and is free again."""
        # Those that are gone meanwhile have it no more; others may have it, and not know it yet.
        ids = {*shared.virtual_nic_ids, *self._following()}
        here = self.nic_columns["network_id"] == shared.network_id
        nics = self.rows(self.nic_rows(here, self.nic_columns["id"].in_(ids)))

        def release(intent: Intent) -> None:
            for nic in nics:
                self.melange.forbid(nic["project_id"], nic["id"], shared.address)
            self.melange.delete_interface(shared.id)

        self._followed(nics, release)
        # A floating IP that led to it leads nowhere now.
        self.prompts.network_changed(shared.network_id)

    # -- who has it now

    def holder(self, shared: SharedAddress) -> str | None:
        """The NIC that said last that it has the address."""
        return self.melange.holder(*self._place(shared))

    def set_holder(self, shared: SharedAddress, nic_id: str) -> str:
        """Raises MelangeRefused for a NIC that may not send from the address."""
        self.melange.set_holder(*self._place(shared), nic_id)
        return nic_id

    def unset_holder(self, shared: SharedAddress) -> None:
        self.melange.unset_holder(*self._place(shared))

    def _place(self, shared: SharedAddress) -> tuple[str, str, str]:
        network = self.network_row(shared.network_id)
        tenant = self.melange.tenant_of(network["project_id"])
        return tenant, shared.subnet_id, shared.address

    # -- following

    def _followed(self, nics: Iterable[Row], change: Callable[[Intent], T]) -> T:
        """What ``change`` returns, and these NICs are then as Melange says: now, or as soon as the
        reconciler can."""
        document = {"nic_ids": [nic["id"] for nic in nics]}
        intent = Intent("follow", document, Claim(self.options.intent_timeout))
        self.run(intents.write, intent)
        try:
            return change(intent)
        finally:
            # Also after an error: Melange may have done it.
            self._follow_now(intent)

    def _follow_now(self, intent: Intent) -> None:
        try:
            try:
                self.flow.resume(intent)
            except ClaimLost:
                # Melange took so long that somebody else has followed before it was done.
                self.flow.start(intent.kind, intent.document)
        except Exception as error:
            LOG.warning("NICs %s follow Melange later: %s", intent.document["nic_ids"], error)

    def _following(self) -> list[str]:
        """Ids of the NICs that have yet to follow Melange."""
        query = sa.select(INTENTS.c.document).where(INTENTS.c.kind == "follow")
        return [nic_id for row in self.rows(query) for nic_id in row["document"]["nic_ids"]]

    def _shown(self, found: Iterable[Shared], network_id: str) -> list[SharedAddress]:
        sharers: dict[str, list[str]] = {}
        for nic in self.rows(self.nic_rows(self.nic_columns["network_id"] == network_id)):
            for address in _allowed(nic):
                sharers.setdefault(address, []).append(nic["id"])
        return [
            SharedAddress(
                id=one.interface_id,
                address=one.address,
                version=one.version,
                network_id=network_id,
                project_id=one.tenant_id,
                subnet_id=one.block_id,
                virtual_nic_ids=tuple(sorted(sharers.get(one.address, ()))),
            )
            for one in found
        ]


def _allowed(nic: Row) -> list[str]:
    return sorted(address for address, _ in nic["allowed"])


def _refuse_own(nic: Row, address: str) -> None:
    if address in [own["address"] for own in nic["addresses"]]:
        reason = f"virtual NIC {nic['id']} has it as its own, and may always send from it"
        raise errors.InvalidOption(field="address", value=address, reason=reason)


def _candidates(network: Row, address: str | None, version: int | None) -> list[Block]:
    """The blocks of the network that such an address may be of. Raises AddressOutOfRange."""
    blocks = [Block.of_json(block) for block in network["blocks"]]
    if address is None:
        return [block for block in blocks if block.version == (version or 4)]
    wanted = ipaddress.ip_address(address)
    if version not in (None, wanted.version):
        reason = f"it is IPv{wanted.version}; leave the version out"
        raise errors.InvalidOption(field="version", value=version, reason=reason)
    around = [block for block in blocks if wanted in ipaddress.ip_network(block.cidr)]
    if not around:
        cidrs = ", ".join(block.cidr for block in blocks) or "no block: the network has none"
        raise errors.AddressOutOfRange(field="address", value=address, cidr=cidrs)
    return around
