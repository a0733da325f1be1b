"""The header of the PROXY protocol, by which a balancer tells the address that a client has connected from.

https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
"""

import re
import struct
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from fieldstone.metadata.roles.networks import Address
from fieldstone.sql.frozen import frozen

_TEXT: Final = b"PROXY "
_LONGEST_LINE: Final = 107
"""Bytes of a header of version 1 at most, its CRLF included."""
_LINE: Final = re.compile(rb"PROXY (TCP[46]) ([0-9a-fA-F:.]+) ([0-9a-fA-F:.]+) ([0-9]{1,5}) ([0-9]{1,5})\r\n")
_UNKNOWN: Final = re.compile(rb"PROXY UNKNOWN(?: [^\r\n]*)?\r\n")

_BINARY: Final = b"\r\n\r\n\x00\r\nQUIT\n"
_FIXED: Final = struct.Struct("!12sBBH")
_MOST_BYTES: Final = 4096
"""Bytes behind the fixed part of a header of version 2: a balancer may tell more than addresses there."""
_LOCAL, _PROXY = 0x20, 0x21
_FAMILIES: Final = {0x11: struct.Struct("!4s4sHH"), 0x21: struct.Struct("!16s16sHH")}
"""The addresses of TCP over IPv4 and IPv6."""
_OTHERS: Final = frozenset({0x00, 0x12, 0x22, 0x31, 0x32})
"""Unspecified addresses, datagrams and UNIX sockets: the connection's own address counts."""


class BadHeader(ValueError):
    """The first bytes of a connection are no header of the PROXY protocol."""


@frozen
class ProxyHeader:
    """A whole header.

    Attributes:
        client: the address and port of the client; None if the balancer speaks for itself, or knows no address.
        length: its bytes.
    """

    client: tuple[Address, int] | None
    length: int


def read_header(data: bytes) -> ProxyHeader | None:
    """Return the header with which a connection begins; None while it is not complete.

    Raises:
        BadHeader: these bytes begin no header, or one that is malformed.
    """
    if data.startswith(_BINARY):
        return _read_binary(data)
    if data.startswith(_TEXT):
        return _read_line(data)
    if _BINARY.startswith(data) or _TEXT.startswith(data):
        return None
    raise BadHeader


def _read_line(data: bytes) -> ProxyHeader | None:
    length = data.find(b"\n", 0, _LONGEST_LINE) + 1
    if not length:
        if len(data) >= _LONGEST_LINE:
            raise BadHeader
        return None
    line = data[:length]
    if _UNKNOWN.fullmatch(line):
        return ProxyHeader(client=None, length=length)
    if (found := _LINE.fullmatch(line)) is None:
        raise BadHeader
    kind = IPv4Address if found[1] == b"TCP4" else IPv6Address
    client, server = _address(found[2]), _address(found[3])
    port = int(found[4])
    if not (isinstance(client, kind) and isinstance(server, kind)) or max(port, int(found[5])) > 65_535:
        raise BadHeader
    return ProxyHeader(client=(client, port), length=length)


def _address(text: bytes) -> Address:
    try:
        return ip_address(text.decode("ascii"))
    except ValueError:
        raise BadHeader from None


def _read_binary(data: bytes) -> ProxyHeader | None:
    if len(data) < _FIXED.size:
        return None
    _, command, family, rest = _FIXED.unpack_from(data)
    if rest > _MOST_BYTES or command not in {_LOCAL, _PROXY}:
        raise BadHeader
    length = _FIXED.size + rest
    if command == _LOCAL or family in _OTHERS:
        return ProxyHeader(client=None, length=length) if len(data) >= length else None
    addresses = _FAMILIES.get(family)
    if addresses is None or rest < addresses.size:
        raise BadHeader
    if len(data) < length:
        return None
    client, _, port, _ = addresses.unpack_from(data, _FIXED.size)
    return ProxyHeader(client=(ip_address(client), port), length=length)
