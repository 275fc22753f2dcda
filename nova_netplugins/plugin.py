"""The contract between the core and a network service: all that a plug-in author reads and may rely
on.

A network service is a Python module, named in ``nova-network.conf``, that has one function::

    def network_service(conf: cfg.ConfigOpts) -> NetworkService: ...

It returns a descriptor of up to three parts (NetworkServicePOC, 2011): *net-api* manages networks,
virtual NICs and addresses and owns their data; *net-agent* wires virtual NICs on a compute host and
never opens a database; the optional *net-service* serves networks (DHCP, gateway, NAT, floating
IPs) on a network host. Making a descriptor must be cheap: no database, no network, no privileged
operation. The parts are made later, each with a context of what it may use.

Errors that a part raises for its caller derive from ``netkit.errors.ServiceError``.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from oslo_config import cfg

from netkit.output import Listing as Listing
from netkit.output import Outcome as Outcome

if TYPE_CHECKING:
    from netkit.db import Database
    from netkit.wsgi.routing import Mapper
    from nova_netplugins.associations import Associations
    from nova_netplugins.host.driver import Host

ACTIVE = "ACTIVE"
DOWN = "DOWN"


# -- What the parts speak of


@dataclass(frozen=True)
class Subnet:
    """The addresses of one IP version on a network."""

    version: int
    cidr: str
    gateway: str | None = None
    dns: tuple[str, ...] = ()
    dhcp_server: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Network:
    """One layer 2 segment. ``project_id`` None: every project of the service may use it.

    ``host`` is the network host that serves it (None: none yet, or ``multi_host``). ``attributes``
    are the service's own (``bridge``, ``vlan``, ...): JSON values, read by the service's own agent.
    """

    id: str
    label: str
    project_id: str | None = None
    subnets: tuple[Subnet, ...] = ()
    mtu: int | None = None
    host: str | None = None
    multi_host: bool = False
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FixedIp:
    """An address of a virtual NIC. ``subnet_id`` is None where a network's subnets have no ids of
    their own."""

    address: str
    version: int
    subnet_id: str | None = None


@dataclass(frozen=True)
class VirtualNic:
    """What an instance is given. ``device`` is the name of its tap on ``host``; ``status`` is
    ACTIVE or DOWN.

    ``default_route``: this NIC carries its instance's default route. ``attributes`` are the
    service's own: JSON values, read by the service's own agent.
    """

    id: str
    network_id: str | None
    project_id: str
    mac_address: str
    instance_id: str | None = None
    host: str | None = None
    device: str = ""
    hostname: str | None = None
    status: str = DOWN
    default_route: bool = True
    fixed_ips: tuple[FixedIp, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FloatingIp:
    """A public address of a project, perhaps in front of a fixed one."""

    id: str
    address: str
    pool: str
    project_id: str
    virtual_nic_id: str | None = None
    fixed_address: str | None = None


@dataclass(frozen=True)
class RequestedNic:
    """One virtual NIC of a request: on this network, with these addresses (none: the next free
    ones)."""

    network_id: str | None = None
    addresses: tuple[str, ...] = ()
    mac_address: str | None = None


@dataclass(frozen=True)
class InstanceRequest:
    """What an instance asks for. ``nics`` empty: one NIC on each network that the service gives by
    default."""

    instance_id: str
    project_id: str
    host: str | None = None
    hostname: str | None = None
    nics: tuple[RequestedNic, ...] = ()


@dataclass(frozen=True)
class Wiring:
    """A virtual NIC bound to a host, and the network it belongs on: all that a net-agent needs to
    plug it."""

    nic: VirtualNic
    network: Network


def device_name(virtual_nic_id: str) -> str:
    """The tap of a virtual NIC, as Nova names it: ``tap`` and the first 11 characters of the id."""
    return f"tap{virtual_nic_id[:11]}"


# -- What the parts are given


class Prompts(Protocol):
    """Tells agents and services, after a commit, that they have something to do now.

    A prompt carries ids, never state, and may be lost: daemons also converge on their own.
    """

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None: ...

    def network_changed(self, network_id: str) -> None: ...


class NetApiClient(Protocol):
    """The service's own REST API, ``/v1.0/<name>``, as agents and services reach it. Bodies are
    dicts.

    Raises ``netkit.errors.ServiceError`` with the server's status and code.
    """

    def get(self, path: str, **query: Any) -> Any: ...

    def post(self, path: str, body: Mapping[str, Any]) -> Any: ...

    def put(self, path: str, body: Mapping[str, Any]) -> Any: ...

    def delete(self, path: str) -> None: ...


@dataclass(frozen=True)
class ApiContext:
    """For net-api. ``conf``: the configuration; the service's own options are in
    ``conf.<name>``."""

    conf: cfg.ConfigOpts
    database: Database
    associations: Associations
    prompts: Prompts


class ServedNetworks(Protocol):
    """How a net-agent asks the net-service of a network for its part, before the guest needs it
    (RPC)."""

    def ensure(self, network: Network, nic_id: str | None = None) -> None: ...


@dataclass(frozen=True)
class AgentContext:
    """For net-agent. ``wirings()`` lists the service's NICs bound to this host; ``report`` tells a
    NIC's status."""

    conf: cfg.ConfigOpts
    host_name: str
    host: Host
    client: NetApiClient
    wirings: Callable[[], Sequence[Wiring]]
    report: Callable[[str, str], None]
    served: ServedNetworks


