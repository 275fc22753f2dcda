"""The configured database, ready for use."""

from __future__ import annotations

from oslo_config import cfg

from melange.db import MELANGE
from netkit import migrations
from netkit.conf import make_directory_of
from netkit.db import Database

UPGRADE = "melange-manage db upgrade"


def open_database(conf: cfg.ConfigOpts) -> Database:
    """The database, whatever revision it is at.

    Raises ValueError (its URL), OSError (the directory of an SQLite database cannot be made) and
    oslo_db.exception.DBError (it does not answer).
    """
    make_directory_of(conf.database.connection)
    return Database(conf.database)


def ready_database(conf: cfg.ConfigOpts) -> Database:
    """The database at this release's revision. The embedded one, SQLite, is brought to it; of
    others somebody has to make a backup first.

    Raises what ``open_database`` does, and netkit.migrations' NotUpgraded and MigrationError.
    """
    database = open_database(conf)
    if database.dialect != "sqlite":
        migrations.check_upgraded(database, MELANGE, UPGRADE)
    elif migrations.current(database, MELANGE) != migrations.head(MELANGE):
        migrations.upgrade(database, MELANGE)
    return database
