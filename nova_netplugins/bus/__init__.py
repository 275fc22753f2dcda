"""The message bus between net-api, net-agents and net-services: oslo.messaging behind one class.

Without ``transport_url`` messages stay within this process (oslo.messaging's ``fake://``): enough
where net-api, agent and service are one process, and harmless where they are not, as every daemon
also converges on its own. With ``rabbit://...`` they reach every host.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

from oslo_config import cfg

from netkit.messaging import messaging, register_options, usable_transport
from nova_netplugins.bus.endpoints import (
    VERSION,
    AgentEndpoint,
    PromptsRpc,
    ServiceEndpoint,
    ServiceRpc,
)
from nova_netplugins.bus.outbox import Outbox
from nova_netplugins.bus.served import RemoteServed
from nova_netplugins.plugin import Prompts, ServedNetworks

__all__ = ["AgentEndpoint", "Bus", "ServiceEndpoint"]

AGENT_TOPIC = "nova-netplugins-agent"
SERVICE_TOPIC = "nova-netplugins-service"
IN_PROCESS = "fake://"

# Of connecting to the broker; oslo.messaging's own default is for ever.
RETRIES = 1

# To send what waits, and again to disconnect, when the process ends.
CLOSE_SECONDS = 2.0


class Bus:
    """Sending and listening for one process. Make it once, ``close`` it at the end.

    Raises ``netkit.messaging.UnusableTransport`` for a ``transport_url`` that cannot be used. A
    broker that is away is no error: sending is retried with the next message, listening in the
    background.
    """

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        register_options(conf)
        conf.set_default("transport_url", IN_PROCESS)
        conf.set_default("control_exchange", "nova-netplugins")
        with usable_transport(conf):
            url = messaging.TransportURL.parse(conf)
            self._transport = messaging.get_rpc_transport(conf, url)
        self.in_process: bool = url.transport == "fake"
        self._exchange: str = conf.control_exchange
        if self.in_process:
            # Exchanges of fake:// belong to the whole process, where tests make many buses.
            self._exchange += f"-{uuid.uuid4()}"
        self._outbox = Outbox(self._broadcast)
        self._lock = threading.Lock()
        self._servers: dict[tuple[str, str], Any] = {}
        self._closed = False
        self._prompted_from_here = False

    @property
    def carries_prompts(self) -> bool:
        """Whether prompts come here: through a broker, or as net-api is in this process."""
        return not self.in_process or self._prompted_from_here

    def prompts(self, service: str) -> Prompts:
        """What the net-api of this network service prompts its agents and services with."""
        self._prompted_from_here = True
        return _BusPrompts(self, service)

    def served(self, service: str, host: str, timeout: float) -> ServedNetworks:
        """How the net-agent of this service on ``host`` asks for networks to be served."""
        return RemoteServed(self._ensure_served, service, host, timeout)

    def listen_as_agent(self, host: str, endpoint: AgentEndpoint) -> None:
        self._listen(AGENT_TOPIC, host, PromptsRpc(endpoint))

    def listen_as_service(self, host: str, endpoint: ServiceEndpoint) -> None:
        self._listen(SERVICE_TOPIC, host, ServiceRpc(endpoint))

    def prompt(self, method: str, **arguments: Any) -> None:
        """Tell all agents and services. Returns at once, never raises."""
        if not self.in_process:
            self._outbox.put(method, **arguments)
        elif self._servers:
            self._broadcast(method, arguments)

    def close(self) -> None:
        """Send what waits, if the broker takes it, and stop listening."""
        self._outbox.close(CLOSE_SECONDS)
        with self._lock:
            self._closed = True
            servers, self._servers = list(self._servers.values()), {}
        for server in servers:
            server.stop()
        # In a thread, as it may wait for connections to a broker that is away, and does wait for
        # idle threads. In this process nobody else is at the other end, so that can be let go.
        ending = threading.Thread(target=self._disconnect, args=(servers,), daemon=True)
        ending.start()
        if not self.in_process:
            ending.join(CLOSE_SECONDS)

    def _disconnect(self, servers: list[Any]) -> None:
        for server in servers:
            server.wait()
        if not self.in_process:
            # That of fake:// would take the exchanges of every bus of this process.
            self._transport.cleanup()

    def _listen(self, topic: str, host: str, rpc: Any) -> None:
        target = messaging.Target(exchange=self._exchange, topic=topic, server=host)
        server = messaging.get_rpc_server(self._transport, target, [rpc])
        if self.in_process:
            self._start(server, topic, host)
            return
        # Starting waits for the broker, however long it is away; the daemon has other work.
        threading.Thread(
            target=self._start, args=(server, topic, host), name=f"listen-{topic}", daemon=True
        ).start()

    def _start(self, server: Any, topic: str, host: str) -> None:
        server.start()
        with self._lock:
            if not self._closed:
                self._servers[topic, host] = server
                return
        server.stop()

    def _listened(self, topic: str, host: str | None = None) -> bool:
        """Whether a message would be taken. fake:// keeps what nobody takes, for ever."""
        with self._lock:
            return not self.in_process or any(
                topic == listening and host in (None, server) for listening, server in self._servers
            )

    def _broadcast(self, method: str, arguments: dict[str, Any]) -> None:
        for topic in (AGENT_TOPIC, SERVICE_TOPIC):
            if self._listened(topic):
                self._client(topic, fanout=True).cast({}, method, **arguments)

    def _ensure_served(
        self, host: str, timeout: float, *, service: str, network_id: str, nic_id: str | None
    ) -> None:
        if self._listened(SERVICE_TOPIC, host):
            client = self._client(SERVICE_TOPIC, server=host, timeout=timeout)
            client.call({}, "ensure", service=service, network_id=network_id, nic_id=nic_id)

    def _client(self, topic: str, **how: Any) -> Any:
        target = messaging.Target(exchange=self._exchange, topic=topic, version=VERSION)
        return messaging.get_rpc_client(self._transport, target).prepare(retry=RETRIES, **how)


class _BusPrompts:
    def __init__(self, bus: Bus, service: str) -> None:
        self._bus = bus
        self._service = service

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None:
        self._bus.prompt(
            "nic_changed", service=self._service, nic_id=nic_id, network_id=network_id, host=host
        )

    def network_changed(self, network_id: str) -> None:
        self._bus.prompt("network_changed", service=self._service, network_id=network_id)
