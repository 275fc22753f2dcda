"""``nova-netplugins-manage`` as an operator uses it: what it prints, and its exit code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from netkit.db import Database
from nova_netplugins.associations import Associations
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.cmd import manage
from nova_netplugins.conf import load

SERVICES = """
    import sqlalchemy as sa
    from nova_netplugins.errors import NetworkNotFound
    from nova_netplugins.plugin import Listing, NetworkService

    class Api:
        def __init__(self, context):
            self.context = context

    def commands(nouns):
        actions = nouns.add_parser("network").add_subparsers(required=True)
        listing = actions.add_parser("list")
        rows = [("n1", None, True), ("n2", ["a", "b"], False)]
        listing.set_defaults(command=lambda api, args: Listing(("id", "dns", "up"), rows))
        show = actions.add_parser("show")
        show.add_argument("id")
        show.set_defaults(command=show_network)
        delete = actions.add_parser("delete")
        delete.set_defaults(command=lambda api, args: "deleted network n1")

    def show_network(api, args):
        raise NetworkNotFound(field="network_id", value=args.id)

    def network_service(conf):
        return NetworkService("{name}", Api, Api, manage_commands={commands})
"""


@dataclass
class Ran:
    code: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> Path:
    """Of a cloud of red, the default, and blue, whose database is not made yet."""
    monkeypatch.syspath_prepend(tmp_path)
    for name, commands in (("red", "commands"), ("blue", "None")):
        monkeypatch.delitem(sys.modules, f"manage_{name}", raising=False)
        text = textwrap.dedent(SERVICES).replace("{name}", name).replace("{commands}", commands)
        (tmp_path / f"manage_{name}.py").write_text(text)
    (tmp_path / "nova-network.conf").write_text("manage_red\nmanage_blue\n")
    settings = tmp_path / "nova-netplugins.conf"
    settings.write_text(
        f"[DEFAULT]\nnetwork_service_conf={tmp_path}/nova-network.conf\n"
        f"default_network_service=manage_red\n[database]\nconnection={sqlite_url}\n"
    )
    return settings


@pytest.fixture
def run(settings: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(command: str) -> Ran:
        try:
            code = manage.main([*command.split(), "--config-file", str(settings)])
        except SystemExit as ended:
            code = int(ended.code or 0)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture
def upgraded(run: Run) -> Run:
    assert run("db upgrade").code == 0
    return run


PROJECT = "project network-service"


def test_the_database_is_upgraded_by_one_command(run: Run) -> None:
    assert "| core    | -        | 0001   | no       |" in run("db status").out
    assert "| core    | 0001     | 0001   | yes      |" in run("db upgrade").out
    assert run("db upgrade --service core --revision 0001").code == 0


@pytest.mark.parametrize(
    ("command", "error"),
    [
        ("--revision 0001", "--revision is one of a single lineage"),
        ("--service green", "no tables are of 'green'; these have tables: core"),
        ("--service core --revision 0009", "cannot be upgraded to revision '0009'"),
    ],
)
def test_an_upgrade_to_what_is_not_there_is_refused(run: Run, command: str, error: str) -> None:
    ran = run(f"db upgrade {command}")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("error: ") and error in ran.err


@pytest.mark.parametrize("command", [f"{PROJECT} list", "red network list"])
def test_a_database_not_upgraded_is_told_with_the_remedy(run: Run, command: str) -> None:
    ran = run(command)
    assert ran.code == 1
    assert "'core' is at revision none and should be at 0001" in ran.err
    assert ran.err.endswith("run nova-netplugins-manage db upgrade\n")


def test_a_project_is_associated_shown_listed_and_disassociated(upgraded: Run) -> None:
    assert "| p1         | red             | default |" in upgraded(f"{PROJECT} show p1").out
    ran = upgraded(f"{PROJECT} associate --project p1 --service blue")
    assert "| p1         | blue            | associated |" in ran.out
    assert upgraded(f"{PROJECT} associate p2 blue").code == 0
    listed = json.loads(upgraded(f"{PROJECT} list --format json").out)
    assert listed == [
        {"project_id": "p1", "network_service": "blue", "source": "associated"},
        {"project_id": "p2", "network_service": "blue", "source": "associated"},
    ]
    assert upgraded(f"{PROJECT} disassociate --project p1").code == 0
    assert "| p1         | red             | default |" in upgraded(f"{PROJECT} show p1").out


def test_a_project_with_virtual_nics_is_told_which_and_stays(
    upgraded: Run, settings: Path, sqlite_url: str
) -> None:
    database = Database.from_url(sqlite_url)
    conf = load(config_files=[str(settings)])
    associations = Associations(load_catalogue(conf), database)
    database.run(associations.pin, "p1", "red")
    database.run(associations.attach, "i1", "n1", "p1", "red")

    for command in ("associate --project p1 --service blue", "disassociate --project p1"):
        ran = upgraded(f"{PROJECT} {command}")
        assert (ran.code, ran.out) == (1, "")
        assert ran.err == (
            "error: project 'p1' still has 1 virtual NIC on the network service red: "
            "n1 of instance i1; delete them first\n"
        )
    assert "| red " in upgraded(f"{PROJECT} show p1").out


@pytest.mark.parametrize(
    ("command", "code", "error"),
    [
        ("associate p1 grey", 1, "'grey' is not a network service of this cloud; it has red, blue"),
        ("associate p1", 2, "--service is required"),
        ("show", 2, "--project is required"),
        ("show --project p1 p2", 2, "--project p1 and 'p2' are one too many"),
        ("frobnicate", 2, "invalid choice: 'frobnicate'"),
    ],
)
def test_a_wrong_project_command_says_what_is_wrong(
    upgraded: Run, command: str, code: int, error: str
) -> None:
    ran = upgraded(f"{PROJECT} {command}")
    assert (ran.code, ran.out) == (code, "")
    assert error in ran.err


def test_a_service_has_its_own_tool_as_table_and_as_json(upgraded: Run) -> None:
    table = upgraded("red network list").out
    assert "| n1 | -    | yes |" in table
    assert "| n2 | a, b | no  |" in table
    rows = json.loads(upgraded("--format json red network list").out)
    assert rows[1] == {"id": "n2", "dns": ["a", "b"], "up": False}
    assert upgraded("red network delete").out == "deleted network n1\n"
    message = json.loads(upgraded("red network delete --format json").out)
    assert message == {"message": "deleted network n1"}


def test_what_does_not_exist_is_exit_code_2(upgraded: Run) -> None:
    ran = upgraded("red network show n9")
    assert (ran.code, ran.err) == (2, "error: network 'n9' does not exist\n")


def test_help_needs_no_database(run: Run, sqlite_url: str) -> None:
    ran = run("--help")
    assert ran.code == 0
    assert "the network service red" in ran.out and "service blue" not in ran.out
    assert not Path(sqlite_url.removeprefix("sqlite:///")).exists()


@pytest.mark.parametrize(
    ("connection", "error"),
    [
        ("mysql+pymysql://root:secret@127.0.0.1:1/x", "Connection refused"),
        ("postgresql+psycopg://root:secret@127.0.0.1:1/x", "Connection refused"),
        ("postgresql+nothing://127.0.0.1/x", "connection cannot be used: "),
        ("sqlite:////proc/nowhere/x", "connection cannot be used: .*'/proc/nowhere'"),
        ("nonsense", "'nonsense' isn't a database URL"),
    ],
)
def test_an_unreachable_database_is_one_line_without_its_password(
    run: Run, settings: Path, connection: str, error: str
) -> None:
    text = settings.read_text().rsplit("connection=", 1)[0]
    settings.write_text(f"{text}connection={connection}\n")
    ran = run("db status")
    assert ran.code == 1
    assert ran.err.startswith("error: ") and ran.err.count("\n") == 1
    assert re.search(error, ran.err)
    assert "secret" not in ran.err


@pytest.mark.parametrize("url", ["nope://ann:secret@host/x", "nope", "rabbit://ann:secret@host:x"])
def test_a_message_bus_that_cannot_be_used_is_one_line_without_its_password(
    upgraded: Run, settings: Path, url: str
) -> None:
    text = settings.read_text().replace("[DEFAULT]", f"[DEFAULT]\ntransport_url={url}")
    settings.write_text(text)
    ran = upgraded("red network list")
    assert ran.code == 1
    shown = url.replace("secret", "***")
    assert ran.err.startswith(f"error: transport_url '{shown}' cannot be used: ")
    assert ran.err.count("\n") == 1


def test_a_wrong_configuration_is_one_line(run: Run, settings: Path, tmp_path: Path) -> None:
    (tmp_path / "nova-network.conf").write_text("manage_red\nmanage_green\n")
    ran = run("db status")
    assert ran.code == 1
    assert "nova-network.conf:2: manage_green: there is no Python module" in ran.err
    assert run(f"db status --config-file {tmp_path}/missing.conf").code == 1


def test_the_installed_command_stops_quietly_when_its_reader_does(
    upgraded: Run, settings: Path
) -> None:
    command = Path(sys.executable).with_name("nova-netplugins-manage")
    ran = subprocess.run(
        f"{command} --config-file {settings} db status | true",
        shell=True,
        env={"PYTHONPATH": str(settings.parent)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.stderr == ""


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_without_the_list_of_network_services_there_is_help(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, arguments: list[str]
) -> None:
    settings = tmp_path / "nova-netplugins.conf"
    settings.write_text(f"[DEFAULT]\nnetwork_service_conf={tmp_path}/50%.conf\n")
    with pytest.raises(SystemExit) as ended:
        manage.main([*arguments, "--config-file", str(settings)])
    told = capsys.readouterr().out
    assert (ended.value.code, "projects and their network services" in told) == (0, True)
    unfolded = "".join(told.split())
    assert "50%.conf" in unfolded and "makeitlikeetc/nova-network.conf" in unfolded
    assert manage.main(["flat", "--help", "--config-file", str(settings)]) == 1
