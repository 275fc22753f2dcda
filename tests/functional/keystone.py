"""Keystone 30 as PyPI has it, on SQLite and a free port of 127.0.0.1, for the time of a test.

::

    with keystone(tmp_path) as identity:
        identity.add_user("ann", identity.add_project("red"), "member")
        token = identity.token("ann", "red")

The users' passwords are ``PASSWORD``; all is in the domain Default.
"""

from __future__ import annotations

import contextlib
import datetime
import grp
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from keystoneauth1 import adapter, session
from keystoneauth1.identity import v3

from tests.eventually import eventually
from tests.functional.installed import ROOT, python_with
from tests.servers import free_port

NAME = "keystone-30"
PASSWORD = "secret"

_START_SECONDS = 60.0
_HERE = {"user_domain_id": "default", "project_domain_id": "default"}

# 4 bcrypt rounds in place of 12: a password then costs a millisecond, not a quarter of a second.
_CONF = """
[DEFAULT]
log_file = {home}/keystone.log
[database]
connection = sqlite:///{home}/keystone.sqlite
[fernet_tokens]
key_repository = {home}/fernet
[credential]
key_repository = {home}/credential
[identity]
password_hash_rounds = 4
"""

# waitress's own command does not do: Keystone takes the arguments of its process for its own.
_SERVE = """
import os, waitress
from keystone.server.wsgi import initialize_public_application
application = initialize_public_application()
waitress.serve(application, host="127.0.0.1", port=int(os.environ["PORT"]), threads=4)
"""


class Keystone:
    """``url`` is what operators write as ``auth_url``."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._admin = adapter.Adapter(
            session.Session(v3.Password(url, **_login("admin", "admin"))),
            endpoint_override=f"{url}/v3",
        )
        self._roles = {row["name"]: row["id"] for row in self._admin.get("/roles").json()["roles"]}
        self._users: dict[str, str] = {}

    def add_project(self, name: str) -> str:
        """Its id."""
        return self._add("projects", {"name": name, "domain_id": "default"})

    def add_user(self, name: str, project_id: str, role: str) -> None:
        body = {"name": name, "password": PASSWORD, "domain_id": "default"}
        self._users[name] = self._add("users", body)
        grant = f"/projects/{project_id}/users/{self._users[name]}/roles/{self._roles[role]}"
        self._admin.put(grant)

    def add_endpoint(self, service_type: str, url: str) -> None:
        """In the catalogue of every token."""
        service_id = self._add("services", {"name": service_type, "type": service_type})
        self._add("endpoints", {"service_id": service_id, "interface": "public", "url": url})

    def enable(self, user: str, yes: bool) -> None:
        """A user that is not enabled has no token; its old ones stay invalid when it is again."""
        self._admin.patch(f"/users/{self._users[user]}", json={"user": {"enabled": yes}})

    def revoke(self, token: str) -> None:
        self._admin.delete("/auth/tokens", headers={"X-Subject-Token": token})

    def token(self, user: str, project: str) -> str:
        return str(session.Session(self._password(user, project)).get_token())

    def token_until(self, user: str, project: str, seconds: float) -> str:
        """A token that is valid for so long; an application credential's end with it."""
        users = session.Session(self._password(user, project))
        end = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=seconds)
        body = {"name": f"until {end}", "expires_at": end.strftime("%Y-%m-%dT%H:%M:%S.%f")}
        made = users.post(
            f"{self.url}/v3/users/{self._users[user]}/application_credentials",
            json={"application_credential": body},
        ).json()["application_credential"]
        credential = v3.ApplicationCredential(
            self.url,
            application_credential_id=made["id"],
            application_credential_secret=made["secret"],
        )
        return str(session.Session(credential).get_token())

    def _password(self, user: str, project: str) -> v3.Password:
        return v3.Password(self.url, **_login(user, project))

    def _add(self, noun: str, body: dict[str, Any]) -> str:
        made = self._admin.post(f"/{noun}", json={noun[:-1]: body}).json()
        return str(made[noun[:-1]]["id"])


@contextlib.contextmanager
def keystone(home: Path) -> Iterator[Keystone]:
    """``home``: an empty directory. Skips the test where Keystone cannot be installed."""
    python = python_with(NAME, "keystone==30.*", "waitress")
    prepared = _prepared(python)
    shutil.copytree(prepared, home, dirs_exist_ok=True)
    url = f"http://127.0.0.1:{(port := free_port())}"
    (home / "keystone.conf").write_text(_CONF.format(home=home))
    urls = [f"--bootstrap-{interface}-url={url}/v3" for interface in ("public", "internal")]
    _manage(python, home, "bootstrap", f"--bootstrap-password={PASSWORD}", *urls)
    with _served(python, home, port):
        eventually(lambda: _answers(url), "Keystone answers", _START_SECONDS)
        yield Keystone(url)


def _prepared(python: Path) -> Path:
    """A directory with the tables and keys of a new Keystone, made once: it takes 15 s."""
    done = ROOT / ".cache" / NAME / "prepared"
    if not done.exists():
        home = done.with_name("preparing")
        shutil.rmtree(home, ignore_errors=True)
        for directory in (home, home / "fernet", home / "credential"):
            directory.mkdir(mode=0o700)
        (home / "keystone.conf").write_text(_CONF.format(home=home))
        _manage(python, home, "db_sync")
        user = f"--keystone-user={pwd.getpwuid(os.geteuid()).pw_name}"
        group = f"--keystone-group={grp.getgrgid(os.getegid()).gr_name}"
        for command in ("fernet_setup", "credential_setup"):
            _manage(python, home, command, user, group)
        home.rename(done)
    return done


def _manage(python: Path, home: Path, *words: str) -> None:
    script = str(python.with_name("keystone-manage"))
    command = [script, f"--config-file={home}/keystone.conf", *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=_START_SECONDS)
    assert done.returncode == 0, f"keystone-manage {words[0]}: {done.stderr[-2000:]}"


@contextlib.contextmanager
def _served(python: Path, home: Path, port: int) -> Iterator[None]:
    settings = {"OS_KEYSTONE_CONFIG_FILES": str(home / "keystone.conf"), "PORT": str(port)}
    with (home / "output").open("wb") as output:
        # The death signal ends it even when the tests are killed with SIGKILL.
        server = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", python, "-c", _SERVE],
            env={**os.environ, **settings},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield
    finally:
        server.kill()
        server.wait()


def _answers(url: str) -> bool:
    with contextlib.suppress(requests.ConnectionError):
        return requests.get(f"{url}/v3", timeout=5).ok
    return False


def _login(user: str, project: str) -> dict[str, str]:
    return {"username": user, "password": PASSWORD, "project_name": project, **_HERE}
