"""Virtual NICs as instances know them: a card, its ports on a network, and its place in an
instance.

Everything here happens within the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from oslo_config import cfg

from nova_netplugins import errors, plugin
from nova_netplugins.associations import Associations
from nova_netplugins.ethernet import views
from nova_netplugins.ethernet.addresses import Addresses, Values
from nova_netplugins.ethernet.cards import Cards
from nova_netplugins.ethernet.floating import FloatingIps
from nova_netplugins.ethernet.networks import Networks
from nova_netplugins.ethernet.quotas import Quota
from nova_netplugins.ethernet.rows import Row
from nova_netplugins.ethernet.tables import EthernetTables
from nova_netplugins.ethernet.traits import Traits


@dataclass(frozen=True)
class Deleted:
    """The cards that were, and the networks whose floating addresses changed with them."""

    cards: Sequence[Row]
    networks: set[str]


class Nics:
    def __init__(
        self,
        traits: Traits,
        tables: EthernetTables,
        options: cfg.GroupAttr,
        associations: Associations,
        transit_range: str,
    ) -> None:
        self._traits = traits
        self._options = options
        self._associations = associations
        self.networks = Networks(traits, tables, options, transit_range)
        self.addresses = Addresses(tables, self.networks, options)
        self.cards = Cards(tables, options)
        self.floating = (
            None
            if tables.floating_ips is None
            else FloatingIps(tables, options.default_floating_pool)
        )
        fixed = tables.fixed_ips
        self.fixed_ip_quota = Quota(
            tables.locks, fixed, fixed.c.version == 4, options.quota_fixed_ips, "fixed addresses"
        )

    # -- for an instance

    def allocate(
        self, conn: sa.Connection, request: plugin.InstanceRequest
    ) -> list[plugin.VirtualNic]:
        self._associations.pin(conn, request.project_id, self._traits.name)
        with self.fixed_ip_quota.kept(conn, request.project_id):
            return self._allocate(conn, request)

    def _allocate(
        self, conn: sa.Connection, request: plugin.InstanceRequest
    ) -> list[plugin.VirtualNic]:
        wanted = self._wanted(conn, request)
        first = self._has_no_default(conn, request.instance_id, request.project_id)
        nics = []
        for index, (network, nic) in enumerate(wanted):
            values: Values = {
                "project_id": request.project_id,
                "instance_id": request.instance_id,
                "network_id": network["id"],
                "host": request.host,
                "hostname": request.hostname,
                "default_route": first and index == 0,
            }
            card = self.cards.create(conn, values, nic.mac_address)
            drawn = self.addresses.draw_for_card(conn, network, card, nic.addresses)
            self.attach(conn, card, request.instance_id)
            in_order = sorted(drawn, key=lambda row: row["version"])
            nics.append(views.virtual_nic(card, views.fixed_ips(in_order)))
        if first:
            self._auto_assign(conn, request.project_id, nics)
        return nics

    def _wanted(
        self, conn: sa.Connection, request: plugin.InstanceRequest
    ) -> list[tuple[Row, plugin.RequestedNic]]:
        if not request.nics:
            networks = self.networks.defaults_for(conn, request.project_id)
            return [(row, plugin.RequestedNic(row["id"])) for row in networks]
        named = [nic.network_id for nic in request.nics if nic.network_id is not None]
        found = iter(self.networks.find_all(conn, named, share=True))
        pairs = []
        for nic in request.nics:
            if nic.network_id is None:
                network = self.networks.defaults_for(conn, request.project_id)[0]
            else:
                network = next(found)
            self.require_usable(network, request.project_id)
            pairs.append((network, nic))
        return pairs

    def require_usable(self, network: Row, project_id: str) -> None:
        """A network of another project does not exist for this one."""
        owner = network["project_id"]
        if owner != project_id and (owner is not None or self._traits.own_networks):
            raise errors.NetworkNotFound(field="network_id", value=network["id"])

    def _auto_assign(
        self, conn: sa.Connection, project_id: str, nics: Sequence[plugin.VirtualNic]
    ) -> None:
        if self.floating is None or not self._options.auto_assign_floating_ip:
            return
        fixed = [(ip, nic) for nic in nics for ip in nic.fixed_ips if ip.version == 4]
        for ip, nic in fixed[:1]:
            row = self.addresses.find(conn, ip.address, nic.network_id)
            lent = self.floating.allocate(conn, project_id, auto_assigned=True)
            self.floating.associate(conn, lent["address"], row)

    def deallocate(self, conn: sa.Connection, instance_id: str) -> Deleted:
        """Their addresses rest, their floating addresses stay with the project."""
        return self.delete(conn, self.cards.of_instance(conn, instance_id, lock=True))

    def delete(self, conn: sa.Connection, cards: Sequence[Row]) -> Deleted:
        """Delete locked cards with all they have."""
        ids = [card["id"] for card in cards]
        rows = [row for held in self.addresses.of_cards(conn, ids).values() for row in held]
        networks = self.release(conn, rows)
        for card in cards:
            self._associations.detach(conn, card["id"])
        self.cards.delete(conn, cards)
        for instance_id in {card["instance_id"] for card in cards} - {None}:
            self.cards.promote_default_route(conn, instance_id)
        return Deleted(cards, networks)

    def release(self, conn: sa.Connection, rows: Sequence[Row]) -> set[str]:
        """Give fixed addresses back; the ids of the networks where floating ones were on them."""
        networks: set[str] = set()
        if self.floating is not None:
            networks = self.floating.forget_fixed_ips(conn, rows)
        self.addresses.release(conn, rows)
        return networks

    # -- one by one

    def create(
        self,
        conn: sa.Connection,
        project_id: str,
        network_id: str | None,
        addresses: Sequence[str] = (),
        mac: str | None = None,
        instance_id: str | None = None,
        host: str | None = None,
        hostname: str | None = None,
    ) -> plugin.VirtualNic:
        """A card; on a network if one is named, with its addresses there; in an instance if one is
        named."""
        self._associations.pin(conn, project_id, self._traits.name)
        if network_id is None and addresses:
            reason = "addresses need a network_id"
            raise errors.InvalidOption(field="addresses", value=list(addresses), reason=reason)
        values: Values = {
            "project_id": project_id,
            "instance_id": instance_id,
            "host": host,
            "hostname": hostname,
            "default_route": self._has_no_default(conn, instance_id, project_id),
        }
        if network_id is not None:
            network = self.networks.find_all(conn, [network_id], share=True)[0]
            self.require_usable(network, project_id)
            values["network_id"] = network_id
        with self.fixed_ip_quota.kept(conn, project_id):
            card = self.cards.create(conn, values, mac)
            if network_id is not None:
                self.addresses.draw_for_card(conn, network, card, addresses)
        self.attach(conn, card, instance_id)
        return self.view(conn, card["id"])

    def _has_no_default(
        self, conn: sa.Connection, instance_id: str | None, project_id: str
    ) -> bool:
        """Whether an instance's next card carries its default route. Raises InstanceNotFound for
        an instance of another project."""
        if instance_id is None:
            return True
        cards = self.cards.of_instance(conn, instance_id)
        if any(card["project_id"] != project_id for card in cards):
            raise errors.InstanceNotFound(
                field="instance_id", value=instance_id, project=project_id
            )
        return not any(card["default_route"] for card in cards)

    def attach(self, conn: sa.Connection, card: Row | Values, instance_id: str | None) -> None:
        """Record the card in the core, and give it to an instance; a card that has one is
        refused."""
        self._associations.attach(
            conn, instance_id, card["id"], card["project_id"], self._traits.name
        )
        if card["instance_id"] != instance_id:
            default = self._has_no_default(conn, instance_id, card["project_id"])
            self.cards.update(conn, card["id"], instance_id=instance_id, default_route=default)

    def detach(self, conn: sa.Connection, card_id: str) -> Row:
        card = self.cards.find(conn, card_id, lock=True)
        if card["instance_id"] is not None:
            self._associations.detach(conn, card_id)
            self.attach(conn, card, None)
            self.cards.update(conn, card_id, host=None, status=plugin.DOWN)
            self.cards.promote_default_route(conn, card["instance_id"])
        return card

    # -- reading -----------------------------------------------------------------------------------

    def view(self, conn: sa.Connection, card_id: str) -> plugin.VirtualNic:
        return self.view_all(conn, [self.cards.find(conn, card_id)])[0]

    def view_all(self, conn: sa.Connection, cards: Iterable[Row]) -> list[plugin.VirtualNic]:
        cards = list(cards)
        held = self.addresses.of_cards(conn, [card["id"] for card in cards])
        return [
            views.virtual_nic(card, views.fixed_ips(held.get(card["id"], ()))) for card in cards
        ]
