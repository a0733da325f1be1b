"""engine/server/composition.py: the tasks beside the requests go on whatever happens to them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.server.composition import _building
from fieldstone.engine.server.foundation import open_foundation
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.changes import CreateIndex
from fieldstone.metadata.model import Status
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.waiting import until

pytestmark = pytest.mark.long


class Stumbling(Database):
    """A database whose first session meets an unforeseen error."""

    stumbles = 1

    @asynccontextmanager
    async def session(self) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
        if self.stumbles:
            self.stumbles -= 1
            raise RuntimeError("nobody foresaw this")
        async with super().session() as connection:
            yield connection


async def test_the_builder_goes_on_behind_what_nobody_foresaw(
    workspace_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_foundation(load_settings(database_url=workspace_dsn)) as foundation:
        writer = ModelWriter(foundation.database, foundation.current, trigram=None, big_table=-1)
        workspace_id = foundation.default.workspace.id
        person = foundation.default.by_singular["person"]
        index = CreateIndex(object_id=person.id, field_ids=(person.by_name["city"].id,))
        after = await writer.change(workspace_id, lambda _: [index], actor="test")
        (made,) = (one for one in after.indexes.values() if one.status is Status.BUILDING)
        stumbling = Stumbling.connect(workspace_dsn, settings=PoolSettings())
        async with _building(replace(foundation, database=stumbling)) as builder:
            await until(lambda: builder.counters.settled == 1)
        await stumbling.close()
        settled = await foundation.current.refresh(workspace_id)
        assert settled.indexes[made.id].status is Status.READY
    assert "nobody foresaw this" in caplog.text


async def test_the_user_of_the_address_past_a_pooler_needs_no_right_to_build(workspace_dsn: str) -> None:
    name = f"{conninfo_to_dict(workspace_dsn)['dbname']}_listener"
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
    try:
        settings = load_settings(
            database_url=workspace_dsn, prepare_statements=False, listen_url=make_conninfo(workspace_dsn, user=name)
        )
        async with open_foundation(settings) as foundation:
            writer = ModelWriter(foundation.database, foundation.current, trigram=None, big_table=-1)
            person = foundation.default.by_singular["person"]
            index = CreateIndex(object_id=person.id, field_ids=(person.by_name["city"].id,))
            await writer.change(foundation.default.workspace.id, lambda _: [index], actor="test")
            async with _building(foundation) as builder:
                await until(lambda: builder.counters.settled == 1)
    finally:
        with psycopg.connect(workspace_dsn, autocommit=True) as connection:
            connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))
