"""For the tests of network services: the suite that each of them passes. Needs pytest."""

from __future__ import annotations

import pytest

# Before they are imported, so that a failed assertion of theirs shows its values.
pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("descriptor", "net_api", "net_agent", "net_service"))
)
