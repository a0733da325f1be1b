"""The guard against sending into the network: by the URL, by the addresses of its host, and at the connection."""

import ssl
from collections.abc import AsyncIterator
from uuid import UUID

import pytest
import trustme

from fieldstone.engine.webhooks.sending.look_ups import LookUp
from fieldstone.engine.webhooks.sending.sender import Outcome, Sender
from fieldstone.engine.webhooks.sending.ssrf_guard import RefusedTarget, Targets, read_networks
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from tests.engine.webhooks.target import TargetServer, target_server

LOCAL = read_networks("127.0.0.0/8")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "http or https"),
        ("example.com/hook", "http or https"),
        ("//example.com/hook", "http or https"),
        ("http:///hook", "with a host"),
        ("file:///etc/passwd", "http or https"),
        ("gopher://example.com/", "http or https"),
        ("javascript:alert(1)", "http or https"),
        ("http://user:password@example.com/", "a user or a password"),
        ("http://user@example.com/", "a user or a password"),
        ("http://example.com:99999/", "port"),
        ("http://example.com:0/", "port"),
        ("http://[::1/", "URL such as"),
        ("http://example.com/\n", "URL such as"),
        ("http://exam ple.com/", "character that no host has"),
        ("http://example.com\\x/", "character that no host has"),
        ("http://example.com/\x00", "NUL"),
        ("http://example.com/\ud800", "surrogate"),
        ("https://example.com/" + "x" * 2_048, "2048 characters"),
        ("http://localhost/", "a loopback address"),
        ("http://LOCALHOST:8080/", "a loopback address"),
        ("http://127.0.0.1/", "a loopback address"),
        ("http://127.1/", "a loopback address"),
        ("http://2130706433/", "a loopback address"),
        ("http://0x7f000001/", "a loopback address"),
        ("http://0177.0.0.1/", "URL such as"),
        ("http://0/", "an unspecified address"),
        ("http://[::1]/", "a loopback address"),
        ("http://[::ffff:127.0.0.1]/", "a loopback address"),
        ("http://[::ffff:7f00:1]/", "a loopback address"),
        ("http://169.254.169.254/latest/meta-data/", "metadata address"),
        ("http://[fd00:ec2::254]/", "a private address"),
        ("https://192.168.0.1:8443/x", "a private address"),
        ("https://100.64.0.1/", "NAT"),
        ("https://224.0.0.1/", "a multicast address"),
    ],
)
async def test_a_target_is_refused_by_rule(url: str, words: str) -> None:
    with pytest.raises(RefusedTarget) as refused:
        await Targets().check(url)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://93.184.216.34/hook?x=1",
        "http://[2606:4700:4700::1111]:8080/",
        "https://nowhere.invalid/hook",
    ],
    ids=["IPv4", "IPv6", "unknown"],
)
async def test_a_public_target_passes_and_so_does_a_name_that_nobody_knows_yet(url: str) -> None:
    await Targets().check(url)


