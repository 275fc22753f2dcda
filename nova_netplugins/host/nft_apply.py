"""Applying nftables transactions to a namespace, and reading tables back."""

from __future__ import annotations

import json
import re
from abc import ABC, abstractmethod
from typing import Any

from nova_netplugins.host.commands import run
from nova_netplugins.host.errors import AlreadyExists, HostError, NotFound
from nova_netplugins.host.nft import (
    TABLE,
    Family,
    Hook,
    Key,
    Table,
    TableState,
    Transaction,
    describe_chain,
    describe_collection,
)

_COMPLAINT = re.compile(r"^/dev/stdin:(\d+):\d+-\d+: Error: (.*)$", re.MULTILINE)


class Nft(ABC):
    """The nftables of one namespace. KernelNft is the real one, FakeNft the one of the tests."""

    @abstractmethod
    def apply(self, transaction: Transaction) -> None:
        """Apply all of it or nothing.

        Raises NotFound if it deletes or adds to what does not exist, AlreadyExists if it gives a
        present key another value, HostError with nft's words and the line for anything else.
        """

    @abstractmethod
    def read(self, family: Family, name: str = TABLE) -> TableState | None:
        """The table as it is; None if there is none."""

    @abstractmethod
    def elements(self, family: Family, collection: str, name: str = TABLE) -> dict[Key, str | None]:
        """What a set or map contains. Raises NotFound."""

    def converge(self, table: Table) -> bool:
        """The table is as described; whether anything had to change.

        Where only elements differ, only those are changed; counters and rules stay untouched.
        """
        present, wanted = self.read(table.family, table.name), table.state()
        if present == wanted:
            return False
        transaction = Transaction()
        if present is None or present.structure != wanted.structure:
            transaction.replace(table)
        else:
            for collection, elements in wanted.elements.items():
                there = present.elements[collection]
                gone = [key for key in there if elements.get(key, "") != there[key]]
                new = {key: value for key, value in elements.items() if there.get(key, "") != value}
                transaction.delete_elements(table.family, collection, gone, table.name)
                transaction.add_elements(table.family, collection, new, table.name)
        self.apply(transaction)
        return True

    def remove(self, family: Family, name: str = TABLE) -> None:
        """There is no such table."""
        transaction = Transaction()
        transaction.delete_table(family, name)
        self.apply(transaction)


class KernelNft(Nft):
    """The kernel's nftables, through the nft program; None is the caller's own namespace."""

    def __init__(self, netns: str | None = None) -> None:
        self._netns = netns

    def apply(self, transaction: Transaction) -> None:
        script = transaction.render()
        done = run(["nft", "-f", "-"], self._netns, script, expected=(0, 1))
        if done.status != 0:
            raise complaint(done.stderr, script)

    def read(self, family: Family, name: str = TABLE) -> TableState | None:
        try:
            return read_table(self._listing("table", family, name))
        except NotFound:
            return None

    def elements(self, family: Family, collection: str, name: str = TABLE) -> dict[Key, str | None]:
        try:
            listing = self._listing("map", family, name, collection)
        except NotFound:
            listing = self._listing("set", family, name, collection)
        return dict(read_table(listing).elements[collection])

    def _listing(self, *what: str) -> list[dict[str, Any]]:
        done = run(["nft", "-j", "list", *what], self._netns, expected=(0, 1))
        if done.status != 0:
            raise complaint(done.stderr, f"list {' '.join(what)}")
        listing: list[dict[str, Any]] = json.loads(done.stdout)["nftables"]
        return listing


def complaint(stderr: str, script: str) -> HostError:
    """What nft said, with the line that it was about."""
    found = _COMPLAINT.search(stderr)
    message = found.group(2) if found else stderr.strip().splitlines()[0]
    lines = script.splitlines()
    number = int(found.group(1)) if found else 1
    line = lines[number - 1].strip() if number <= len(lines) else ""
    text = f"nft refused line {number} ({line[:120]}): {message}"
    if "No such file or directory" in message:
        return NotFound(text)
    if "File exists" in message:
        return AlreadyExists(text)
    return HostError(text)


def read_table(listing: list[dict[str, Any]]) -> TableState:
    """The state in an answer of ``nft -j`` (libnftables-json(5))."""
    hooks: dict[str, Hook | None] = {}
    comments: dict[str, list[str]] = {}
    structure: list[str] = []
    elements: dict[str, dict[Key, str | None]] = {}
    for item in listing:
        if "chain" in item:
            chain = item["chain"]
            hooks[chain["name"]] = (
                Hook(chain["type"], chain["hook"], chain["prio"], chain["policy"])
                if "hook" in chain
                else None
            )
            comments[chain["name"]] = []
        elif "rule" in item:
            comments[item["rule"]["chain"]].append(item["rule"].get("comment", "unknown"))
        elif "set" in item or "map" in item:
            one = item.get("set") or item["map"]
            types = [one["type"]] if isinstance(one["type"], str) else one["type"]
            interval = "interval" in one.get("flags", [])
            structure.append(describe_collection(one["name"], types, one.get("map"), interval))
            elements[one["name"]] = dict(
                _element(entry, types, "map" in one) for entry in one.get("elem", [])
            )
    structure += [describe_chain(name, hook, comments[name]) for name, hook in hooks.items()]
    return TableState(frozenset(structure), elements)


def _element(entry: Any, types: list[str], is_map: bool) -> tuple[Key, str | None]:
    key, value = entry if is_map else (entry, None)
    if isinstance(key, dict) and "elem" in key:
        key = key["elem"]["val"]
    parts = key["concat"] if isinstance(key, dict) and "concat" in key else [key]
    return tuple(_part(part, kind) for part, kind in zip(parts, types, strict=True)), value


def _part(part: Any, kind: str) -> str:
    if isinstance(part, dict) and "prefix" in part:
        return f"{part['prefix']['addr']}/{part['prefix']['len']}"
    return f'"{part}"' if kind == "ifname" else str(part)
