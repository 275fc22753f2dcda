"""What Melange does without a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from melange import conf as configuration
from melange.conf import core


def test_without_a_file_it_serves_this_host_from_a_file_of_its_own() -> None:
    conf = configuration.load(config_files=[])
    assert (conf.api.bind_host, conf.api.bind_port) == ("127.0.0.1", 9898)
    assert conf.auth_strategy == "noauth"
    assert conf.database.connection == f"sqlite:///{conf.state_path}/melange.sqlite"


def test_who_may_not_write_to_the_systems_directory_has_one_at_home(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(core.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(core, "SYSTEM", str(tmp_path / "not-there"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    assert core._state_path() == f"{tmp_path}/.local/state/melange"
    monkeypatch.setenv("XDG_STATE_HOME", "/elsewhere")
    assert core._state_path() == "/elsewhere/melange"


def test_every_option_says_what_it_is_for() -> None:
    groups = configuration.list_opts()
    assert [opt.name for _, opts in groups for opt in opts if not (opt.help or "").strip()] == []