def resolving(*answers: list[str]) -> LookUp:
    """A name server whose answer changes with each question, and stays at the last."""
    left = list(answers)

    def look_up(_host: str, _port: int) -> list[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return look_up


async def test_one_address_that_is_not_public_is_enough() -> None:
    with pytest.raises(RefusedTarget):
        await Targets(look_up=resolving(["93.184.216.34", "10.0.0.1"])).check("https://example.com/")


async def send(targets: Targets, url: str, *, context: ssl.SSLContext | None = None) -> Outcome:
    """Send an event, and return its outcome."""
    sender = Sender(targets, time_limit=5, ssl_context=context)
    try:
        target = WebhookTarget(url=url, secret="-")  # noqa: S106 - of this test alone
        return await sender.send(target, delivery_id=UUID(int=1), event="person.created", body=b"{}")
    finally:
        await sender.close()


@pytest.fixture
async def inside() -> AsyncIterator[TargetServer]:
    """A server that must not be reached."""
    async with target_server() as serving:
        yield serving
        assert serving.connections == 0


async def test_a_name_that_leads_inside_later_is_refused_at_the_connection(inside: TargetServer) -> None:
    """DNS rebinding: public when it was checked, loopback when something is sent."""
    targets = Targets(look_up=resolving(["93.184.216.34"], ["127.0.0.1"]))
    url = f"http://rebound.example:{inside.port}/"
    await targets.check(url)
    outcome = await send(targets, url)
    assert outcome.status is None
    assert outcome.error is not None
    assert outcome.error.startswith("rebound.example is at 127.0.0.1, a loopback address")


async def test_a_host_that_is_allowed_at_one_address_is_sent_to_at_that_one(target: TargetServer) -> None:
    """As `localhost` is, which is also at ::1, where only 127.0.0.0/8 is allowed."""
    targets = Targets(LOCAL, look_up=resolving(["::1", "10.0.0.1", "127.0.0.1"]))
    assert await targets.resolve("localhost", target.port) == ["127.0.0.1"]
    assert (await send(targets, f"http://localhost:{target.port}/")).status == 200


async def test_localhost_is_refused_at_the_connection(inside: TargetServer) -> None:
    outcome = await send(Targets(), f"http://localhost:{inside.port}/")
    assert "a loopback address" in (outcome.error or "")


async def test_the_address_that_was_checked_is_connected_to_under_the_name(target: TargetServer) -> None:
    """The name resolves nowhere but in the guard: if anything else looked it up, there would be no connection."""
    targets = Targets(LOCAL, look_up=resolving(["127.0.0.1"]))
    outcome = await send(targets, f"http://hooks.invalid:{target.port}/x")
    assert (outcome.status, outcome.error) == (200, None)
    assert target.received[0].headers["host"] == f"hooks.invalid:{target.port}"


async def test_the_next_address_is_tried_where_one_does_not_answer(target: TargetServer) -> None:
    targets = Targets(LOCAL, look_up=resolving(["127.0.0.2", "127.0.0.1"]))
    outcome = await send(targets, f"http://hooks.invalid:{target.port}/")
    assert (outcome.status, outcome.error) == (200, None)


async def test_no_proxy_of_the_environment_is_asked(target: TargetServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    outcome = await send(Targets(LOCAL), target.url)
    assert outcome.status == 200


async def test_a_host_that_is_unknown_is_said_so() -> None:
    outcome = await send(Targets(), "https://nowhere.invalid/")
    assert (outcome.error or "").startswith("the host nowhere.invalid cannot be resolved: ")


def over_tls(*names: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's side and a client's side of TLS, of which the server's certificate is for these names."""
    authority = trustme.CA()
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert(*names).configure_cert(server)
    authority.configure_trust(client)
    return server, client


async def test_tls_is_about_the_name_and_not_about_the_address() -> None:
    server, client = over_tls("hooks.invalid")
    asked: list[str | None] = []
    server.sni_callback = lambda _socket, name, _context: asked.append(name)
    targets = Targets(LOCAL, look_up=resolving(["127.0.0.1"]))
    async with target_server(ssl=server) as target:
        outcome = await send(targets, f"https://hooks.invalid:{target.port}/", context=client)
        assert (outcome.status, outcome.error) == (200, None)
        assert target.received[0].headers["host"] == f"hooks.invalid:{target.port}"
    assert asked == ["hooks.invalid"]


async def test_a_certificate_for_another_name_is_no_proof() -> None:
    server, client = over_tls("elsewhere.invalid")
    targets = Targets(LOCAL, look_up=resolving(["127.0.0.1"]))
    async with target_server(ssl=server) as target:
        outcome = await send(targets, f"https://hooks.invalid:{target.port}/", context=client)
        assert outcome.status is None
        assert "certificate" in (outcome.error or "")
        assert target.received == []
