"""The net-agent daemon: it knows the contract, and of network services only that they follow it.

One thread does all the work, so a service's verbs are called one at a time. It is told of what
happens (a tap appears, net-api prompts), and compares everything at intervals besides: whatever it
was not told, it finds out.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterable, Mapping

from netkit.errors import ServiceError
from nova_netplugins.agent.inbox import Inbox, News
from nova_netplugins.agent.wirings import Entry, Wirings
from nova_netplugins.backoff import Schedule
from nova_netplugins.host.errors import HostError
from nova_netplugins.plugin import ACTIVE, DOWN, NetAgent

LOG = logging.getLogger(__name__)


class Agent:
    """Runs the net-agents of all services on one host; an ``AgentEndpoint`` of the bus.

    ``device_exists`` tells whether a tap is there. A failure on one NIC, or in one service, leaves
    the others alone and is tried again soon.
    """

    def __init__(
        self,
        host_name: str,
        agents: Mapping[str, NetAgent],
        wirings: Wirings,
        device_exists: Callable[[str], bool],
        interval: float,
    ) -> None:
        self._host_name = host_name
        self._agents = agents
        self._wirings = wirings
        self._device_exists = device_exists
        self._inbox = Inbox()
        self._schedule = Schedule(interval)

    # -- Told from other threads: noted, and done by ``run`` ---------------------------------------

    def device_changed(self, device: str) -> None:
        """A tap appeared or went."""
        self._inbox.device(device)

    def nic_changed(
        self, service: str, nic_id: str, network_id: str | None, host: str | None
    ) -> None:
        # Every agent of the cloud is told. A NIC that has left this host is known from before.
        if host == self._host_name or self._wirings.nic((service, nic_id)) is not None:
            self._inbox.nic(service, nic_id)

    def network_changed(self, service: str, network_id: str) -> None:
        if any(w.network.id == network_id for w in self._wirings.of(service)):
            self._inbox.network(service, network_id)

    def sync_soon(self) -> None:
        """Something may have gone unheard."""
        self._inbox.sync()

    def stop(self) -> None:
        """``run`` returns when it has finished what it is at. Nothing is unplugged."""
        self._inbox.close()

    # -- The agent's own thread --------------------------------------------------------------------

    def run(self) -> None:
        """Work until ``stop``."""
        news: News | None = News(sync=True)
        while news is not None:
            if news.sync or self._schedule.remaining() == 0:
                if self._survive(self.sync):
                    self._schedule.succeeded()
                else:
                    self._schedule.failed()
            elif news and not self._survive(functools.partial(self._react, news)):
                self._schedule.hurry()
            news = self._inbox.take(self._schedule.remaining())

    def _survive(self, work: Callable[[], bool]) -> bool:
        try:
            return work()
        except ServiceError as error:
            LOG.warning("cannot ask net-api, everything stays as it is: %s", error)
        except Exception:
            LOG.exception("the agent failed, everything stays as it is")
        return False

    def sync(self) -> bool:
        """Compare everything with net-api and repair. Returns whether all of it worked.

        Raises ``ServiceError``, before anything is changed, when net-api cannot be asked.
        """
        self._wirings.refresh()
        results = [self._check(name, agent) for name, agent in self._agents.items()]
        results += [self._adjust(entry) for entry in self._wirings]
        return all(results)

    def _check(self, name: str, agent: NetAgent) -> bool:
        try:
            for change in agent.check():
                LOG.info("%s: %s", name, change)
        except Exception:
            LOG.exception("checking %s failed", name)
            return False
        return True

    def _adjust(self, entry: Entry) -> bool:
        """After a check: what it plugged becomes ACTIVE, what lost its tap DOWN."""
        present = self._device_exists(entry.wiring.nic.device)
        status = self._wirings.status(entry.key)
        if present and status != ACTIVE:
            return self._plug(entry)
        if not present and status != DOWN:
            return self._report(entry, DOWN)
        return True

    def _react(self, news: News) -> bool:
        """Do what is new, and only that."""
        before = {key: self._wirings.nic(key) for key in news.nics}
        fresh = bool(news.nics or news.networks)
        if fresh or any(self._wirings.device(device) is None for device in news.devices):
            self._wirings.refresh()
        results = [self._set_up_network(*network) for network in news.networks]
        results += [self._follow_nic(before[key], self._wirings.nic(key)) for key in news.nics]
        for entry in self._known(news.devices):
            results.append(self._follow_device(entry))
        return all(results)

    def _known(self, devices: Iterable[str]) -> Iterable[Entry]:
        """A tap that net-api does not know of is somebody else's, or a NIC not bound here yet."""
        return [entry for device in devices if (entry := self._wirings.device(device)) is not None]

    def _set_up_network(self, service: str, network_id: str) -> bool:
        here = [w.network for w in self._wirings.of(service) if w.network.id == network_id]
        return not here or self._try(
            f"setting up network {network_id} of {service}",
            lambda: self._agents[service].setup_network(here[0]),
        )

    def _follow_nic(self, before: Entry | None, now: Entry | None) -> bool:
        if now is not None:
            return self._follow_device(now)
        return before is None or self._unplug(before)

    def _follow_device(self, entry: Entry) -> bool:
        if self._device_exists(entry.wiring.nic.device):
            return self._plug(entry)
        if self._wirings.status(entry.key) == DOWN:
            return True
        return self._unplug(entry) and self._report(entry, DOWN)

    def _plug(self, entry: Entry) -> bool:
        nic, network = entry.wiring.nic, entry.wiring.network
        agent = self._agents.get(entry.service)
        if agent is None:
            LOG.error("virtual NIC %s is of %s, which this host lacks", nic.id, entry.service)
            return True
        plugged = self._try(
            f"plugging {nic.device} into network {network.id} of {entry.service}",
            lambda: agent.plug(nic, network),
        )
        return plugged and self._report(entry, ACTIVE)

    def _unplug(self, entry: Entry) -> bool:
        nic = entry.wiring.nic
        agent = self._agents.get(entry.service)
        return agent is None or self._try(
            f"unplugging {nic.device} of {entry.service}", lambda: agent.unplug(nic)
        )

    def _report(self, entry: Entry, status: str) -> bool:
        nic = entry.wiring.nic
        return self._try(
            f"reporting {nic.device} {status}",
            lambda: self._wirings.report(entry.service, nic.id, status),
        )

    def _try(self, what: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except (ServiceError, HostError) as error:
            # A device may go while it is plugged: the next look at it tells.
            LOG.warning("%s failed: %s", what, error)
            return False
        except Exception:
            LOG.exception("%s failed", what)
            return False
        LOG.debug("%s: done", what)
        return True
