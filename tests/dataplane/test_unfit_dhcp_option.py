"""DHCP options that were stored before net-api looked at them."""

from __future__ import annotations

import contextlib
import json
import sqlite3

import pytest

from tests.dataplane import cloud as clouds


@pytest.mark.root
def test_a_stored_option_that_does_not_fit_costs_no_other() -> None:
    with clouds.running() as cloud:
        network = cloud.make_network("flat_dhcp", cidr="10.0.0.0/24")
        options = {"mtu": "1400", "nope": "1", "ntp-server": "x", "121": "y", "224": "hello"}
        database = cloud.node.config.parent / "nova-netplugins.sqlite"
        with contextlib.closing(sqlite3.connect(database)) as connection, connection:
            stored = "UPDATE flat_dhcp_networks SET dhcp_options = ? WHERE id = ?"
            connection.execute(stored, (json.dumps(options), network["id"]))
        path = f"/flat_dhcp/networks/{network['id']}"
        cloud.api.put(path, {"network": {"label": "changed"}})
        lease = cloud.boot("one", "flat_dhcp", network).ask_dhcp("eth0", 224)
        assert (lease["mtu"], lease["opt224"]) == ("1400", b"hello".hex())
        log = cloud.node.config.with_name("service.log").read_text()
        for name in ("nope", "ntp-server", "121"):
            assert f"network {network['id']} is served without its DHCP option {name}:" in log
        assert "without its DHCP options" not in log
