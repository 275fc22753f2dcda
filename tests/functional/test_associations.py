"""Which network service a project has, and what keeps it there, on each kind of database."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from netkit import migrations
from netkit.db import Database
from nova_netplugins.associations import (
    Associations,
    ProjectHasVirtualNics,
    ProjectService,
    ProjectUsesOtherService,
    VirtualNicAttached,
)
from nova_netplugins.catalogue import Catalogue, UnknownNetworkService
from nova_netplugins.db import CORE
from nova_netplugins.errors import InvalidOption
from nova_netplugins.plugin import NetworkService


def _service(name: str) -> NetworkService:
    nothing: Callable[[Any], Any] = lambda context: None  # noqa: E731
    return NetworkService(name=name, net_api=nothing, net_agent=nothing)


@pytest.fixture
def database(database_url: str) -> Database:
    database = Database.from_url(database_url, max_pool_size=20)
    migrations.upgrade(database, CORE)
    return database


@pytest.fixture
def associations(database: Database) -> Associations:
    """Of a cloud whose services are vlan, the default, and flat."""
    vlan = _service("vlan")
    return Associations(Catalogue((vlan, _service("flat")), default=vlan), database)


@pytest.fixture
def allocate(database: Database, associations: Associations) -> Callable[..., None]:
    """Gives a project virtual NICs, as a network service does within its transaction."""

    def run(project: str, service: str, *nics: str, instance: str | None = "i1") -> None:
        def transaction(connection: Any) -> None:
            associations.pin(connection, project, service)
            for nic in nics:
                associations.attach(connection, instance, nic, project, service)

        database.run(transaction)

    return run


Allocate = Callable[..., None]


def test_a_project_nobody_associated_has_the_default_service(associations: Associations) -> None:
    assert associations.show("p1") == ProjectService("p1", "vlan", explicit=False)
    assert associations.list() == []


def test_an_associated_project_has_its_service(associations: Associations) -> None:
    associations.associate("p2", "flat")
    associations.associate("p1", "vlan")
    associations.associate("p1", "vlan")
    assert associations.show("p2") == ProjectService("p2", "flat", explicit=True)
    assert [row.project_id for row in associations.list()] == ["p1", "p2"]


def test_a_disassociated_project_has_the_default_again_and_can_be_associated_again(
    associations: Associations,
) -> None:
    for _ in range(3):
        associations.associate("p1", "flat")
        associations.disassociate("p1")
    associations.disassociate("p1")
    assert associations.show("p1") == ProjectService("p1", "vlan", explicit=False)


def test_ids_that_differ_in_case_only_are_two_projects(associations: Associations) -> None:
    associations.associate("abc", "flat")
    associations.associate("ABC", "vlan")
    assert associations.show("abc").network_service == "flat"


def test_an_unknown_service_is_answered_with_the_known_ones(associations: Associations) -> None:
    with pytest.raises(UnknownNetworkService, match="'grey' is not .* it has vlan, flat"):
        associations.associate("p1", "grey")
    assert associations.list() == []


def test_the_first_virtual_nic_pins_its_project_to_the_default(
    associations: Associations, allocate: Allocate
) -> None:
    allocate("p1", "vlan", "n1")
    assert associations.show("p1") == ProjectService("p1", "vlan", explicit=True)


@pytest.mark.parametrize(("has", "asked"), [(None, "flat"), ("vlan", "flat"), ("flat", "vlan")])
def test_another_service_may_not_give_a_project_virtual_nics(
    associations: Associations, allocate: Allocate, has: str | None, asked: str
) -> None:
    if has:
        associations.associate("p1", has)
    uses = has or "vlan"
    with pytest.raises(ProjectUsesOtherService, match=f"'p1' uses .* {uses}, not {asked}") as error:
        allocate("p1", asked, "n1")
    assert (error.value.status, error.value.field, error.value.value) == (409, "project_id", "p1")
    assert associations.attachments(project_id="p1") == []


def test_a_project_with_virtual_nics_keeps_its_service_and_is_told_which(
    database: Database, associations: Associations, allocate: Allocate
) -> None:
    allocate("p1", "vlan", "n1", "n2")
    allocate("p1", "vlan", "n3", instance=None)
    told = (
        "project 'p1' still has 3 virtual NICs on the network service vlan: n1 of instance i1, "
        "n2 of instance i1, n3 of no instance; delete them first"
    )
    with pytest.raises(ProjectHasVirtualNics) as refused:
        associations.associate("p1", "flat")
    assert str(refused.value) == told
    with pytest.raises(ProjectHasVirtualNics):
        associations.disassociate("p1")
    assert associations.show("p1").network_service == "vlan"

    database.run(associations.detach, "n1", "n2")
    for nic in ("n3", "n3", "unknown"):
        database.run(associations.detach, nic)
    associations.associate("p1", "flat")
    assert associations.show("p1").network_service == "flat"


def test_of_many_virtual_nics_ten_are_told(associations: Associations, allocate: Allocate) -> None:
    allocate("p1", "vlan", *[f"n{number}" for number in range(12)])
    with pytest.raises(ProjectHasVirtualNics, match="12 virtual NICs .* n9 of .* and 2 more;"):
        associations.associate("p1", "flat")


def test_a_virtual_nic_has_one_instance_at_a_time(
    database: Database, associations: Associations, allocate: Allocate
) -> None:
    allocate("p1", "vlan", "n1", instance=None)
    allocate("p1", "vlan", "n1", instance="i1")
    allocate("p1", "vlan", "n1", instance="i1")
    with pytest.raises(VirtualNicAttached, match="'n1' is attached to instance i1, not i2"):
        allocate("p1", "vlan", "n1", instance="i2")
    assert [a.instance_id for a in associations.attachments(instance_id="i1")] == ["i1"]

    database.run(associations.detach, "n1")
    allocate("p1", "vlan", "n1", instance="i2")
    assert [a.instance_id for a in associations.attachments()] == ["i2"]


def test_the_first_allocations_of_a_project_at_once_all_succeed(
    associations: Associations, allocate: Allocate
) -> None:
    start = threading.Barrier(8)

    def first(number: int) -> None:
        start.wait()
        allocate("p1", "vlan", f"n{number}")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(first, range(8)))
    assert len(associations.list()) == 1
    assert len(associations.attachments(project_id="p1")) == 8


def test_re_association_never_leaves_virtual_nics_under_another_service(
    database: Database, associations: Associations, allocate: Allocate
) -> None:
    def allocating(number: int, service: str) -> bool:
        try:
            allocate(f"p{number}", service, f"n{number}-{service}")
        except ProjectUsesOtherService:
            return False
        return True

    def associating(number: int, service: str) -> bool:
        try:
            associations.associate(f"p{number}", service)
        except ProjectHasVirtualNics:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        for number in range(40):
            jobs = [
                threads.submit(job, number, service)
                for job in (allocating, associating)
                for service in ("vlan", "flat")
                for _ in range(2)
            ]
            assert any([job.result() for job in jobs])

    for number in range(40):
        service = associations.show(f"p{number}").network_service
        nics = associations.attachments(project_id=f"p{number}")
        assert {nic.network_service for nic in nics} <= {service}


@pytest.mark.parametrize("project", ["", "x" * 256, "a/b", "two\nlines"])
def test_what_no_path_can_name_gets_no_service(associations: Associations, project: str) -> None:
    with pytest.raises(InvalidOption, match="1 to 255 characters that print"):
        associations.associate(project, "flat")
    assert associations.list() == []


@pytest.mark.parametrize("known", [False, True])
def test_a_new_virtual_nic_is_attached_and_pins_its_project(
    database: Database, associations: Associations, known: bool
) -> None:
    used = associations.show("p1").network_service
    if known:
        associations.associate("p1", used)
    database.run(associations.pin_and_attach, "i1", "n1", "p1", used)
    [attached] = associations.attachments(project_id="p1")
    assert (attached.instance_id, attached.network_service) == ("i1", used)
    assert associations.show("p1") == ProjectService("p1", used, explicit=True)
    with pytest.raises(ProjectUsesOtherService):
        database.run(associations.pin_and_attach, "i1", "n2", "p1", "other")
    assert len(associations.attachments()) == 1
