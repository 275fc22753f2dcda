"""The lab's tables."""

from __future__ import annotations

from collections.abc import Sequence

from prettytable import PrettyTable

from nova_netplugins.lab.lab import InstanceNic


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    shown = PrettyTable(list(columns))
    shown.align = "l"
    shown.add_rows([list(row) for row in rows])
    return shown.get_string()


def instances(nics: Sequence[InstanceNic]) -> str:
    columns = (
        "Project",
        "Service",
        "Instance",
        "NIC",
        "MAC address",
        "Address",
        "Got by",
        "Status",
    )
    rows = [
        (
            nic.project_id,
            nic.service,
            nic.instance,
            nic.nic_id,
            nic.mac_address,
            "\n".join(nic.addresses) or "-",
            nic.how,
            nic.status,
        )
        for nic in nics
    ]
    return table(columns, rows)
