"""The network services of this cloud: ``network_service_conf`` read, its modules loaded.

The catalogue is made once, when a process starts, and passed around. A line that cannot be loaded
stops the start: a cloud that silently lost one of its network services would refuse, or worse
misplace, the instances of every project that has it.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from oslo_config import cfg

from netkit import errors
from nova_netplugins.conf import list_opts
from nova_netplugins.plugin import NetworkService

# The longest name with which the service's table names stay within the 63 bytes of PostgreSQL.
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")

# URL segments, command line nouns and migration lineages of the core itself. Option groups of the
# core are added to these when a name is checked.
_RESERVED = frozenset(
    {
        "agent",
        "api",
        "core",
        "db",
        "default",
        "health",
        "help",
        "hosts",
        "network_services",
        "networking",
        "project",
        "projects",
        "service",
        "versions",
    }
)


class CatalogueError(Exception):
    """The configured network services cannot be loaded; the message says where and why."""


class UnknownNetworkService(errors.BadRequest):
    code = "unknown_network_service"
    template = "{value} is not a network service of this cloud; it has {known}"


@dataclass(frozen=True)
class Catalogue:
    """The loaded network services, in the order of the file, and the one of every new project."""

    services: tuple[NetworkService, ...]
    default: NetworkService

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(service.name for service in self.services)

    def get(self, name: str) -> NetworkService:
        """The service of this name. Raises ``UnknownNetworkService``, which lists the known."""
        for service in self.services:
            if service.name == name:
                return service
        raise UnknownNetworkService(
            field="network_service", value=name, known=", ".join(self.names)
        )


def load_catalogue(conf: cfg.ConfigOpts) -> Catalogue:
    """Load ``conf.network_service_conf`` and register each service's options in ``conf.<name>``.

    Raises ``CatalogueError``.
    """
    path = Path(conf.network_service_conf)
    loaded: dict[str, NetworkService] = {}
    for number, module_path in _lines(path):
        try:
            loaded[module_path] = _load(conf, module_path, loaded)
        except CatalogueError as error:
            raise CatalogueError(f"{path}:{number}: {module_path}: {error}") from error.__cause__
    return Catalogue(tuple(loaded.values()), _default(conf, path, loaded))


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or error
        raise CatalogueError(
            f"cannot read the list of network services {path} (network_service_conf): {reason};"
            " make it like etc/nova-network.conf, or name another in network_service_conf"
        ) from error
    for number, line in enumerate(text.splitlines(), start=1):
        if (stripped := line.strip()) and not stripped.startswith("#"):
            yield number, stripped


def _load(
    conf: cfg.ConfigOpts, module_path: str, loaded: dict[str, NetworkService]
) -> NetworkService:
    if module_path in loaded:
        raise CatalogueError("this network service is listed twice")
    service = _describe(conf, module_path)
    _check(service)
    for other_path, other in loaded.items():
        if other.name == service.name:
            raise CatalogueError(f"its name {service.name!r} is already that of {other_path}")
    try:
        conf.register_opts(service.config_opts, group=service.name)
    except cfg.Error as error:
        raise CatalogueError(f"its options cannot be registered: {error}") from error
    return service


def _describe(conf: cfg.ConfigOpts, module_path: str) -> NetworkService:
    # What a plug-in's code may raise is not ours to list: whatever it is, it is this line's fault.
    try:
        module = importlib.import_module(module_path)
    except ModuleNotFoundError as error:
        if error.name and f"{module_path}.".startswith(f"{error.name}."):
            raise CatalogueError(f"there is no Python module {error.name!r} here") from error
        raise CatalogueError(f"importing it failed: {error}") from error
    except Exception as error:
        raise CatalogueError(f"importing it failed: {_named(error)}") from error
    describe = getattr(module, "network_service", None)
    if not callable(describe):
        raise CatalogueError("the module has no function network_service(conf)")
    try:
        service = describe(conf)
    except Exception as error:
        raise CatalogueError(f"network_service(conf) failed: {_named(error)}") from error
    if not isinstance(service, NetworkService):
        raise CatalogueError(
            "network_service(conf) must return a nova_netplugins.plugin.NetworkService, "
            f"not {type(service).__name__}"
        )
    return service


def _named(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _check(service: NetworkService) -> None:
    name = service.name
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CatalogueError(
            f"its name {name!r} must be 1 to 32 lower-case letters, digits and _, "
            "and begin with a letter"
        )
    if name in _reserved_names():
        raise CatalogueError(f"its name {name!r} is reserved for the core")
    for part in ("net_api", "net_agent"):
        if not callable(getattr(service, part)):
            raise CatalogueError(f"its {part} must be callable, not {getattr(service, part)!r}")
    if (service.metadata is None) != (service.migrations is None):
        raise CatalogueError("it must have both metadata and migrations, or neither")
    if service.migrations is not None and not Path(service.migrations).is_dir():
        raise CatalogueError(f"its migrations directory {service.migrations} does not exist")


def _reserved_names() -> frozenset[str]:
    return _RESERVED | {group for group, _ in list_opts() if group is not None}


def _default(conf: cfg.ConfigOpts, path: Path, loaded: dict[str, NetworkService]) -> NetworkService:
    module_path = conf.default_network_service
    if module_path in loaded:
        return loaded[module_path]
    listed = _listed(list(loaded))
    raise CatalogueError(
        f"default_network_service is {module_path}, which {path} does not list; it lists {listed}"
    )


def _listed(modules: Sequence[str]) -> str:
    return ", ".join(modules) or "none"
