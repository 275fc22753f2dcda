"""Open vSwitch bridges and their ports, where VLANs are tags and need no VLAN devices.

Bridges and ports that we make have our owner in their external_ids; only such are removed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from nova_netplugins.host.commands import run
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.ovs_flows import Flows

OWNER = "nova-netplugins"
DEAD_VLAN = 4095
TIMEOUT_SECONDS = 10


class Switch(Protocol):
    """Open vSwitch's verbs; OpenVSwitch is the real one, FakeSwitch the one of the tests."""

    def ensure_ovs_bridge(self, name: str, owner: str, datapath_type: str | None = None) -> None:
        """There is a bridge. One that somebody else made is used as it is."""

    def ensure_ovs_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        tag: int | None = None,
        external_ids: Mapping[str, str] | None = None,
    ) -> None:
        """A link is a port of the bridge, in VLAN ``tag`` (None: a trunk), with external ids on
        its interface. Raises NotFound (no bridge), AlreadyExists (a port elsewhere)."""

    def ensure_integration_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        external_ids: Mapping[str, str],
        isolated: bool = True,
    ) -> None:
        """A link is a port of a bridge where another program gives ports their VLANs, which knows
        it by the external ids of its interface. A port that is there keeps its VLAN; with
        ``isolated`` a new one reaches nothing until it has been given one. Raises as
        ``ensure_ovs_port``."""

    def remove_port(self, port: str) -> bool:
        """The port is gone if it was ours; whether it was."""

    def owned(self, prefix: str = "") -> dict[str, str]:
        """Port -> owner of our ports whose name begins with ``prefix``."""

    def numbers(self) -> dict[str, dict[str, int]]:
        """Bridge -> port -> the number that OpenFlow has for the port, of all that work."""

    def converge_flows(self, bridge: str, owner: str, flows: Sequence[str]) -> bool:
        """The bridge has exactly these OpenFlow rules of the owner, beside everybody else's;
        whether anything was changed."""

    def available(self) -> bool:
        """Whether this host has a running Open vSwitch."""

    def is_userspace(self, bridge: str) -> bool:
        """Whether frames of the bridge are handled by a program. Raises NotFound."""


class OpenVSwitch:
    """Open vSwitch through ovs-vsctl; ``database`` as in its ``--db``, None for the default."""

    def __init__(self, database: str | None = None) -> None:
        self._database = [f"--db={database}"] if database else []
        self._flows = Flows(database)

    def ensure_ovs_bridge(self, name: str, owner: str, datapath_type: str | None = None) -> None:
        if self._bridge_exists(name):
            return
        command = ["--may-exist", "add-br", name, "--", "br-set-external-id", name, OWNER, owner]
        if datapath_type:
            command += ["--", "set", "Bridge", name, f"datapath_type={datapath_type}"]
        self._vsctl(*command)

    def ensure_ovs_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        tag: int | None = None,
        external_ids: Mapping[str, str] | None = None,
    ) -> None:
        if tag is not None and not 1 <= tag <= 4094:
            raise HostError(f"VLAN tag {tag} is outside 1-4094")
        self._has_port(bridge, port)
        tagging = f"tag={tag}" if tag is not None else "tag=[]"
        ids = _external_ids(external_ids or {})
        self._vsctl(
            *["--may-exist", "add-port", bridge, port],
            *["--", "set", "Port", port, tagging, *_external_ids({OWNER: owner})],
            *(["--", "set", "Interface", port, *ids] if ids else []),
        )

    def ensure_integration_port(
        self,
        bridge: str,
        port: str,
        owner: str,
        external_ids: Mapping[str, str],
        isolated: bool = True,
    ) -> None:
        port_columns, added = _external_ids({OWNER: owner}), []
        if not self._has_port(bridge, port):
            added = ["add-port", bridge, port, "--"]
            if isolated:
                # As an access port it would still get what is sent to everybody on that VLAN.
                port_columns += [f"tag={DEAD_VLAN}", "vlan_mode=trunk", f"trunks={DEAD_VLAN}"]
        self._vsctl(
            *added,
            *["set", "Port", port, *port_columns],
            *["--", "set", "Interface", port, *_external_ids(external_ids)],
        )

    def remove_port(self, port: str) -> bool:
        if port not in self.owned(port):
            return False
        self._vsctl("--if-exists", "del-port", port)
        return True

    def owned(self, prefix: str = "") -> dict[str, str]:
        listed = self._vsctl("--format=json", "--columns=name,external_ids", "list", "Port")
        found: dict[str, str] = {}
        for name, (_, pairs) in json.loads(listed)["data"] if listed.strip() else ():
            owner = dict(pairs).get(OWNER)
            if owner is not None and name.startswith(prefix):
                found[name] = owner
        return found

    def numbers(self) -> dict[str, dict[str, int]]:
        listed = self._vsctl(
            *["--format=json", "--columns=name,ports", "list", "Bridge"],
            *["--", "--columns=_uuid,name", "list", "Port"],
            *["--", "--columns=name,ofport", "list", "Interface"],
        )
        bridges, ports, interfaces = (json.loads(line)["data"] for line in listed.splitlines())
        names = {uuid: name for (_, uuid), name in ports}
        # A link that is not there has -1, one that was added this moment nothing yet.
        working = {name: n for name, n in interfaces if isinstance(n, int) and n > 0}
        return {
            bridge: {
                name: working[name]
                for _, uuid in _members(members)
                if (name := names[uuid]) in working
            }
            for bridge, members in bridges
        }

    def converge_flows(self, bridge: str, owner: str, flows: Sequence[str]) -> bool:
        return self._flows.converge(bridge, owner, flows)

    def available(self) -> bool:
        try:
            self._vsctl("--no-wait", "show")
        except HostError:
            return False
        return True

    def is_userspace(self, bridge: str) -> bool:
        if not self._bridge_exists(bridge):
            raise NotFound(f"there is no Open vSwitch bridge {bridge}")
        return self._vsctl("get", "Bridge", bridge, "datapath_type").strip().strip('"') == "netdev"

    def _bridge_exists(self, name: str) -> bool:
        return run(self._argv("br-exists", name), expected=(0, 2)).status == 0

    def _has_port(self, bridge: str, port: str) -> bool:
        if not self._bridge_exists(bridge):
            raise NotFound(f"there is no Open vSwitch bridge {bridge}")
        present = self._bridge_of(port)
        if present not in (None, bridge):
            raise AlreadyExists(f"{port} is a port of {present}, wanted in {bridge}")
        return present is not None

    def _bridge_of(self, port: str) -> str | None:
        done = run(self._argv("port-to-br", port), expected=(0, 1))
        return done.stdout.strip() if done.status == 0 else None

    def _vsctl(self, *arguments: str) -> str:
        return run(self._argv(*arguments)).stdout

    def _argv(self, *arguments: str) -> list[str]:
        return ["ovs-vsctl", f"--timeout={TIMEOUT_SECONDS}", *self._database, *arguments]


def _external_ids(ids: Mapping[str, str]) -> list[str]:
    return [f"external_ids:{key}={json.dumps(value)}" for key, value in ids.items()]


def _members(value: Any) -> Any:
    """The database shows a set of one as its only member."""
    return value[1] if value[0] == "set" else [value]
