"""``nova-netplugins-agent``: the net-agents of a compute host."""

from __future__ import annotations

from nova_netplugins.agent.process import AgentProcess
from nova_netplugins.cmd import daemon


def main() -> int:
    return daemon.run_on_host("nova-netplugins-agent", AgentProcess)
