"""One interface is asked for on several networks at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from melange.ipam.blocks import Block
from tests.melange.everywhere import TENANT, Melange, path_of

TIMES = 20


def test_it_is_on_one_network_afterwards(melange_everywhere: Melange) -> None:
    melange = melange_everywhere
    found = [melange.new_block("10.0.0.0/24", network_id=f"net-{n}") for n in range(4)]
    for turn in range(TIMES):
        vif_id = f"vif-{turn}"
        melange.post("/interfaces", {"interface": {"id": vif_id, "tenant_id": TENANT}})

        def ask(block: Block, vif_id: str = vif_id) -> int:
            body = {"ip_address": {"interface_id": vif_id}}
            return melange.call("POST", path_of(block, "ip_addresses"), body).status_int

        with ThreadPoolExecutor(len(found)) as threads:
            assert sorted(threads.map(ask, found)) == [201, 422, 422, 422]
