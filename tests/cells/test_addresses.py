"""Further addresses of cells: replicas, and the owner of the tables beside a login that serves."""

import asyncio
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.server.cells.moving import move
from fieldstone.engine.server.cells.settings import settings_of
from fieldstone.engine.settings import ConfigurationError, load_settings
from fieldstone.sql import embedded
from tests.cells.clusters import (
    cell_services,
    client_of,
    make_workspace,
    open_app,
    send,
    setting_of,
    settings_with,
    url_of,
)
from tests.replicas.standbys import running_standby

pytestmark = pytest.mark.long

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id } }"
COUNT = "{ companies { totalCount } }"
A, B, C = ("postgresql://a/x", "postgresql://b/x", "postgresql://c/x")


def test_each_address_is_of_the_cell_that_it_names() -> None:
    settings = load_settings(
        cells=f"home={A},east={B}",
        cell_replica_urls=f"east={C},east=postgresql://d,e/x?target_session_attrs=any,home=postgresql://f/x",
        cell_owner_urls=f"home={A}?user=o,east={B}?user=o",
        cell_listen_urls=f"east={B}?port=1",
    )
    home, east = (settings_of(settings, cell) for cell in settings.cells)
    assert home.replica_urls == ("postgresql://f/x",)
    assert east.replica_urls == (C, "postgresql://d,e/x?target_session_attrs=any")
    assert (home.owner_database_url, east.owner_database_url) == (f"{A}?user=o", f"{B}?user=o")
    assert (home.listen_url, east.listen_url) == (None, f"{B}?port=1")
    assert (east.cells, east.cell_replica_urls, east.cell_owner_urls, east.cell_listen_urls) == ((), (), (), ())


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"cell_replica_urls": f"west={C}"}, "FIELDSTONE_CELL_REPLICA_URLS names west"),
        ({"cell_listen_urls": f"west={C}"}, "FIELDSTONE_CELL_LISTEN_URLS names west"),
        ({"cell_owner_urls": f"home={C}"}, "must name every cell"),
        ({"cell_owner_urls": C}, "FIELDSTONE_CELL_OWNER_URLS must be a list of names"),
        ({"cell_listen_urls": f"home={C},home={A}?port=1"}, "FIELDSTONE_CELL_LISTEN_URLS names the cell home twice"),
        ({"replica_urls": C}, "_CELL_REPLICA_URLS"),
    ],
)
def test_wrong_addresses_are_refused_with_their_reason(given: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        load_settings(cells=f"home={A},east={B}", **given)


async def test_replicas_of_a_cell_answer_what_they_have(
    cells: dict[str, str], cell_servers: dict[str, embedded.EmbeddedServer]
) -> None:
    with running_standby(cell_servers["east"]) as standby:
        name = conninfo_to_dict(cells["east"])["dbname"]
        replica = url_of(make_conninfo(standby.dsn, dbname=str(name)))
        settings = settings_with(cells, cell_replica_urls=f"east={replica}")
        async with open_app(cells, cell_replica_urls=f"east={replica}") as app:
            _, token = await make_workspace(app, "home", "first")
            async with client_of(app, token) as client:
                (counters,) = (one.counters for one in cell_services(app, "east").core.reads.replicas)
                assert cell_services(app, "home").core.reads.replicas == ()
                expected = 0
                for to in ("east", "home", "east"):
                    await send(client, CREATE, name=to)
                    expected += 1
                    await move(settings, "first", to, lambda _: None)
                    # No replica that has not got all of the move yet answers.
                    for _ in range(20):
                        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == expected
                answered = counters.answered
                async with asyncio.timeout(30):
                    while counters.answered == answered:
                        assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == expected
                        await asyncio.sleep(0.01)
                written = await client.post("/graphql", json={"query": CREATE, "variables": {"name": "more"}})
                assert "x-fieldstone-token" in written.headers
                assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == expected + 1


@pytest.fixture
def serving_cells(cells: dict[str, str], cell_servers: dict[str, embedded.EmbeddedServer]) -> Iterator[dict[str, str]]:
    """The addresses of the cells with a login that does not own the tables."""
    for server in cell_servers.values():
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            connection.execute("CREATE ROLE serving LOGIN")
    try:
        yield {name: url_of(make_conninfo(url, user="serving")) for name, url in cells.items()}
    finally:
        for name, server in cell_servers.items():
            with psycopg.connect(cells[name], autocommit=True) as connection:
                connection.execute("DROP OWNED BY serving CASCADE")
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                connection.execute("DROP ROLE serving")


async def test_a_workspace_moves_between_cells_whose_tables_have_an_owner(
    cells: dict[str, str], serving_cells: dict[str, str]
) -> None:
    given: dict[str, Any] = {"cell_owner_urls": setting_of(cells)}
    settings = settings_with(serving_cells, **given)
    async with open_app(serving_cells, **given) as app:
        model, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            for number, to in enumerate(("east", "home", "east"), start=1):
                await send(client, CREATE, name=to)
                await move(settings, "first", to, lambda _: None)
                assert (await send(client, COUNT))["data"]["companies"]["totalCount"] == number
            assert "errors" not in await send(client, CREATE, name="there")
    with psycopg.connect(cells["east"]) as connection:
        owners = connection.execute(
            "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = %s", [model.workspace.schema]
        ).fetchall()
    assert owners == [(conninfo_to_dict(cells["east"])["user"],)]
    with psycopg.connect(serving_cells["east"]) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(f'DROP TABLE "{model.workspace.schema}"."company"'.encode())
