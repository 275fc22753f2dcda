"""Melange and its client behind a real Keystone, configured as the operations page has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from keystoneauth1.identity import v3
from keystoneauth1.session import Session

from melange.client import Client, errors
from tests.functional.installed import INSTALL_AND_TEST_SECONDS
from tests.functional.keystone import PASSWORD, keystone
from tests.melange.functional.test_melange_api import Command

pytestmark = pytest.mark.timeout(INSTALL_AND_TEST_SECONDS)

IN_DEFAULT = {"user_domain_name": "Default", "project_domain_name": "Default"}


def test_a_member_finds_melange_in_the_catalogue_and_has_only_its_own(tmp_path: Path) -> None:
    command = Command(tmp_path)
    with keystone(tmp_path / "keystone") as identity:
        projects = {name: identity.add_project(name) for name in ("service", "acme", "other")}
        identity.add_user("melange", projects["service"], "service")
        identity.add_user("ann", projects["acme"], "member")
        identity.add_endpoint("ipam", command.url)
        command.configure(
            "auth_strategy = keystone",
            "workers = 1",
            f"""
[keystone_authtoken]
www_authenticate_uri = {identity.url}
auth_url = {identity.url}
auth_type = password
username = melange
password = {PASSWORD}
user_domain_name = Default
project_name = service
project_domain_name = Default
service_token_roles_required = true
""",
        )
        login = {"username": "ann", "password": PASSWORD, "project_name": "acme", **IN_DEFAULT}
        with command.serving():
            ann = Client(Session(v3.Password(f"{identity.url}/v3", **login)))
            block = ann.ip_blocks.create(projects["acme"], "10.0.0.0/24", "private")
            assert ann.ip_addresses.allocate(projects["acme"], block["id"])["address"] == "10.0.0.0"
            with pytest.raises(errors.Forbidden):
                list(ann.ip_blocks.list(projects["other"]))
            with pytest.raises(errors.Forbidden):
                ann.mac_address_ranges.create("FA:16:3E:00:00:00/24")
