"""Moves that end where a test wants them to, and the rest that they leave in the databases of their cells."""

import asyncio
from typing import Any

import psycopg

from fieldstone.engine.server.app import Fieldstone
from tests.cells.clusters import cell_services

CREATE = "mutation ($name: String) { createCompany(data: { name: $name }) { id } }"
COUNT = "{ companies { totalCount } }"
SLOTS = "SELECT count(*) FROM pg_replication_slots WHERE database = current_database()"


class Stopped(Exception):
    """A mover ends where a test wants it to."""


class Paused:
    """A report at which a mover stands still from the line with a beginning or end on, until it is let go."""

    def __init__(self, line: str) -> None:
        self.reached, self._line = asyncio.Event(), line

    def __call__(self, line: str) -> None:
        if line.endswith(self._line) or line.startswith(self._line):
            self.reached.set()
            raise Stopped


async def fetch(url: str, query: str) -> Any:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        return await (await connection.execute(query.encode())).fetchone()


def databases_of(app: Fieldstone) -> dict[str, Any]:
    return {name: cell_services(app, name).foundation.database for name in ("home", "east")}


async def execute(url: str, statements: str) -> None:
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await connection.execute(statements.encode(), prepare=False)


async def is_row(url: str, query: str, row: tuple[object, ...]) -> bool:
    return bool(await fetch(url, query) == row)
