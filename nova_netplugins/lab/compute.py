"""Nova's part towards net-api: NICs for an instance, and waiting until they are plugged."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence

from netkit.errors import NotFound, Unavailable
from nova_netplugins import wire
from nova_netplugins.client import Client
from nova_netplugins.plugin import ACTIVE, RequestedNic, VirtualNic, Wiring

ACTIVE_SECONDS = 30.0
POLL_SECONDS = 0.1


class Compute:
    """``host_name``: the compute host whose net-agent plugs what is booted here."""

    def __init__(self, client: Client, host_name: str) -> None:
        self._client = client
        self._host_name = host_name

    def instance_id(self, name: str) -> str:
        """Nova's instances have UUIDs. The same name on the same host has the same one."""
        return str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{name}.{self._host_name}"))

    def service_of(self, project_id: str) -> str:
        """The network service of a project."""
        answer = self._client.below("projects", project_id).get("network_service")
        return str(answer["network_service"]["service"])

    def associate(self, project_id: str, service: str) -> None:
        body = {"network_service": {"service": service}}
        self._client.below("projects", project_id).put("network_service", body)

    def allocate(
        self, service: str, project_id: str, name: str, networks: Sequence[RequestedNic]
    ) -> list[VirtualNic]:
        """All NICs of a new instance, in the order asked for. Raises ``ServiceError``."""
        body = {
            "virtual_nics": {
                "project_id": project_id,
                "host": self._host_name,
                "hostname": name,
                "networks": [wire.to_dict(network) for network in networks],
            }
        }
        instance = self._client.below(service, "instances", self.instance_id(name))
        answer = instance.post("virtual_nics", body)
        return [wire.from_dict(VirtualNic, nic) for nic in answer["virtual_nics"]]

    def deallocate(self, service: str, instance_id: str) -> None:
        """Nothing to give back is fine."""
        try:
            self._client.below(service, "instances", instance_id).delete("virtual_nics")
        except NotFound:
            return

    def wirings(self) -> dict[str, Wiring]:
        """The NICs of this host with their networks, by NIC id."""
        rows = self._client.below("hosts", self._host_name).get("wirings")["wirings"]
        return {row["nic"]["id"]: wire.from_dict(Wiring, row) for row in rows}

    def wait_until_active(self, service: str, nics: Sequence[VirtualNic]) -> None:
        """Return once all NICs of an instance are plugged. Raises ``Unavailable`` after 30 s."""
        instance = self._client.below(service, "instances", str(nics[0].instance_id))
        deadline = time.monotonic() + ACTIVE_SECONDS
        while True:
            known = instance.get("virtual_nics")["virtual_nics"]
            waiting = [nic["id"] for nic in known if nic["status"] != ACTIVE]
            if not waiting:
                return
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"virtual NIC {', '.join(waiting)} is not ACTIVE after {ACTIVE_SECONDS:.0f} s: "
                    f"does net-agent run as host {self._host_name!r}?",
                    value=waiting,
                )
            time.sleep(POLL_SECONDS)
