"""A POST repeated with the same Idempotency-Key happens once."""

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from melange.api import idempotency
from melange.db.service_tables import audit_records, idempotency_keys
from melange.db.tables import ip_addresses
from tests.melange.everywhere import Melange, path_of


def count(melange: Melange, table: sa.Table) -> int:
    query = sa.select(sa.func.count()).select_from(table)
    return melange.within(lambda unit: unit.connection.scalar(query) or 0)


def age(melange: Melange, hours: int) -> None:
    """Makes all keys that much older."""
    c = idempotency_keys.c
    then = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
    values = {c.created_at: then - datetime.timedelta(hours=hours)}
    melange.within(
        lambda unit: unit.connection.execute(idempotency_keys.update().values(values)).rowcount
    )


def test_the_second_call_gets_the_answer_of_the_first_octet_by_octet(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    first = melange.answer(201, "POST", path, Idempotency_Key="k")
    audited = count(melange, audit_records)
    second = melange.answer(201, "POST", path, Idempotency_Key="k")
    assert second.body == first.body
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert count(melange, ip_addresses) == 1
    assert count(melange, audit_records) == audited


def test_the_answer_is_repeated_in_the_format_that_is_asked_for(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    first = melange.call("POST", path, Idempotency_Key="k", Accept="application/xml")
    again = melange.call("POST", path, Idempotency_Key="k", Accept="application/xml")
    assert again.body == first.body
    in_json = melange.call("POST", path, Idempotency_Key="k").json
    assert f"<id>{in_json['ip_address']['id']}</id>" in first.text


def test_of_rivals_with_one_key_one_does_the_work_and_all_get_its_answer(
    melange_everywhere: Melange,
) -> None:
    melange = melange_everywhere
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    body = {"ip_address": {"interface_id": "vif"}}
    with ThreadPoolExecutor(8) as threads:
        calls = [
            threads.submit(melange.answer, 201, "POST", path, body, Idempotency_Key=f"k{n % 5}")
            for n in range(40)
        ]
        answers = [(n % 5, call.result()) for n, call in enumerate(calls)]
    assert len({(key, answer.body) for key, answer in answers}) == 5
    assert count(melange, ip_addresses) == 5
    replayed = ["Idempotency-Replayed" in answer.headers for _, answer in answers]
    assert replayed.count(False) == 5


def test_another_body_path_or_query_with_the_same_key_is_refused(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    other = path_of(melange.new_block("10.0.1.0/24"), "ip_addresses")
    melange.post(path, {"ip_address": {"interface_id": "a"}}, Idempotency_Key="k")
    again = (422, "idempotency_key_reused")
    for where, vif_id in ((path, "b"), (other, "a"), (f"{path}?x=1", "a")):
        body = {"ip_address": {"interface_id": vif_id}}
        assert melange.refusal("POST", where, body, Idempotency_Key="k") == again


def test_another_callers_key_is_another_key(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    mine = melange.as_tenant("acme").post(path, Idempotency_Key="k")
    admins = melange.post(path, Idempotency_Key="k")
    assert mine["ip_address"]["address"] != admins["ip_address"]["address"]


def test_a_call_that_failed_leaves_its_key_free(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/32"), "ip_addresses")
    taken = melange.post(path)["ip_address"]["address"]
    full = melange.refusal("POST", path, Idempotency_Key="k")
    assert full == (422, "ip_block_full")
    melange.delete(f"{path}/{taken}")
    melange.put(f"{path}/{taken}/restore")
    assert melange.refusal("POST", path, Idempotency_Key="k") == full
    assert count(melange, idempotency_keys) == 0


def test_keys_have_1_to_255_characters(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    for key in ("", "x" * 256):
        assert melange.refusal("POST", path, Idempotency_Key=key) == (400, "bad_request")
    melange.post(path, Idempotency_Key="x" * 255)


def test_after_a_day_a_key_is_new_again(melange: Melange) -> None:
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    first = melange.post(path, Idempotency_Key="k")
    age(melange, 25)
    second = melange.post(path, Idempotency_Key="k")
    assert second["ip_address"]["address"] != first["ip_address"]["address"]
    assert melange.post(path, Idempotency_Key="k") == second


@pytest.mark.parametrize(("chance", "left"), [(0, 4), (1, 1)])
def test_new_keys_clear_old_ones_away_by_chance(
    melange: Melange, monkeypatch: pytest.MonkeyPatch, chance: float, left: int
) -> None:
    monkeypatch.setattr(idempotency, "PURGE_CHANCE", chance)
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    for key in ("a", "b", "c"):
        melange.post(path, Idempotency_Key=key)
    age(melange, 25)
    melange.post(path, Idempotency_Key="d")
    assert count(melange, idempotency_keys) == left


def test_purging_forgets_only_keys_older_than_a_day(
    melange: Melange, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idempotency, "PURGE_CHANCE", 0)
    path = path_of(melange.new_block("10.0.0.0/24"), "ip_addresses")
    for key in ("a", "b", "c"):
        melange.post(path, Idempotency_Key=key)
    age(melange, 25)
    melange.post(path, Idempotency_Key="d")
    assert melange.within(lambda unit: idempotency.purge(unit, 2)) == 2
    assert melange.within(lambda unit: idempotency.purge(unit, 100)) == 1
    assert count(melange, idempotency_keys) == 1
