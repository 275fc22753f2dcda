"""The migration lineages of this cloud: the core's, and each network service's own."""

from __future__ import annotations

from netkit.migrations import Lineage
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.db import CORE
from nova_netplugins.plugin import NetworkService


def lineage_of(service: NetworkService) -> Lineage | None:
    """None for a service without tables."""
    if service.metadata is None or service.migrations is None:
        return None
    return Lineage(service.name, service.migrations, service.metadata)


def lineages(catalogue: Catalogue) -> list[Lineage]:
    """In the order in which they are upgraded."""
    of_services = (lineage_of(service) for service in catalogue.services)
    return [CORE, *(lineage for lineage in of_services if lineage is not None)]
