"""What every process on the database's side is made of."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa
from oslo_config import cfg

from netkit import errors, migrations
from netkit.db import Database
from netkit.migrations import Lineage
from nova_netplugins.associations import Associations
from nova_netplugins.catalogue import Catalogue
from nova_netplugins.db.lineages import lineages
from nova_netplugins.plugin import ApiContext, NetApi, Prompts


class NotUpgraded(errors.Unavailable):
    """The database lacks migrations of this release."""

    code = "database_not_upgraded"
    template = (
        "the database is not that of this release: {value} is at revision {found} and should be at "
        "{wanted}; run nova-netplugins-manage db upgrade"
    )


class Cloud:
    """The network services of a configuration, with their database and the associations.

    Raises ``ValueError`` (the database's URL), ``OSError`` (the directory of an SQLite database
    cannot be made) and ``oslo_db.exception.DBError`` (the database does not answer).
    """

    def __init__(self, conf: cfg.ConfigOpts, catalogue: Catalogue) -> None:
        self.conf = conf
        self.catalogue = catalogue
        _make_directory(conf)
        self.database = Database(conf.database)
        self.associations = Associations(self.catalogue, self.database)

    @property
    def lineages(self) -> list[Lineage]:
        return lineages(self.catalogue)

    def check_upgraded(self, *names: str) -> None:
        """Raises ``NotUpgraded`` if a table of these lineages, or of any, may be missing."""
        for lineage in self.lineages:
            if names and lineage.name not in names:
                continue
            found = migrations.current(self.database, lineage)
            wanted = migrations.head(lineage)
            if found != wanted:
                raise NotUpgraded(value=lineage.name, found=found or "none", wanted=wanted)

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


def _make_directory(conf: cfg.ConfigOpts) -> None:
    """SQLite makes its file, but not the directory of it."""
    try:
        url = sa.make_url(conf.database.connection or "")
    except sa.exc.ArgumentError:
        return
    if url.get_backend_name() == "sqlite" and url.database:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
