from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentrun.tools.http.addresses import is_allowed, is_public

_NO = """
127.0.0.1 127.255.0.1 10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 169.254.169.254 169.254.170.2
168.63.129.16 100.64.0.1 100.100.100.200 192.0.0.192 192.88.99.1 198.18.0.1
0.0.0.0 0.1.2.3 224.0.0.1 239.1.1.1
240.0.0.1 255.255.255.255 192.0.2.1 198.51.100.7 203.0.113.7
::1 :: fe80::1 fe80::1%lo fec0::1 fd00::1 fd00:ec2::254 fc00::1 ff02::1 100::1 2001:db8::1 2001::1 5f00::1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1
2002:7f00:1::1 2002:a9fe:a9fe:: 2a00:1450::5efe:10.0.0.1 2a00:1450::200:5efe:7f00:1
"""
_YES = """
1.1.1.1 93.184.215.14 172.32.0.1 172.15.0.1 192.169.0.1 100.63.255.255 100.128.0.1 169.253.0.1
2606:2800:21f:cb07::1 2a00:1450:4001:80b::200e 64:ff9b::5db8:d70e ::ffff:93.184.215.14 2002:5db8:d70e::1
"""
PRIVATE, PUBLIC = _NO.split(), _YES.split()
INSIDE = [
    ipaddress.ip_network(text)
    for text in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "224.0.0.0/4",
    )
]


@pytest.mark.parametrize("address", PRIVATE)
def test_no_tool_reaches(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_tools_reach(address: str) -> None:
    assert is_public(address)


def disguise(ip: ipaddress.IPv4Address) -> list[str]:
    """Return the forms of IPv6 that lead to an address of IPv4."""
    number = int(ip)
    return [
        f"::ffff:{ip}",
        f"::ffff:0:{ip}",
        f"64:ff9b::{ip}",
        str(ipaddress.IPv6Address(0x2002 << 112 | number << 80)),
        str(ipaddress.IPv6Address(0x2A00145000000000 << 64 | 0x00005EFE << 32 | number)),
    ]


@given(st.sampled_from(INSIDE).flatmap(lambda network: st.ip_addresses(network=network)))
def test_no_disguise_of_an_inner_address_is_public(ip: ipaddress.IPv4Address) -> None:
    assert not is_public(str(ip))
    assert not any(map(is_public, disguise(ip)))


@given(st.ip_addresses(v=4))
def test_a_disguise_changes_nothing(ip: ipaddress.IPv4Address) -> None:
    assert {is_public(form) for form in disguise(ip)} == {is_public(str(ip))}


@given(st.ip_addresses(v=6))
def test_what_is_public_is_so_for_python_too(ip: ipaddress.IPv6Address) -> None:
    assert not is_public(str(ip)) or ip.is_global or ip.sixtofour or ip.ipv4_mapped


def test_no_address_is_an_error() -> None:
    with pytest.raises(ValueError):
        is_public("localhost")


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("stock.internal", 8000, True),
        ("STOCK.internal.", 80, True),
        ("stock.internal.evil.example", 80, False),
        ("evil-stock.internal", 80, False),
        ("10.0.0.7", 8000, True),
        ("10.0.0.7", 8001, False),
        ("10.0.0.7", None, False),
        ("::1", 80, True),
        ("::1", 443, True),
        ("::2", 443, True),
        ("::2", 444, False),
    ],
)
def test_what_the_file_allows(host: str, port: int | None, allowed: bool) -> None:
    assert is_allowed(host, port, ("Stock.internal", "10.0.0.7:8000", "::1", "[::2]:443")) is allowed
