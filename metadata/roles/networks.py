"""The networks that a key may be used from."""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_MAPPED = IPv6Network("::ffff:0:0/96")


def read_network(text: str) -> Network:
    """Return a network in CIDR form; an address alone is a network of one, one mapped into IPv6 is that of IPv4.

    Raises:
        ValueError: it is none, or has bits set behind its prefix.
    """
    network = ip_network(text.strip())
    if isinstance(network, IPv6Network) and network.subnet_of(_MAPPED):
        # The address of a client is compared as the IPv4 address that it is.
        return IPv4Network((int(network.network_address) & 0xFFFF_FFFF, network.prefixlen - _MAPPED.prefixlen))
    return network


def read_address(text: str) -> Address | None:
    """Return the address of a client, an IPv4 address for one that is mapped into IPv6; None for any other text."""
    try:
        address = ip_address(text.strip().partition("%")[0])
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def read_reported(text: str) -> Address | None:
    """Return the address of a client as a proxy reports it, some with its port: `a.b.c.d:port`, `[IPv6]:port`."""
    text = text.strip()
    if text.startswith("["):
        return read_address(text[1:].partition("]")[0])
    return read_address(text.partition(":")[0] if text.count(":") == 1 else text)


def is_within(address: Address | None, networks: Iterable[Network]) -> bool:
    """Return whether an address is in one of the networks; an unknown one is in none."""
    return address is not None and any(address in network for network in networks)


def are_within(inner: Iterable[Network], outer: Iterable[Network]) -> bool:
    """Return whether each of some networks lies in one of others."""
    within = tuple(outer)
    return all(any(_is_part(network, other) for other in within) for network in inner)


def _is_part(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(other, IPv4Network) and network.subnet_of(other)
    return isinstance(other, IPv6Network) and network.subnet_of(other)
