"""Melange keeps its word while its workers, itself and PostgreSQL are killed."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests import servers
from tests.chaos import storm

SECONDS = 10.0


@pytest.mark.timeout(300)
def test_64_clients_are_never_lied_to_while_everything_is_killed(tmp_path: Path) -> None:
    seed = random.randrange(10**6)
    print(f"python -m tests.chaos --seed {seed} --seconds {SECONDS}; history in {tmp_path}")
    try:
        outcome = storm.run(tmp_path, seed=seed, seconds=SECONDS)
    except servers.ServerMissing as missing:
        pytest.skip(str(missing))
    print(outcome.verdict)
    print(outcome.check)
    assert outcome.verdict.violations == []
    assert outcome.check_status == 0, outcome.check
    # It was a storm: each of these has happened.
    for kind in ("ok", "fail", "info", "reused", "repeated", "unknown", "notes"):
        assert outcome.verdict.summary[kind] > 0, kind
