"""What an operator sees of the net-agent daemon, on a host that only exists in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.agent.process import AgentProcess
from nova_netplugins.plugin import ACTIVE, DOWN
from tests.eventually import eventually
from tests.functional.cell import Cell, cell, configure, running
from tests.functional.tiny import Tiny


@pytest.fixture
def tiny() -> Tiny:
    return Tiny()


@pytest.fixture
def here(tiny: Tiny, tmp_path: Path) -> Iterator[Cell]:
    with cell(configure(tmp_path), tiny.descriptor()) as made:
        yield made


def tap(here: Cell, nic_id: str) -> str:
    """What a hypervisor does when it starts an instance."""
    name = f"tap{nic_id[:11]}"
    here.host.links.ensure_tap(name, "hypervisor")
    return name


def synced(tiny: Tiny, agent: AgentProcess) -> None:
    asked = tiny.api.asked
    agent.agent.sync_soon()
    eventually(lambda: tiny.api.asked > asked, "the agent asks net-api")


def test_a_tap_that_was_there_before_the_agent_is_plugged_at_start(here: Cell, tiny: Tiny) -> None:
    tiny.api.create("nic1")
    device = tap(here, "nic1")

    with running(here.new_agent()):
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")

    assert tiny.agent.bridged() == {device}


def test_a_tap_that_appears_is_plugged_at_once(here: Cell, tiny: Tiny) -> None:
    agent = here.new_agent()
    with running(agent):
        tiny.api.create("nic1")
        agent.agent.device_changed(tap(here, "nic1"))

        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")


def test_a_nic_that_is_bound_after_its_tap_appeared_is_plugged_on_the_prompt(
    here: Cell, tiny: Tiny
) -> None:
    agent = here.new_agent()
    with running(agent):
        agent.agent.device_changed(tap(here, "nic1"))
        synced(tiny, agent)
        tiny.api.create("nic1")

        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")


def test_a_deleted_nic_is_unplugged_on_the_prompt(here: Cell, tiny: Tiny) -> None:
    tiny.api.create("nic1")
    tap(here, "nic1")
    with running(here.new_agent()):
        eventually(tiny.agent.bridged, "the NIC is plugged")
        tiny.api.delete("nic1")

        eventually(lambda: not tiny.agent.bridged(), "the NIC is unplugged")


def test_a_lost_prompt_is_made_up_for_by_the_next_sync(here: Cell, tiny: Tiny) -> None:
    tiny.api.create("nic1")
    tap(here, "nic1")
    agent = here.new_agent()
    with running(agent):
        eventually(tiny.agent.bridged, "the NIC is plugged")
        tiny.api.delete("nic1", prompt=False)
        agent.agent.sync_soon()

        eventually(lambda: not tiny.agent.bridged(), "the NIC is unplugged")


def test_a_nic_whose_tap_goes_is_down_and_active_again_when_it_comes_back(
    here: Cell, tiny: Tiny
) -> None:
    tiny.api.create("nic1")
    device = tap(here, "nic1")
    agent = here.new_agent()
    with running(agent):
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")
        here.host.links.delete(device)
        agent.agent.device_changed(device)
        eventually(lambda: tiny.api.status("nic1") == DOWN, "the NIC is DOWN")

        agent.agent.device_changed(tap(here, "nic1"))
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE again")

    assert tiny.api.reports == [("nic1", ACTIVE), ("nic1", DOWN), ("nic1", ACTIVE)]


def test_one_nic_that_cannot_be_plugged_does_not_stop_the_others(here: Cell, tiny: Tiny) -> None:
    agent = here.new_agent()
    for nic_id in ("nic1", "nic2", "nic3"):
        tiny.api.create(nic_id)
        tap(here, nic_id)
    tiny.agent.refused.add("tapnic2")
    with running(agent):
        eventually(lambda: tiny.api.status("nic3") == ACTIVE, "the third NIC is ACTIVE")
        assert tiny.agent.bridged() == {"tapnic1", "tapnic3"}
        assert tiny.api.status("nic2") == DOWN

        tiny.agent.refused.clear()
        eventually(lambda: tiny.api.status("nic2") == ACTIVE, "it is tried again by itself")


def test_one_service_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    broken, sound = Tiny("broken"), Tiny("sound")
    with cell(configure(tmp_path), broken.descriptor(), sound.descriptor()) as here:
        agent = here.new_agent()
        broken.agent.check_fails = True
        sound.api.create("nic1")
        tap(here, "nic1")
        with running(agent):
            eventually(lambda: sound.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")


def test_nothing_is_taken_down_while_net_api_cannot_answer(here: Cell, tiny: Tiny) -> None:
    tiny.api.create("nic1")
    tap(here, "nic1")
    agent = here.new_agent()
    with running(agent):
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")
        tiny.api.away = True
        synced(tiny, agent)
        synced(tiny, agent)
        assert tiny.agent.bridged() == {"tapnic1"}

        tiny.api.away = False
        tiny.api.create("nic2", prompt=False)
        tap(here, "nic2")
        eventually(lambda: tiny.api.status("nic2") == ACTIVE, "it goes on when net-api is back")


def test_stopping_the_agent_unplugs_nothing_and_a_new_one_changes_nothing(
    here: Cell, tiny: Tiny
) -> None:
    tiny.api.create("nic1")
    tap(here, "nic1")
    with running(here.new_agent()):
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")
    assert tiny.agent.bridged() == {"tapnic1"}

    agent = here.new_agent()
    with running(agent):
        synced(tiny, agent)
        synced(tiny, agent)

    assert tiny.agent.plugged == []
    assert tiny.api.reports == [("nic1", ACTIVE)]


def test_what_happens_on_other_hosts_costs_this_one_no_question(here: Cell, tiny: Tiny) -> None:
    agent = here.new_agent()
    with running(agent):
        eventually(lambda: tiny.api.asked, "the first sync")
        asked = tiny.api.asked
        for number in range(100):
            tiny.api.create(f"nic{number}", host="elsewhere")
        tiny.api.create("mine")
        tap(here, "mine")
        eventually(lambda: tiny.api.asked > asked, "the agent asks about its own NIC")

    assert tiny.api.asked <= asked + 2


def test_a_network_that_changes_is_set_up_again_where_it_is_used(here: Cell, tiny: Tiny) -> None:
    tiny.api.create("nic1")
    tap(here, "nic1")
    with running(here.new_agent()):
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")
        before = len(tiny.agent.set_up)
        tiny.api.prompts.network_changed("net")

        eventually(lambda: len(tiny.agent.set_up) > before, "the network is set up again")


def test_the_net_service_knows_a_nic_before_it_is_active(here: Cell, tiny: Tiny) -> None:
    service, agent = here.new_service(), here.new_agent()
    with running(service, agent):
        tiny.service.hold.clear()
        tiny.api.create("nic1", prompt=False)
        agent.agent.device_changed(tap(here, "nic1"))
        eventually(lambda: tiny.service.at_once.get("net"), "the agent has asked the service")
        assert tiny.api.status("nic1") == DOWN

        tiny.service.hold.set()
        eventually(lambda: tiny.api.status("nic1") == ACTIVE, "the NIC is ACTIVE")

    assert set(tiny.service.runs) == {("net", "nic1")}


def test_a_net_service_that_does_not_answer_delays_a_boot_by_its_time_out_only_once(
    tiny: Tiny, tmp_path: Path
) -> None:
    with cell(configure(tmp_path, service_timeout=0.5), tiny.descriptor()) as here:
        service, agent = here.new_service(), here.new_agent()
        with running(service, agent):
            tiny.service.hold.clear()
            for number in range(20):
                tiny.api.create(f"nic{number}", prompt=False)
                tap(here, f"nic{number}")
            agent.agent.sync_soon()

            eventually(
                lambda: all(nic.status == ACTIVE for nic in tiny.api.nics.values()),
                "all are ACTIVE",
                seconds=3,
            )
            tiny.service.hold.set()
