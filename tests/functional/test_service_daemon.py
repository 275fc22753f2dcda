"""What an operator sees of the net-service daemon."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nova_netplugins.service.work import MANY_NICS
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


def test_everything_is_checked_at_start(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        eventually(lambda: tiny.service.checks == 1, "the check at the start")


def test_everything_is_checked_at_each_interval(tiny: Tiny, tmp_path: Path) -> None:
    conf = configure(tmp_path, service_sync_interval=0.2)
    with cell(conf, tiny.descriptor()) as here, running(here.new_service()):
        eventually(lambda: tiny.service.checks >= 3, "three checks")


def test_a_new_nic_is_served_on_the_prompt_alone(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        tiny.api.create("nic1")

        eventually(lambda: ("net", "nic1") in tiny.service.runs, "the NIC is served")


def test_a_network_that_changes_is_served_anew_on_the_prompt(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        tiny.api.prompts.network_changed("net")

        eventually(lambda: ("net", None) in tiny.service.runs, "the network is served")


def test_a_thousand_prompts_for_one_network_are_a_few_runs_one_at_a_time(
    here: Cell, tiny: Tiny
) -> None:
    daemon = here.new_service()
    with running(daemon):
        eventually(lambda: tiny.service.checks, "the check at the start")
        tiny.service.hold.clear()
        for number in range(1000):
            daemon.service.nic_changed("tiny", f"nic{number}", "net", "here")
        tiny.service.hold.set()

        eventually(lambda: ("net", None) in tiny.service.runs, "one full run")
    assert len(tiny.service.runs) <= MANY_NICS
    assert tiny.service.most_at_once["net"] == 1


def test_a_network_that_takes_long_does_not_hold_up_another(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        eventually(lambda: tiny.service.checks, "the check at the start")
        tiny.service.hold.clear()
        tiny.api.prompts.network_changed("slow")
        eventually(lambda: tiny.service.at_once.get("slow"), "the slow one is being served")
        tiny.api.prompts.network_changed("other")

        eventually(lambda: tiny.service.at_once.get("other"), "the other is being served too")
        tiny.service.hold.set()


def test_a_network_that_cannot_be_served_is_looked_at_again_soon(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        eventually(lambda: tiny.service.checks == 1, "the check at the start")
        tiny.service.fails = True
        tiny.api.prompts.network_changed("net")
        eventually(lambda: tiny.service.checks >= 2, "a check soon after the failure")
        tiny.service.fails = False
        checks = tiny.service.checks
        eventually(lambda: tiny.service.checks > checks, "and again, until it works")


def test_one_service_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    broken, sound = Tiny("broken"), Tiny("sound")
    with cell(configure(tmp_path), broken.descriptor(), sound.descriptor()) as here:
        service = here.new_service()
        broken.service.fails = True
        with running(service):
            eventually(lambda: sound.service.checks, "the other service is checked")


def test_stopping_finishes_the_run_that_has_begun(here: Cell, tiny: Tiny) -> None:
    with running(here.new_service()):
        eventually(lambda: tiny.service.checks, "the check at the start")
        tiny.service.hold.clear()
        tiny.api.prompts.network_changed("net")
        eventually(lambda: tiny.service.at_once.get("net"), "the network is being served")
        tiny.service.hold.set()

    assert tiny.service.runs == [("net", None)]
    assert tiny.service.closed
