"""Addresses as generators choose them: the configuration's, or a policy's."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from melange.db.service_tables import secrets
from tests.melange.service import Service, service

MAC = "00:ff:12:89:67:34"


def block(melange: Service, cidr: str, **policy: Any) -> str:
    """The path of a new block's addresses; it follows a policy like this."""
    policy_id = None
    if policy:
        body = {"policy": {"name": "choice", **policy}}
        policy_id = melange.ok("POST", "/tenants/acme/policies", body)["policy"]["id"]
    made = melange.block("acme", cidr, policy_id=policy_id)
    return f"/tenants/acme/ip_blocks/{made.id}/ip_addresses"


def allocate(melange: Service, path: str, **fields: Any) -> str:
    found: str = melange.ok("POST", path, {"ip_address": fields})["ip_address"]["address"]
    return found


def host(address: str) -> str:
    """The last 64 bits."""
    return ipaddress.IPv6Address(address).exploded[20:]


def test_the_address_tells_tenant_and_mac_address_by_default(tmp_path: Path) -> None:
    melange = service(tmp_path)
    path = block(melange, "fe::/64")
    first = allocate(melange, path, interface_id="v1", tenant_id="1234", mac_address=MAC)
    assert host(first) == "7110:eda4:ff89:6734"
    # Of the interface, which has the MAC address now; the next one, as the first is taken.
    assert host(allocate(melange, path, interface_id="v1", tenant_id="1234"))[-4:] == "6735"


def test_a_policy_names_another(tmp_path: Path) -> None:
    melange = service(tmp_path)
    path = block(melange, "fe::/64", ipv6_generator="rfc2462")
    assert host(allocate(melange, path, mac_address=MAC)) == "02ff:12ff:fe89:6734"
    told = melange.refused("POST", path, {})
    assert told == (400, "Required params are missing: mac_address")
    assert allocate(melange, block(melange, "fd::/64", ipv6_generator="sequential"))[-1] == "0"


def test_many_addresses_of_one_mac_address_follow_each_other(tmp_path: Path) -> None:
    melange = service(tmp_path, "[ipam]\nipv6_generator = rfc2462\nip_allocation_retries = 1\n")
    path = block(melange, "fe::/64")
    found = [allocate(melange, path, mac_address="00:00:00:00:00:00") for _ in range(20)]
    assert [int(host(address)[-4:], 16) for address in found] == list(range(20))


def test_random_addresses_fill_a_block_to_the_last(tmp_path: Path) -> None:
    melange = service(tmp_path, "[ipam]\nipv4_generator = random\n")
    path = block(melange, "10.0.0.0/26")
    found = [allocate(melange, path) for _ in range(63)]
    assert set(found) == {f"10.0.0.{n}" for n in range(63)} and found != sorted(found)
    assert melange.refused("POST", path) == (422, "IpBlock is full")


def test_a_stable_address_comes_back_to_its_interface(tmp_path: Path) -> None:
    settings = "[ipam]\nipv6_generator = stable_private\nkeep_deallocated_ips_for_days = 0\n"
    melange = service(tmp_path, settings)
    paths = [block(melange, "fe::/64"), block(melange, "fd::/64")]
    first, elsewhere = (allocate(melange, path, interface_id="v1") for path in paths)
    assert host(first) != host(elsewhere)
    assert allocate(melange, paths[0], interface_id="v2") != first
    melange.ok("DELETE", f"{paths[0]}/{first}")
    assert allocate(service(tmp_path, settings), paths[0], interface_id="v1") == first


def test_the_secret_of_stable_addresses_is_configured_or_made(tmp_path: Path) -> None:
    settings = "[ipam]\nipv6_generator = stable_private\n"
    configured = service(tmp_path, f"{settings}stable_private_secret = {'x' * 32}\n")
    paths = [block(configured, "fe::/64") for _ in range(2)]
    first = allocate(configured, paths[0], interface_id="v1")
    assert kept(configured) == []
    made = service(tmp_path, settings)
    assert allocate(made, paths[1], interface_id="v1") != first
    assert [len(secret) for secret in kept(made)] == [64]


def kept(melange: Service) -> list[str]:
    query = sa.select(secrets.c.value)
    return melange.within(lambda unit: list(unit.connection.scalars(query)))


def test_callers_cannot_give_the_secret(tmp_path: Path) -> None:
    melange = service(tmp_path, "[ipam]\nipv6_generator = stable_private\n")
    paths = [block(melange, "fe::/64"), block(melange, "fe::/64")]
    one, other = (allocate(melange, p, interface_id="v1", secret=p) for p in paths)
    assert one == other


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("ipv4_generator = magic", "ipv4_generator = 'magic' .* installed are: random, rfc2462"),
        ("ipv6_generator = magic", "ipv6_generator = 'magic' is no address generator"),
        ("default_cidr = 10.0.0.0/33", "default_cidr = '10.0.0.0/33' is no CIDR"),
        ("stable_private_secret = short", "stable_private_secret has 5 characters"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_told_at_the_start(
    tmp_path: Path, line: str, told: str
) -> None:
    with pytest.raises(ValueError, match=told):
        service(tmp_path, f"[ipam]\n{line}\n")
