"""`fieldstone schema import` a second time: imported tables are found, and only new ones are added."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.import_schema import import_schema
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.changes import Change, DeleteField, DeleteObject, UpdateField, UpdateObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_import.memory import remember
from fieldstone.metadata.schema_import.source import SourceSchema
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.apis import WORKSPACE_ID, Apis, open_apis
from tests.waiting import until_found


def execute(dsn: str, statement: str) -> list[Any]:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = rental, workspace_default")
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


class Importing:
    """A workspace that imports, and the database that it imports from."""

    def __init__(self, apis: Apis, dsn: str, other: str | None, capsys: pytest.CaptureFixture[str]) -> None:
        self.apis = apis
        self.dsn = dsn
        self.source = other or dsn
        self._other = other
        self._capsys = capsys

    async def run(self, *, with_rows: bool = True, check: bool = False) -> str:
        """Import, and return the report."""
        settings = load_settings(database_url=self.dsn, log_level="error")
        await import_schema(
            settings,
            schema="rental",
            dsn=self._other,
            workspace="default",
            with_rows=with_rows,
            check=check,
            yes=True,
        )
        return self._capsys.readouterr().out

    async def model(self) -> Snapshot:
        return await self.apis.current.refresh(WORKSPACE_ID)

    async def change(self, build: Callable[[Snapshot], list[Change]]) -> None:
        await self.model()
        await self.apis.writer.change(WORKSPACE_ID, build, actor="test")

    async def films(self, fields: str) -> list[Any]:
        await self.model()
        data = await self.apis.data(f"{{ films(orderBy: {{ title: ASC }}) {{ edges {{ node {{ {fields} }} }} }} }}")
        return [edge["node"] for edge in data["films"]["edges"]]


@pytest.fixture(params=["beside", "elsewhere"])
async def importing(
    request: pytest.FixtureRequest, filled_dsn: str, other_dsn: str, capsys: pytest.CaptureFixture[str]
) -> Any:
    async with open_apis(filled_dsn) as apis:
        made = Importing(apis, filled_dsn, other_dsn if request.param == "elsewhere" else None, capsys)
        assert "Rows copied: 12." in await made.run()
        yield made


async def test_nothing_is_there_twice(importing: Importing) -> None:
    before = await importing.model()
    counts = execute(importing.dsn, 'SELECT count(*) FROM workspace_default."filmActorNote"')
    said = await importing.run()
    assert "film: is there already, as the object film" in said
    assert said.endswith("Changes made: 0. Rows copied: 0.\n")
    assert await importing.model() is before
    # The rows of a table without a key have no ids by which they would be known.
    assert execute(importing.dsn, 'SELECT count(*) FROM workspace_default."filmActorNote"') == counts == [(1,)]
    assert "Changes made: 0." in await importing.run(with_rows=False)
    assert "Changes made: 0." in await importing.run(check=True)


async def test_what_is_new_there_is_all_that_comes(importing: Importing) -> None:
    await importing.change(
        lambda now: [
            UpdateObject(object_id=now.by_singular["language"].id, name_singular="tongue", name_plural="tongues"),
            UpdateField(field_id=now.by_singular["film"].by_name["releaseYear"].id, name="year"),
        ]
    )
    (alien,) = await importing.films("id")
    await importing.apis.data('mutation ($id: UUID!) { updateFilm(id: $id, data: {title: "Mine"}) { id } }', **alien)
    execute(
        importing.source,
        """
        CREATE TABLE studio (studio_id int PRIMARY KEY, name text NOT NULL);
        INSERT INTO studio VALUES (1, 'Fox');
        ALTER TABLE film ADD studio_id int NOT NULL REFERENCES studio DEFAULT 1, ADD budget int NOT NULL DEFAULT 5;
        ALTER TABLE film ALTER budget DROP DEFAULT, ALTER studio_id DROP DEFAULT;
        INSERT INTO language VALUES (3, 'Suomi');
        INSERT INTO film (title, release_year, language_id, studio_id, budget) VALUES ('Brazil', 1985, 3, 1, 7);
        UPDATE film SET title = 'Theirs' WHERE title = 'Alien';
        INSERT INTO film_actor_note VALUES (NULL, NULL, 'x')
        """,
    )
    said = await importing.run()
    assert "film: the column budget is optional here, as there may be records already" in said
    # The tongue, the studio, and the films, of which two get their studio and budget.
    assert said.endswith("Rows copied: 5.\n")
    assert await importing.films("title year budget studio { name } language { name }") == [
        {"title": "Brazil", "year": 1985, "budget": 7, "studio": {"name": "Fox"}, "language": {"name": "Suomi"}},
        {"title": "Mine", "year": 1979, "budget": 5, "studio": {"name": "Fox"}, "language": {"name": "English"}},
    ]
    model = await importing.model()
    assert not any(name.endswith("2") for name in model.by_singular.keys() - {"person2"})
    film = model.by_singular["film"]
    assert (film.by_name["budget"].is_nullable, film.by_name["studio"].is_nullable) == (True, True)
    assert (await importing.run()).endswith("Changes made: 0. Rows copied: 0.\n")


async def test_what_was_deleted_here_is_imported_anew(importing: Importing) -> None:
    await importing.change(
        lambda now: [
            DeleteField(field_id=now.by_singular["film"].by_name["length"].id),
            DeleteObject(object_id=now.by_singular["trailer"].id),
        ]
    )
    said = await importing.run()
    assert "trailer: is there already" not in said
    assert (await importing.films("length trailer { sourceId }")) == [{"length": None, "trailer": {"sourceId": 2}}]
    assert execute(importing.dsn, "SELECT length2 FROM workspace_default.film WHERE length2 > 0") == [(137.5,)]
    assert "Changes made: 0." in await importing.run()


async def test_a_field_that_became_another_keeps_its_values(importing: Importing) -> None:
    await importing.change(
        lambda now: [UpdateField(field_id=now.by_singular["film"].by_name["releaseYear"].id, type=FieldType.TEXT)]
    )
    execute(importing.source, "INSERT INTO film (title, release_year, language_id) VALUES ('Brazil', 1985, 1)")
    said = await importing.run()
    assert "the column release_year is the field releaseYear, which takes other values by now" in said
    assert [film["releaseYear"] for film in await importing.films("releaseYear")] == ["1979", None]


async def test_a_hidden_object_gets_new_rows_too(importing: Importing) -> None:
    await importing.change(lambda now: [UpdateObject(object_id=now.by_singular["payment"].id, is_active=False)])
    execute(importing.source, "INSERT INTO rental.payment VALUES (2, '2024-02-04', 5)")
    assert (await importing.run()).endswith("Changes made: 0. Rows copied: 1.\n")


async def test_who_imports_while_another_does_is_told_to_look_again(importing: Importing) -> None:
    before = await importing.model()

    async def body(transaction: ModelTransaction) -> asyncio.Task[str]:
        second = asyncio.create_task(importing.run())
        async with await psycopg.AsyncConnection.connect(importing.dsn, autocommit=True) as looking:
            await until_found(looking, "SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        ((database,),) = execute(importing.source, "SELECT current_database()")
        source = SourceSchema(database=database, schema="rental", tables=(), others=())
        await remember(transaction.connection, before.workspace, source, {("studio", ""): WORKSPACE_ID})
        return second

    second = await importing.apis.writer.run(WORKSPACE_ID, body, actor="test")
    with pytest.raises(CommandError, match="another import ended meanwhile"):
        await second
    assert await importing.model() is before


@pytest.mark.long
async def test_an_import_may_wait_longer_than_a_transaction_may_idle(importing: Importing) -> None:
    """Confirm after a pause, as people do; PostgreSQL ended the session that had read the schema meanwhile."""
    with psycopg.connect(importing.dsn) as holder:
        holder.execute(QUERIES["lock_workspace"], {"workspace_id": WORKSPACE_ID})
        waits = (
            "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'advisory' AND database = %s::oid"
            " AND clock_timestamp() - waitstart > '3.5 s'"
        )
        database = holder.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()
        importing.dsn = make_conninfo(importing.dsn, options="-c idle_in_transaction_session_timeout=3s")
        run = asyncio.create_task(importing.run())
        async with await psycopg.AsyncConnection.connect(importing.dsn, autocommit=True) as observer:
            await until_found(observer, waits, database or ())
    assert "Rows copied: 0" in await run
