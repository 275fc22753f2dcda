"""Who may do what, and how long a decision holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from oslo_config import cfg
from oslo_policy import policy

from netkit.context import RequestContext
from netkit.policy import Authorizer, PolicyDenied
from tests.eventually import eventually

RULES = [policy.RuleDefault("shelves:list", "role:admin or project_id:%(tenant_id)s")]


def _caller(project: str | None, *roles: str) -> RequestContext:
    return RequestContext(project, "u", frozenset(roles), "r")


def _authorizer(policy_file: Path) -> Authorizer:
    settings = policy_file.with_suffix(".conf")
    settings.write_text(f"[oslo_policy]\npolicy_file = {policy_file}\n")
    conf = cfg.ConfigOpts()
    conf([], default_config_files=[str(settings)], default_config_dirs=[])
    return Authorizer(conf, RULES)


def test_each_caller_and_each_target_gets_a_decision_of_its_own(tmp_path: Path) -> None:
    authorizer = _authorizer(tmp_path / "none.yaml")
    mine, others = {"tenant_id": "t1"}, {"tenant_id": "t2"}
    for _ in range(2):
        assert authorizer.permits(_caller("t1"), "shelves:list", mine)
        assert not authorizer.permits(_caller("t1"), "shelves:list", others)
        assert not authorizer.permits(_caller("t2"), "shelves:list", mine)
        assert not authorizer.permits(_caller(None), "shelves:list", mine)
        assert authorizer.permits(_caller("t1", "admin"), "shelves:list", others)
        with pytest.raises(PolicyDenied, match="'shelves:list' with the roles member"):
            authorizer.check(_caller("t1", "member"), "shelves:list", others)


def test_a_changed_policy_file_is_heeded_soon(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text('"shelves:list": "!"\n')
    authorizer = _authorizer(file)
    admin = _caller("t1", "admin")
    assert not authorizer.permits(admin, "shelves:list", {"tenant_id": "t1"})
    file.write_text('"shelves:list": "@"  # everybody\n')
    eventually(
        lambda: authorizer.permits(admin, "shelves:list", {"tenant_id": "t1"}),
        "everybody may list the shelves",
    )
