"""What a daemon answers to on the bus, and how oslo.messaging calls it."""

from __future__ import annotations

from typing import Any, Protocol

from netkit.messaging import messaging

# A minor version is added for a new method or a new optional argument; a major one breaks.
VERSION = "1.0"


class Prompted(Protocol):
    """Takes prompts. Each only notes what is to be done and returns at once."""

    def nic_changed(
        self, service: str, nic_id: str, network_id: str | None, host: str | None
    ) -> None: ...

    def network_changed(self, service: str, network_id: str) -> None: ...


class AgentEndpoint(Prompted, Protocol):
    """What the net-agent daemon of a host offers."""


class ServiceEndpoint(Prompted, Protocol):
    """What the net-service daemon of a host offers."""

    def ensure(self, service: str, network_id: str, nic_id: str | None) -> None:
        """Return once the NIC (None: the network) is served here. Raises if that failed."""


class PromptsRpc:
    """Prompts as oslo.messaging delivers them: a request context comes first."""

    target = messaging.Target(version=VERSION)

    def __init__(self, endpoint: Prompted) -> None:
        self._endpoint = endpoint

    def nic_changed(
        self, _context: Any, service: str, nic_id: str, network_id: str | None, host: str | None
    ) -> None:
        self._endpoint.nic_changed(service, nic_id, network_id, host)

    def network_changed(self, _context: Any, service: str, network_id: str) -> None:
        self._endpoint.network_changed(service, network_id)


class ServiceRpc(PromptsRpc):
    def __init__(self, endpoint: ServiceEndpoint) -> None:
        super().__init__(endpoint)
        self._service = endpoint

    def ensure(self, _context: Any, service: str, network_id: str, nic_id: str | None) -> None:
        self._service.ensure(service, network_id, nic_id)
