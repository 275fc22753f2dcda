"""Writes the tables of docs/ that the code knows better: every route, and the services' options.

    python -m tools.reference [--check]

A table stands between ``<!-- begin NAME -->`` and ``<!-- end NAME -->``. ``--check`` writes
nothing, names the pages that are not current, and exits 1 if there are any.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from oslo_config import cfg

from netkit.wsgi import Mapper, Route
from netkit.wsgi.health import Health
from nova_netplugins import conf as configuration
from nova_netplugins.api import policies
from nova_netplugins.api.hosts import Hosts
from nova_netplugins.api.projects import Projects
from nova_netplugins.api.versions import Versions
from nova_netplugins.bus import Bus
from nova_netplugins.catalogue import Catalogue, load_catalogue
from nova_netplugins.cloud import Cloud
from tools import melange_reference

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
# flat, flat_dhcp and vlan have the same routes: the tests see to it.
SERVICE = "flat_dhcp"
# These have routes of their own.
OTHERS = ("netstack",)
WHO = {
    policies.ADMIN: "administrator",
    policies.SERVICE: "Nova, agents",
    policies.MEMBER: "member",
    policies.READER: "reader",
}


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing")
    check = parser.parse_args(argv).check
    stale = outdated()
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is not current' if check else 'is written'}")
        if not check:
            path.write_text(text)
    return 1 if check and stale else 0


def outdated() -> dict[Path, str]:
    """The pages that are not current, each with the text that it should have."""
    found = tables()
    pages = {path: path.read_text() for path in sorted(DOCS.glob("*.md"))}
    fresh = {path: fill(text, found) for path, text in pages.items()}
    return {path: fresh[path] for path, text in pages.items() if fresh[path] != text}


def fill(page: str, found: Mapping[str, str]) -> str:
    """The page with its marked tables replaced. Raises KeyError for a table that nobody knows."""
    marked = re.compile(r"(<!-- begin (.+?) -->\n).*?(<!-- end \2 -->)", re.DOTALL)
    return marked.sub(lambda match: match[1] + found[match[2]] + match[3], page)


def tables() -> dict[str, str]:
    """Every table by its name: ``routes networks``, ``options vlan``, ..."""
    with tempfile.TemporaryDirectory() as directory:
        conf = configuration.load(config_files=[])
        conf.set_override("network_service_conf", str(ROOT / "etc" / "nova-network.conf"))
        conf.set_override("connection", f"sqlite:///{directory}/no.sqlite", group="database")
        catalogue = load_catalogue(conf)
        found = {f"options {s.name}": _options(s.config_opts) for s in catalogue.services}
        of_all = routes(conf, catalogue)
        found |= _routes("routes", of_all)
        for name in set(catalogue.names) & set(OTHERS):
            own = routes(conf, catalogue, name, f"/v1.0/{name}")
            here = {request: route for request, route in own.items() if request not in of_all}
            found |= _routes(f"routes {name}", here)
    return found | _melange()


def _routes(title: str, found: Mapping[str, Route]) -> dict[str, str]:
    heads = ("request", "does", "for", "takes")
    return {f"{title} {noun}": _table(heads, rows) for noun, rows in _by_noun(found).items()}


def _melange() -> dict[str, str]:
    """``melange routes nat``, ``melange options ipam``, ..."""
    found = {
        f"melange routes {noun}": _table(melange_reference.HEADS, rows)
        for noun, rows in melange_reference.routes().items()
    }
    for group, opts in melange_reference.options().items():
        found[f"melange options {group}"] = _options(opts)
    heads = ("alias", "name", "is")
    found["melange extensions"] = _table(heads, melange_reference.extensions())
    return found


def routes(
    conf: cfg.ConfigOpts,
    catalogue: Catalogue,
    name: str = SERVICE,
    below: str = "/v1.0/{service}",
) -> Mapping[str, Route]:
    """The routes of one service, shown below that path, and of the core, as ``Mapper.rows``."""
    mapper = Mapper()
    with (
        contextlib.closing(Cloud(conf, catalogue)) as cloud,
        contextlib.closing(Bus(conf)) as bus,
    ):
        api = cloud.net_api(name, bus.prompts(name))
        Versions(catalogue.names, Health({})).routes(mapper)
        Projects(cloud.associations).routes(mapper.under("/v1.0"))
        Hosts(catalogue, {name: api}).routes(mapper.under("/v1.0"))
        api.routes(mapper.under(below))
    return mapper.rows()


def _by_noun(found: Mapping[str, Route]) -> dict[str, list[tuple[str, ...]]]:
    """Rows by the noun of their policy rule, which is that of their handler."""
    rules = {rule.name: rule for rule in policies.list_rules()}
    nouns: dict[str, list[tuple[str, ...]]] = {}
    for request, route in found.items():
        noun = (route.policy or "versions:").partition(":")[0]
        rule = rules.get(route.policy or "")
        does = f"{rule.description.rstrip('.')}." if rule else ""
        who = WHO[rule.check_str] if rule else "anybody"
        row = (f"`{request}`", _sentence(f"{does} {_says(route)}"), who, _takes(route))
        nouns.setdefault(noun, []).append(row)
    return nouns


def _says(route: Route) -> str:
    """The handler's own docstring."""
    return " ".join((route.handler.__doc__ or "").replace("``", "`").split())


def _takes(route: Route) -> str:
    """The members of the body, the required ones in bold, and the query parameters."""
    taken = []
    if route.request_schema is not None:
        ((noun, body),) = route.request_schema["properties"].items()
        taken.append(f"`{noun}`: {_names(body)}")
    if route.query_schema is not None:
        taken.append(f"?{_names(route.query_schema)}")
    return "; ".join(taken)


def _names(schema: Mapping[str, Any]) -> str:
    required = schema.get("required", ())
    return ", ".join(f"**{name}**" if name in required else name for name in schema["properties"])


def _options(opts: Iterable[cfg.Opt]) -> str:
    rows = [(f"`{opt.name}`", _default(opt), _help(opt)) for opt in opts]
    return _table(("option", "default", "is"), rows)


def _default(opt: cfg.Opt) -> str:
    # What holds anywhere, where the default is of this machine.
    if opt.sample_default is not None:
        return f"`{opt.sample_default}`".replace("`<", "").replace(">`", "")
    if opt.default in (None, "", [], {}):
        return ""
    if isinstance(opt.default, list):
        return f"`{','.join(opt.default)}`"
    return f"`{str(opt.default).lower() if isinstance(opt.default, bool) else opt.default}`"


def _help(opt: cfg.Opt) -> str:
    choices = getattr(opt.type, "choices", None) or {}
    named = [f"`{value}`: {text.rstrip('.')}." for value, text in choices.items() if text]
    return _sentence(" ".join([opt.help or "", *named]))


def _sentence(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, ("---",) * len(heads), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
