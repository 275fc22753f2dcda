"""Booting, listing, pinging and deleting instances of the lab."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass

from netkit.errors import BadRequest, Conflict, NotFound
from nova_netplugins.host.driver import Host
from nova_netplugins.lab.compute import Compute
from nova_netplugins.lab.files import Record
from nova_netplugins.lab.guest import NONE, PREFIX, Guest
from nova_netplugins.plugin import RequestedNic, VirtualNic

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?")


@dataclass(frozen=True)
class InstanceNic:
    """A NIC as the lab shows it. ``addresses``: those that the instance has in fact."""

    project_id: str
    service: str
    instance: str
    nic_id: str
    mac_address: str
    addresses: tuple[str, ...]
    how: str
    status: str


class Lab:
    """``host``: where net-agent finds the taps. Raises ``ServiceError`` and ``HostError``."""

    def __init__(self, compute: Compute, host: Host) -> None:
        self._compute = compute
        self._host = host

    def names(self) -> list[str]:
        """The instances of this lab."""
        found = self._host.list_netns(PREFIX)
        return [netns.removeprefix(PREFIX) for netns in found]

    def boot(
        self, name: str, project_id: str, networks: Sequence[RequestedNic] = ()
    ) -> list[VirtualNic]:
        """As Nova does: NICs from net-api, a tap for each, then the guest asks for its addresses.

        What was begun is taken back when something fails.
        """
        if not _NAME.fullmatch(name):
            raise BadRequest(
                f"{name!r} is no host name: use 1 to 40 lower-case letters, digits and hyphens",
                field="name",
                value=name,
            )
        if name in self.names():
            raise Conflict(f"there is an instance {name!r} already", field="name", value=name)
        service = self._compute.service_of(project_id)
        nics = self._compute.allocate(service, project_id, name, networks)
        record = Record(name, self._compute.instance_id(name), project_id, service, {})
        guest = Guest(self._host, name)
        try:
            self._start(guest, record, nics)
        except BaseException:
            self._compute.deallocate(service, record.instance_id)
            guest.destroy()
            raise
        return nics

    def _start(self, guest: Guest, record: Record, nics: Sequence[VirtualNic]) -> None:
        guest.create()
        guest.files.write(record)
        if not nics:
            return
        wirings = self._compute.wirings()
        for index, nic in enumerate(nics):
            guest.add_nic(index, nic, wirings[nic.id].network)
        self._compute.wait_until_active(record.service, nics)
        for index, nic in enumerate(nics):
            record.how[nic.id] = guest.configure(index, nic, wirings[nic.id].network)
        guest.files.write(record)

    def list(self) -> list[InstanceNic]:
        """Every NIC of every instance, in the order of the instances' names."""
        wirings = self._compute.wirings()
        rows = []
        for name in self.names():
            guest = Guest(self._host, name)
            record = guest.files.read()
            if record is None:
                continue
            for index, (nic_id, how) in enumerate(record.how.items()):
                nic = wirings[nic_id].nic if nic_id in wirings else None
                rows.append(
                    InstanceNic(
                        project_id=record.project_id,
                        service=record.service,
                        instance=name,
                        nic_id=nic_id,
                        mac_address=nic.mac_address if nic else NONE,
                        addresses=tuple(guest.addresses(index)),
                        how=how,
                        status=nic.status if nic else "DELETED",
                    )
                )
        return rows

    def ping(self, name: str, target: str, seconds: float = 5.0) -> bool:
        """Whether an instance reaches an address, or the first address of another instance.

        Raises ``NotFound`` for a target that is neither.
        """
        return self.guest(name).pings(self._address_of(target), seconds)

    def _address_of(self, target: str) -> str:
        if target not in self.names():
            try:
                return str(ipaddress.ip_address(target))
            except ValueError:
                raise NotFound(
                    f"{target!r} is neither an address nor an instance; there are: {self._known()}",
                    value=target,
                ) from None
        addresses = self.guest(target).addresses(0)
        if not addresses:
            raise NotFound(f"instance {target!r} has no address", value=target)
        return addresses[0]

    def guest(self, name: str) -> Guest:
        """Raises ``NotFound``."""
        if name not in self.names():
            raise NotFound(f"there is no instance {name!r}; there are: {self._known()}", value=name)
        return Guest(self._host, name)

    def _known(self) -> str:
        return ", ".join(self.names()) or "none"

    def delete(self, name: str) -> None:
        """Its NICs go back first: an instance that is half deleted can be deleted again."""
        guest = self.guest(name)
        record = guest.files.read()
        if record is not None:
            self._compute.deallocate(record.service, record.instance_id)
        guest.destroy()
