"""``nova-netplugins-service``: the net-services of a network host."""

from __future__ import annotations

from nova_netplugins.cmd import daemon
from nova_netplugins.service.process import ServiceProcess


def main() -> int:
    return daemon.run_on_host("nova-netplugins-service", ServiceProcess)
