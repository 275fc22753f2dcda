"""Who calls: what the three values of ``auth_strategy`` put in front of the application."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import logging
import os
import secrets
import threading
from collections.abc import Iterable

import cachetools
import webob.exc
from oslo_config import cfg
from oslo_middleware import basic_auth
from oslo_middleware.exceptions import ConfigInvalid

from netkit.context import RequestContext
from netkit.policy import Authorizer
from netkit.wsgi.auth import KeystoneTokens, TrustedHeaders
from netkit.wsgi.environment import Environ, StartResponse, WsgiApp
from netkit.wsgi.faults import Fault

LOG = logging.getLogger(__name__)

_ADMIN = "admin,member,reader"
_MEMBER = "member,reader"
_REMEMBERED = 4096


class UsersMissing(ValueError):
    """``[http_basic]`` has no usable file of users."""


def authenticated(conf: cfg.ConfigOpts, app: WsgiApp, authorizer: Authorizer) -> WsgiApp:
    """The application behind what ``auth_strategy`` says.

    Raises UsersMissing, and what netkit's KeystoneTokens does.
    """

    def describe(context: RequestContext) -> RequestContext:
        admin = authorizer.allows(context, "context_is_admin")
        return dataclasses.replace(context, is_admin=admin, all_projects=admin)

    trusted = TrustedHeaders(app, describe)
    if conf.auth_strategy == "keystone":
        return KeystoneTokens(trusted, conf)
    if conf.auth_strategy == "http_basic":
        return HttpBasic(trusted, conf)
    LOG.warning("auth_strategy is noauth: whoever reaches this server is an administrator")
    return BelievedHeaders(trusted)


def refusals(conf: cfg.ConfigOpts) -> dict[int, Fault]:
    """What the statuses of authentication layers mean."""
    needed = {
        "http_basic": "this call needs a user and password (HTTP Basic authentication)",
        "keystone": "this call needs a valid Keystone token in X-Auth-Token",
    }.get(conf.auth_strategy, "")
    away = "Keystone cannot be asked about the token now; try again later"
    return {401: Fault(401, "unauthorized", needed), 503: Fault(503, "unavailable", away)}


class BelievedHeaders:
    """Who the client says it is, in today's headers or in those of the first Melange (``X-Tenant``,
    ``X-Role``). A tenant that names no roles is a member; without either, an administrator.
    """

    def __init__(self, app: WsgiApp) -> None:
        self._app = app

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        tenant = environ.get("HTTP_X_PROJECT_ID") or environ.get("HTTP_X_TENANT") or ""
        roles = environ.get("HTTP_X_ROLES", environ.get("HTTP_X_ROLE"))
        if roles is None:
            roles = _MEMBER if tenant else _ADMIN
        environ["HTTP_X_PROJECT_ID"] = tenant
        environ["HTTP_X_ROLES"] = roles
        return self._app(environ, start_response)


class HttpBasic:
    """Lets pass who gives a user and password of the file, and tells ``app`` whose by headers.

    The file and the passwords are read and compared by oslo.middleware. A password that was right
    is remembered as a keyed hash for a while, because bcrypt takes longer than the call itself.

    Raises UsersMissing.
    """

    def __init__(self, app: WsgiApp, conf: cfg.ConfigOpts) -> None:
        self._app = app
        self._options = conf.http_basic
        self._file: str = conf.http_basic.user_file
        self._key = secrets.token_bytes(32)
        self._right: cachetools.TTLCache[bytes, bool] = cachetools.TTLCache(
            _REMEMBERED, ttl=conf.http_basic.cache_seconds
        )
        self._lock = threading.Lock()
        try:
            basic_auth.validate_auth_file(self._file)
        except ConfigInvalid as error:
            raise self._unusable("it cannot be read") from error
        except webob.exc.HTTPException as error:
            raise self._unusable(str(error)) from error

    def _unusable(self, reason: str) -> UsersMissing:
        return UsersMissing(
            "auth_strategy is http_basic, so user_file in [http_basic] must be a file of users with"
            f" bcrypt hashes ({self._file}): {reason}"
        )

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        try:
            user = self._user(environ)
        except webob.exc.HTTPException:
            refusal: WsgiApp = webob.exc.HTTPUnauthorized(
                headers=[("WWW-Authenticate", 'Basic realm="melange", charset="UTF-8"')]
            )
            return refusal(environ, start_response)
        tenant = self._options.tenants.get(user, "")
        given: str | None = self._options.roles.get(user)
        default = _MEMBER if tenant else _ADMIN
        environ["HTTP_X_USER_ID"] = user
        environ["HTTP_X_PROJECT_ID"] = tenant
        environ["HTTP_X_ROLES"] = default if given is None else ",".join(given.split())
        # Nobody has checked what the client says of a service.
        environ.pop("HTTP_X_SERVICE_ROLES", None)
        return self._app(environ, start_response)

    def _user(self, environ: Environ) -> str:
        """Raises webob.exc.HTTPException."""
        user: str
        password: bytes
        user, password = basic_auth.parse_token(basic_auth.parse_header(environ))
        proof = self._proof(user, password)
        with self._lock:
            if proof in self._right:
                return user
        basic_auth.authenticate(self._file, user, password)
        with self._lock:
            self._right[proof] = True
        return user

    def _proof(self, user: str, password: bytes) -> bytes:
        """Another one after any change of the file."""
        found = os.stat(self._file)
        version = f"{found.st_ino} {found.st_mtime_ns} {found.st_size}"
        told = b"\0".join((version.encode(), user.encode(), password))
        return hmac.digest(self._key, told, hashlib.sha256)
