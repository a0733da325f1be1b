"""Which addresses may be sent to."""

from ipaddress import ip_network

import pytest

from fieldstone.engine.webhooks.sending.ssrf_guard import describe_refused, read_address, read_networks

REFUSED = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "0.0.0.0": "unspecified",  # noqa: S104 - a value, not bound to
    "0.1.2.3": "unspecified",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "100.64.0.1": "carrier-grade NAT",
    "100.100.100.200": "carrier-grade NAT",
    "169.254.169.254": "metadata",
    "169.254.0.1": "link-local",
    "168.63.129.16": "metadata",
    "192.0.0.192": "reserved",
    "192.0.2.1": "documentation",
    "192.88.99.1": "reserved",
    "198.18.0.1": "benchmarking",
    "198.51.100.7": "documentation",
    "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::127.0.0.1": "reserved",
    "::ffff:127.0.0.1": "loopback",
    "::ffff:169.254.169.254": "metadata",
    "64:ff9b::a00:1": "private",
    "64:ff9b::7f00:1": "loopback",
    "64:ff9b:1::1": "reserved",
    "100::1": "reserved",
    "2001::1": "reserved",
    "2001:db8::1": "documentation",
    "2002:a00:1::": "private",
    "2002:7f00:1::1": "loopback",
    "3fff::1": "documentation",
    "5f00::1": "reserved",
    "fc00::1": "private",
    "fd00:ec2::254": "private",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local",
    "fec0::1": "private",
    "ff02::1": "multicast",
}
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "93.184.216.34", "100.63.255.255", "100.128.0.1", "172.32.0.1", "223.255.255.255"),
    *("2606:4700:4700::1111", "2a00:1450:4001::1", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"),
)


@pytest.mark.parametrize(("text", "kind"), REFUSED.items())
def test_what_is_not_public_is_refused_by_name(text: str, kind: str) -> None:
    assert kind in (describe_refused(read_address(text)) or "")


@pytest.mark.parametrize("text", PUBLIC)
def test_what_is_public_is_not(text: str) -> None:
    assert describe_refused(read_address(text)) is None


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("10.1.2.3", "10.1.2.0/24"),
        ("::ffff:10.1.2.3", "10.1.2.0/24"),
        ("64:ff9b::a01:203", "10.1.2.0/24"),
        ("64:ff9b::a01:203", "64:ff9b::/96"),
        ("::1", "::1"),
        ("fd00::1", "10.0.0.0/8, fd00::/8"),
    ],
)
def test_the_operator_may_allow_a_network(text: str, allowed: str) -> None:
    assert describe_refused(read_address(text), read_networks(allowed)) is None


@pytest.mark.parametrize(
    ("text", "allowed"), [("10.1.3.1", "10.1.2.0/24"), ("::1", "127.0.0.0/8"), ("127.0.0.1", "::/0")]
)
def test_and_nothing_else_is_allowed_by_it(text: str, allowed: str) -> None:
    assert describe_refused(read_address(text), read_networks(allowed)) is not None


def test_networks_are_read_from_a_list() -> None:
    assert read_networks(" 10.0.0.0/8 ,, ::1") == (ip_network("10.0.0.0/8"), ip_network("::1"))
    assert read_networks("") == ()
    for wrong in ("10.0.0.1/8", "localhost", "10.0.0.0/8 ::1"):
        with pytest.raises(ValueError, match=r"."):
            read_networks(wrong)
