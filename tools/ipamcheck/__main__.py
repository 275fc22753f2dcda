"""``python -m tools.ipamcheck HISTORY``"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.ipamcheck import history
from tools.ipamcheck.checker import judge


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python -m tools.ipamcheck HISTORY", file=sys.stderr)
        return 2
    try:
        verdict = judge(history.read(Path(sys.argv[1])))
    except (OSError, ValueError) as error:
        print(f"{sys.argv[1]}: {error}", file=sys.stderr)
        return 2
    print(verdict)
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
