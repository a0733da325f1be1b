"""Which addresses events may be sent to: public ones, and those of the networks that the operator allows.

https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

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
    return tuple(ip_network(part) for part in (part.strip() for part in text.split(",")) if part)


def describe_refused(address: Address, allowed: Sequence[Network] = ()) -> str | None:
    """Return what kind of address it is that nothing may be sent to ("a loopback"), None where it may."""
    return None if is_allowed(address, allowed) else _kind(_meant(address))


def is_allowed(address: Address, allowed: Sequence[Network]) -> bool:
    """Whether it is in one of the networks, itself or by the IPv4 address that it stands for."""
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
