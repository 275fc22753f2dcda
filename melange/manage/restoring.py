"""Blocks and interfaces of an import, one by one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from melange.db.tables import ip_blocks
from melange.ipam import addressing, eui, macs, subnets
from melange.ipam import blocks as ipam_blocks
from melange.ipam import interfaces as ipam_interfaces
from melange.ipam.interfaces import Interface
from melange.ipam.unit import Unit
from melange.manage.portable import Line, truth
from melange.manage.report import CREATED, REFUSED, UNCHANGED, Report
from netkit.errors import ServiceError

Lines = Sequence[tuple[int, Line]]

# Given by the configuration when a line has none.
_DEFAULTED = ("dns1", "dns2")
_COMPARED = ("tenant_id", "network_id", "type", "gateway", "policy_id", "parent_id", "priority")


def blocks(unit: Unit, lines: Lines, report: Report) -> None:
    """Each block after the one it is a subnet of."""
    _each(unit, lines, report, _block, "cidr")


def interfaces(unit: Unit, lines: Lines, report: Report) -> None:
    _each(unit, lines, report, _interface, "interface_id")


def _each(
    unit: Unit, lines: Lines, report: Report, one: Callable[[Unit, Line], str], name: str
) -> None:
    for number, line in lines:
        shown = str(line[name] or "-")
        try:
            # What was begun of a line that is refused must not stay.
            with unit.connection.begin_nested():
                outcome = one(unit, line)
        except (ServiceError, ValueError) as error:
            report.add(REFUSED, number, shown, str(error))
        else:
            report.add(outcome, number, shown)


def _block(unit: Unit, line: Line) -> str:
    if not line["tenant_id"]:
        raise ValueError("tenant_id is missing")
    fields = {**line, "priority": int(line["priority"] or 0), "shared": truth(line["shared"])}
    row = _same_block(unit, fields)
    if row is not None:
        _require_same(row, fields)
        return UNCHANGED
    if not line["parent_id"]:
        ipam_blocks.create(unit, line["tenant_id"], fields, block_id=line["id"])
        return CREATED
    parent = ipam_blocks.get(unit, line["parent_id"], lock=True)
    subnets.create(unit, parent, fields, block_id=line["id"])
    return CREATED


def _same_block(unit: Unit, fields: Line) -> sa.Row[Any] | None:
    """By its id or, without, by tenant, CIDR, network and parent."""
    c = ip_blocks.c
    query = sa.select(ip_blocks)
    if fields["id"]:
        return unit.connection.execute(query.where(c.id == fields["id"])).one_or_none()
    try:
        cidr = addressing.parse_cidr(str(fields["cidr"] or "")).cidr
    except ValueError:
        return None
    query = query.where(
        c.tenant_id == fields["tenant_id"],
        c.cidr == cidr,
        c.network_id.is_not_distinct_from(fields["network_id"]),
        c.parent_id.is_not_distinct_from(fields["parent_id"]),
    )
    return unit.connection.execute(query.limit(1)).one_or_none()


def _require_same(row: sa.Row[Any], fields: Line) -> None:
    """Raises ValueError, with all that differs."""
    found = row._mapping
    wanted = {name: fields[name] for name in _COMPARED}
    wanted |= {name: fields[name] for name in _DEFAULTED if fields[name]}
    wanted["cidr"] = addressing.parse_cidr(str(fields["cidr"])).cidr
    wanted["shared"] = fields["shared"]
    differing = [
        f"{name} {found[name]} and not {value}"
        for name, value in wanted.items()
        if found[name] != value
    ]
    if differing:
        raise ValueError(f"block {row.id} is there, with {', '.join(differing)}")


def _interface(unit: Unit, line: Line) -> str:
    vif_id, tenant_id, mac = line["interface_id"], line["tenant_id"], line["mac_address"]
    if not tenant_id:
        raise ValueError("tenant_id is missing")
    if vif_id is None:
        return _nameless(unit, line)
    found = ipam_interfaces.find(unit, vif_id)
    if found is None:
        ipam_interfaces.create(unit, vif_id, tenant_id, line["device_id"], mac)
        return CREATED
    _require_same_interface(unit, found, line)
    return UNCHANGED


def _require_same_interface(unit: Unit, found: Interface, line: Line) -> None:
    """Raises ValueError, Invalid (of the MAC address)."""
    has, mac = macs.of_interface(unit, found.id), line["mac_address"]
    for name, one, other in (
        ("tenant", found.tenant_id, line["tenant_id"]),
        ("device", found.device_id, line["device_id"]),
        ("MAC address", has, eui.mac_text(eui.parse_mac(mac)) if mac else has),
    ):
        if one != other:
            told = f"interface {found.shown_id} is there, with {name} {one} and not {other}"
            raise ValueError(told)


def _nameless(unit: Unit, line: Line) -> str:
    created = len(unit.records)
    found = ipam_interfaces.anonymous(unit, line["tenant_id"])
    if len(unit.records) == created:
        _require_same_interface(unit, found, line)
        return UNCHANGED
    if line["mac_address"]:
        # In place of the one that it got of a range.
        macs.free(unit, found.id)
        macs.assign(unit, found.id, line["mac_address"])
    return CREATED
