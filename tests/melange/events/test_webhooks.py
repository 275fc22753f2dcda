"""Webhooks as tenants see them, and what they are told."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from melange.db.service_tables import audit_records
from melange.ipam.blocks import Block
from tests.conftest import new_database
from tests.eventually import eventually
from tests.melange.events.telling import Receiver, receiving, telling
from tests.melange.everywhere import Melange

OWN = "/tenants/acme/webhooks"


@pytest.fixture
def melange(sqlite_url: str) -> Iterator[Melange]:
    with telling(sqlite_url) as (served, _):
        yield served


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def told(receiver: Receiver, *types: str) -> None:
    eventually(lambda: len(receiver.calls) >= len(types), f"{types} are told")
    assert receiver.types == list(types)


def make(melange: Melange, path: str, **fields: object) -> dict[str, str]:
    made: dict[str, str] = melange.post(path, {"webhook": fields})["webhook"]
    return made


def allocate(melange: Melange, block: Block) -> None:
    """Through the API, as webhooks are told of nothing else."""
    melange.post(f"/tenants/{block.tenant_id}/ip_blocks/{block.id}/ip_addresses")


def new_block(melange: Melange, tenant_id: str = "acme", cidr: str = "10.0.0.0/24") -> str:
    body = {"ip_block": {"type": "private", "cidr": cidr}}
    made = melange.post(f"/tenants/{tenant_id}/ip_blocks", body)
    return str(made["ip_block"]["id"])


def test_a_change_is_told_with_a_signature(melange: Melange, receiver: Receiver) -> None:
    hook = make(melange, OWN, url=receiver.url)
    block_id = new_block(melange)
    told(receiver, "create IpBlock")
    (call,) = receiver.calls
    assert call.json["data"]["id"] == block_id
    assert call.is_signed_by(hook["secret"])


def test_the_secret_is_shown_to_its_maker_alone(melange: Melange, receiver: Receiver) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    made = make(melange, OWN, url=receiver.url, secret=secret, events=["* IpBlock"])
    assert made["secret"] == secret
    place = f"{OWN}/{made['id']}"
    assert "secret" not in melange.get(place)["webhook"]
    assert "secret" not in melange.get(OWN)["webhooks"][0]
    changed = melange.put(place, {"webhook": {"events": []}})["webhook"]
    assert "secret" not in changed and changed["events"] == []
    new_block(melange)
    told(receiver, "create IpBlock")
    assert receiver.calls[0].is_signed_by(secret)


def test_a_webhook_is_told_only_of_what_it_asks_for_and_may_see(
    melange: Melange, receiver: Receiver
) -> None:
    with receiving() as everything:
        make(melange, OWN, url=receiver.url, events=["create *"])
        make(melange, "/webhooks", url=everything.url)
        block_id = new_block(melange)
        new_block(melange, "umbrella")
        melange.delete(f"/tenants/acme/ip_blocks/{block_id}")
        told(everything, "create IpBlock", "create IpBlock", "delete IpBlock")
        told(receiver, "create IpBlock")


def test_a_change_that_fails_is_not_told(melange: Melange, receiver: Receiver) -> None:
    make(melange, OWN, url=receiver.url)
    melange.answer(400, "POST", "/tenants/acme/ip_blocks", {"ip_block": {"type": "private"}})
    new_block(melange)
    told(receiver, "create IpBlock")


def test_an_allocation_is_told_though_there_is_a_shorter_way(
    postgresql_url: str, receiver: Receiver
) -> None:
    with new_database(postgresql_url) as url, telling(url) as (melange, _):
        block = melange.new_block("10.0.0.0/24")
        allocate(melange, block)
        make(melange, OWN, url=receiver.url, events=["* IpAddress"])
        allocate(melange, block)
        told(receiver, "create IpAddress", "allocate IpAddress")


def test_webhooks_that_want_nothing_of_an_allocation_leave_it_the_shorter_way(
    postgresql_url: str, receiver: Receiver
) -> None:
    with new_database(postgresql_url) as url, telling(url) as (melange, _):
        mine, theirs = melange.new_block("10.0.0.0/24"), melange.new_block("10.0.0.0/24", "other")
        make(melange, OWN, url=receiver.url, events=["* IpBlock"])
        make(melange, "/tenants/other/webhooks", url=receiver.url)
        for block in (mine, mine, theirs):
            allocate(melange, block)
        told(receiver, "create Interface", "create IpAddress", "allocate IpAddress")
        query = sa.select(audit_records.c.after).where(audit_records.c.action == "allocate")
        with melange.database.reading() as connection:
            kept = list(connection.scalars(query.order_by(audit_records.c.id)))
        # The first call made the nameless interface; a single statement knows the number only.
        assert ['"address"' in text for text in kept] == [True, False, True]


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "url is invalid"),
        ({"url": "ftp://192.0.2.1/"}, "of http or https"),
        ({"url": "http:///hook"}, "of http or https"),
        ({"url": "http://me:mine@example.org/"}, "neither user, password nor fragment"),
        ({"url": "https://example.org:99999/"}, "url is invalid"),
        ({"url": "https://example.org/", "secret": "short"}, "secret is invalid"),
        ({"url": "https://example.org/", "secret": "whsec_c2hvcnQ="}, "it has 5 octets"),
        ({"url": "https://example.org/", "events": [""]}, "such as 'create IpBlock'"),
    ],
)
def test_what_a_webhook_cannot_be_is_said(
    melange: Melange, fields: dict[str, object], why: str
) -> None:
    status, detail = melange.refused("POST", OWN, {"webhook": fields})
    assert status == 400 and why in detail


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:10.0.0.1]", "[fd00::1]"]
)
def test_an_address_that_is_not_public_is_refused_unless_allowed(
    sqlite_url: str, host: str
) -> None:
    with telling(sqlite_url, "", delivers=False) as (melange, _):
        status, detail = melange.refused("POST", OWN, {"webhook": {"url": f"http://{host}/"}})
    assert status == 400 and "is not a public address" in detail


def test_tenants_do_not_see_each_others_webhooks(melange: Melange, receiver: Receiver) -> None:
    made = make(melange, OWN, url=receiver.url)
    for path in (f"/tenants/umbrella/webhooks/{made['id']}", f"/webhooks/{made['id']}"):
        assert melange.refusal("GET", path) == (404, "webhook_not_found")
        assert melange.refusal("DELETE", path) == (404, "webhook_not_found")
    assert melange.get("/webhooks") == {"webhooks": []}
    melange.delete(f"{OWN}/{made['id']}")
    assert melange.get(OWN) == {"webhooks": []}


def test_changes_that_nobody_listens_to_leave_no_deliveries(
    melange: Melange, receiver: Receiver
) -> None:
    made = make(melange, OWN, url=receiver.url, events=["delete *"])
    new_block(melange)
    assert melange.get(f"{OWN}/{made['id']}/deliveries") == {"deliveries": []}