@dataclass(frozen=True)
class ServiceContext:
    """For net-service. ``state_dir``: a directory of the service's own that outlives the
    process."""

    conf: cfg.ConfigOpts
    host_name: str
    host: Host
    client: NetApiClient
    state_dir: str


# -- The parts -------------------------------------------------------------------------------------


class NetApi(Protocol):
    """Manages networks, virtual NICs and addresses. Each call is one transaction: done whole, or
    not at all.

    Nobody is authorised here: callers are (the REST routes by policy, command line tools by being
    run)."""

    def routes(self, mapper: Mapper) -> None:
        """Add the service's own REST routes; the mapper puts ``/v1.0/<name>`` before each path."""

    def list_networks(self, project_id: str | None = None) -> Sequence[Network]:
        """All networks, or those that this project may use."""

    def get_network(self, network_id: str) -> Network: ...

    def allocate_for_instance(self, request: InstanceRequest) -> Sequence[VirtualNic]:
        """Virtual NICs with their MACs, ports and addresses, in the order asked for, or none at
        all.

        Pins the project to this service on its first use; refuses a project of another service
        (``ProjectUsesOtherService``). Asking again for the same instance adds NICs.
        """

    def deallocate_for_instance(self, instance_id: str) -> None:
        """Give back all that an instance has; nothing to give back is fine."""

    def list_virtual_nics(
        self,
        *,
        instance_id: str | None = None,
        host: str | None = None,
        network_id: str | None = None,
    ) -> Sequence[VirtualNic]: ...

    def get_virtual_nic(self, nic_id: str) -> VirtualNic: ...

    def delete_virtual_nic(self, nic_id: str) -> None: ...

    def bind_virtual_nic(self, nic_id: str, host: str | None) -> VirtualNic:
        """Say on which compute host the NIC is (None: on none)."""

    def report_virtual_nic(self, nic_id: str, status: str) -> None:
        """What its net-agent says of a NIC: ACTIVE or DOWN."""

    def wirings(self, host: str) -> Sequence[Wiring]:
        """The NICs bound to a host with their networks."""

    def allocate_floating_ip(self, project_id: str, pool: str | None = None) -> FloatingIp:
        """Raises ``NotSupported`` where the service has no floating IPs; so do the next four."""

    def release_floating_ip(self, address: str) -> None: ...

    def associate_floating_ip(
        self, address: str, fixed_address: str, nic_id: str
    ) -> FloatingIp: ...

    def disassociate_floating_ip(self, address: str) -> FloatingIp: ...

    def list_floating_ips(self, project_id: str | None = None) -> Sequence[FloatingIp]: ...


class NetAgent(Protocol):
    """Wires virtual NICs on a compute host. Each verb may be repeated after a crash at any line,
    and repairs. They are called one at a time.
    """

    def setup_network(self, network: Network) -> None:
        """Make what the network needs on this host (its bridge, its VLAN device)."""

    def plug(self, nic: VirtualNic, network: Network) -> None:
        """Connect the NIC's device, which exists, to its network. Raises ``HostError``."""

    def unplug(self, nic: VirtualNic) -> None:
        """Forget the NIC on this host: its device may be gone already."""

    def check(self) -> Sequence[str]:
        """Make this host what ``wirings()`` says, remove what is ours and stale; say what was
        changed."""


class NetService(Protocol):
    """Serves networks on a network host. The same temper as the agent's verbs.

    ``ensure`` of different networks, and ``check`` beside them, may run at the same time in several
    threads; ``ensure`` of one network runs once at a time.
    """

    def ensure(self, network_id: str, nic_id: str | None = None) -> None:
        """Serve the network as its net-api describes it now; with ``nic_id`` only that NIC need be
        brought up to date."""

    def remove(self, network_id: str) -> None:
        """Stop serving the network here and leave nothing of it behind."""

    def check(self) -> Sequence[str]:
        """Serve what this host should, stop what it should not; say what was changed."""

    def close(self) -> None:
        """The process ends; what it set up keeps working without it."""


ManageCommand = Callable[[NetApi, argparse.Namespace], Listing | str | Outcome]
"""A management command: prints its listing, or its message; with an ``Outcome``, its exit code is
told too. It is set on its parser as ``set_defaults(command=...)``."""


@dataclass(frozen=True)
class NetworkService:
    """The descriptor of a network service.

    ``name`` is the URL segment, the command line noun, the option group and the prefix of its
    tables: lower-case letters, digits and ``_``. ``metadata`` and ``migrations`` (the directory of
    an alembic lineage's versions) are both None for a service without tables; its version table is
    ``alembic_version_<name>``. ``manage_commands`` adds the service's own tool below
    ``nova-netplugins-manage <name>``."""

    name: str
    net_api: Callable[[ApiContext], NetApi]
    net_agent: Callable[[AgentContext], NetAgent]
    net_service: Callable[[ServiceContext], NetService] | None = None
    metadata: sa.MetaData | None = None
    migrations: str | None = None
    config_opts: Sequence[cfg.Opt] = ()
    manage_commands: (
        Callable[[argparse._SubParsersAction[argparse.ArgumentParser]], None] | None
    ) = None
