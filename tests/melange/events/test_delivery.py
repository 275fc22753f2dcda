"""Deliveries that fail, are late, or that several servers could make."""

from __future__ import annotations

import datetime
import socket
import threading
from typing import Any

import pytest
import sqlalchemy as sa

from melange.db.webhook_tables import webhook_deliveries, webhooks
from melange.events import targets
from melange.events.call import CallFailed, post
from melange.events.delivery import Deliverer
from tests.eventually import eventually
from tests.melange.events.telling import receiving, telling
from tests.melange.everywhere import Melange

OWN = "/tenants/acme/webhooks"


def hook_with(melange: Melange, url: str, changes: int) -> str:
    """A webhook that has so many changes to be told of."""
    made = melange.post(OWN, {"webhook": {"url": url}})["webhook"]
    for number in range(changes):
        body = {"ip_block": {"type": "private", "cidr": f"10.0.{number}.0/24"}}
        melange.post("/tenants/acme/ip_blocks", body)
    return str(made["id"])


def deliveries(melange: Melange, hook: str, state: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = melange.get(f"{OWN}/{hook}/deliveries?state={state}")[
        "deliveries"
    ]
    return found


def let_time_pass(melange: Melange, **by: float) -> None:
    """Everything about webhooks was so much earlier."""
    delta = datetime.timedelta(**by)

    def work(connection: sa.Connection) -> None:
        for table, names in (
            (webhooks, ["not_before"]),
            (webhook_deliveries, ["created_at", "next_attempt_at"]),
        ):
            for row in connection.execute(sa.select(table)).all():
                old = {n: getattr(row, n) for n in names if getattr(row, n) is not None}
                values = {name: moment - delta for name, moment in old.items()}
                connection.execute(table.update().where(table.c.id == row.id).values(values))

    melange.database.run(work)


def test_several_servers_share_the_work(database_url: str) -> None:
    with receiving() as receiver, telling(database_url, delivers=False) as (melange, _):
        hooks = [hook_with(melange, receiver.url, 0) for _ in range(3)]
        hook_with(melange, receiver.url, 5)
        servers = [Deliverer(melange.conf, melange.database) for _ in range(3)]
        for server in servers:
            server.start()
        try:
            eventually(lambda: len(receiver.calls) >= 20, "all are delivered", 20)
            eventually(lambda: not deliveries(melange, hooks[0], "pending"), "and noted")
        finally:
            for server in servers:
                server.close()
        ids = [call.headers["webhook-id"] for call in receiver.calls]
        assert len(ids) == len(set(ids)) == 20


def test_a_delivery_that_fails_is_tried_again_until_it_is_taken(sqlite_url: str) -> None:
    with receiving() as receiver, telling(sqlite_url, delivers=False) as (melange, _):
        receiver.answers = [503, 302]
        hook = hook_with(melange, receiver.url, 1)
        deliverer = Deliverer(melange.conf, melange.database)
        for attempts, error in (
            (1, "it answered 503"),
            (2, "it answered 302 (redirects are not followed)"),
        ):
            assert deliverer.deliver_some()
            (waiting,) = deliveries(melange, hook, "pending")
            assert (waiting["attempts"], waiting["error"]) == (attempts, error)
            assert not deliverer.deliver_some(), "not again at once"
            let_time_pass(melange, minutes=1)
        assert deliverer.deliver_some()
        (done,) = deliveries(melange, hook, "delivered")
        assert (done["attempts"], done["status"], done["error"]) == (3, 200, None)
        ids = {call.headers["webhook-id"] for call in receiver.calls}
        assert len(receiver.calls) == 3 and ids == {done["id"]}


def test_what_fails_for_a_day_is_given_up(sqlite_url: str) -> None:
    with telling(sqlite_url, delivers=False) as (melange, _):
        hook = hook_with(melange, f"http://127.0.0.1:{_closed_port()}/", 2)
        deliverer = Deliverer(melange.conf, melange.database)
        assert deliverer.deliver_some()
        waiting = deliveries(melange, hook, "pending")
        assert len(waiting) == 2
        kind = waiting[0]["event_type"]
        assert waiting == deliveries(melange, hook, f"pending&event_type={kind}")
        assert deliveries(melange, hook, "pending&event_type=nothing") == []
        let_time_pass(melange, hours=24)
        assert deliverer.deliver_some()
        given_up = deliveries(melange, hook, "given_up")
        assert len(given_up) == 2
        assert "Connection refused" in given_up[0]["error"]
        let_time_pass(melange, hours=24)
        assert not deliverer.deliver_some()


def test_a_server_that_died_while_calling_is_replaced(sqlite_url: str) -> None:
    with receiving() as receiver, telling(sqlite_url, delivers=False) as (melange, _):
        hook = hook_with(melange, receiver.url, 1)
        dead = Deliverer(melange.conf, melange.database)
        assert melange.database.run(dead._claim)
        other = Deliverer(melange.conf, melange.database)
        assert not other.deliver_some()
        let_time_pass(melange, minutes=5)
        assert other.deliver_some()
        assert len(deliveries(melange, hook, "delivered")) == 1


def test_a_name_that_leads_to_a_private_address_is_not_called(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver, telling(sqlite_url, "", delivers=False) as (melange, _):
        port = receiver.url.split(":")[2].partition("/")[0]
        hook = hook_with(melange, f"http://hooks.example:{port}/", 1)
        private = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", int(port)))]
        monkeypatch.setattr(targets.socket, "getaddrinfo", lambda *_, **__: private)
        assert Deliverer(melange.conf, melange.database).deliver_some()
        (waiting,) = deliveries(melange, hook, "pending")
        assert waiting["error"] == ("hooks.example is at 127.0.0.1, which is not a public address")
        assert receiver.calls == []


def test_an_answer_that_never_ends_is_cut_off() -> None:
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_trickle, args=(server, ended))
        thread.start()
        try:
            url = f"http://127.0.0.1:{server.getsockname()[1]}/"
            with pytest.raises(CallFailed, match="no answer within 1 s"):
                post(url, b"{}", {}, timeout=1, private=True)
        finally:
            ended.set()
            thread.join()


def test_a_server_without_a_certificate_is_not_spoken_to() -> None:
    with receiving() as receiver, pytest.raises(CallFailed) as caught:
        post(receiver.url.replace("http:", "https:"), b"{}", {}, timeout=5, private=True)
    assert "SSL" in str(caught.value)
    assert receiver.calls == []


def _trickle(server: socket.socket, ended: threading.Event) -> None:
    client, _ = server.accept()
    with client:
        client.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        while not ended.wait(0.1):
            try:
                client.sendall(b"x")
            except OSError:
                return


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
