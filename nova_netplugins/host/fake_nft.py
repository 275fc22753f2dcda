"""nftables made of dictionaries, for tests that have no root."""

from __future__ import annotations

from dataclasses import replace

from nova_netplugins.host.errors import AlreadyExists, NotFound
from nova_netplugins.host.nft import (
    TABLE,
    AddElements,
    Collection,
    DeleteElements,
    DeleteTable,
    Family,
    Key,
    Operation,
    Replace,
    Table,
    TableState,
    Transaction,
    render_table,
)
from nova_netplugins.host.nft_apply import Nft

_Tables = dict[tuple[Family, str], Table]


class FakeNft(Nft):
    """Behaves as KernelNft does, but for the syntax of rules, which it does not look at."""

    def __init__(self) -> None:
        self._tables: _Tables = {}

    def dump(self) -> str:
        """All tables as nft would be told to make them: compare it as text."""
        return "".join(render_table(self._tables[key]) for key in sorted(self._tables))

    def apply(self, transaction: Transaction) -> None:
        tables = dict(self._tables)
        for operation in transaction.operations:
            _apply(tables, operation)
        self._tables = tables

    def read(self, family: Family, name: str = TABLE) -> TableState | None:
        table = self._tables.get((family, name))
        return table.state() if table else None

    def elements(self, family: Family, collection: str, name: str = TABLE) -> dict[Key, str | None]:
        return dict(_collection(self._tables, family, name, collection).elements)


def _collection(tables: _Tables, family: Family, name: str, collection: str) -> Collection:
    table = tables.get((family, name))
    for one in table.collections if table else ():
        if one.name == collection:
            return one
    raise NotFound(f"there is no set or map {collection} in table {family} {name}")


def _apply(tables: _Tables, operation: Operation) -> None:
    match operation:
        case Replace(table):
            tables[table.family, table.name] = table
        case DeleteTable(family, name):
            tables.pop((family, name), None)
        case AddElements(family, collection, added, name):
            present = dict(_collection(tables, family, name, collection).elements)
            for key, value in added.items():
                if present.get(key, value) != value:
                    raise AlreadyExists(f"{' . '.join(key)} in {collection} has another value")
            _store(tables, family, name, collection, {**present, **added})
        case DeleteElements(family, collection, keys, name):
            present = dict(_collection(tables, family, name, collection).elements)
            for key in keys:
                if key not in present:
                    raise NotFound(f"there is no {' . '.join(key)} in {collection}")
                del present[key]
            _store(tables, family, name, collection, present)


def _store(
    tables: _Tables, family: Family, name: str, collection: str, elements: dict[Key, str | None]
) -> None:
    table = tables[family, name]
    collections = [
        replace(one, elements=elements) if one.name == collection else one
        for one in table.collections
    ]
    tables[family, name] = replace(table, collections=collections)
