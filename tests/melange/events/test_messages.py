"""What a change is told as."""

from __future__ import annotations

import datetime

from melange.events.messages import events
from melange.ipam.unit import Record

MOMENT = datetime.datetime(2031, 3, 1, 12, 0, 0, 123456)
BLOCK = {
    "id": "b1",
    "tenant_id": "acme",
    "type": "public",
    "cidr": "192.0.2.0/24",
    "created_at": MOMENT,
}
ADDRESS = {
    "id": "a1",
    "ip_block_id": "b1",
    "address": "192.0.2.7",
    "version": 4,
    "used_by_tenant": "acme",
    "used_by_device": "vm1",
    "interface_id": "vif1",
    "created_at": MOMENT,
}
OF_BLOCK = {
    "tenant_id": "acme",
    "id": "b1",
    "type": "public",
    "created_at": "2031-03-01T12:00:00",
}
OF_ADDRESS = {
    "used_by_tenant_id": "acme",
    "id": "a1",
    "ip_block_id": "b1",
    "used_by_device_id": "vm1",
    "created_at": "2031-03-01T12:00:00",
    "address": "192.0.2.7",
}


def test_a_block_that_is_made_or_deleted_is_told_as_in_v0_1() -> None:
    made = list(events(Record("create", "ip_block", "b1", "acme", None, BLOCK)))
    assert made == [("create IpBlock", "acme", OF_BLOCK)]
    gone = list(events(Record("delete", "ip_block", "b1", "acme", BLOCK, None)))
    assert gone == [("delete IpBlock", "acme", OF_BLOCK)]


def test_an_allocation_is_told_as_in_v0_1_and_in_full() -> None:
    first, second = events(Record("allocate", "ip_address", "a1", "acme", None, ADDRESS))
    assert first == ("create IpAddress", "acme", OF_ADDRESS)
    assert second.type == "allocate IpAddress"
    assert second.payload["before"] is None
    assert second.payload["after"]["interface_id"] == "vif1"


def test_an_address_that_is_gone_for_good_is_told_as_in_v0_1() -> None:
    told = list(events(Record("delete", "ip_address", "a1", "acme", ADDRESS, None)))
    assert told == [("delete IpAddress", "acme", OF_ADDRESS)]


def test_every_other_change_has_the_object_before_and_after() -> None:
    after = {**BLOCK, "cidr": "198.51.100.0/24"}
    (told,) = events(Record("update", "ip_block", "b1", "acme", BLOCK, after))
    assert told.type == "update IpBlock"
    assert told.payload["before"]["cidr"] == "192.0.2.0/24"
    assert told.payload["after"]["cidr"] == "198.51.100.0/24"
    (released,) = events(Record("release", "ip_address", "a1", "acme", ADDRESS, ADDRESS))
    assert released.type == "release IpAddress"
    (made,) = events(Record("create", "mac_address_range", "m1", None, None, {"id": "m1"}))
    assert made.type == "create MacAddressRange"
