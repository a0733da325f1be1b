"""`fieldstone doctor` beside commands that change the workspaces meanwhile."""

import asyncio
import re
import threading
from datetime import timedelta

import psycopg
import pytest
import typer

from fieldstone.engine.server.cli import workspaces
from fieldstone.engine.server.cli.command_error import DifferenceFound
from fieldstone.engine.server.cli.doctor import doctor
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.doctor import unused
from fieldstone.sql.errors import ReadOnlyServer
from tests.apis import Apis
from tests.engine.server.prepared import migrate
from tests.replicas.standbys import running_primary, running_standby
from tests.waiting import until_true

pytestmark = pytest.mark.long


async def test_a_workspace_that_is_made_meanwhile_is_no_difference(
    workspace_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute("ALTER TABLE workspace_default.company ADD COLUMN stray text")
        connection.execute("CREATE SCHEMA workspace_stray")
    settings = load_settings(database_url=workspace_dsn, log_level="error")
    lines: list[str] = []

    def create_meanwhile(line: str, **_options: object) -> None:
        if not lines:
            creation = workspaces.create(settings, name="meanwhile")
            thread = threading.Thread(target=asyncio.run, args=(creation,))
            lines.append(line)
            thread.start()
            thread.join()
        else:
            lines.append(line)

    monkeypatch.setattr(typer, "echo", create_meanwhile)
    with pytest.raises(DifferenceFound, match="2 differences"):
        await doctor(settings)
    assert [line for line in lines if "workspace" in line and line.startswith("The schema")] == [
        "The schema workspace_stray belongs to no workspace."
    ]


async def test_a_comparison_on_a_standby_says_why_it_writes() -> None:
    with running_primary() as primary:
        await asyncio.to_thread(migrate, primary.dsn)
        with (
            running_standby(primary) as standby,
            pytest.raises(ReadOnlyServer, match="and a comparison makes temporary tables"),
        ):
            await doctor(load_settings(database_url=standby.dsn, log_level="error"))


async def test_an_unused_index_is_named_with_the_mutation_that_gives_it_up(
    apis: Apis, workspace_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unused, "LONG", timedelta(0))
    monkeypatch.setattr(unused, "MANY_WRITES", 300)
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.company (name) SELECT 'c' || n FROM generate_series(1, 300) AS n"
        )
    settings = load_settings(database_url=workspace_dsn, log_level="error")

    async def is_named() -> bool:
        await doctor(settings)
        return "company_name_fold" in capsys.readouterr().out

    await until_true(is_named)
    await doctor(settings)
    lines = capsys.readouterr().out.splitlines()
    agree = "The catalog and the tables agree. Workspaces: 1."
    assert len(lines) == 5
    assert lines[4] == agree
    told = sorted(zip(lines[0:4:2], lines[1:4:2], strict=True))
    answers = []
    for name, (line, mutation) in zip(["fold", "sort"], told, strict=True):
        method = {"fold": "trigram", "sort": "btree"}[name]
        assert re.fullmatch(
            rf"default: No statement has used the index company_name_{name} \({method} of company\.name, \d+\.\d MiB\)"
            r" since \d{4}-\d\d-\d\d \d\d:\d\d UTC, and 300 writes have kept it\.",
            line,
        )
        start, change = mutation.split(": ", 1)
        assert start == "    to give it up"
        answers.append(await apis.change(change))
    assert answers == [{"deleteIndex": {"name": "company_name_fold"}}, {"updateField": {"name": "name"}}]
    await doctor(settings)
    assert capsys.readouterr().out.splitlines() == [agree]


async def test_the_replicas_are_named_beside_an_unused_index(
    workspace_dsn: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(unused, "LONG", timedelta(0))
    monkeypatch.setattr(unused, "MANY_WRITES", 0)
    settings = load_settings(database_url=workspace_dsn, replica_urls=(workspace_dsn,), log_level="error")
    await doctor(settings)
    *_, replicas, last = capsys.readouterr().out.splitlines()
    assert last == "The catalog and the tables agree. Workspaces: 1."
    assert replicas.startswith("Each replica of FIELDSTONE_REPLICA_URLS counts its own statements: ask pg_stat_user_i")
