"""The work of a move while writes are held: it grows neither with the events of a workspace nor with its moves."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from fieldstone.engine.server.cells.moving import move
from tests.cells.clusters import client_of, make_workspace, open_app, send, settings_with

pytestmark = pytest.mark.long

EVENTS = 900
MOST_STATEMENTS = 40
MOST_BYTES = 4_000
HISTORY = "query ($filter: RecordEventFilter) { events(filter: $filter) { edges { node { action } } } }"
CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"


class Held:
    """The work between the gate of the source and the report that writes go on.

    Attributes:
        statements: those of sessions, but for the looks for the marker.
        bytes: those of rows.
        lines: the report.
    """

    def __init__(self) -> None:
        self.is_on = False
        self.statements = 0
        self.bytes = 0
        self.lines: list[str] = []

    def see(self, query: str) -> None:
        if "pg_advisory_xact_lock" in query and "fieldstone.rows" in query:
            self.is_on = True
        is_look = query.startswith("SELECT FROM") and '"#move"' in query
        self.statements += self.is_on and not is_look

    def report(self, line: str) -> None:
        """See a line of the move."""
        self.lines.append(line)
        if line.startswith("the writes were held"):
            self.is_on = False


@contextmanager
def counting() -> Iterator[Held]:
    """Count for the length of the block."""
    held, execute, write = Held(), psycopg.AsyncCursor.execute, psycopg.AsyncCopy.write

    async def counted(cursor: psycopg.AsyncCursor[Any], query: Any, *given: Any, **options: Any) -> Any:
        held.see(query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else query.as_string())
        return await execute(cursor, query, *given, **options)

    async def measured(copy: psycopg.AsyncCopy, block: Any) -> None:
        held.bytes += len(block) * held.is_on
        await write(copy, block)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(psycopg.AsyncCursor, "execute", counted)
        patch.setattr(psycopg.AsyncCopy, "write", measured)
        yield held


async def test_what_is_done_while_writes_are_held_stays_small(cells: dict[str, str]) -> None:
    settings = settings_with(cells)
    async with open_app(cells) as app:
        _, token = await make_workspace(app, "home", "first")
        async with client_of(app, token) as client:
            for number in range(3):
                data = [{"name": f"{number}-{one}"} for one in range(EVENTS // 3)]
                created = await send(client, CREATE, data=data)
        given = {"filter": {"recordId": created["data"]["createCompanies"][0]["id"]}}
        for to in ("east", "home", "east"):
            with counting() as held:
                await move(settings, "first", to, held.report)
            assert f"{EVENTS:,} events are copied" in held.lines
            assert 10 < held.statements < MOST_STATEMENTS
            assert held.bytes < MOST_BYTES
            # The home has the events of its first time, too.
            async with client_of(app, token) as client:
                answer = await client.post("/metadata", json={"query": HISTORY, "variables": given})
                edges = answer.json()["data"]["events"]["edges"]
                assert [edge["node"]["action"] for edge in edges] == ["CREATED"]
