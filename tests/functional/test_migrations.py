"""Lineages of migrations, on each kind of database."""

from __future__ import annotations

import importlib
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import sqlalchemy as sa

from melange.db import MELANGE
from netkit import migrations
from netkit.db import Database
from netkit.migrations import Lineage, MigrationError
from nova_netplugins import conf as configuration
from nova_netplugins.db import CORE
from nova_netplugins.db.lineages import lineage_of

ROOT = Path(__file__).parents[2]


def _shipped_lineages() -> list[Lineage]:
    """Melange's, the core's, and that of each network service that the shipped nova-network.conf
    lists.
    """
    found = [MELANGE, CORE]
    for line in (ROOT / "etc/nova-network.conf").read_text().splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        module = importlib.import_module(line.strip())
        lineage = lineage_of(module.network_service(configuration.load(config_files=[])))
        if lineage is not None:
            found.append(lineage)
    return found


SHIPPED = _shipped_lineages()
STEPS = [(lineage, step.id) for lineage in SHIPPED for step in migrations.history(lineage)]

PARENTS_AND_CHILDREN = """
    import sqlalchemy as sa
    from alembic import op
    revision, down_revision = "0001", None

    def upgrade():
        op.create_table("parents", sa.Column("id", sa.Integer, primary_key=True),
                        sa.Column("name", sa.String(10)))
        op.create_table("children", sa.Column("id", sa.Integer, primary_key=True),
            sa.Column("parent", sa.Integer,
                sa.ForeignKey("parents.id", ondelete="CASCADE", name="fk_parent")))
"""
LONGER_NAMES = """
    import sqlalchemy as sa
    from alembic import op
    revision, down_revision = "0002", "0001"

    def upgrade():
        with op.batch_alter_table("parents") as parents:
            parents.alter_column("name", existing_type=sa.String(10), type_=sa.String(99))
"""
FAILS_HALF_WAY = """
    from alembic import op
    import sqlalchemy as sa
    revision, down_revision = "0003", "0002"

    def upgrade():
        op.create_table("half", sa.Column("id", sa.Integer, primary_key=True))
        op.drop_table("not_there")
"""


@pytest.fixture
def database(database_url: str) -> Database:
    return Database.from_url(database_url)


@pytest.fixture
def family(tmp_path: Path) -> Lineage:
    """Parents with children, whose names get longer in a second revision."""
    versions = tmp_path / "versions 100%"
    versions.mkdir()
    for name, text in {"0001": PARENTS_AND_CHILDREN, "0002": LONGER_NAMES}.items():
        (versions / f"{name}.py").write_text(textwrap.dedent(text))
    metadata = sa.MetaData()
    sa.Table(
        "parents",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(99)),
    )
    parent = sa.ForeignKey("parents.id", ondelete="CASCADE", name="fk_parent")
    sa.Table(
        "children",
        metadata,
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("parent", sa.Integer, parent),
    )
    return Lineage("family", str(versions), metadata)


@pytest.mark.parametrize(("lineage", "step"), STEPS, ids=[f"{li.name}-{s}" for li, s in STEPS])
def test_an_upgrade_from_any_revision_gives_what_the_models_say(
    database: Database, lineage: Lineage, step: str
) -> None:
    migrations.upgrade(database, lineage, step)
    assert migrations.current(database, lineage) == step
    migrations.upgrade(database, lineage)
    assert migrations.current(database, lineage) == migrations.head(lineage)
    assert migrations.compare(database, lineage) == []


def test_all_lineages_live_in_one_database(database: Database) -> None:
    for lineage in SHIPPED:
        migrations.upgrade(database, lineage)
    for lineage in SHIPPED:
        assert migrations.current(database, lineage) == migrations.head(lineage)


def test_upgrading_again_changes_nothing(database: Database) -> None:
    migrations.upgrade(database, CORE)
    migrations.upgrade(database, CORE)
    assert migrations.compare(database, CORE) == []


def test_an_upgrade_that_broke_off_at_any_statement_is_finished_by_another(
    database: Database,
) -> None:
    # As MariaDB leaves it, which commits each statement: the table is there, the version is not.
    with database.engine.begin() as connection:
        next(iter(CORE.metadata.sorted_tables)).create(connection)
    migrations.upgrade(database, CORE)
    assert migrations.compare(database, CORE) == []


def test_a_changed_parent_keeps_its_children(database: Database, family: Lineage) -> None:
    migrations.upgrade(database, family, "0001")
    with database.engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO parents VALUES (1, 'Ada')")
        connection.exec_driver_sql("INSERT INTO children VALUES (7, 1)")

    migrations.upgrade(database, family)

    assert migrations.compare(database, family) == []
    with database.reading() as connection:
        assert connection.exec_driver_sql("SELECT id, parent FROM children").all() == [(7, 1)]
    if database.dialect == "sqlite":
        with database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_a_failed_upgrade_leaves_the_revision_before_it(
    database: Database, family: Lineage
) -> None:
    migrations.upgrade(database, family)
    (Path(family.versions) / "0003.py").write_text(textwrap.dedent(FAILS_HALF_WAY))

    with pytest.raises(Exception, match="not_there"):
        migrations.upgrade(database, family)

    assert migrations.current(database, family) == "0002"
    with database.reading() as connection:
        # MariaDB commits each change of the schema.
        left = sa.inspect(connection).has_table("half")
    assert left == (database.dialect == "mysql")


def test_an_unknown_revision_is_answered_with_the_known_ones(
    database: Database, family: Lineage
) -> None:
    with pytest.raises(MigrationError, match=r"revision 'x1'.*Its revisions: 0001, 0002$"):
        migrations.upgrade(database, family, "x1")


def test_a_database_of_a_newer_release_is_left_alone(database: Database, family: Lineage) -> None:
    migrations.upgrade(database, family)
    (Path(family.versions) / "0002.py").unlink()
    with pytest.raises(MigrationError, match="at revision 0002 of family, which this release"):
        migrations.upgrade(database, family)


def test_processes_that_upgrade_at_once_do_it_once(database: Database, database_url: str) -> None:
    program = (
        "from netkit import db, migrations; from nova_netplugins.db import CORE;"
        f"migrations.upgrade(db.Database.from_url({database_url!r}), CORE)"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [process.communicate(timeout=60)[1] for process in processes] == [""] * 4
    assert migrations.compare(database, CORE) == []
