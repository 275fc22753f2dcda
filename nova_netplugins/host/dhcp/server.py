"""What a DHCP server of a network host can be asked to do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from nova_netplugins.host.dhcp.model import DhcpHost, DhcpNetwork, Lease


class DhcpServer(ABC):
    """Serves networks, also while the process that asked for it is away.

    Each verb may be repeated, also after a crash half way, and may be called from any thread.
    All raise HostError.
    """

    @abstractmethod
    def ensure(self, network: DhcpNetwork, hosts: Iterable[DhcpHost]) -> None:
        """Exactly these hosts of the network are served. Raises HostError, then nothing of the
        network is changed, if two of them have the same MAC or address; BadSettings, if the
        server does not accept the network's options."""

    @abstractmethod
    def ensure_host(self, network_id: str, host: DhcpHost) -> None:
        """This host is served too, and is when this returns. Raises NotFound if ``ensure`` was
        not called for the network."""

    @abstractmethod
    def remove_host(self, network_id: str, nic_id: str) -> None:
        """The host, if there is one, is not served any more. It keeps its lease."""

    @abstractmethod
    def remove(self, network_id: str) -> None:
        """The network is not served, and its leases are forgotten."""

    @abstractmethod
    def running(self) -> Mapping[str, int]:
        """Process ids of the servers that run, by network id."""

    @abstractmethod
    def networks(self) -> Sequence[str]:
        """Ids of the networks that were ensured and not removed, on this host, by anyone."""

    @abstractmethod
    def served(self, network_id: str) -> Mapping[str, Sequence[str]]:
        """What the server that runs gives to whom, as it says itself: addresses by MAC, to be
        compared with ``DhcpNetwork.given``. Empty if none runs. Raises HostError if it does not
        say."""

    @abstractmethod
    def distrust(self, network_id: str) -> None:
        """What the server was told does not count any more, because somebody else told it other
        things: the next ``ensure`` tells it all anew."""

    @abstractmethod
    def leases(self, network_id: str) -> Sequence[Lease]:
        """The leases that have not ended, none for a network that is not there. Kea says none
        while it does not run, though it keeps them."""

    @abstractmethod
    def lease_files(self) -> Mapping[str, Path]:
        """The lease files by network id, for a ``LeaseWatcher``; none if they are not of dnsmasq's
        format."""

    @abstractmethod
    def release_lease(self, network_id: str, address: str, mac: str) -> None:
        """The client has no lease of the address, IPv4 or IPv6: another may be given it at
        once."""

    @abstractmethod
    def close(self) -> None:
        """End what this process does by itself. The servers go on."""
