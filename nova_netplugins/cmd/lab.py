"""``nova-netplugins-lab``: instances as network namespaces, booted as Nova would."""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from keystoneauth1.exceptions import ClientException
from oslo_config import cfg
from oslo_db.exception import DBError

from netkit.errors import BadRequest, NotFound, ServiceError
from netkit.process import AlreadyRunning
from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import CatalogueError
from nova_netplugins.client import make_client
from nova_netplugins.host.driver import LinuxHost
from nova_netplugins.host.errors import HostError
from nova_netplugins.lab import show
from nova_netplugins.lab.compute import Compute
from nova_netplugins.lab.lab import Lab
from nova_netplugins.lab.place import Place
from nova_netplugins.plugin import RequestedNic

FAILED = 1
NOT_FOUND = 2

_EXPECTED = (
    AlreadyRunning,
    CatalogueError,
    ClientException,
    DBError,
    HostError,
    OSError,
    ServiceError,
    cfg.Error,
)


def main(argv: Sequence[str] | None = None) -> int:
    """0: done. 1: refused or failed, or a ping without an answer. 2: there is no such instance."""
    args = _parser().parse_args(sys.argv[1:] if argv is None else argv)
    # What is worth telling is in the error; warnings of libraries would only surround it.
    logging.getLogger().addHandler(logging.NullHandler())
    try:
        code: int = args.run(args)
    except NotFound as error:
        return _fail(error, NOT_FOUND)
    except _EXPECTED as error:
        return _fail(error, FAILED)
    return code


def _fail(error: Exception, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("nova-netplugins-lab", description=__doc__)
    parser.add_argument("--config-file", action="append", metavar="PATH")
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    boot = actions.add_parser("boot", help="boot an instance")
    boot.add_argument("--project", required=True)
    boot.add_argument("--name", help="its host name; the next free <project>-<number> if not given")
    boot.add_argument("--network", action="append", default=[], metavar="ID", help="a NIC on it")
    boot.add_argument(
        "--nic",
        action="append",
        default=[],
        type=_nic,
        metavar="net=ID[,ip=ADDRESS][,mac=MAC]",
        help="a NIC as wished; ip may be given once for each IP version",
    )
    boot.set_defaults(run=_boot)
    listing = actions.add_parser("list", help="list the instances with their NICs")
    listing.add_argument("--format", choices=("table", "json"), default="table")
    listing.set_defaults(run=_list)
    ping = actions.add_parser("ping", help="ping from an instance")
    ping.add_argument("name")
    ping.add_argument("target", help="another instance, or an address")
    ping.set_defaults(run=_ping)
    console = actions.add_parser("console", help="run a command, or a shell, inside an instance")
    console.add_argument("name")
    console.add_argument("command", nargs=argparse.REMAINDER)
    console.set_defaults(run=_console)
    delete = actions.add_parser("delete", help="delete instances")
    delete.add_argument("names", nargs="*", metavar="NAME")
    delete.add_argument("--all", action="store_true")
    delete.set_defaults(run=_delete)
    demo = actions.add_parser("demo", help="show four network services at work")
    demo.add_argument("--once", action="store_true", help="end after the table")
    demo.add_argument("--state-dir", type=Path, help="a directory of its own, removed at the end")
    demo.set_defaults(run=_demo)
    return parser


def _nic(text: str) -> RequestedNic:
    network, addresses, mac = None, [], None
    for part in text.split(","):
        key, separator, value = part.partition("=")
        if not separator or not value or key not in ("net", "ip", "mac"):
            raise argparse.ArgumentTypeError(f"{part!r} is none of net=ID, ip=ADDRESS, mac=MAC")
        if key == "net":
            network = value
        elif key == "ip":
            addresses.append(value)
        else:
            mac = value
    return RequestedNic(network, tuple(addresses), mac)


def _lab(args: argparse.Namespace) -> Lab:
    conf = configuration.load(config_files=args.config_file or _of_demonstration())
    return Lab(Compute(make_client(conf), conf.host), LinuxHost(conf.host_netns, conf.ovs_database))


def _of_demonstration() -> list[str] | None:
    """While a demonstration runs, the lab is its lab."""
    configuration_file = Place(_state_dir(), packets=True).configuration
    return [str(configuration_file)] if configuration_file.exists() else None


def _need_root() -> None:
    if os.geteuid() != 0:
        raise PermissionError("instances are network namespaces: run this as root")


def _boot(args: argparse.Namespace) -> int:
    _need_root()
    lab = _lab(args)
    name = args.name or _free_name(args.project, lab.names())
    lab.boot(name, args.project, [*map(RequestedNic, args.network), *args.nic])
    print(show.instances([nic for nic in lab.list() if nic.instance == name]))
    return 0


def _free_name(project: str, taken: Sequence[str]) -> str:
    number = 1
    while f"{project}-{number}" in taken:
        number += 1
    return f"{project}-{number}"


def _list(args: argparse.Namespace) -> int:
    _need_root()
    nics = _lab(args).list()
    if args.format == "json":
        print(json.dumps([asdict(nic) for nic in nics], indent=2))
    else:
        print(show.instances(nics))
    return 0


def _ping(args: argparse.Namespace) -> int:
    _need_root()
    answered = _lab(args).ping(args.name, args.target)
    print(f"{args.target} {'answers' if answered else 'does not answer'}")
    return 0 if answered else FAILED


def _console(args: argparse.Namespace) -> int:
    _need_root()
    netns = _lab(args).guest(args.name).netns
    command = args.command or [os.environ.get("SHELL", "/bin/sh")]
    sys.stdout.flush()
    os.execvp("ip", ["ip", "netns", "exec", netns, *command])


def _delete(args: argparse.Namespace) -> int:
    _need_root()
    lab = _lab(args)
    if bool(args.names) == args.all:
        raise BadRequest("name the instances to delete, or say --all", field="name")
    for name in lab.names() if args.all else args.names:
        lab.delete(name)
        print(f"{name} is deleted")
    return 0


def _demo(args: argparse.Namespace) -> int:
    # Here, as a server's libraries take longer to load than the other commands to run.
    from nova_netplugins.lab.perform import perform

    command = sys.argv[0]
    programs = Path(command).parent
    if args.state_dir is not None:
        command += f" --config-file {Place(args.state_dir, packets=True).configuration}"
    directory = args.state_dir or _state_dir()
    return perform(directory, once=args.once, lab=command, programs=programs)


def _state_dir() -> Path:
    """The same each time, so that a demonstration that was killed is cleaned up by the next."""
    if os.geteuid() == 0:
        return Path("/run/nova-netplugins-lab")
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/tmp/nova-netplugins-lab-{os.getuid()}"
    return Path(runtime) / "nova-netplugins-lab"
