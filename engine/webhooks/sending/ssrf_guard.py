"""Guards against server-side request forgery: which URLs a target may have, and which addresses their hosts.

Events are sent to public addresses, and to those of the networks that the operator allows.
https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
"""

import asyncio
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from uuid import UUID

from fieldstone.engine.webhooks.sending.look_ups import LookUp, LookUps, UnknownHost, look_up
from fieldstone.metadata.json_text import unstorable
from fieldstone.metadata.roles.networks import Address, Network, read_network

if TYPE_CHECKING:
    import httpx

LONGEST_URL = 2_048
_LOOK_UP_LIMIT = 5.0
"""Seconds that the name of a new target may take to be resolved."""
_LOOK_UPS = 32
"""The most names of deliveries that are looked up at once."""
_CHECKS = 8
"""The most names of new targets."""
_HIGHEST_PORT = 65_535

_REFUSED_IPV4 = {
    IPv4Network("0.0.0.0/8"): "an unspecified",
    IPv4Network("10.0.0.0/8"): "a private",
    IPv4Network("100.64.0.0/10"): "a shared (carrier-grade NAT)",
    IPv4Network("127.0.0.0/8"): "a loopback",
    IPv4Network("168.63.129.16/32"): "a metadata",
    IPv4Network("169.254.0.0/16"): "a link-local or metadata",
    IPv4Network("172.16.0.0/12"): "a private",
    IPv4Network("192.0.0.0/24"): "a reserved",
    IPv4Network("192.0.2.0/24"): "a documentation",
    IPv4Network("192.88.99.0/24"): "a reserved",
    IPv4Network("192.168.0.0/16"): "a private",
    IPv4Network("198.18.0.0/15"): "a benchmarking",
    IPv4Network("198.51.100.0/24"): "a documentation",
    IPv4Network("203.0.113.0/24"): "a documentation",
    IPv4Network("224.0.0.0/4"): "a multicast",
    IPv4Network("240.0.0.0/4"): "a reserved",
}
_REFUSED_IPV6 = {
    IPv6Network("::/128"): "an unspecified",
    IPv6Network("::1/128"): "a loopback",
    IPv6Network("2001::/23"): "a reserved",
    IPv6Network("2001:db8::/32"): "a documentation",
    IPv6Network("3fff::/20"): "a documentation",
    IPv6Network("fc00::/7"): "a private",
    IPv6Network("fe80::/10"): "a link-local",
    IPv6Network("fec0::/10"): "a private",
    IPv6Network("ff00::/8"): "a multicast",
}
_GLOBAL_IPV6 = IPv6Network("2000::/3")
_NAT64 = IPv6Network("64:ff9b::/96")
_SIX_TO_FOUR = IPv6Network("2002::/16")


class RefusedTarget(Exception):
    """The target is refused; the sentence names the rule."""


class Targets:
    """Decides where events may be sent.

    Args:
        allowed: networks that are not public and yet allowed.
        look_up: finds a host's addresses.
    """

    def __init__(self, allowed: Sequence[Network] = (), *, look_up: LookUp = look_up) -> None:
        self._allowed = tuple(allowed)
        self._deliveries = LookUps(look_up, _LOOK_UPS)
        self._checks = LookUps(look_up, _CHECKS)

    def close(self) -> None:
        """End the look-ups."""
        self._deliveries.close()
        self._checks.close()

    async def check(self, url: str, workspace_id: UUID | None = None) -> None:
        """Check the URL of a workspace's new target; a host without an address yet is checked at each delivery.

        Raises:
            RefusedTarget: nothing may be sent there.
        """
        parsed = parse(url)
        host = parsed.raw_host.decode("ascii")
        try:
            async with asyncio.timeout(_LOOK_UP_LIMIT):
                self._admit(host, await self._checks.find(host, parsed.port or 443, workspace_id))
        except (UnknownHost, TimeoutError):
            return

    async def resolve(self, host: str, port: int, workspace_id: UUID | None = None) -> list[str]:
        """Return the addresses of a host that a workspace's deliveries may be sent to.

        Raises:
            RefusedTarget: one of them is refused.
            UnknownHost: the host has none.
        """
        return self._admit(host, await self._deliveries.find(host, port, workspace_id))

    def _admit(self, host: str, texts: Sequence[str]) -> list[str]:
        """Return the addresses of a host that may be sent to; raises RefusedTarget.

        Where the operator allows one address of a host, its other addresses are left out: `localhost` often has two.
        """
        addresses = [read_address(text) for text in texts]
        refused = {address: kind for address in addresses if (kind := describe_refused(address, self._allowed))}
        if refused and not any(is_allowed(address, self._allowed) for address in addresses):
            address, kind = next(iter(refused.items()))
            at = "" if host == str(address) else f"at {address}, "
            raise RefusedTarget(
                f"{host} is {at}{kind} address, where nothing is sent;"
                " FIELDSTONE_WEBHOOK_ALLOW lists the networks that are exempt, such as 10.1.2.0/24"
            )
        return [str(address) for address in addresses if address not in refused]


