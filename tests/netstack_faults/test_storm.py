"""Many at once, with faults and kills at random: the same judgement."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.netstack_faults.judge import judge
from tests.netstack_faults.storm import storm
from tests.netstack_faults.world import MelangeServer, World

SECONDS = 10.0
SEED = 20111123


@pytest.mark.timeout(300)
def test_after_a_storm_there_is_what_was_answered_and_nothing_else(
    world: World, melange: MelangeServer, tmp_path: Path
) -> None:
    stories = storm(world, tmp_path, SECONDS, SEED)
    world.recover()
    judge(world)
    there = {nic.instance_id for nic in world.outside.list_virtual_nics()}
    wrong = {
        instance: story
        for instance, story in stories.items()
        if story.is_there is not None and (instance in there) != story.is_there
    }
    assert not wrong, wrong
    answers = [answer for story in stories.values() for answer in story.asked.values()]
    # Else there was no storm.
    assert {True, False, None} <= set(answers)
    assert melange.check() == ""
    world.tidy()
