"""The client when the network or the server fails: what it repeats, and what it says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from melange.client import Patience, connect, errors
from tests.melange.client.scripted import (
    QUICK,
    answers,
    breaks_off,
    hangs_up,
    header,
    scripted,
    stalls,
)
from tests.servers import free_port

MADE = answers("201 Created", '{"ip_address": {"address": "10.0.0.1"}}')
FOUND = answers("200 OK", '{"ip_block": {"id": "b"}}')
FAULT = (
    '{"NotFound": {"code": 404, "message": "The resource could not be found.",'
    ' "detail": "IpBlock Not Found", "error_code": "ip_block_not_found"}}'
)
ABSENT = answers("404 Not Found", FAULT, "X-Openstack-Request-Id: req-7")
BUSY = answers("503 Service Unavailable", "later", "Retry-After: 0")


def test_a_fault_comes_back_with_all_that_it_says() -> None:
    with scripted(ABSENT) as (melange, _), pytest.raises(errors.NotFound) as caught:
        melange.ip_blocks.show("acme", "b")

    error = caught.value
    assert (error.status, error.fault) == (404, "NotFound")
    assert (error.detail, error.error_code) == ("IpBlock Not Found", "ip_block_not_found")
    assert error.request_id == "req-7"
    assert "IpBlock Not Found" in str(error)


def test_plain_text_is_quoted_and_has_no_code() -> None:
    page = answers("502 Bad Gateway", "upstream is ill")
    with scripted(page) as (melange, _), pytest.raises(errors.ServerError) as caught:
        melange.ip_blocks.show("acme", "b")

    assert caught.value.detail == "upstream is ill"
    assert caught.value.error_code is None


def test_something_else_that_answers_is_not_taken_for_melange() -> None:
    page = answers("200 OK", "<html>")
    with (
        scripted(page) as (melange, _),
        pytest.raises(errors.ClientError, match="is it Melange"),
    ):
        melange.ip_blocks.show("acme", "b")


@pytest.mark.parametrize("fails", [hangs_up, breaks_off, BUSY], ids=["loses", "breaks", "busy"])
def test_a_question_is_asked_again(fails: object) -> None:
    with scripted(fails, FOUND) as (melange, received):  # type: ignore[arg-type]
        assert melange.ip_blocks.show("acme", "b")["id"] == "b"

    assert len(received) == 2


@pytest.mark.parametrize("fails", [hangs_up, breaks_off, BUSY], ids=["loses", "breaks", "busy"])
def test_a_post_is_repeated_with_the_key_it_had(fails: object) -> None:
    with scripted(fails, MADE, MADE) as (melange, received):  # type: ignore[arg-type]
        melange.ip_addresses.allocate("acme", "b")
        melange.ip_addresses.allocate("acme", "b")

    first, again, another = (header(one, "Idempotency-Key") for one in received)
    assert first
    assert first == again
    assert another != first


def test_the_caller_may_bring_a_key_of_its_own() -> None:
    with scripted(MADE) as (melange, received):
        melange.ip_addresses.allocate("acme", "b", idempotency_key="boot-of-vm-1")

    assert header(received[0], "Idempotency-Key") == "boot-of-vm-1"


def test_a_change_under_a_condition_is_not_repeated_since_it_may_have_been_made() -> None:
    with scripted(hangs_up, FOUND) as (melange, received), pytest.raises(errors.Unreachable):
        melange.ip_blocks.update("acme", "b", gateway=None, if_match='"e"')

    assert len(received) == 1


def test_what_is_gone_after_a_lost_answer_was_deleted_by_us() -> None:
    with scripted(hangs_up, ABSENT) as (melange, received):
        melange.ip_blocks.delete("acme", "b")

    assert len(received) == 2


def test_what_was_never_there_cannot_be_deleted() -> None:
    with scripted(BUSY, ABSENT) as (melange, _), pytest.raises(errors.NotFound):
        melange.ip_blocks.delete("acme", "b")


def test_a_server_that_stays_busy_is_given_up() -> None:
    scripts = [BUSY] * (QUICK.retries + 1)
    with scripted(*scripts) as (melange, received), pytest.raises(errors.ServerError) as caught:
        melange.ip_addresses.allocate("acme", "b")

    assert caught.value.status == 503
    assert len(received) == len(scripts)


def test_refusals_are_not_repeated() -> None:
    with scripted(answers("409 Conflict")) as (melange, received), pytest.raises(errors.Conflict):
        melange.ip_addresses.allocate("acme", "b")

    assert len(received) == 1


def test_nobody_there_is_told_by_the_reason() -> None:
    melange = connect(f"http://127.0.0.1:{free_port()}", patience=QUICK)
    with pytest.raises(errors.Unreachable, match="Connection refused"):
        melange.ip_blocks.show("acme", "b")


def test_a_server_that_stalls_is_given_up_after_the_time_out() -> None:
    impatient = Patience(timeout=0.1, retries=0)
    with scripted(stalls) as (melange, received), pytest.raises(errors.Unreachable):
        where = melange.ip_blocks._http._adapter.get_endpoint()
        connect(str(where), patience=impatient).ip_blocks.show("acme", "b")

    assert len(received) == 1


def test_waits_grow_up_to_a_limit_that_binds_the_server_too() -> None:
    patience = Patience(delay=1.0, longest_delay=10.0)
    assert 0.75 <= patience.wait(0) <= 1.25
    assert 3.0 <= patience.wait(2) <= 5.0
    assert patience.wait(20) == 10.0
    assert patience.wait(0, "3") == 3.0
    assert patience.wait(0, "86400") == 10.0


def test_names_in_a_path_lead_nowhere_else_and_lose_nothing() -> None:
    with scripted(FOUND, FOUND) as (melange, received):
        melange.ip_blocks.show("a b?", "x.xml")
        melange.ip_blocks.show("acme", "plain")

    assert received[0].startswith(b"GET /v0.1/ipam/tenants/a%20b%3F/ip_blocks/x.xml.json HTTP")
    assert received[1].startswith(b"GET /v0.1/ipam/tenants/acme/ip_blocks/plain HTTP")
    for name in ("..", ".", "", "a/b"):
        with pytest.raises(errors.UnusableName, match="part of a path"):
            melange.ip_blocks.show("acme", name)


def test_the_client_imports_nothing_of_the_server() -> None:
    ask = (
        "import sys, melange.client as c; "
        "print([m for m in sys.modules if m.split('.')[0] in ('netkit', 'sqlalchemy', 'webob')"
        " or m.startswith('melange.') and not m.startswith('melange.client')])"
    )
    done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
