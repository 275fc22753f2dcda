"""The net-api server's REST API, as daemons and the lab call it: keystoneauth1 underneath.

keystoneauth1 is how every OpenStack service reaches another: the operator's options for passwords,
certificates and the Keystone catalogue are the usual ones, and tokens renew themselves.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from keystoneauth1 import adapter, exceptions, loading, noauth, session
from oslo_config import cfg

from netkit.errors import NotFound, RemoteError, Unauthorized, Unavailable
from nova_netplugins.conf import net_api

VERSION = "v1.0"

# A call that can be repeated is, when the connection fails: after 0.5 s, then after 1 s.
CONNECT_RETRIES = 2
_REPEATABLE = frozenset({"GET", "PUT", "DELETE"})


class RemoteNotFound(RemoteError, NotFound):
    """The object that was asked for does not exist, says net-api itself.

    A 404 of a proxy, or for a path that the server does not have, is a plain ``RemoteError``: it
    says nothing about the object.
    """


class Client:
    """REST below one path of net-api; a ``NetApiClient`` when that is a network service's.

    Paths are relative (``networks/1``, ``/networks/1``); query parameters that are None are left
    out. Every call raises ``RemoteError`` with the server's status, code and message
    (``RemoteNotFound`` among them), ``Unavailable`` when net-api does not answer, ``Unauthorized``
    when Keystone refuses us.
    """

    def __init__(self, http: adapter.Adapter, prefix: str = f"/{VERSION}") -> None:
        self._http = http
        self._prefix = prefix

    def below(self, *segments: str) -> Client:
        """A client of what is further down, such as one network service's own API."""
        return Client(self._http, "/".join([self._prefix, *(quote(s, safe="") for s in segments)]))

    def get(self, path: str, **query: Any) -> Any:
        return self._call("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("POST", path, body)

    def put(self, path: str, body: Mapping[str, Any]) -> Any:
        return self._call("PUT", path, body)

    def delete(self, path: str) -> None:
        self._call("DELETE", path)

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
    ) -> Any:
        url = f"{self._prefix}/{path.lstrip('/')}".rstrip("/")
        given: dict[str, Any] = {} if body is None else {"json": body}
        if query:
            given["params"] = {name: _text(value) for name, value in query.items()}
        try:
            answer = self._http.request(
                url,
                method,
                headers={"Accept": "application/json"},
                raise_exc=False,
                connect_retries=CONNECT_RETRIES if method in _REPEATABLE else 0,
                **given,
            )
        except exceptions.Unauthorized as error:
            raise Unauthorized(f"Keystone refuses the credentials in [net_api]: {error}") from error
        except exceptions.ClientException as error:
            raise Unavailable(f"net-api does not answer: {_brief(error)}", value=url) from error
        if answer.status_code >= 400:
            raise _remote_error(answer, method, url)
        return answer.json() if answer.content else None


def make_client(conf: cfg.ConfigOpts, endpoint: str | None = None) -> Client:
    """A client with the options in ``[net_api]``; ``endpoint`` overrides where net-api is.

    Without ``auth_type`` no token is sent. Raises ``keystoneauth1.exceptions.ClientException`` for
    options that do not go together.
    """
    group = net_api.GROUP
    endpoint = endpoint or conf.net_api.endpoint_override or None
    auth: Any = noauth.NoAuth(endpoint=endpoint)
    if conf.net_api.auth_type not in (None, "none"):
        auth = loading.load_auth_from_conf_options(conf, group)
    http = loading.load_adapter_from_conf_options(
        conf,
        group,
        session=_session(conf, auth),
        auth=auth,
        endpoint_override=endpoint,
    )
    return Client(http)


def _session(conf: cfg.ConfigOpts, auth: Any) -> session.Session:
    return loading.load_session_from_conf_options(
        conf, net_api.GROUP, auth=auth, app_name="nova-netplugins"
    )


def _brief(error: Exception) -> str:
    """What happened, without the objects of requests and urllib3 that it happened in."""
    at = str(error).partition(": HTTP")[0]
    reason: BaseException | None = error
    while reason is not None:
        if isinstance(reason, OSError) and reason.strerror:
            return f"{at}: {reason.strerror}"
        reason = reason.__cause__ or reason.__context__
    return at


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _remote_error(answer: Any, method: str, url: str) -> RemoteError:
    """The server's own words; a proxy's page, or anything else, is quoted in part."""
    try:
        error = answer.json()["error"]
        message, code = str(error["message"]), str(error["code"])
    except (ValueError, KeyError, TypeError):
        message = f"{method} {url} was answered with {answer.status_code}: {answer.text[:200]!r}"
        return RemoteError(message, status=answer.status_code, code=RemoteError.code)
    missing = answer.status_code == NotFound.status and error.get("field") != "path"
    return (RemoteNotFound if missing else RemoteError)(
        message,
        status=answer.status_code,
        code=code,
        field=error.get("field"),
        value=error.get("value"),
    )
