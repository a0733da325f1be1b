"""engine/server/connections/proxy_header.py: the bytes that are a header, those that may become one, and all others."""

import struct
from ipaddress import ip_address

import pytest

from fieldstone.engine.server.connections.proxy_header import BadHeader, read_header

SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
IPV4 = ip_address("203.0.113.7").packed + ip_address("10.0.0.1").packed + struct.pack("!HH", 4711, 443)
IPV6 = ip_address("2001:db8::7").packed + ip_address("2001:db8::1").packed + struct.pack("!HH", 4711, 443)


def binary(command: int, family: int, rest: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", command, family, len(rest)) + rest


GOOD = {
    "line of IPv4": (b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\r\n", "203.0.113.7"),
    "line of IPv6": (b"PROXY TCP6 2001:db8::7 2001:db8::1 4711 443\r\n", "2001:db8::7"),
    "longest line": (
        b"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535".ljust(105, b"f") + b"\r\n",
        None,
    ),
    "line without an address": (b"PROXY UNKNOWN\r\n", None),
    "IPv4": (binary(0x21, 0x11, IPV4), "203.0.113.7"),
    "IPv6": (binary(0x21, 0x21, IPV6), "2001:db8::7"),
    "IPv4 with more behind it": (binary(0x21, 0x11, IPV4 + b"\x04\x00\x03abc"), "203.0.113.7"),
    "health check": (binary(0x20, 0x00, b""), None),
    "health check with addresses": (binary(0x20, 0x11, IPV4), None),
    "unspecified": (binary(0x21, 0x00, b"anything"), None),
    "UNIX socket": (binary(0x21, 0x31, bytes(216)), None),
    "longest": (binary(0x21, 0x11, IPV4.ljust(4096, b"\0")), "203.0.113.7"),
}

BAD = {
    "request": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01",
    "other word": b"PROXYTCP4 ",
    "small letters": b"proxy TCP4 203.0.113.7 10.0.0.1 4711 443\r\n",
    "no such family": b"PROXY TCP5 203.0.113.7 10.0.0.1 4711 443\r\n",
    "address of the other family": b"PROXY TCP4 2001:db8::7 10.0.0.1 4711 443\r\n",
    "server of the other family": b"PROXY TCP4 203.0.113.7 2001:db8::1 4711 443\r\n",
    "no address": b"PROXY TCP4 localhost 10.0.0.1 4711 443\r\n",
    "address beyond 255": b"PROXY TCP4 203.0.113.256 10.0.0.1 4711 443\r\n",
    "address with zeros": b"PROXY TCP4 203.0.113.007 10.0.0.1 4711 443\r\n",
    "port beyond 65535": b"PROXY TCP4 203.0.113.7 10.0.0.1 65536 443\r\n",
    "negative port": b"PROXY TCP4 203.0.113.7 10.0.0.1 -1 443\r\n",
    "lacking port": b"PROXY TCP4 203.0.113.7 10.0.0.1 4711\r\n",
    "two spaces": b"PROXY TCP4  203.0.113.7 10.0.0.1 4711 443\r\n",
    "no carriage return": b"PROXY TCP4 203.0.113.7 10.0.0.1 4711 443\n",
    "carriage return within": b"PROXY UNKNOWN a\rb\r\n",
    "line without an end": b"PROXY UNKNOWN ".ljust(107, b"f"),
    "other signature": SIGNATURE[:-1] + b"\r" + bytes(4),
    "other version": binary(0x11, 0x11, IPV4),
    "other command": binary(0x22, 0x11, IPV4),
    "no such protocol": binary(0x21, 0x13, IPV4),
    "half an address": binary(0x21, 0x11, IPV4[:11]),
    "IPv4 for IPv6": binary(0x21, 0x21, IPV4),
    "too long": binary(0x21, 0x11, IPV4.ljust(4097, b"\0")),
    "length alone is too long": SIGNATURE + b"\x21\x11\xff\xff",
}


@pytest.mark.parametrize(("data", "address"), GOOD.values(), ids=GOOD)
def test_a_header_is_read_as_soon_as_it_is_whole(data: bytes, address: str | None) -> None:
    for end in range(len(data)):
        assert read_header(data[:end]) is None, end
    found = read_header(data + b"GET / HTTP/1.1\r\n")
    assert found is not None
    assert found.length == len(data)
    assert found.client == (None if address is None else (ip_address(address), 4711))


@pytest.mark.parametrize("data", BAD.values(), ids=BAD)
def test_all_else_is_refused(data: bytes) -> None:
    with pytest.raises(BadHeader):
        read_header(data)
