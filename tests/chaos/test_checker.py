"""The judge, on histories by hand: it finds each kind of wrong, and nothing where there is none."""

from __future__ import annotations

import pytest

from tests.chaos.histories import Story
from tools.ipamcheck import history


def test_one_owner_after_the_other_is_right() -> None:
    story = Story()
    story.allocate("x", "a")
    story.get("a", "x")
    story.release("x", "a")
    story.allocate("y", "a")
    assert story.kinds(a="y") == []


def test_an_address_given_while_another_has_it_has_two_owners() -> None:
    story = Story()
    story.allocate("x", "a")
    story.allocate("y", "a")
    story.release("x", "a")
    assert story.kinds(a="y") == ["two_owners"]


def test_one_owner_that_gets_an_address_twice_is_two_owners() -> None:
    story = Story()
    story.allocate("x", "a")
    story.allocate("x", "a")
    assert "two_owners" in story.kinds(a="x")


def test_two_owners_are_found_behind_a_third() -> None:
    story = Story()
    story.allocate("x", "a")
    story.allocate("y", "a")
    story.release("y", "a")
    story.allocate("z", "a")
    story.release("z", "a")
    assert story.kinds(a="x") == ["two_owners", "two_owners"]


def test_a_release_under_way_may_have_had_its_effect_already() -> None:
    story = Story()
    story.allocate("x", "a")
    release = story.invoke("release", "x", address="a")
    story.allocate("y", "a")
    story.ok(release)
    assert story.kinds(a="y") == []


def test_an_allocation_under_way_may_have_its_effect_late() -> None:
    story = Story()
    story.allocate("x", "a")
    late = story.invoke("allocate", "y", count=1)
    release = story.invoke("release", "x", address="a")
    story.ok(late, "a")
    story.ok(release)
    assert story.kinds(a="y") == []


def test_a_release_that_nobody_knows_of_may_have_happened_or_not() -> None:
    story = Story()
    story.allocate("x", "a", "b")
    story.info(story.invoke("release", "x", address="a"))
    story.info(story.invoke("release", "x", address="b"))
    story.allocate("y", "a")
    assert story.kinds(a="y", b="x") == []


def test_a_release_that_was_refused_releases_nothing() -> None:
    story = Story()
    story.allocate("x", "a")
    story.fail(story.invoke("release", "x", address="a"))
    story.allocate("y", "a")
    assert story.kinds(a="y") == ["two_owners", "two_owners"]


def test_an_address_that_is_listed_twice_in_the_end_has_two_owners() -> None:
    story = Story()
    story.allocate("x", "a")
    story.allocate("y", "b")
    story.lines.append({"type": "final", "pool": "p", "address": "a", "owner": "y"})
    assert "two_owners" in story.kinds(a="x", b="y")


def test_an_address_must_rest_after_its_release() -> None:
    story = Story(rest=10.0)
    story.allocate("x", "a")
    story.release("x", "a")
    story.allocate("y", "a")
    assert story.kinds(a="y") == ["rest_cut_short"]


def test_a_rest_counts_from_when_the_release_was_asked_for() -> None:
    story = Story(rest=3.0)
    story.allocate("x", "a")
    story.release("x", "a")
    story.allocate("y", "a")
    assert story.kinds(a="y") == []


def test_an_address_that_rests_cannot_be_what_an_unknown_call_got() -> None:
    story = Story(rest=10.0)
    story.allocate("x", "a")
    story.release("x", "a")
    story.info(story.invoke("allocate", "y", count=1))
    assert story.kinds(a="y") == ["rest_cut_short"]


def test_repetitions_by_key_are_one_call() -> None:
    story = Story()
    story.info(story.invoke("allocate", "x", count=1, key="k"))
    story.allocate("x", "a", key="k")
    story.allocate("x", "a", key="k")
    story.fail(story.invoke("allocate", "x", count=1, key="k"), history.NOT_DONE)
    assert story.kinds(a="x") == []
    assert story.kinds(a="x", b="x") == ["stray"]


def test_a_repetition_must_get_the_first_answer() -> None:
    story = Story()
    story.allocate("x", "a", key="k")
    story.allocate("x", "b", key="k")
    assert "answers_differ" in story.kinds(a="x", b="x")


def test_a_repetition_must_not_be_refused_after_a_good_answer() -> None:
    story = Story()
    story.allocate("x", "a", key="k")
    story.fail(story.invoke("allocate", "x", count=1, key="k"), history.FULL)
    assert story.kinds(a="x") == ["answers_differ"]


