"""What an operator reads when ``nova-network.conf`` is right, and when a line of it is wrong."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from oslo_config import cfg

from nova_netplugins import conf as configuration
from nova_netplugins.catalogue import CatalogueError, UnknownNetworkService, load_catalogue

SERVICE = """
    from oslo_config import cfg
    from nova_netplugins.plugin import NetworkService

    def network_service(conf):
        return NetworkService(
            name="{name}",
            net_api=lambda context: None,
            net_agent=lambda context: None,
            config_opts=[cfg.IntOpt("colour", default=7)],
        )
"""

Write = Callable[[str, str], None]
ConfFor = Callable[..., cfg.ConfigOpts]


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """Writes ``<module>.py`` where this test, and it alone, imports from."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(module: str, text: str) -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(textwrap.dedent(text))

    return write


@pytest.fixture
def conf_for(tmp_path: Path) -> ConfFor:
    def make(listing: str, default: str = "cat_red") -> cfg.ConfigOpts:
        path = tmp_path / "nova-network.conf"
        path.write_text(listing)
        conf = configuration.load(config_files=[])
        conf.set_override("network_service_conf", str(path))
        conf.set_override("default_network_service", default)
        return conf

    return make


def test_services_are_loaded_in_the_order_of_the_file(
    write_module: Write, conf_for: ConfFor
) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    write_module("cat_blue", SERVICE.format(name="blue"))

    conf = conf_for("# ours\n\n  cat_blue  \n   # cat_green\ncat_red\n")
    catalogue = load_catalogue(conf)

    assert catalogue.names == ("blue", "red")
    assert catalogue.default is catalogue.get("red")


def test_each_service_has_its_options_in_a_group_of_its_name(
    write_module: Write, conf_for: ConfFor
) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    conf = conf_for("cat_red\n")
    load_catalogue(conf)
    assert conf.red.colour == 7


def test_an_unknown_name_is_answered_with_the_known_ones(
    write_module: Write, conf_for: ConfFor
) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    catalogue = load_catalogue(conf_for("cat_red\n"))
    with pytest.raises(UnknownNetworkService, match="'grey' is not a network service.* red$"):
        catalogue.get("grey")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        (None, "there is no Python module 'cat_bad' here"),
        ("import no_such_library", "importing it failed: No module named 'no_such_library'"),
        ("1 / 0", "importing it failed: ZeroDivisionError: division by zero"),
        ("def network_service(", "importing it failed: SyntaxError: "),
        ("x = 1", r"the module has no function network_service\(conf\)"),
        ("network_service = 3", r"the module has no function network_service\(conf\)"),
        ("def network_service(conf): return 3", "must return .*NetworkService, not int"),
        (
            "def network_service(conf): raise ValueError('no bridge')",
            r"network_service\(conf\) failed: ValueError: no bridge",
        ),
        (SERVICE.format(name="Red"), "its name 'Red' must be 1 to 32 lower-case letters"),
        (SERVICE.format(name="r" * 33), "must be 1 to 32 lower-case letters"),
        (SERVICE.format(name="red"), "its name 'red' is already that of cat_red"),
        (SERVICE.format(name="hosts"), "its name 'hosts' is reserved for the core"),
        (SERVICE.format(name="database"), "its name 'database' is reserved for the core"),
        (
            SERVICE.format(name="bad").replace("config_opts", "migrations='/nowhere', config_opts"),
            "both metadata and migrations, or neither",
        ),
        (
            SERVICE.format(name="bad").replace("lambda context: None", "None"),
            "its net_api must be callable, not None",
        ),
    ],
)
def test_an_unloadable_line_stops_the_start_and_says_which_and_why(
    write_module: Write, conf_for: ConfFor, tmp_path: Path, text: str | None, cause: str
) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    if text is not None:
        write_module("cat_bad", text)
    where = f"{tmp_path}/nova-network.conf:3: cat_bad: "
    with pytest.raises(CatalogueError, match=f"^{where}.*{cause}"):
        load_catalogue(conf_for("cat_red\n\ncat_bad\n"))


def test_a_service_listed_twice_is_an_error(write_module: Write, conf_for: ConfFor) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    with pytest.raises(CatalogueError, match=r"conf:2: cat_red: .* listed twice"):
        load_catalogue(conf_for("cat_red\ncat_red\n"))


def test_the_default_service_must_be_listed(write_module: Write, conf_for: ConfFor) -> None:
    write_module("cat_red", SERVICE.format(name="red"))
    expected = "default_network_service is cat_blue, which .*conf does not list; it lists cat_red"
    with pytest.raises(CatalogueError, match=expected):
        load_catalogue(conf_for("cat_red\n", default="cat_blue"))


def test_a_missing_list_is_named_with_its_option(conf_for: ConfFor, tmp_path: Path) -> None:
    conf = conf_for("")
    (tmp_path / "nova-network.conf").unlink()
    expected = r"nova-network.conf \(network_service_conf\): No such file or directory; make it"
    with pytest.raises(CatalogueError, match=expected):
        load_catalogue(conf)
