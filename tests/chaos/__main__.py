"""``python -m tests.chaos [--seconds N] [--seed N] [--keep DIRECTORY]``"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.chaos import storm


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos")
    parser.add_argument("--seconds", type=float, default=60, help="how long things are killed")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--keep", type=Path, help="where the history and the log are written")
    given = parser.parse_args()
    directory = given.keep or Path(tempfile.mkdtemp(prefix="melange-chaos-"))
    directory.mkdir(parents=True, exist_ok=True)
    print(f"seed {given.seed}, history in {directory}", flush=True)
    outcome = storm.run(directory, seed=given.seed, seconds=given.seconds)
    print(outcome.verdict)
    print(f"melange-manage check: exit status {outcome.check_status}\n{outcome.check}")
    return 1 if outcome.verdict.violations or outcome.check_status else 0


if __name__ == "__main__":
    sys.exit(main())
