"""What is written down from the code: the tables of docs/ and the samples of etc/."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml
from oslo_config import cfg, generator
from oslo_policy import generator as policy_generator

from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import Catalogue, load_catalogue
from tools import reference

ETC = reference.ROOT / "etc"


@pytest.fixture
def conf() -> cfg.ConfigOpts:
    conf = configuration.load(config_files=[])
    conf.set_override("network_service_conf", str(ETC / "nova-network.conf"))
    return conf


@pytest.fixture
def catalogue(conf: cfg.ConfigOpts) -> Catalogue:
    return load_catalogue(conf)


def test_the_tables_of_the_pages_are_current() -> None:
    assert [path.name for path in reference.outdated()] == [], "run: make sample"


def test_every_table_has_a_place_in_a_page() -> None:
    pages = "".join(path.read_text() for path in reference.DOCS.glob("*.md"))
    assert [name for name in reference.tables() if f"<!-- begin {name} -->" not in pages] == []


def test_one_table_of_routes_is_true_of_the_three_ethernet_services(
    conf: cfg.ConfigOpts, catalogue: Catalogue, tmp_path: Path
) -> None:
    conf.set_override("connection", f"sqlite:///{tmp_path}/no.sqlite", group="database")
    shown = reference.routes(conf, catalogue).keys()
    for name in set(catalogue.names) - set(reference.OTHERS):
        assert reference.routes(conf, catalogue, name).keys() == shown


@pytest.mark.parametrize(
    ("settings", "sample"),
    [
        ("config-generator.conf", "nova-netplugins.conf.sample"),
        ("melange-config-generator.conf", "melange.conf.sample"),
    ],
)
def test_the_sample_configuration_is_current(tmp_path: Path, settings: str, sample: str) -> None:
    written = tmp_path / "sample"
    generator.main(["--config-file", str(ETC / settings), "--output-file", str(written)])
    assert written.read_text() == (ETC / sample).read_text(), "make sample"


def test_the_sample_configuration_has_the_options_of_every_listed_service(
    catalogue: Catalogue,
) -> None:
    sample = (ETC / "nova-netplugins.conf.sample").read_text()
    for service in catalogue.services:
        _, _, group = sample.partition(f"\n[{service.name}]\n")
        group, _, _ = group.partition("\n[")
        assert [opt.name for opt in service.config_opts if f"\n#{opt.name} =" not in group] == []


POLICIES = {"nova_netplugins": "policy.yaml.sample", "melange": "melange-policy.yaml.sample"}


@pytest.mark.parametrize("namespace", POLICIES)
def test_the_sample_policy_is_current(tmp_path: Path, namespace: str) -> None:
    written = tmp_path / "policy.yaml"
    settings = ["--namespace", namespace, "--output-file", str(written)]
    policy_generator.generate_sample(settings, conf=cfg.ConfigOpts())
    assert written.read_text() == (ETC / POLICIES[namespace]).read_text(), "make sample"


@pytest.mark.parametrize("sample", POLICIES.values())
def test_the_sample_policy_changes_nothing(sample: str) -> None:
    assert yaml.safe_load((ETC / sample).read_text()) is None


def test_every_module_of_the_sample_list_of_services_can_be_imported() -> None:
    lines = (ETC / "nova-network.conf").read_text().splitlines()
    for module in [line for line in lines if line and not line.startswith("#")]:
        assert importlib.import_module(module).network_service
