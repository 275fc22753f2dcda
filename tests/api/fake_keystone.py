"""The part of Keystone's Identity API v3 that auth_token asks, over HTTP."""

from __future__ import annotations

import datetime
from typing import Any

import webob

from netkit.wsgi.environment import Environ, StartResponse
from netkit.wsgi.server import Server

MIDDLEWARE_TOKEN = "the-middlewares-own-token"


class FakeKeystone:
    """Answers discovery, gives auth_token its own token, and validates the tokens that ``issue``
    made.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, dict[str, Any]] = {}
        self._server = Server(self)
        self.url = self._server.url
        self._server.start()

    def stop(self) -> None:
        self._server.stop()

    def issue(
        self,
        token: str,
        *,
        project_id: str | None,
        roles: list[str],
        user_id: str = "u",
        lifetime: int = 3600,
    ) -> str:
        """A token; ``lifetime`` in seconds, negative: it has expired."""
        now = datetime.datetime.now(datetime.UTC)
        data: dict[str, Any] = {
            "methods": ["password"],
            "issued_at": _time(now - datetime.timedelta(days=1)),
            "expires_at": _time(now + datetime.timedelta(seconds=lifetime)),
            "user": {"id": user_id, "name": user_id, "domain": {"id": "d", "name": "d"}},
            "roles": [{"id": role, "name": role} for role in roles],
            "catalog": [{"type": "identity", "name": "keystone", "endpoints": self._endpoints()}],
            "audit_ids": [token],
        }
        if project_id is not None:
            data["project"] = {
                "id": project_id,
                "name": project_id,
                "domain": {"id": "d", "name": "d"},
            }
        self._tokens[token] = data
        return token

    def _endpoints(self) -> list[dict[str, str]]:
        return [
            {"id": name, "interface": name, "region": "r", "region_id": "r", "url": self.url}
            for name in ("public", "internal", "admin")
        ]

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        request = webob.Request(environ)
        return self._answer(request)(environ, start_response)

    def _answer(self, request: webob.Request) -> webob.Response:
        if request.path != "/v3/auth/tokens":
            return self._versions(request)
        if request.method == "POST":
            self.issue(MIDDLEWARE_TOKEN, project_id="service", roles=["service"])
            return webob.Response(
                json={"token": self._tokens[MIDDLEWARE_TOKEN]},
                status=201,
                headers={"X-Subject-Token": MIDDLEWARE_TOKEN},
            )
        if request.headers.get("X-Auth-Token") != MIDDLEWARE_TOKEN:
            return webob.Response(status=401)
        found = self._tokens.get(request.headers.get("X-Subject-Token", ""))
        if found is None:
            return webob.Response(json={"error": {"code": 404, "message": "no"}}, status=404)
        return webob.Response(json={"token": found})

    def _versions(self, request: webob.Request) -> webob.Response:
        version = {
            "id": "v3.14",
            "status": "stable",
            "links": [{"rel": "self", "href": f"{request.application_url}/v3/"}],
            "media-types": [],
        }
        if request.path.startswith("/v3"):
            return webob.Response(json={"version": version})
        return webob.Response(json={"versions": {"values": [version]}}, status=300)


def _time(moment: datetime.datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
