"""``melange-manage``: the database and purges; and the commands' names of Melange v0.1."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from melange.cmd import manage
from melange.db.service_tables import audit_records, idempotency_keys
from melange.ipam import quarantine
from melange.ipam.unit import Unit, utcnow
from tests.melange.manage.tool import Tool, allocate


def run(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, str, str]:
    try:
        code = manage.main(argv)
    except SystemExit as ended:
        code = int(ended.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.fixture
def config(tmp_path: Path, sqlite_url: str) -> str:
    path = tmp_path / "empty.conf"
    path.write_text(f"[database]\nconnection = {sqlite_url}\n")
    return f"--config-file={path}"


def test_the_tables_are_made_and_checked(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, out, err = run(capsys, config, "check")
    assert (code, out) == (1, "")
    assert err.endswith("should be at 0001; run melange-manage db upgrade\n")
    assert "| -        | 0001   | no       |" in run(capsys, "db", "version", config)[1]
    assert "| 0001     | 0001   | yes      |" in run(capsys, "db", "upgrade", config)[1]
    code, out, _ = run(capsys, "db", "check", config)
    assert (code, out) == (0, "the tables are those of this release\n")


def test_a_table_that_differs_is_told(tool: Tool) -> None:
    tool.melange.database.run(lambda connection: connection.exec_driver_sql("DROP TABLE tags"))
    ran = tool("db check")
    assert ran.code == 1 and "tags" in ran.out


@pytest.mark.parametrize("command", ["db_sync", "db_upgrade", "db_upgrade 0001"])
def test_the_old_names_of_upgrading_are_known(
    config: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    assert run(capsys, *command.split(), config)[0] == 0
    assert run(capsys, "db", "check", config)[0] == 0


@pytest.mark.parametrize("command", ["", "db", "frobnicate", "db_upgrade 0001 0002"])
def test_what_is_no_command_is_told_with_exit_code_2(
    config: str, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    code, out, err = run(capsys, *command.split(), config)
    assert (code, out) == (2, "") and err.startswith("usage: melange-manage")


def test_a_purge_clears_away_what_is_old_and_nothing_else(tool_everywhere: Tool) -> None:
    melange = tool_everywhere.melange
    block = melange.new_block("10.0.0.0/24")
    made = allocate(melange, block, 4, "vif1")
    old = utcnow() - datetime.timedelta(days=365)

    def age(unit: Unit) -> None:
        for address in made[:2]:
            quarantine.release(unit, block, address)
        released = quarantine.addresses.ip_addresses
        here = released.c.id == made[0].id
        unit.connection.execute(
            released.update().where(here).values(quarantined_until=old, deallocated_at=old)
        )
        for key, moment in (("old", old), ("new", unit.now)):
            row = {"id": key, "fingerprint": key, "created_at": moment}
            unit.connection.execute(idempotency_keys.insert().values(row))
        unit.connection.execute(
            audit_records.update().where(audit_records.c.resource_id == block.id).values(at=old)
        )

    melange.within(age)
    purged = {row["what"]: row["purged"] for row in tool_everywhere("purge --format json").rows}
    assert purged == {
        "addresses": 1,
        "idempotency keys": 1,
        "audit records": 1,
        "webhook deliveries": 0,
    }
    with melange.database.reading() as connection:
        assert list(connection.scalars(sa.select(idempotency_keys.c.id))) == ["new"]
    # Its last deed is in the log: who purged what.
    (record,) = melange.get("/audit?action=delete")["audit_records"]
    assert record["before"]["address"] == made[0].address
    assert tool_everywhere("check").out == "nothing is wrong\n"
    assert allocate(melange, block, 1, "vif1")[0].value == made[0].value


def test_the_old_command_purges_addresses_alone(tool: Tool) -> None:
    melange = tool.melange
    block = melange.new_block("10.0.0.0/24")
    (address,) = allocate(melange, block, 1, "vif1")
    melange.within(lambda unit: quarantine.release(unit, block, address))
    command = manage.delete_deallocated_ips
    assert tool("-v", command).out == "0 addresses were due\n"
    past = utcnow() - datetime.timedelta(days=2)
    table = quarantine.addresses.ip_addresses
    due = table.update().values(quarantined_until=past)
    melange.database.run(lambda connection: connection.execute(due))
    ran = tool("", command)
    assert (ran.code, ran.out, ran.err) == (0, "", "")
    assert tool("-v", command).out == "0 addresses were due\n"
    assert allocate(melange, block, 1, "vif1")[0].value == address.value


def test_the_old_command_takes_its_configuration_by_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.conf"
    path.write_text("[database]\nconnection = nonsense\n")
    assert manage.delete_deallocated_ips([str(path)]) == 1
    assert "'nonsense' isn't a database URL" in capsys.readouterr().err
