"""Which addresses a tool may reach: those of the public internet, through all the disguises of IPv6.

The tables of `ipaddress` differ between versions of Python, so what matters most is listed here as well.
Sources: the special-purpose registries of IANA, RFC 4291 (2.5.5), RFC 6052, RFC 8215, RFC 5214, RFC 3056.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import TypeAlias

_Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_NEVER = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",  # this host
        "100.64.0.0/10",  # shared by carriers; the metadata of one cloud lies in it
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "168.63.129.16/32",  # the metadata of Azure, in the middle of public addresses
        "192.0.0.0/24",
        "192.88.99.0/24",  # relays of 6to4
        "198.18.0.0/15",  # benchmarks
        "240.0.0.0/4",
        "64:ff9b:1::/48",  # NAT64 with a prefix of one's own: what lies behind is unknown
        "100::/64",  # discard
        "2001::/32",  # Teredo
        "5f00::/16",  # segment routing
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",  # the site-local addresses of long ago
    )
)
_WITH_IPV4_AT_THE_END = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # NAT64
    ipaddress.IPv6Network("::ffff:0:0/96"),  # IPv4-mapped
    ipaddress.IPv6Network("::ffff:0:0:0/96"),  # IPv4-translated
    ipaddress.IPv6Network("::/96"),  # IPv4-compatible
)
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


def is_public(address: str) -> bool:
    """Tell whether an IP address is reachable over the public internet, and so are all that it stands for.

    Raises:
        ValueError: it is no IP address.

    """
    return all(map(_is_public, _unmask(ipaddress.ip_address(address))))


def _unmask(ip: _Address) -> Iterator[_Address]:
    """Yield what is dialled: the address itself, or the IPv4 address that a form of IPv6 stands for."""
    if isinstance(ip, ipaddress.IPv4Address):
        yield ip
    elif any(ip in network for network in _WITH_IPV4_AT_THE_END):
        yield ipaddress.IPv4Address(ip.packed[-4:])
    elif ip.sixtofour is not None:
        yield ip.sixtofour
    elif ip.packed[8:12] in _ISATAP:
        yield ip
        yield ipaddress.IPv4Address(ip.packed[-4:])
    else:
        yield ip


def _is_public(ip: _Address) -> bool:
    listed = any(ip in network for network in _NEVER if network.version == ip.version)
    return ip.is_global and not ip.is_multicast and not listed


def is_allowed(host: str, port: int | None, allow_hosts: tuple[str, ...]) -> bool:
    """Tell whether the file allows a host by name, or by name and port."""
    host = host.lower().rstrip(".")
    written = {host, f"{host}:{port}", f"[{host}]", f"[{host}]:{port}"}
    return any(allowed.lower().rstrip(".") in written for allowed in allow_hosts)
