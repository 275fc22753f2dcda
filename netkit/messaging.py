"""oslo.messaging, imported such that it uses threads and works without the global CONF.

oslo.messaging stands on oslo.service, which takes eventlet unless told otherwise before its first
import, and both warn of eventlet merely because it is installed.
"""

from __future__ import annotations

import contextlib
import importlib
import warnings
from collections.abc import Iterator

from oslo_config import cfg

from netkit.conf import without_password
from netkit.errors import ServiceError

with warnings.catch_warnings():
    warnings.filterwarnings("ignore", message="\\s*Eventlet is deprecated")
    from oslo_service import backend

    backend.register_backend_default_hook(lambda: backend.BackendType.THREADING)
    import oslo_messaging as messaging

__all__ = ["UnusableTransport", "messaging", "register_options", "usable_transport"]


class UnusableTransport(ServiceError):
    code = "unusable_transport"
    template = (
        "{field} {value} cannot be used: {reason}; it is like rabbit://user:password@host:5672/"
    )


def register_options(conf: cfg.ConfigOpts) -> None:
    """Register what oslo.messaging reads from the configuration it is given before it is made."""
    messaging.TransportURL(conf)
    # These it registers with the global CONF alone; a version without them does not read them.
    for name in ("_metrics", "_tracing"):
        group = f"oslo_messaging{name}"
        with contextlib.suppress(ImportError):
            module = importlib.import_module(f"oslo_messaging.{name}.client")
            conf.register_opts(getattr(module, group), group=group)


@contextlib.contextmanager
def usable_transport(conf: cfg.ConfigOpts) -> Iterator[None]:
    """For what reads ``transport_url``. Raises UnusableTransport."""
    try:
        yield
    except (messaging.InvalidTransportURL, messaging.DriverLoadFailure, ValueError) as error:
        raise UnusableTransport(
            field="transport_url", value=without_password(conf.transport_url), reason=error
        ) from error
