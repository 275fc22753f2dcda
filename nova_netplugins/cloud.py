"""What every process on the database's side is made of."""

from __future__ import annotations

from oslo_config import cfg

from netkit import migrations
from netkit.conf import make_directory_of
from netkit.db import Database
from netkit.migrations import Lineage
from nova_netplugins.associations import Associations
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.db.lineages import lineages
from nova_netplugins.plugin import ApiContext, NetApi, Prompts

UPGRADE = "nova-netplugins-manage db upgrade"


class Cloud:
    """The network services of a configuration, with their database and the associations.

    Raises ``ValueError`` (the database's URL), ``OSError`` (the directory of an SQLite database
    cannot be made) and ``oslo_db.exception.DBError`` (the database does not answer).
    """

    def __init__(self, conf: cfg.ConfigOpts, catalogue: Catalogue) -> None:
        self.conf = conf
        self.catalogue = catalogue
        make_directory_of(conf.database.connection)
        self.database = Database(conf.database)
        self.associations = Associations(self.catalogue, self.database)

    @property
    def lineages(self) -> list[Lineage]:
        return lineages(self.catalogue)

    def check_upgraded(self, *names: str) -> None:
        """Raises ``NotUpgraded`` if a table of these lineages, or of any, may be missing."""
        for lineage in self.lineages:
            if not names or lineage.name in names:
                migrations.check_upgraded(self.database, lineage, UPGRADE)

    def net_api(self, name: str, prompts: Prompts) -> NetApi:
        """The net-api of a network service. Raises ``UnknownNetworkService``."""
        context = ApiContext(
            conf=self.conf,
            database=self.database,
            associations=self.associations,
            prompts=prompts,
        )
        return self.catalogue.get(name).net_api(context)

    def close(self) -> None:
        self.database.close()
