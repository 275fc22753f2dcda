"""The descriptor of a network service, and its tables."""

from __future__ import annotations

import argparse

from netkit import migrations
from netkit.db import Database
from netkit.wsgi.routing import Mapper
from nova_netplugins.db.lineages import lineage_of
from nova_netplugins.testing.bench import Bench


class DescriptorContract:
    def test_the_catalogue_loads_it(self, bench: Bench) -> None:
        catalogue = bench.cloud.catalogue
        assert catalogue.get(bench.service.name) is catalogue.default is bench.service

    def test_its_options_are_in_a_group_of_its_name(self, bench: Bench) -> None:
        for opt in bench.service.config_opts:
            assert opt.dest in bench.cloud.conf[bench.service.name]
            assert opt.help, f"{opt.name} tells the operator nothing"

    def test_its_tables_have_its_name_as_prefix(self, bench: Bench) -> None:
        if bench.service.metadata is not None:
            for table in bench.service.metadata.tables:
                assert table.startswith(f"{bench.service.name}_")

    def test_its_migrations_give_what_its_models_say(
        self, bench: Bench, other_database_url: str
    ) -> None:
        lineage = lineage_of(bench.service)
        if lineage is not None:
            database = Database.from_url(other_database_url)
            migrations.upgrade(database, lineage)
            migrations.upgrade(database, lineage)
            assert migrations.compare(database, lineage) == []
            database.close()

    def test_each_route_asks_a_policy(self, bench: Bench) -> None:
        mapper = Mapper()
        bench.net_api.routes(mapper)
        assert [path for path, route in mapper.rows().items() if route.policy is None] == []

    def test_its_management_tool_adds_to_a_command_line(self, bench: Bench) -> None:
        if bench.service.manage_commands is not None:
            nouns = argparse.ArgumentParser().add_subparsers()
            bench.service.manage_commands(nouns)
            assert nouns.choices
