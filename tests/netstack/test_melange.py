"""Melange as netstack asks it: what it does not answer, refuses, or answers to nobody."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest
from oslo_config import cfg

from nova_netplugins.netstack import conf as options
from nova_netplugins.netstack.melange import Melange, block_of, make_melange
from nova_netplugins.netstack.melange_calls import shortest
from nova_netplugins.netstack.melange_errors import (
    MelangeGarbled,
    MelangeMisconfigured,
    MelangeNotFound,
    MelangeRefused,
    MelangeUnavailable,
)
from nova_netplugins.netstack.model import Block, Interface
from tests.netstack.melange_server import MelangeServer
from tests.openstack.faulty import Fault, Faulty, faulty
from tests.servers import free_port

TAG = "netstack:a-test"


@pytest.fixture
def front(melange: MelangeServer) -> Iterator[Faulty]:
    with faulty(melange.url) as front:
        yield front


def asking(url: str | None, **given: object) -> Melange:
    conf = cfg.ConfigOpts()
    options.register(conf)
    conf([], project="nova-netplugins", default_config_files=[])
    for name, value in {"endpoint_override": url, **given}.items():
        conf.set_override(name, value, group=options.MELANGE_GROUP)
    return make_melange(conf)


def interface(melange: Melange, nic_id: str) -> Interface:
    return melange.create_interface(nic_id, "red", "i-1", None, TAG, f"key of {nic_id}")


@pytest.mark.parametrize(
    "fault",
    [Fault(effect=True), Fault(effect=False), Fault(status=503)],
    ids=["the answer is lost", "the call is lost", "503"],
)
def test_what_seems_lost_is_made_once(front: Faulty, melange: MelangeServer, fault: Fault) -> None:
    front.plan("POST", fault, fault)
    nic_id = str(uuid.uuid4())
    made = interface(asking(front.url), nic_id)
    assert front.met_all()
    [found] = [
        one for one in melange.client.interfaces.list("red", tags=TAG) if one["id"] == nic_id
    ]
    assert made.mac_address == (found["mac_address"] or "").lower()


def test_a_call_that_is_repeated_later_gets_the_same_answer(melange: MelangeServer) -> None:
    ours, nic_id = asking(melange.url), str(uuid.uuid4())
    assert interface(ours, nic_id) == interface(ours, nic_id)
    network_id = str(uuid.uuid4())
    wanted = Block("", "", 4, "10.0.0.0/24", gateway="10.0.0.1")
    block = ours.create_block("red", network_id, wanted, f"key {network_id}", [TAG])
    assert ours.create_block("red", network_id, wanted, f"key {network_id}", [TAG]) == block
    first = ours.allocate("red", network_id, interface(ours, nic_id), (), f"a {nic_id}")
    assert ours.allocate("red", network_id, interface(ours, nic_id), (), f"a {nic_id}") == first
    for _ in range(2):
        ours.deallocate("red", network_id, nic_id)
        ours.delete_interface(nic_id)
        ours.delete_block("red", block.id)
    assert ours.blocks("red", network_id) == [] and ours.find_interface("red", nic_id) is None


def test_a_melange_that_is_not_there_is_named_with_what_to_do() -> None:
    ours = asking(f"http://127.0.0.1:{free_port()}", retries=1)
    with pytest.raises(MelangeUnavailable) as error:
        interface(ours, "nic-1")
    told = str(error.value)
    assert error.value.status == 503 and "Melange cannot make an interface now" in told
    assert "endpoint_override in [melange]" in told and "may be repeated" in told


def test_what_a_call_was_about_is_named() -> None:
    ours = asking(f"http://127.0.0.1:{free_port()}", retries=0)
    for call, said in (
        (lambda: ours.public_blocks(), "list the public blocks of tenant 'default' now"),
        (lambda: ours.blocks("red", "n-1"), "show the blocks of network 'n-1' now"),
        (
            lambda: ours.change_device("red", "v{0}", None),
            r"interface 'v\{0\}' to another device now",
        ),
    ):
        with pytest.raises(MelangeUnavailable, match=said):
            call()
    with pytest.raises(MelangeMisconfigured, match="cannot explain address '10.0.0.9':"):
        asking(None).unavailable("red", "b-1", "10.0.0.9")


def test_a_melange_that_says_nothing_is_not_waited_for(front: Faulty) -> None:
    front.plan("GET", Fault(stall=30))
    with pytest.raises(MelangeUnavailable, match="show the blocks of network"):
        asking(front.url, timeout=1, retries=0).blocks("red", "n-1")


def test_an_error_of_melange_is_no_mistake_of_ours(front: Faulty) -> None:
    front.plan("GET", Fault(status=500))
    with pytest.raises(MelangeUnavailable, match="it answered 500"):
        asking(front.url).blocks("red", "n-1")


@pytest.mark.parametrize("status", [401, 403])
def test_a_melange_that_will_not_have_us_tells_where_to_correct_it(
    front: Faulty, status: int
) -> None:
    front.plan("GET", Fault(status=status))
    with pytest.raises(MelangeMisconfigured, match=r"options in \[melange\]"):
        asking(front.url).blocks("red", "n-1")


def test_without_an_endpoint_one_is_told_that_there_is_none() -> None:
    with pytest.raises(MelangeMisconfigured, match="no endpoint of Melange is known"):
        asking(None).blocks("red", "n-1")


def test_what_melange_refuses_is_told_with_its_reason(melange: MelangeServer) -> None:
    ours = asking(melange.url)
    with pytest.raises(MelangeRefused, match=r"make block 10.0.0.0/24: .*gateway") as error:
        wanted = Block("", "", 4, "10.0.0.0/24", gateway="nowhere")
        ours.create_block("red", "n-2", wanted, str(uuid.uuid4()))
    assert error.value.status == 400
    with pytest.raises(MelangeNotFound, match="n-2"):
        ours.allocate("red", "n-2", interface(ours, str(uuid.uuid4())), (), str(uuid.uuid4()))
    with pytest.raises(MelangeRefused, match="'a/b' cannot be part of a path") as error:
        ours.blocks("a/b", "n-2")
    assert error.value.status == 400


def test_a_mistake_of_ours_is_no_refusal_of_melange(melange: MelangeServer) -> None:
    with pytest.raises(ValueError, match="ours"):
        asking(melange.url).call("list blocks", "red", lambda client: int("ours"))


def test_what_is_no_answer_of_melange_is_named() -> None:
    told = "'10.0.0.0/99' is not a CIDR; .*endpoint_override"
    with pytest.raises(MelangeGarbled, match=told) as error:
        block_of({"cidr": "10.0.0.0/99"})
    assert error.value.status == 502
    with pytest.raises(MelangeGarbled, match="'nobody' is not an IP address"):
        shortest("nobody")
