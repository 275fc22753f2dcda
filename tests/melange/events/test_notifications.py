"""Notifications in the log and over a broker, which may be away."""

from __future__ import annotations

import contextlib
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import kombu
import pytest

from melange.events.queue import Queue
from tests import servers
from tests.eventually import eventually
from tests.melange.events.telling import telling
from tests.melange.everywhere import Melange

BLOCKS = "/tenants/acme/ip_blocks"


def new_block(melange: Melange) -> str:
    made = melange.post(BLOCKS, {"ip_block": {"type": "private", "cidr": "10.0.0.0/24"}})
    return str(made["ip_block"]["id"])


def settings(url: str, *drivers: str) -> str:
    return f"transport_url = {url}\n[events]\ndrivers = {','.join(drivers)}\npublisher_id = here\n"


@contextlib.contextmanager
def listening(url: str) -> Iterator[list[dict[str, Any]]]:
    """The notifications that come to the broker's queue."""
    heard: list[dict[str, Any]] = []
    over = threading.Event()

    def listen() -> None:
        with kombu.Connection(url.replace("rabbit://", "amqp://")) as connection:
            exchange = kombu.Exchange("openstack", "topic", durable=False)
            queue = kombu.Queue(
                "melange.notifier.info", exchange, "melange.notifier.info", durable=False
            )
            with connection.Consumer(queue, callbacks=[take], accept=["json"]):
                while not over.is_set():
                    with contextlib.suppress(TimeoutError):
                        connection.drain_events(timeout=0.1)

    def take(body: Any, message: Any) -> None:
        heard.append(json.loads(body["oslo.message"]))
        message.ack()

    thread = threading.Thread(target=listen)
    thread.start()
    try:
        yield heard
    finally:
        over.set()
        thread.join()


def test_changes_are_notified_through_rabbitmq(sqlite_url: str, rabbitmq_url: str) -> None:
    with telling(sqlite_url, settings(rabbitmq_url, "messaging")) as (melange, _):
        block_id = new_block(melange)
        address = melange.post(f"{BLOCKS}/{block_id}/ip_addresses")["ip_address"]
        with listening(rabbitmq_url) as heard:
            eventually(lambda: len(heard) >= 4, "four notifications", 20)
    assert [one["event_type"] for one in heard] == [
        "create IpBlock",
        "create Interface",
        "create IpAddress",
        "allocate IpAddress",
    ]
    block = heard[0]
    assert (block["publisher_id"], block["priority"]) == ("here", "INFO")
    assert block["payload"]["id"] == block_id
    assert block["payload"].keys() == {"tenant_id", "id", "type", "created_at"}
    assert heard[2]["payload"]["address"] == address["address"]


def test_a_broker_that_is_away_costs_requests_nothing(
    sqlite_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"rabbit://guest:guest@127.0.0.1:{servers.free_port()}/"
    few = settings(url, "messaging") + "queue_size = 2\n"
    with telling(sqlite_url, few) as (melange, events):
        for _ in range(5):
            melange.delete(f"{BLOCKS}/{new_block(melange)}")
        assert melange.get(BLOCKS)["ip_blocks"] == []
        # Of ten, one is being sent and two wait.
        assert events.dropped >= 7
    assert events.dropped == 10
    assert "notifications: dropped" in caplog.text


def test_the_log_may_tell_of_changes_too(sqlite_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "melange.notifier")
    with telling(sqlite_url, "[events]\ndrivers = log\n") as (melange, _):
        block_id = new_block(melange)
    (record,) = [one for one in caplog.records if one.name == "melange.notifier"]
    assert record.getMessage().startswith("create IpBlock {")
    assert block_id in record.getMessage()


def test_a_queue_goes_on_after_an_error_and_counts_what_it_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[int] = []

    def send(item: int) -> None:
        if item == 2:
            raise OSError("no route to the broker")
        sent.append(item)

    queue = Queue("numbers", send, 10)
    queue.put([1, 2, 3])
    queue.close(10)
    assert sent == [1, 3]
    assert queue.dropped == 1
    assert "no route to the broker" in caplog.text
    queue.put([4])
    assert queue.dropped == 2
