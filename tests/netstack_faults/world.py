"""Netstack over a real Melange and the built-in layer 2, both of which fail when told to."""

from __future__ import annotations

import contextlib
import datetime
import os
import select
import signal
import subprocess
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from oslo_config import cfg

from melange.client import connect
from netkit import migrations
from netkit.db import Database
from netkit.errors import ServiceError
from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import load_catalogue
from nova_netplugins.cloud import Cloud
from nova_netplugins.netstack.audit import audit
from nova_netplugins.netstack.flow import Flow
from nova_netplugins.netstack.l2 import L2
from nova_netplugins.netstack.local_l2 import make_local
from nova_netplugins.netstack.melange import Melange, make_melange
from nova_netplugins.netstack.model import BlockSpec, NetworkSpec
from nova_netplugins.netstack.net_api import NetstackNetApi
from nova_netplugins.netstack.steps import PLANS
from nova_netplugins.netstack.tables import INTENTS
from nova_netplugins.plugin import ApiContext
from tests.chaos.victims import BIN, Server
from tests.netstack_faults.injector import Injector
from tests.openstack.faulty import Faulty, faulty
from tests.servers import free_port

PROJECT = "red"

MakeL2 = Callable[[cfg.ConfigOpts, Database], L2]

_PATIENCE = 60
_MANY = 8


class NoPrompts:
    """Nobody listens."""

    def nic_changed(self, nic_id: str, network_id: str | None, host: str | None) -> None: ...

    def network_changed(self, network_id: str) -> None: ...


