"""How dicts look as XML. One style per API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime


def singular(collection: str) -> str:
    """The element name of one entry: ``networks`` -> ``network``, ``policies`` -> ``policy``; else
    ``item``.
    """
    if collection.endswith("ies"):
        return collection[:-3] + "y"
    if collection.endswith("sses"):
        return collection[:-2]
    # An abbreviation such as dns is no plural; neither is address.
    if collection.endswith("s") and not collection.endswith(("ss", "dns")) and len(collection) > 1:
        return collection[:-1]
    return "item"


def timestamp(moment: datetime) -> str:
    """ISO 8601 in UTC to the second, with Z. A moment without zone is UTC."""
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC)
    return moment.replace(tzinfo=None, microsecond=0).isoformat() + "Z"


_LINK: Mapping[str, tuple[str, ...]] = {"link": ("href", "rel")}


@dataclass(frozen=True)
class XmlStyle:
    """The choices that XML leaves open; a field of a dict is a child element in every style.

    ``root`` encloses a body of several keys. ``item_name`` names the entries of a list.
    ``null_text``: the text that stands for null; None: the attribute ``nil="true"`` does.
    ``attributes``: element name -> fields written as attributes; ``read_attributes``: any attribute
    is read as a field. ``indent``: spaces per level, 0 for one line.
    """

    root: str = "response"
    item_name: Callable[[str], str] = singular
    null_text: str | None = None
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _LINK)
    read_attributes: bool = False
    namespace: str | None = None
    declaration: bool = True
    indent: int = 0
    timestamp: Callable[[datetime], str] = timestamp
