"""The database that a server starts with."""

from __future__ import annotations

from pathlib import Path

import pytest

from melange import conf as configuration
from melange.db import MELANGE
from melange.db.opening import open_database, ready_database
from netkit import migrations
from netkit.migrations import NotUpgraded
from tests.conftest import new_database


def test_the_embedded_database_is_made_and_brought_up_to_date(tmp_path: Path) -> None:
    conf = configuration.load(config_files=[])
    conf.set_override("state_path", str(tmp_path / "not" / "yet" / "there"))
    for _ in range(2):
        database = ready_database(conf)
        assert migrations.current(database, MELANGE) == migrations.head(MELANGE)
        database.close()


def test_a_database_server_is_left_alone_until_its_operator_upgrades_it(
    postgresql_url: str,
) -> None:
    conf = configuration.load(config_files=[])
    with new_database(postgresql_url) as url:
        conf.set_override("connection", url, group="database")
        with pytest.raises(NotUpgraded, match="run melange-manage db upgrade"):
            ready_database(conf)
        database = open_database(conf)
        assert migrations.current(database, MELANGE) is None
        migrations.upgrade(database, MELANGE)
        database.close()
        ready_database(conf).close()