def parse(url: str) -> "httpx.URL":
    """Return the URL of a target.

    Raises:
        RefusedTarget: the URL breaks a rule.
    """
    if len(url) > LONGEST_URL:
        raise RefusedTarget(f"it must have at most {LONGEST_URL} characters")
    if reason := unstorable(url):
        raise RefusedTarget(f"it {reason}")
    # With its own libraries a tenth of a start, which a server without webhooks does without.
    import httpx  # noqa: PLC0415

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RefusedTarget(f"it must be a URL such as https://example.com/hooks: {str(error).rstrip('.')}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise RefusedTarget("it must be an http or https URL with a host, such as https://example.com/hooks")
    # A character that a URL quotes; in an address of IPv6 it stands before the zone.
    if "\\" in parsed.host or ("%" in parsed.host and ":" not in parsed.host):
        raise RefusedTarget("the name of its host has a character that no host has")
    if parsed.port is not None and not 0 < parsed.port <= _HIGHEST_PORT:
        raise RefusedTarget(f"its port must be from 1 to {_HIGHEST_PORT}")
    if parsed.userinfo:
        raise RefusedTarget("it must not have a user or a password in it; each request is signed")
    return parsed


def read_address(text: str) -> Address:
    """Return the address; an IPv4 address that is mapped into IPv6 is that IPv4 address.

    Raises:
        ValueError: it is none.
    """
    address = ip_address(text)
    if isinstance(address, IPv6Address) and (mapped := address.ipv4_mapped) is not None:
        return mapped
    return address


def read_networks(text: str) -> tuple[Network, ...]:
    """Return the networks of a list in CIDR form, with commas between them; an address alone is a network of one.

    Raises:
        ValueError: one is none, or has bits set behind its prefix.
    """
    return tuple(read_network(part) for part in text.split(",") if part.strip())


def describe_refused(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Return the kind of an address to which nothing may be sent ("a loopback"), None for all others."""
    return None if is_allowed(address, allowed) else _kind(_meant(address))


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Return whether it is in one of the networks, itself or by the IPv4 address that it stands for."""
    return _is_within(address, allowed) or _is_within(_meant(address), allowed)


def _meant(address: Address) -> Address:
    """Return the IPv4 address that a translator or a relay would lead to, where it is such an address."""
    if isinstance(address, IPv6Address) and address in _NAT64:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    if isinstance(address, IPv6Address) and address in _SIX_TO_FOUR:
        return IPv4Address(int(address) >> 80 & 0xFFFF_FFFF)
    return address


def _kind(address: Address) -> str | None:
    if isinstance(address, IPv4Address):
        return next((kind for network, kind in _REFUSED_IPV4.items() if address in network), None)
    named = next((kind for network, kind in _REFUSED_IPV6.items() if address in network), None)
    return named or (None if address in _GLOBAL_IPV6 else "a reserved")


def _is_within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == network.version and address in network for network in networks)
