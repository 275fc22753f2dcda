"""Where Melange keeps its things."""

from __future__ import annotations

import os
from pathlib import Path

from oslo_config import cfg

GROUP = None

SYSTEM = "/var/lib/melange"


def _state_path() -> str:
    """The system's directory for who may write there, else one in the user's home."""
    if os.geteuid() == 0 or os.access(SYSTEM, os.W_OK):
        return SYSTEM
    home = os.environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return f"{home}/melange"


OPTS: list[cfg.Opt] = [
    cfg.StrOpt(
        "state_path",
        default=_state_path(),
        sample_default=SYSTEM,
        help="The directory of the embedded SQLite database, and of the counters of a running "
        "melange-api. It is made when it does not exist. "
        "For a user who may not write to /var/lib/melange the default is "
        "~/.local/state/melange (or melange in XDG_STATE_HOME).",
    ),
]
