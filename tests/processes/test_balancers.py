"""Servers behind HAProxy and nginx, by the configurations of the guide: draining, sockets, streams, addresses."""

from pathlib import Path

import httpx
import psycopg
import pytest

from tests.chaos.load import Load
from tests.processes.balancers import block, haproxy, nginx, replaced
from tests.processes.event_clients import Server, following, logged_positions, make_key, servers, staged
from tests.waiting import eventually

pytestmark = pytest.mark.system

HERE = "127.0.0.1"
NAMES = "{ people(first: 1) { edges { node { id } } } }"


def status(port: int, key: str, *, source: str = HERE, forwarded: str | None = None, path: str = "/graphql") -> int:
    """Return the status of a query that comes from an address of this host."""
    headers = {"authorization": f"Bearer {key}"} | ({} if forwarded is None else {"x-forwarded-for": forwarded})
    with httpx.Client(transport=httpx.HTTPTransport(local_address=source), timeout=30) as http:
        return http.post(f"http://{HERE}:{port}{path}", json={"query": NAMES}, headers=headers).status_code


def bind_key(dsn: str, network: str) -> None:
    """Let the only key be used from a network alone; servers that have seen it learn of it."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.api_key SET networks = %s::cidr[]", ([network],))


def test_servers_stop_one_after_the_other_under_load_and_no_request_fails(
    empty_database: str, clients: Path, tmp_path: Path
) -> None:
    trusted = {"FIELDSTONE_TRUSTED_PROXIES": HERE}
    with servers(empty_database, 2, **trusted) as both:
        key = make_key(empty_database)
        with haproxy(tmp_path, both, block("HAProxy, as a load balancer")) as balancer:
            front = Server("", port=balancer.port)
            with following(clients, [front], key) as subscribers:
                with Load([front], key) as load:
                    load.go_on()
                    for server in both:
                        assert server.served is not None
                        assert server.served.stop() == 0
                        balancer.wait_for(1)
                        load.go_on()
                        server.kill()
                        server.start()
                        balancer.wait_for(2)
                        load.go_on()
                assert not load.failed
                assert not load.stale
                eventually(lambda: staged(empty_database) == 0, "events wait", 60)
                expected = logged_positions(empty_database)
                for one in subscribers:
                    eventually(lambda one=one: len(one.positions) >= len(expected), "events are missing", 60)  # type: ignore[misc]  # mypy knows no such default
                    assert one.positions == expected


def test_an_address_that_a_client_makes_up_does_not_count(empty_database: str, tmp_path: Path) -> None:
    with servers(empty_database, 2, FIELDSTONE_TRUSTED_PROXIES=HERE) as both:
        key = make_key(empty_database)
        bind_key(empty_database, "127.0.0.9/32")
        with haproxy(tmp_path, both, block("HAProxy, as a load balancer")) as balancer:
            assert status(balancer.port, key, source="127.0.0.9") == 200
            assert status(balancer.port, key, source="127.0.0.8") == 403
            assert status(balancer.port, key, source="127.0.0.8", forwarded="127.0.0.9") == 403
        # Without the setting the header of nobody counts.
    with servers(empty_database, 1) as (plain,):
        assert status(plain.port, key, source="127.0.0.8", forwarded="127.0.0.9") == 403
        assert status(plain.port, key, source="127.0.0.9", forwarded="127.0.0.8") == 200


@pytest.mark.parametrize("option", ["send-proxy", "send-proxy-v2"])
def test_a_balancer_of_tcp_tells_the_addresses_of_clients(
    empty_database: str, clients: Path, tmp_path: Path, option: str
) -> None:
    config = replaced(block("The PROXY protocol"), "send-proxy-v2", option, option)
    workers = {"FIELDSTONE_WORKERS": "2", "FIELDSTONE_PROXY_PROTOCOL": HERE}
    with servers(empty_database, 1, **workers) as (one,), servers(empty_database, 1, **workers) as (other,):
        key = make_key(empty_database)
        with haproxy(tmp_path, [one, other], config) as balancer:
            front = Server("", port=balancer.port)
            with following(clients, [front], key) as subscribers, Load([front], key) as load:
                load.go_on()
                eventually(lambda: all(one.positions for one in subscribers), "a subscriber gets nothing", 60)
            assert not load.failed
            bind_key(empty_database, "127.0.0.9/32")
            eventually(lambda: status(balancer.port, key) == 403, "the key is served from elsewhere")
            assert status(balancer.port, key, source="127.0.0.9") == 200
            # From the balancer's address, but without its header.
            assert status(one.port, key) == 400


def test_nginx_passes_requests_sockets_and_streams(empty_database: str, clients: Path, tmp_path: Path) -> None:
    with servers(empty_database, 1) as (server,), nginx(tmp_path, server) as port:
        key = make_key(empty_database)
        front = Server("", port=port)
        with following(clients, [front], key) as subscribers, Load([front], key) as load:
            load.go_on()
            eventually(lambda: all(one.positions for one in subscribers), "a subscriber gets nothing", 60)
        assert not load.failed


@pytest.mark.parametrize("path", ["/graphql", "/graphql/stream"])
def test_nginx_tells_the_address_of_a_client_that_makes_one_up(empty_database: str, tmp_path: Path, path: str) -> None:
    with servers(empty_database, 1, FIELDSTONE_TRUSTED_PROXIES=HERE) as (server,):
        key = make_key(empty_database)
        bind_key(empty_database, "127.0.0.9/32")
        with nginx(tmp_path, server) as port:
            assert status(port, key, source="127.0.0.9", path=path) == 200
            assert status(port, key, source="127.0.0.8", path=path) == 403
            assert status(port, key, source="127.0.0.8", forwarded="127.0.0.9", path=path) == 403
