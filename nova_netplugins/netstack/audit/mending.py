"""Makes right what can be made right without asking anybody."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sqlalchemy as sa

from nova_netplugins.netstack import intents, melange_reclaim, nic_rows, nic_steps, requests
from nova_netplugins.netstack.audit.findings import Finding, Mend
from nova_netplugins.netstack.audit.kept import Kept
from nova_netplugins.netstack.base import Operations
from nova_netplugins.netstack.flow import Work
from nova_netplugins.netstack.model import GATEWAY
from nova_netplugins.netstack.tables import VIRTUAL_NICS


def mend(operations: Operations, finding: Finding) -> str:
    """Says what was done. Raises Kept for what nobody but a person can decide, and what the steps
    and the two services do."""
    return _MENDS[finding.kind.mend](operations, finding)


def _remake(operations: Operations, finding: Finding) -> str:
    work = operations.flow.start("remake_nic", {"nic_id": finding.id})
    _require_addresses(operations, work)
    if finding.subject["purpose"] != GATEWAY:
        # The port of a new NIC does not know yet what it may send from besides.
        _follow(operations, finding)
    return "what was missing is made again"


def _require_addresses(operations: Operations, work: Work) -> None:
    """Melange leaves out what is not to be had: an address that rests, or is somebody else's."""
    for nic in nic_steps.nics(work):
        has = {address.address for address in work.made[nic.id, "addresses"]}
        for address in sorted(set(nic.addresses) - has):
            blocks = operations.melange.blocks(nic.network_tenant, nic.network_id)
            block = requests.block_around(address, blocks)
            why = operations.melange.unavailable(block.tenant_id, block.id, address)
            raise Kept(f"Melange does not give {address} back: {why or 'look again'}")


def _follow(operations: Operations, finding: Finding) -> str:
    operations.flow.start("follow", {"nic_ids": [finding.id]})
    return "the NIC's row follows Melange, and its port the row"


def _attach(operations: Operations, finding: Finding) -> str:
    def attach(connection: sa.Connection) -> None:
        query = nic_rows.select(VIRTUAL_NICS.c.id == finding.id).with_for_update()
        row = connection.execute(query).mappings().one_or_none()
        if row is None:
            raise Kept("it is being deleted")
        operations.associations.attach(
            connection, row["instance_id"], row["id"], row["project_id"], operations.name
        )

    operations.run(attach)
    return "the association is there again"


def _tag(operations: Operations, finding: Finding) -> str:
    nic_id, project_id = finding.id, finding.subject["project_id"]
    interface = operations.melange.find_interface(project_id, nic_id)
    if interface is None:
        raise Kept("the interface is gone; look again")
    melange_reclaim.tag_interface(operations.melange, interface, operations.deployment.tag)
    return "the interface has the tag again"


def _finish(operations: Operations, finding: Finding) -> str:
    seconds = operations.options.intent_timeout
    intent = operations.run(intents.claim, finding.id, seconds)
    if intent is None:
        raise Kept("somebody works on it")
    return operations.flow.resume(intent)


def _nothing(operations: Operations, finding: Finding) -> str:
    raise Kept(finding.kind.repair)


_MENDS: Mapping[Mend, Callable[[Operations, Finding], str]] = {
    Mend.REMAKE: _remake,
    Mend.FOLLOW: _follow,
    Mend.ATTACH: _attach,
    Mend.TAG: _tag,
    Mend.FINISH: _finish,
    Mend.NOTHING: _nothing,
}
