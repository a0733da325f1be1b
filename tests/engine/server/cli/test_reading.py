"""Commands that only read: a catalog that is not up to date is refused, and nothing is written."""

import contextlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
import pytest
import typer

from fieldstone.engine.server.cli import (
    api_keys,
    doctor,
    documents,
    import_schema,
    roles,
    schema,
    sql_roles,
    workspaces,
)
from fieldstone.engine.server.cli.command_error import DifferenceFound
from fieldstone.engine.server.cli.exit_codes import explain
from fieldstone.engine.server.cli.upkeep import migrate
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.errors import CatalogMismatch
from fieldstone.sql.errors import WritesRefused
from tests.databases import Databases
from tests.metadata.desk import whole_state

COMMANDS: dict[str, Callable[[Settings, Path], Awaitable[None]]] = {
    "api-key list": lambda settings, _: api_keys.list_all(settings, workspace="default"),
    "doctor": lambda settings, _: doctor.doctor(settings),
    "documents list": lambda settings, _: documents.list_all(settings, workspace="default", client=None),
    "role list": lambda settings, _: roles.list_all(settings, workspace="default"),
    "role show": lambda settings, _: roles.show(settings, workspace="default", name="admin"),
    "schema apply --check": lambda settings, path: schema.apply_file(
        settings, workspace="default", path=path, check=True
    ),
    "schema export": lambda settings, _: schema.export(settings, workspace="default"),
    "schema import --check": lambda settings, _: import_schema.import_schema(
        settings, schema="public", workspace="default", check=True
    ),
    "sql-role list": lambda settings, _: sql_roles.list_all(settings, workspace="default"),
    "workspace list": lambda settings, _: workspaces.list_all(settings),
}


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A file with a model of one object."""
    path = tmp_path / "model.yaml"
    path.write_text("version: 1\nobjects: {crate: {namePlural: crates, labelSingular: Crate, labelPlural: Crates}}\n")
    return path


def settings_of(dsn: str) -> Settings:
    return load_settings(database_url=dsn, log_level="error")


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_database_without_a_catalog_stays_so(databases: Databases, name: str, model: Path) -> None:
    with databases.clone() as dsn:
        with pytest.raises(CatalogMismatch, match="the database has no catalog: fieldstone migrate makes it"):
            await COMMANDS[name](settings_of(dsn), model)
        with psycopg.connect(dsn) as connection:
            assert connection.execute("SELECT to_regnamespace('fieldstone')").fetchone() == (None,)


@pytest.mark.parametrize("name", COMMANDS)
async def test_migrations_that_are_missing_are_counted_and_not_applied(
    workspace_dsn: str, name: str, model: Path
) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute(
            "DELETE FROM fieldstone.migration WHERE version = (SELECT max(version) FROM fieldstone.migration)"
        )
    before = whole_state(workspace_dsn)
    # Of the commands, only the doctor compares.
    kind = DifferenceFound if name == "doctor" else CatalogMismatch
    with pytest.raises(kind, match=r"^1 migration is missing: fieldstone migrate or the start of a server"):
        await COMMANDS[name](settings_of(workspace_dsn), model)
    assert whole_state(workspace_dsn) == before


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_database_that_takes_no_writes_is_read(workspace_dsn: str, name: str, model: Path) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("CREATE TABLE public.crate (id uuid PRIMARY KEY)")
        database = connection.info.dbname
        connection.execute(f'ALTER DATABASE "{database}" SET default_transaction_read_only = on'.encode())
    settings = settings_of(workspace_dsn)
    if name != "doctor":
        # A comparison that finds something ends so.
        with contextlib.suppress(typer.Exit):
            await COMMANDS[name](settings, model)
        return
    with pytest.raises(WritesRefused) as refused:
        await COMMANDS[name](settings, model)
    assert explain(refused.value, settings) == (
        "the database takes no writes now: default_transaction_read_only is on, and a comparison makes temporary"
        " tables. Try again when it takes writes."
    )


async def test_a_catalog_without_a_workspace_gets_none(
    databases: Databases, capsys: pytest.CaptureFixture[str]
) -> None:
    with databases.clone() as dsn:
        await migrate.migrate(settings_of(dsn))
        capsys.readouterr()
        await doctor.doctor(settings_of(dsn))
        await workspaces.list_all(settings_of(dsn))
        assert capsys.readouterr().out == "The catalog and the tables agree. Workspaces: 0.\n"
