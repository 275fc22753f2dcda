"""nftables as data: tables, and changes to them that are made wholly or not at all.

A Table says what one of our tables should contain; a Transaction collects replacements of whole
tables and changes of single elements, and becomes one ``nft -f -``, which the kernel applies
atomically. Each rule carries, in its comment, its owner and a digest of its text, so that a look
at the live table tells whether it still is what was asked for.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

TABLE = "nova_netplugins"
Family = Literal["ip", "ip6", "inet", "bridge"]
# One string for each part of the key, as nft spells it: ('"tap0"', "02:00:00:00:00:01").
Key = tuple[str, ...]


@dataclass(frozen=True)
class Hook:
    """Where a base chain is attached, e.g. ``Hook("nat", "prerouting", -100)``."""

    kind: Literal["filter", "nat", "route"]
    hook: str
    priority: int
    policy: Literal["accept", "drop"] = "accept"


@dataclass(frozen=True)
class Chain:
    """Rules in order, each in nft's words without a comment."""

    name: str
    rules: Sequence[str]
    hook: Hook | None = None


@dataclass(frozen=True)
class Collection:
    """A named set, or a map when it has a ``value_type``; ``interval`` allows prefixes in keys."""

    name: str
    key_types: Sequence[str]
    elements: Mapping[Key, str | None] = field(default_factory=dict)
    value_type: str | None = None
    interval: bool = False


@dataclass(frozen=True)
class Table:
    """All that one of our tables should contain, and whose it is."""

    family: Family
    owner: str
    chains: Sequence[Chain]
    collections: Sequence[Collection] = ()
    name: str = TABLE

    def comment(self, rule: str) -> str:
        """The comment that marks a rule of this table."""
        return f"{self.owner} {hashlib.sha256(rule.encode()).hexdigest()[:8]}"

    def state(self) -> TableState:
        """What reading the table back should give."""
        structure = [
            describe_chain(chain.name, chain.hook, [self.comment(rule) for rule in chain.rules])
            for chain in self.chains
        ]
        structure += [
            describe_collection(one.name, one.key_types, one.value_type, one.interval)
            for one in self.collections
        ]
        elements = {one.name: dict(one.elements) for one in self.collections}
        return TableState(frozenset(structure), elements)


@dataclass(frozen=True)
class TableState:
    """A table as it is: its shape, and the elements of each set and map."""

    structure: frozenset[str]
    elements: Mapping[str, Mapping[Key, str | None]]


def describe_chain(name: str, hook: Hook | None, comments: Sequence[str]) -> str:
    """A chain in one line; equal lines mean equal chains."""
    where = f"{hook.kind} {hook.hook} {hook.priority} {hook.policy}" if hook else "regular"
    return f"chain {name} {where}: {', '.join(comments)}"


def describe_collection(
    name: str, key_types: Sequence[str], value_type: str | None, interval: bool
) -> str:
    """A set or map in one line, without its elements."""
    flags = " interval" if interval else ""
    return f"set {name} {'.'.join(key_types)} -> {value_type}{flags}"


def interface_key(name: str) -> str:
    """An interface name as nft spells it: quoted, because it may look like anything."""
    return f'"{name}"'


def address_key(cidr: str) -> str:
    """An address or prefix as nft spells it: no length on a single address."""
    network = ipaddress.ip_network(cidr)
    single = network.prefixlen == network.max_prefixlen
    return str(network.network_address) if single else str(network)


@dataclass(frozen=True)
class Replace:
    """The table is made anew, whatever it was."""

    table: Table


@dataclass(frozen=True)
class DeleteTable:
    """The table is gone; it need not exist."""

    family: Family
    name: str = TABLE


@dataclass(frozen=True)
class AddElements:
    """Elements join a set or map that exists. An equal one is fine, another value refused."""

    family: Family
    collection: str
    elements: Mapping[Key, str | None]
    name: str = TABLE


@dataclass(frozen=True)
class DeleteElements:
    """Elements leave a set or map; each must be there."""

    family: Family
    collection: str
    keys: Sequence[Key]
    name: str = TABLE


Operation = Replace | DeleteTable | AddElements | DeleteElements


@dataclass
class Transaction:
    """Changes that are applied together, in order, or not at all."""

    operations: list[Operation] = field(default_factory=list)

    def replace(self, table: Table) -> None:
        """Make the table anew."""
        self.operations.append(Replace(table))

    def delete_table(self, family: Family, name: str = TABLE) -> None:
        """Delete the table if there is one."""
        self.operations.append(DeleteTable(family, name))

    def add_elements(
        self,
        family: Family,
        collection: str,
        elements: Mapping[Key, str | None],
        name: str = TABLE,
    ) -> None:
        """Add elements to a set (values None) or map of the table."""
        if elements:
            self.operations.append(AddElements(family, collection, elements, name))

    def delete_elements(
        self, family: Family, collection: str, keys: Sequence[Key], name: str = TABLE
    ) -> None:
        """Delete elements of the table, all of which exist."""
        if keys:
            self.operations.append(DeleteElements(family, collection, keys, name))

    def render(self) -> str:
        """The script for ``nft -f -``."""
        return "".join(_render(operation) for operation in self.operations)


def render_table(table: Table) -> str:
    """A table in nft's own format."""
    lines = [f"table {table.family} {table.name} {{"]
    for one in table.collections:
        word, value = ("map", f" : {one.value_type}") if one.value_type else ("set", "")
        lines.append(f"  {word} {one.name} {{")
        lines.append(f"    type {' . '.join(one.key_types)}{value};")
        if one.interval:
            lines.append("    flags interval;")
        if one.elements:
            lines.append(f"    elements = {{ {_elements(one.elements)} }};")
        lines.append("  }")
    for chain in table.chains:
        lines.append(f"  chain {chain.name} {{")
        if chain.hook:
            hook = chain.hook
            lines.append(
                f"    type {hook.kind} hook {hook.hook} priority {hook.priority};"
                f" policy {hook.policy};"
            )
        lines += [f'    {rule} comment "{table.comment(rule)}"' for rule in chain.rules]
        lines.append("  }")
    return "\n".join([*lines, "}", ""])


def _elements(elements: Mapping[Key, str | None]) -> str:
    return ",\n      ".join(
        f"{' . '.join(key)}{f' : {value}' if value else ''}"
        for key, value in sorted(elements.items())
    )


def _render(operation: Operation) -> str:
    match operation:
        case Replace(table):
            # Adding first makes the deletion valid when there is no table yet.
            address = f"{table.family} {table.name}"
            return f"add table {address}\ndelete table {address}\n{render_table(table)}"
        case DeleteTable(family, name):
            return f"add table {family} {name}\ndelete table {family} {name}\n"
        case AddElements(family, collection, elements, name):
            inner = _elements(elements)
            return f"add element {family} {name} {collection} {{ {inner} }}\n"
        case DeleteElements(family, collection, keys, name):
            inner = _elements(dict.fromkeys(keys))
            return f"delete element {family} {name} {collection} {{ {inner} }}\n"