@dataclass(frozen=True)
class MelangeServer:
    """A real one, in processes of its own."""

    url: str
    configuration: Path

    def check(self) -> str:
        """What ``melange-manage check`` finds; "" if nothing."""
        command = [str(BIN / "melange-manage"), "--config-file", str(self.configuration), "check"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
        return "" if done.returncode == 0 else done.stdout + done.stderr


@contextlib.contextmanager
def melange_server(directory: Path) -> Iterator[MelangeServer]:
    """With a range of MAC addresses, and released addresses free at once."""
    port = free_port()
    file = directory / "melange.conf"
    file.write_text(
        f"[DEFAULT]\nstate_path = {directory}\n"
        f"[database]\nconnection = sqlite:///{directory}/melange.sqlite\n"
        f"[api]\nbind_port = {port}\nworkers = 1\naccess_log = off\n"
        "[ipam]\nkeep_deallocated_ips_for_days = 0\n"
    )
    manage = [str(BIN / "melange-manage"), "--config-file", str(file), "db", "upgrade"]
    subprocess.run(manage, check=True, capture_output=True, timeout=_PATIENCE)
    server = Server(file, port, directory / "melange-api.log")
    server.start()
    try:
        connect(server.url).mac_address_ranges.create("FA:16:3E:00:00:00/24")
        yield MelangeServer(server.url, file)
    finally:
        server.abandon()


class World:
    """``api`` meets the faults that ``injector`` is told of, ``outside`` none. ``network_id``: of a
    network that is always there; ``host``: where NICs can be. ``sound``: nothing is left over from
    a test that failed."""

    def __init__(
        self, cloud: Cloud, melange_url: str, front: Faulty, make_l2: MakeL2, host: str
    ) -> None:
        self.cloud = cloud
        self.host = host
        self._make_l2 = make_l2
        self.injector = injector = Injector(front, self._l2())
        self.outside = self._api(melange_url)
        self.api = self._api(injector.front.url)
        self.api.l2 = injector.l2
        self.api.flow = Flow(self.api, injector.plans(PLANS))
        self.injector.overtake = self.recover
        self.sound = True
        blocks = (BlockSpec("10.8.0.0/24"), BlockSpec("fd00:8::/64"))
        made = self.outside.create_network(NetworkSpec("always", blocks=blocks))
        self.network_id: str = made["id"]
        # What a project's first network leaves for those after it is no leak, nor made again.
        first = self.outside.create_network(NetworkSpec("first", PROJECT, blocks))
        self.outside.delete_network(first["id"])

    @property
    def melange(self) -> Melange:
        return self.outside.melange

    def _api(self, url: str) -> NetstackNetApi:
        cloud = self.cloud
        context = ApiContext(cloud.conf, cloud.database, cloud.associations, NoPrompts())
        return NetstackNetApi(context, l2=self._l2(), melange=self._melange(url))

    def _l2(self) -> L2:
        return self._make_l2(self.cloud.conf, self.cloud.database)

    def _melange(self, url: str) -> Melange:
        self.cloud.conf.set_override("endpoint_override", url, group="melange")
        return make_melange(self.cloud.conf)

    def in_child(self, work: Callable[[NetstackNetApi], object]) -> int:
        """In a process of its own, which a trap may kill; what it exits with: 0, 1 after an
        exception, or KILLED."""
        # Nothing that is open is used by both.
        self.cloud.database.close()
        child = os.fork()
        if child == 0:
            self.as_child(work)
        return _wait(child)

    def as_child(self, work: Callable[[NetstackNetApi], object]) -> NoReturn:
        """The rest of a process that was forked."""
        code = 1
        try:
            self.injector.in_child = True
            self.injector.faulty_l2.real = self._l2()
            self.api.melange = self._melange(self.injector.front.url)
            work(self.api)
            code = 0
        except ServiceError:
            pass
        except BaseException:
            traceback.print_exc()
            code = 2
        finally:
            os._exit(code)

    def recover(self, *, due: bool = True) -> None:
        """Whoever was at work counts as gone, and the reconciler does the rest. ``due`` False: it
        looks for what others changed, too."""
        self.expire()
        self.outside.reconcile(due=due)

    def expire(self) -> None:
        long_ago = INTENTS.update().values(claimed_until=datetime.datetime(2000, 1, 1))
        self.cloud.database.run(lambda connection: connection.execute(long_ago))

    def repair(self) -> None:
        left = [one for one in audit(self.outside, repair=True) if not one.repaired]
        assert left == []

    def tidy(self) -> None:
        """No network but that which is always there, and not too many virtual NICs."""
        for network in self.outside.list_networks():
            if network.id != self.network_id:
                self.outside.delete_network(network.id)
        nics = self.outside.list_virtual_nics()
        for nic in nics if len(nics) > _MANY else ():
            self.outside.delete_virtual_nic(nic.id)
        self.sound = True


def _wait(child: int) -> int:
    """Its exit code. Fails, and kills it, when it does not end."""
    with contextlib.closing(_Fd(os.pidfd_open(child))) as process:
        if not select.select([process], [], [], _PATIENCE)[0]:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError(f"process {child} does not end")
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


class _Fd:
    def __init__(self, fd: int) -> None:
        self._fd = fd

    def fileno(self) -> int:
        return self._fd

    def close(self) -> None:
        os.close(self._fd)


_CONF = """\
[DEFAULT]
state_path = {directory}
network_service_conf = {directory}/nova-network.conf
default_network_service = nova_netplugins.netstack
[netstack]
l2_driver = local
reclaim_after = 0
[melange]
auth_type = none
endpoint_override = {url}
retries = 0
timeout = 20
"""


def configure(directory: Path, url: str) -> cfg.ConfigOpts:
    """Of a cloud that has netstack alone."""
    (directory / "nova-network.conf").write_text("nova_netplugins.netstack\n")
    file = directory / "nova-netplugins.conf"
    file.write_text(_CONF.format(directory=directory, url=url))
    return configuration.load([], config_files=[str(file)])


@contextlib.contextmanager
def world(
    directory: Path, melange_url: str, make_l2: MakeL2 = make_local, host: str = "one"
) -> Iterator[World]:
    conf = configure(directory, melange_url)
    with (
        contextlib.closing(Cloud(conf, load_catalogue(conf))) as cloud,
        faulty(melange_url) as front,
    ):
        for lineage in cloud.lineages:
            migrations.upgrade(cloud.database, lineage)
        yield World(cloud, melange_url, front, make_l2, host)
