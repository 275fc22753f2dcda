"""``melange-manage import`` and ``export``."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from melange.ipam import interfaces, macs, quarantine, subnets
from melange.ipam.unit import Unit
from tests.melange.everywhere import Melange, path_of, serve
from tests.melange.manage.tool import Tool, allocate

KINDS = ("blocks", "interfaces", "addresses")
CLEAN = "nothing is wrong\n"


def everything(melange: Melange) -> None:
    melange.within(lambda unit: macs.create_range(unit, {"cidr": "02-00-00-00-00-00/40"}))
    block = melange.new_block("10.0.0.0/24", gateway="10.0.0.1", network_id="n1", priority=3)
    made = allocate(melange, block, 5, "vif1")
    melange.within(lambda unit: quarantine.release(unit, block, made[1]))
    allocate(melange, block, 2)
    allocate(melange, melange.new_block("2001:db8::/64", network_id="n2"), 2, "vif2")
    parent = melange.new_block("10.8.0.0/16")

    def carve(unit: Unit) -> None:
        below = subnets.create(unit, parent, {"cidr": "10.8.4.0/24"})
        subnets.create(unit, below, {"cidr": "10.8.4.128/25"})

    melange.within(carve)


@pytest.mark.parametrize("format", ["csv", "json"])
def test_what_is_exported_can_be_imported_elsewhere_and_is_the_same(
    tool: Tool, tmp_path: Path, capsys: pytest.CaptureFixture[str], format: str
) -> None:
    everything(tool.melange)
    for kind in KINDS:
        assert tool(f"export {kind} --as {format} --output {tmp_path}/{kind}.{format}").code == 0
    with serve(f"sqlite:///{tmp_path}/elsewhere.sqlite") as melange:
        elsewhere = Tool(melange, tmp_path, capsys)
        for kind in KINDS:
            assert elsewhere(f"import {kind} {tmp_path}/{kind}.{format}").code == 0
            there = elsewhere(f"export {kind} --as {format}").out
            assert there == (tmp_path / f"{kind}.{format}").read_text()
            again = elsewhere.counts(f"import {kind} {tmp_path}/{kind}.{format}")
            assert again["created"] == again["refused"] == 0 < again["unchanged"]
        assert elsewhere("check").out == CLEAN


def test_addresses_in_use_are_adopted_whatever_is_excluded(tool_everywhere: Tool) -> None:
    tool, melange = tool_everywhere, tool_everywhere.melange
    block = melange.new_block("10.0.0.0/29", gateway="10.0.0.1", network_id="n1")
    allocate(melange, block, 1, "vif1")
    path = tool.file(
        "in-use.csv",
        "block_cidr,address,interface_id,tenant_id,device_id,deallocated_at,quarantined_until\n"
        "10.0.0.0/29,10.0.0.1,router,infra,r1,,\n"
        "10.0.0.0/29,10.0.0.7,,infra,,,\n"
        "10.0.0.0/29,10.0.0.4,vif1,,,,\n"
        "10.0.0.0/29,10.0.0.5,,acme,,2031-01-01T00:00:00,2031-01-03T00:00:00\n",
    )
    assert tool.counts(f"import addresses {path}") == {"created": 4, "unchanged": 0, "refused": 0}
    assert tool.counts(f"import addresses {path}") == {"created": 0, "unchanged": 4, "refused": 0}
    assert tool("check").out == CLEAN
    router = melange.within(lambda unit: interfaces.get(unit, "router"))
    assert (router.tenant_id, router.device_id) == ("infra", "r1")
    use = melange.get(path_of(block, "utilization"))["utilization"]
    assert (use["allocated"], use["quarantined"], use["reserved"]) == (4, 1, 0)
    # What is adopted is like any other address: nobody else gets it, and its owner gives it back.
    rest = {one.address for one in allocate(melange, block, 3, "vif1")}
    assert rest == {"10.0.0.2", "10.0.0.3", "10.0.0.6"}
    melange.delete(path_of(block, "ip_addresses", "10.0.0.1"))
    assert tool("check").out == CLEAN


def test_a_purge_of_an_adopted_gateway_reserves_it_again(tool: Tool) -> None:
    melange = tool.melange
    block = melange.new_block("10.0.0.0/29", gateway="10.0.0.1")
    past = "2021-01-01T00:00:00"
    path = tool.file(
        "gateway.csv",
        "block_id,address,tenant_id,deallocated_at,quarantined_until\n"
        f"{block.id},10.0.0.1,acme,{past},{past}\n",
    )
    assert tool(f"import addresses {path}").code == 0
    assert tool("purge --format json").rows[0] == {"what": "addresses", "purged": 1}
    assert tool("check").out == CLEAN
    assert len(allocate(melange, block, 6, "vif1")) == 6


REFUSED = [
    ("10.0.0.300,,", "does not appear to be an IPv4 or IPv6 address"),
    ("10.0.1.1,,", "it is not of block 10.0.0.0/24"),
    ("10.0.0.0,vif9,", "it is there, with interface vif1 and not vif9"),
    ("10.0.0.9,,\n10.0.0.0/24,10.0.0.9,,", "the address is given twice"),
    ("10.0.0.9,elsewhere,", "interface elsewhere has addresses of network n2"),
    ("10.0.0.9,vif1,2031-01-01", "deallocated_at and quarantined_until go together"),
]


@pytest.mark.parametrize(("rest", "why"), REFUSED)
def test_a_line_that_cannot_be_is_refused_with_the_reason(tool: Tool, rest: str, why: str) -> None:
    melange = tool.melange
    allocate(melange, melange.new_block("10.0.0.0/24", network_id="n1"), 1, "vif1")
    allocate(melange, melange.new_block("10.1.0.0/24", network_id="n2"), 1, "elsewhere")
    path = tool.file(
        "lines.csv", f"block_cidr,address,interface_id,deallocated_at\n10.0.0.0/24,{rest}\n"
    )
    ran = tool(f"import addresses {path} --format json")
    assert ran.code == 1
    (refused,) = [row for row in ran.rows if row["outcome"] == "refused" and row["line"]]
    assert why in refused["reason"]


def test_one_bad_line_keeps_all_out_unless_partial(tool: Tool) -> None:
    path = tool.file(
        "blocks.json",
        json.dumps(
            [
                {"tenant_id": "acme", "type": "private", "cidr": "10.0.0.0/24"},
                {"tenant_id": "acme", "type": "secret", "cidr": "10.0.0.0/33"},
                {"tenant_id": "acme", "type": "private", "cidr": "10.2.0.0/24"},
            ]
        ),
    )
    ran = tool(f"import blocks {path}")
    assert ran.code == 1 and "nothing is changed" in ran.out
    assert "cidr is invalid" in ran.out and "type should be one among" in ran.out
    assert tool.melange.get("/tenants/acme/ip_blocks")["ip_blocks"] == []
    report = tool.path / "report.csv"
    assert tool(f"import blocks {path} --partial --report {report}").code == 1
    assert len(tool.melange.get("/tenants/acme/ip_blocks")["ip_blocks"]) == 2
    with report.open() as stream:
        told = [(row["line"], row["outcome"]) for row in csv.DictReader(stream)]
    assert told == [("1", "created"), ("2", "refused"), ("3", "created")]


def test_a_dry_run_tells_and_changes_nothing(tool: Tool) -> None:
    path = tool.file("b.csv", "tenant_id,type,cidr\nacme,private,10.0.0.0/24\n")
    ran = tool(f"import blocks {path} --dry-run")
    assert ran.code == 0 and "1 in all" in ran.out and "this was a dry run" in ran.out
    assert tool.melange.get("/tenants/acme/ip_blocks")["ip_blocks"] == []
    assert tool(f"import blocks {path}").code == 0
    changed = tool.file("b2.csv", "tenant_id,type,cidr\nacme,public,10.0.0.0/24\n")
    ran = tool(f"import blocks {changed}")
    assert ran.code == 1 and "is there, with type private and not public" in ran.out


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("x.csv", "adress\n10.0.0.1\n", "adress is unknown; there may be block_id"),
        ("x.json", "[{", "is not a JSON array"),
        ("x.json", ' {"ip_blocks": []}', "is not a JSON array: it begins with '{' instead of '['"),
        ("x.json", "[7]", "is unknown"),
        ("x.txt", "", "say which by --as"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tool: Tool, name: str, text: str, why: str) -> None:
    ran = tool(f"import addresses {tool.file(name, text)}")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ") and why in ran.err
    assert "No such file" in tool("import addresses /nowhere.csv").err


def test_imports_are_in_the_audit_log(tool: Tool) -> None:
    block = tool.melange.new_block("10.0.0.0/24")
    path = tool.file("a.csv", f"block_id,address\n{block.id},10.0.0.9\n")
    assert tool(f"import addresses {path}").code == 0
    (record,) = tool.melange.get("/audit?action=import")["audit_records"]
    assert record["after"]["address"] == "10.0.0.9"
    assert record["user_id"].startswith("melange-manage:")
