"""The string formats of JSON schemas."""

from __future__ import annotations

import pytest

from netkit.wsgi import stringformats

CHECKER = stringformats.checker()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("uuid", ["8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e", "8E2E3A4B-57C8-4C3C-9A39-1D1F0C1F6F2E"]),
        ("ip-address", ["192.0.2.1", "2001:db8::1", "::ffff:1.2.3.4"]),
        ("ipv4-cidr", ["192.0.2.0/24", "0.0.0.0/0", "10.0.0.5/8"]),
        ("ipv6-cidr", ["2001:db8::/64", "::/0"]),
        ("cidr", ["192.0.2.0/24", "2001:db8::/64"]),
        ("mac-address", ["02:16:3e:01:02:03", "FA:16:3E:00:00:00"]),
        ("interface-name", ["eth0", "br-lan", "_a.100", "a" * 15]),
        ("printable", ["", "a b", "é", "日本\u3000語"]),
        ("hostname", ["web-1", "web-1.example.org", "3com", "a" * 63]),
    ],
)
def test_good_values(name: str, values: list[str]) -> None:
    for value in values:
        assert CHECKER.conforms(value, name), value


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("uuid", ["", "1", "{8e2e3a4b-57c8-4c3c-9a39-1d1f0c1f6f2e}", "8e2e3a4b" * 4]),
        ("ip-address", ["", "192.0.2", "192.0.2.01", "fe80::1%eth0", "192.0.2.0/24", " 1.1.1.1"]),
        ("ipv4-cidr", ["192.0.2.0", "192.0.2.0/33", "192.0.2.0/255.255.255.0", "::/0", "1.1.1.1/"]),
        ("ipv6-cidr", ["2001:db8::", "::/129", "10.0.0.0/8", "fe80::%1/64"]),
        ("cidr", ["192.0.2.0", "::1", "rubbish", "/24", "10.0.0.0/-1", "10.0.0.0/²"]),
        (
            "mac-address",
            ["02:16:3e:01:02", "02-16-3e-01-02-03", "0g:16:3e:01:02:03", "02:16:3e:01:02:03\n"],
        ),
        ("interface-name", ["", "-a", ".", "a b", "a/b", "eth0\n", "é", "a" * 16]),
        ("printable", ["a\x1b[2J", "a\n", "\x7f", "a\u202eb", "\u2028", "\ud800"]),
        ("hostname", ["", "-a", "a-", "a..b", "a_b", "ü", "a" * 64, "a." * 127 + "b", "a\n"]),
    ],
)
def test_bad_values(name: str, values: list[str]) -> None:
    for value in values:
        assert not CHECKER.conforms(value, name), value


@pytest.mark.parametrize("value", [None, 5, True, [], {}])
def test_a_value_of_another_type_is_not_a_formats_business(value: object) -> None:
    assert CHECKER.conforms(value, "cidr")
