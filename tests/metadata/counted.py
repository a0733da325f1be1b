"""Statements of the catalog, counted."""

from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Parameters, Row, Statement


class Counted:
    """A database that counts its statements."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.loads = 0
        self.checks = 0
        self.reading = 0

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Session]:
        self.loads += 1
        async with self._database.session() as connection:
            yield connection

    async def read(self, statement: Statement, parameters: Parameters, *, share: Hashable) -> list[Row]:
        self.checks += 1
        self.reading += 1
        try:
            return await self._database.read(statement, parameters, share=share)
        finally:
            self.reading -= 1
