"""Clients and judge together: an honest service is acquitted, those that aren't are convicted."""

from __future__ import annotations

import threading

import pytest

from tests.chaos import inmemory
from tests.chaos.inmemory import BadLine, InMemory
from tools.ipamcheck.checker import Verdict, judge
from tools.ipamcheck.clients import read_end, storm
from tools.ipamcheck.history import Pool, Recorder, parse

CLIENTS = 16
POOLS = [
    Pool("small", 0.0, "10.0.0.0/28", 16),
    Pool("large", 0.0, "10.1.0.0/23", 512),
    Pool("resting", 3600.0, "10.2.0.0/24", 256),
    Pool("six", 0.01, "fd00::/120", 256),
]
ENOUGH = 3000
"""Lines of a history."""


class Enough(threading.Event):
    """Set when the history is long enough."""

    def __init__(self, recorder: Recorder) -> None:
        super().__init__()
        self._recorder = recorder

    def is_set(self) -> bool:
        return super().is_set() or len(self._recorder.lines) >= ENOUGH


def verdict(service: type[InMemory]) -> Verdict:
    ipam = BadLine(service(POOLS), seed=5)
    recorder = Recorder()
    storm(ipam, POOLS, recorder, seed=5, clients=CLIENTS, stop=Enough(recorder))
    read_end(ipam, POOLS, recorder)
    return judge(parse(recorder.lines))


def test_an_honest_service_behind_a_bad_line_is_acquitted() -> None:
    found = verdict(InMemory)
    assert found.violations == []
    for kind in ("ok", "fail", "info", "reused", "repeated", "unknown"):
        assert found.summary[kind] > 0, kind


@pytest.mark.parametrize(
    ("service", "kinds"),
    [
        (inmemory.Unlocked, {"two_owners"}),
        # What was forgotten may have been given to somebody else by the end.
        (inmemory.Forgetful, {"lost", "two_owners"}),
        (inmemory.Restless, {"rest_cut_short"}),
        (inmemory.Keyless, {"answers_differ"}),
        (inmemory.Halved, {"stray"}),
        (inmemory.Stingy, {"needless_full"}),
    ],
)
def test_a_service_that_breaks_its_word_is_convicted(
    service: type[InMemory], kinds: set[str]
) -> None:
    assert kinds & {violation.kind for violation in verdict(service).violations}
