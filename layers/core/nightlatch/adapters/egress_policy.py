"""Where calls to somebody outside may go: decided on the address as it is written, and again on what it resolves to."""

import re
from collections.abc import Collection, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

from nightlatch.domain.errors import EgressBlockedError

HTTPS = 443
Address = IPv4Address | IPv6Address

_URL = re.compile(r"[!-\[\]-~]+")
"""Printable ASCII without blanks and without the backslash, which some take for a slash."""
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?:\.(?!-)[a-z0-9_-]{1,63})*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

GLOBAL_UNICAST = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
SHARED = IPv4Network("100.64.0.0/10")
NOT_OUTSIDE = (
    IPv4Network("168.63.129.16/32"),  # metadata of Azure, on a public address
    IPv4Network("192.0.0.0/24"),
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # Teredo, and other protocols' own
    IPv6Network("2002::/16"),  # 6to4: another address is inside of it
    IPv6Network("3fff::/20"),  # documentation
)
"""What versions of `ipaddress` disagree about, and nobody means to call."""
NEVER = (
    *NOT_OUTSIDE,
    IPv4Network("169.254.0.0/16"),
    IPv4Network("100.100.100.200/32"),
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::/32"),
)
"""Also link-local addresses, and others where clouds tell machines their credentials. No exception opens these."""


class Target(NamedTuple):
    """Where a call goes."""

    host: str
    port: int
    path: str
    is_excepted: bool

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == HTTPS else f"{host}:{self.port}"

    def judge(self, addresses: Collection[Address]) -> None:
        """Refuse it when only one of its addresses is inside: which is answered first is chance, or malice."""
        for address in addresses:
            if not (is_outside(address) or (self.is_excepted and is_callable_inside(address))):
                raise EgressBlockedError(f"{self.host} is at an address that is not called: {address}")


def target_of(url: str, *, exceptions: Collection[str], own: str = "") -> Target:
    """Read an address, and refuse what can be refused without resolving it; raise EgressBlockedError.

    `own` is the host of our own API: what is sent there would be told, and sent again.
    """
    if not _URL.fullmatch(url):
        raise EgressBlockedError("an address is of printable ASCII characters, without blanks and backslashes")
    parts, port = _split(url)
    if parts.scheme != "https":
        raise EgressBlockedError("only https is called")
    if "@" in parts.netloc:
        raise EgressBlockedError("an address holds no user and no password")
    host = _host(parts)
    if host == own:
        raise EgressBlockedError("Nightlatch sends nothing to itself")
    is_excepted = host in exceptions or f"{host}:{port}" in exceptions
    if port != HTTPS and not is_excepted:
        raise EgressBlockedError(f"port {port} is not called, unless the parameter EgressExceptions allows it")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = Target(host=host, port=port, path=path, is_excepted=is_excepted)
    target.judge(literal(host))
    return target


def literal(host: str) -> Sequence[Address]:
    """Read a host that is an address in its plain form; a name is none."""
    try:
        return [ip_address(host)]
    except ValueError:
        return []


def is_outside(address: Address) -> bool:
    """Whether an address belongs to the internet at large, in whatever form it is written."""
    plain = _carried(address)
    if any(plain in network for network in NOT_OUTSIDE) or plain.is_multicast or plain.is_reserved:
        return False
    return plain.is_global and (isinstance(plain, IPv4Address) or plain in GLOBAL_UNICAST)


def is_callable_inside(address: Address) -> bool:
    """Whether an exception may lead to an address: to private ones, never to those of credentials or of no host."""
    plain = _carried(address)
    if any(plain in network for network in NEVER) or plain.is_multicast or plain.is_unspecified:
        return False
    return (plain.is_private and not plain.is_reserved) or plain.is_loopback or plain in SHARED


def _carried(address: Address) -> Address:
    """Unwrap an IPv4 address from the IPv6 forms that lead to it: mapped, and translated on the way (NAT64)."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address


def _split(url: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise EgressBlockedError("the address cannot be read") from error
    return parts, HTTPS if port is None else port


def _host(parts: SplitResult) -> str:
    """Find the host: a name, or an address in its plain form. Other forms of numbers (127.1, 0x7f.1) are refused."""
    host = (parts.hostname or "").removesuffix(".")
    if literal(host) and "%" not in host:
        return host
    last = host.rpartition(".")[2]
    if not _NAME.fullmatch(host) or _NUMBER.fullmatch(last) or "[" in parts.netloc:
        raise EgressBlockedError("the host is neither a name nor an address in its plain form")
    return host
