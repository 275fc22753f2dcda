"""What may be done with each kind of object, and by whom, unless the operator's policy file says
otherwise.

One row per action: rule, who, what it does, method and path below ``/v1.0/<service>``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from oslo_policy import policy

ADMIN = "rule:context_is_admin"
SERVICE = "rule:all_projects"
MEMBER = "rule:project_member"
READER = "rule:project_reader"

_BASE = [
    policy.RuleDefault("context_is_admin", "role:admin", description="Who is an administrator."),
    policy.RuleDefault(
        "all_projects",
        "role:admin or role:service",
        description="Who sees and changes the objects of every project: administrators, Nova and "
        "the agents, when they ask for themselves. A user's call that a service passes on, with "
        "its own X-Service-Token, is still the user's.",
    ),
    policy.RuleDefault(
        "project_member",
        "rule:all_projects or (role:member and project_id:%(project_id)s)",
        description="Who changes the objects of a project.",
    ),
    policy.RuleDefault(
        "project_reader",
        "rule:all_projects or ((role:reader or role:member) and project_id:%(project_id)s)",
        description="Who sees the objects of a project.",
    ),
]

_NIC = "/virtual_nics/{virtual_nic_id}"
_PORT = "/ports/{port_id}"
_FLOATING = "/floating_ips/{address}"
_INSTANCE = "/instances/{instance_id}/virtual_nics"
_SUBNETS = "/networks/{network_id}/subnets"
_SHARED = "/networks/{network_id}/shared_addresses"
_HOLDER = f"{_SHARED}/{{address}}/holder"
_ALLOWED = f"{_NIC}/allowed_addresses"

_ACTIONS = [
    ("networks:list", READER, "List networks", "GET", "/networks"),
    ("networks:show", READER, "Show a network", "GET", "/networks/{network_id}"),
    ("networks:create", ADMIN, "Create a network", "POST", "/networks"),
    ("networks:update", ADMIN, "Change a network", "PUT", "/networks/{network_id}"),
    ("networks:delete", ADMIN, "Delete a network", "DELETE", "/networks/{network_id}"),
    ("virtual_nics:list", READER, "List virtual NICs", "GET", "/virtual_nics"),
    ("virtual_nics:show", READER, "Show a virtual NIC", "GET", _NIC),
    ("virtual_nics:create", MEMBER, "Create a virtual NIC", "POST", "/virtual_nics"),
    ("virtual_nics:update", MEMBER, "Change a virtual NIC", "PUT", _NIC),
    ("virtual_nics:delete", MEMBER, "Delete a virtual NIC", "DELETE", _NIC),
    ("virtual_nics:bind", SERVICE, "Say on which host a NIC is", "PUT", f"{_NIC}/binding"),
    ("virtual_nics:report", SERVICE, "Report that a NIC is wired", "PUT", f"{_NIC}/status"),
    ("ports:list", READER, "List ports", "GET", "/ports"),
    ("ports:show", READER, "Show a port", "GET", _PORT),
    ("ports:create", MEMBER, "Create a port", "POST", "/ports"),
    ("ports:update", MEMBER, "Change a port", "PUT", _PORT),
    ("ports:delete", MEMBER, "Delete a port", "DELETE", _PORT),
    ("fixed_ips:list", READER, "List fixed addresses", "GET", "/fixed_ips"),
    ("fixed_ips:show", READER, "Show a fixed address", "GET", "/fixed_ips/{address}"),
    ("fixed_ips:reserve", ADMIN, "Keep an address", "PUT", "/fixed_ips/{address}/reservation"),
    ("fixed_ips:unreserve", ADMIN, "Free it", "DELETE", "/fixed_ips/{address}/reservation"),
    ("floating_ips:list", READER, "List floating addresses", "GET", "/floating_ips"),
    ("floating_ips:show", READER, "Show a floating address", "GET", _FLOATING),
    ("floating_ips:create", MEMBER, "Allocate a floating address", "POST", "/floating_ips"),
    ("floating_ips:delete", MEMBER, "Release a floating address", "DELETE", _FLOATING),
    ("floating_ips:associate", MEMBER, "Point it at a NIC", "PUT", f"{_FLOATING}/association"),
    ("floating_ips:disassociate", MEMBER, "Point it nowhere", "DELETE", f"{_FLOATING}/association"),
    ("floating_ip_pools:list", READER, "List floating pools", "GET", "/floating_ip_pools"),
    ("floating_ranges:list", ADMIN, "List floating ranges", "GET", "/floating_ranges"),
    ("floating_ranges:create", ADMIN, "Add a floating range", "POST", "/floating_ranges"),
    ("floating_ranges:delete", ADMIN, "Remove one", "DELETE", "/floating_ranges/{range_id}"),
    ("instances:list", READER, "List an instance's virtual NICs", "GET", _INSTANCE),
    ("instances:create", MEMBER, "Give an instance its virtual NICs", "POST", _INSTANCE),
    ("instances:delete", MEMBER, "Take them back", "DELETE", _INSTANCE),
    ("instances:attach", MEMBER, "Give it a NIC", "PUT", f"{_INSTANCE}/{{virtual_nic_id}}"),
    ("instances:detach", MEMBER, "Take a NIC", "DELETE", f"{_INSTANCE}/{{virtual_nic_id}}"),
    ("hosts:serve", SERVICE, "What a network host has to serve", "PUT", "/hosts/{host}/networks"),
    # What only a service with addresses of another has, as netstack.
    ("subnets:list", READER, "List a network's subnets", "GET", _SUBNETS),
    ("subnets:create", ADMIN, "Add a subnet", "POST", _SUBNETS),
    ("subnets:delete", ADMIN, "Remove one", "DELETE", f"{_SUBNETS}/{{subnet_id}}"),
    ("allowed_addresses:list", READER, "List what a NIC may send from", "GET", _ALLOWED),
    ("allowed_addresses:create", MEMBER, "Allow an address", "PUT", f"{_ALLOWED}/{{address}}"),
    ("allowed_addresses:delete", MEMBER, "Forbid it again", "DELETE", f"{_ALLOWED}/{{address}}"),
    ("shared_addresses:list", READER, "List shared addresses", "GET", _SHARED),
    ("shared_addresses:show", READER, "Show a shared address", "GET", f"{_SHARED}/{{address}}"),
    ("shared_addresses:create", MEMBER, "Allocate one for several NICs", "POST", _SHARED),
    ("shared_addresses:delete", MEMBER, "Release one", "DELETE", f"{_SHARED}/{{address}}"),
    ("holders:show", READER, "Show which NIC has a shared address now", "GET", _HOLDER),
    ("holders:update", MEMBER, "Say which NIC has it now", "PUT", _HOLDER),
    ("holders:delete", MEMBER, "Say that none has it", "DELETE", _HOLDER),
    ("hosts:tunnel", SERVICE, "Tell where a host's tunnels end", "PUT", "/hosts/{host}/tunnel"),
    ("reconciliation:update", SERVICE, "Finish what was left undone", "PUT", "/reconciliation"),
]

# Below /v1.0 itself: of all network services.
_NETWORK_SERVICE = "/projects/{project_id}/network_service"
_CORE_ACTIONS = [
    ("hosts:wirings", SERVICE, "What a host has to wire", "GET", "/hosts/{host}/wirings"),
    (
        "hosts:report",
        SERVICE,
        "Report a virtual NIC's status",
        "PUT",
        "/hosts/{host}/virtual_nics/{virtual_nic_id}",
    ),
    ("projects:show", READER, "Show a project's network service", "GET", _NETWORK_SERVICE),
    ("projects:associate", ADMIN, "Give a project a network service", "PUT", _NETWORK_SERVICE),
    ("projects:disassociate", ADMIN, "Give it the default again", "DELETE", _NETWORK_SERVICE),
]


def list_rules() -> list[policy.RuleDefault]:
    """Every rule with its default, for the enforcer and for ``oslopolicy-sample-generator``."""
    return [
        *_BASE,
        *_documented(_ACTIONS, "/v1.0/{service}"),
        *_documented(_CORE_ACTIONS, "/v1.0"),
    ]


def _documented(
    actions: Sequence[tuple[str, str, str, str, str]], prefix: str
) -> Iterator[policy.RuleDefault]:
    for name, check, text, method, path in actions:
        operation = {"method": method, "path": prefix + path}
        yield policy.DocumentedRuleDefault(name, check, text + ".", [operation])
