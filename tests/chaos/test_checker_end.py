"""The judge, on how histories end: what is left must be explained by what was asked and told."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.chaos.histories import Story
from tools.ipamcheck import history
from tools.ipamcheck.__main__ import main
from tools.ipamcheck.checker import judge
from tools.ipamcheck.violations import KINDS, Violation


@pytest.mark.parametrize("left", [{}, {"a": None}])
def test_an_acknowledged_allocation_that_is_gone_is_lost(left: dict[str, str | None]) -> None:
    story = Story()
    story.allocate("x", "a")
    assert story.kinds(**left) == ["lost"]


def test_an_acknowledged_allocation_that_is_anothers_in_the_end_has_two_owners() -> None:
    story = Story()
    story.allocate("x", "a")
    story.info(story.invoke("allocate", "y", count=1))
    assert story.kinds(a="y") == ["two_owners"]


def test_a_part_of_a_bulk_that_is_gone_is_lost() -> None:
    story = Story()
    story.allocate("x", "a", "b", "c")
    assert story.kinds(a="x", c="x") == ["lost"]


def test_an_acknowledged_release_that_is_undone_is_lost() -> None:
    story = Story()
    story.allocate("x", "a")
    story.release("x", "a")
    assert story.kinds(a="x") == ["release_lost"]


def test_an_address_that_nobody_asked_for_is_a_stray() -> None:
    assert Story().kinds(a="x") == ["stray"]


def test_an_address_of_who_was_refused_is_a_stray() -> None:
    story = Story()
    story.fail(story.invoke("allocate", "x", count=1))
    assert story.kinds(a="x") == ["stray"]


def test_an_unknown_call_explains_what_it_may_have_got_and_no_more() -> None:
    story = Story()
    story.info(story.invoke("allocate", "x", count=1))
    assert story.kinds() == []
    assert story.kinds(a="x") == []
    assert story.kinds(a="x", b="x") == ["stray", "stray"]
    assert story.kinds(a="y") == ["stray"]


def test_a_call_that_never_came_back_is_unknown() -> None:
    story = Story()
    story.invoke("allocate", "x", count=1)
    assert story.kinds(a="x") == []


def test_unknown_bulks_are_whole_or_not_at_all() -> None:
    story = Story()
    story.info(story.invoke("allocate", "x", count=3))
    story.info(story.invoke("allocate", "x", count=1))
    assert story.kinds(a="x", b="x", c="x") == []
    assert story.kinds(a="x", b="x") == ["stray", "stray"]


def test_an_unknown_call_for_one_address_explains_only_that() -> None:
    story = Story()
    story.info(story.invoke("allocate", "x", address="a"))
    assert story.kinds(a="x") == []
    assert story.kinds(b="x") == ["stray"]


def test_a_history_without_end_proves_nothing() -> None:
    verdict = judge(history.parse(Story().lines))
    assert [violation.kind for violation in verdict.violations] == ["bad_history"]


def test_a_client_that_releases_what_it_never_had_spoils_the_history() -> None:
    story = Story()
    story.release("x", "a")
    assert story.kinds() == ["bad_history"]


def test_every_kind_has_a_description_and_no_other_is_found() -> None:
    assert all(KINDS.values())
    with pytest.raises(ValueError):
        Violation("bad luck", "")


def test_the_command_judges_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "history.jsonl"
    recorder = history.Recorder(path)
    recorder.pool(history.Pool("p"))
    recorder.complete(recorder.invoke("x", "allocate", "p", "x"), "ok", addresses=["a"])
    recorder.end()
    recorder.close()
    monkeypatch.setattr("sys.argv", ["ipamcheck", str(path)])
    assert main() == 1
    assert "lost: p a was given to x" in capsys.readouterr().out
    path.write_text('{"type": "gossip"}\n')
    assert main() == 2
    assert "not a line of a history" in capsys.readouterr().err