def test_a_repetition_does_not_give_the_address_again() -> None:
    story = Story()
    story.allocate("x", "a", key="k")
    story.release("x", "a")
    story.allocate("x", "a", key="k")
    story.allocate("y", "a")
    assert story.kinds(a="y") == []


def test_a_call_stays_unknown_when_its_repetition_does_not_get_through() -> None:
    story = Story(size=1)
    story.info(story.invoke("allocate", "x", count=1, key="k"))
    story.fail(story.invoke("allocate", "x", count=1, key="k"), history.NOT_DONE)
    story.fail(story.invoke("allocate", "y", count=1), history.FULL)
    story.get("a", "x")
    assert story.kinds(a="x") == []


def test_a_call_that_was_refused_may_be_granted_when_it_is_repeated() -> None:
    story = Story()
    story.fail(story.invoke("allocate", "x", count=1, key="k"), history.FULL)
    story.allocate("x", "a", key="k")
    assert story.kinds(a="x") == []


def test_answers_are_what_was_asked_for() -> None:
    story = Story(cidr="10.0.0.0/30")
    one, two, three = "10.0.0.1", "10.0.0.2", "10.0.1.1"
    story.allocate("x", one, count=2)
    assert story.kinds(**{one: "x"}) == ["wrong_answer"]
    story.allocate("x", two, address=three)
    story.allocate("x", three)
    left: dict[str, str | None] = {one: "x", two: "x", three: "x"}
    assert story.kinds(**left) == ["wrong_answer"] * 3


def test_no_address_of_a_bulk_may_be_outside() -> None:
    story = Story(cidr="10.0.0.0/30")
    story.allocate("x", "10.0.0.1", "10.0.1.1")
    left: dict[str, str | None] = {"10.0.0.1": "x", "10.0.1.1": "x"}
    assert story.kinds(**left) == ["wrong_answer"]


def test_who_has_an_address_for_certain_must_be_shown() -> None:
    story = Story()
    story.allocate("x", "a")
    story.get("a", None)
    assert story.kinds(a="x") == ["wrong_read"]


def test_who_has_just_asked_to_release_an_address_may_be_shown_or_not() -> None:
    story = Story()
    story.allocate("x", "a")
    release = story.invoke("release", "x", address="a")
    story.get("a", "x")
    story.get("a", None)
    story.ok(release)
    assert story.kinds(a=None) == []


def test_a_former_owner_must_not_be_shown() -> None:
    story = Story()
    story.allocate("x", "a")
    story.release("x", "a")
    story.get("a", "x")
    assert story.kinds() == ["wrong_read"]


def test_who_got_it_by_an_unknown_call_may_be_shown() -> None:
    story = Story()
    story.get("a", "x")
    story.info(story.invoke("allocate", "x", count=1))
    story.get("a", "x")
    assert story.kinds(a="x") == ["wrong_read"]


def test_a_pool_that_has_addresses_is_not_full() -> None:
    story = Story(size=2)
    story.allocate("x", "a")
    story.fail(story.invoke("allocate", "y", count=1), history.FULL)
    assert story.kinds(a="x") == ["needless_full"]


def test_what_is_refused_for_another_reason_says_nothing_of_the_pool() -> None:
    story = Story(size=2)
    story.fail(story.invoke("allocate", "x", count=1), "over quota")
    story.fail(story.invoke("allocate", "x", count=1), history.NOT_DONE)
    assert story.kinds() == []


def test_a_bulk_that_a_pool_cannot_give_finds_it_full() -> None:
    story = Story(size=2)
    story.allocate("x", "a")
    story.fail(story.invoke("allocate", "y", count=2), history.FULL)
    assert story.kinds(a="x") == []


@pytest.mark.parametrize("outcome", ["info", "fail"])
def test_what_is_under_way_may_fill_a_pool(outcome: str) -> None:
    story = Story(size=1)
    other = story.invoke("allocate", "x", count=1)
    story.fail(story.invoke("allocate", "y", count=1), history.FULL)
    getattr(story, outcome)(other)
    assert story.kinds() == []


def test_what_rests_fills_a_pool_only_as_long() -> None:
    story = Story(size=1, rest=3.5)
    story.allocate("x", "a")
    story.release("x", "a")
    story.fail(story.invoke("allocate", "y", count=1), history.FULL)
    assert story.kinds() == []
    story.get("a", None)
    story.fail(story.invoke("allocate", "y", count=1), history.FULL)
    assert story.kinds() == ["needless_full"]
