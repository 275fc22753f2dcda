"""What each call answers when all goes well, by the name of its policy rule (``noun:action``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from melange.api.openapi.shapes import ref
from melange.api.row import Row

Schema = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """``body``: JSON schema; None: nothing. ``etag``: there is one, of a single object or of a
    list that is changed as a whole.
    """

    status: int
    body: Schema | None
    etag: bool = False


@dataclass(frozen=True)
class Noun:
    """The root keys of one object and of a list, the schema's name. ``paged``: the list may have a
    link to its next page. ``etag``: the list has one.
    """

    one: str
    many: str
    shape: str
    paged: bool = True
    etag: bool = False


_NOUNS = {
    "ip_blocks": Noun("ip_block", "ip_blocks", "IpBlock"),
    "subnets": Noun("subnet", "subnets", "IpBlock", paged=False),
    "ip_addresses": Noun("ip_address", "ip_addresses", "IpAddress"),
    "allocated_ip_addresses": Noun("ip_address", "ip_addresses", "IpAddress"),
    "inside_globals": Noun("ip_address", "ip_addresses", "IpAddress", paged=False, etag=True),
    "inside_locals": Noun("ip_address", "ip_addresses", "IpAddress", paged=False, etag=True),
    "allowed_ips": Noun("ip_address", "ip_addresses", "IpAddress", paged=False),
    "ip_allocations": Noun("ip_address", "ip_addresses", "Allocation", paged=False, etag=True),
    "interfaces": Noun("interface", "interfaces", "Interface"),
    "mac_address_ranges": Noun(
        "mac_address_range", "mac_address_ranges", "MacAddressRange", paged=False
    ),
    "ip_routes": Noun("ip_route", "ip_routes", "IpRoute"),
    "dhcp_options": Noun("dhcp_option", "dhcp_options", "DhcpOption"),
    "policies": Noun("policy", "policies", "Policy"),
    "ip_ranges": Noun("ip_range", "ip_ranges", "IpRange"),
    "ip_octets": Noun("ip_octet", "ip_octets", "IpOctet"),
    "floating_ips": Noun("floating_ip", "floating_ips", "FloatingIp"),
    "holders": Noun("holder", "holders", "Holder"),
    "quotas": Noun("quota", "quotas", "Quota"),
    "quota": Noun("quota", "quotas", "Quota"),
    "audit": Noun("audit_record", "audit_records", "AuditRecord"),
    "webhooks": Noun("webhook", "webhooks", "Webhook"),
    "admin_webhooks": Noun("webhook", "webhooks", "Webhook"),
    "utilization": Noun("utilization", "utilizations", "Utilization"),
    "explanation": Noun("explanation", "explanations", "Explanation"),
}


def _root(**members: Schema) -> Schema:
    return {"type": "object", "properties": members, "required": list(members)}


def _list_of(shape: str) -> Schema:
    return {"type": "array", "items": ref(shape)}


def _page(noun: Noun) -> Schema:
    schema = _root(**{noun.many: _list_of(noun.shape)})
    if noun.paged:
        links = {"type": "array", "items": ref("Link"), "minItems": 1}
        schema["properties"][f"{noun.many}_links"] = links
    return schema


_NOTHING = Answer(200, None)
_TAGS = Answer(200, _root(tags={"type": "array", "items": {"type": "string"}}), etag=True)
_OF_INSTANCE = _root(instance=_root(interfaces=_list_of("Interface")))
_DELIVERIES = Answer(200, _page(Noun("delivery", "deliveries", "Delivery")))
_IP_ADDRESSES = _list_of("IpAddress")

_SPECIAL: Mapping[str, Answer] = {
    "ip_addresses:create": Answer(
        201,
        {"oneOf": [_root(ip_address=ref("IpAddress")), _root(ip_addresses=_IP_ADDRESSES)]},
    ),
    "interfaces:create": Answer(
        201,
        {
            "oneOf": [
                _root(interface=ref("Interface")),
                _root(interfaces=_list_of("Interface")),
            ]
        },
    ),
    "ip_addresses:restore": _NOTHING,
    "inside_globals:create": _NOTHING,
    "inside_locals:create": _NOTHING,
    "ip_allocations:create": Answer(201, _root(ip_addresses=_list_of("Allocation"))),
    "networks:show": Answer(200, _root(ip_blocks=_list_of("IpBlock"))),
    "instances:show": Answer(200, _OF_INSTANCE, etag=True),
    "instances:replace": Answer(200, _OF_INSTANCE),
    "instances:add": Answer(201, _OF_INSTANCE),
    "instances:delete": _NOTHING,
    "interfaces:delete_any": _NOTHING,
    "ip_block_tags:list": _TAGS,
    "ip_block_tags:update": _TAGS,
    "ip_block_tags:delete": _TAGS,
    "ip_address_tags:list": _TAGS,
    "ip_address_tags:update": _TAGS,
    "ip_address_tags:delete": _TAGS,
    "interface_tags:list": _TAGS,
    "interface_tags:update": _TAGS,
    "interface_tags:delete": _TAGS,
    "utilization:show_tenant": Answer(200, _root(utilization=ref("TenantUtilization")), True),
    "webhooks:deliveries": _DELIVERIES,
    "admin_webhooks:deliveries": _DELIVERIES,
}

_WITHOUT_RULE: Mapping[str, Answer] = {
    "GET /extensions": Answer(200, _root(extensions=_list_of("Extension"))),
    "GET /extensions/{alias}": Answer(200, _root(extension=ref("Extension")), etag=True),
}


def of_row(row: Row) -> Answer:
    """Raises KeyError for a row that nobody has described here."""
    if row.rule is None:
        return _WITHOUT_RULE[f"{row.method} {row.path}"]
    if row.rule in _SPECIAL:
        return _SPECIAL[row.rule]
    name, _, action = row.rule.partition(":")
    noun = _NOUNS[name]
    one = _root(**{noun.one: ref(noun.shape)})
    usual = {
        "list": Answer(200, _page(noun), noun.etag),
        "list_all": Answer(200, _page(noun)),
        "create": Answer(201, one),
        "show": Answer(200, one, etag=True),
        "update": Answer(200, one),
        "delete": _NOTHING,
    }
    return usual[action]
