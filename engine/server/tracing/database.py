"""The spans of statements and transactions. A statement's text has parameters in the place of values."""

from collections.abc import AsyncIterator, Hashable, Sequence
from contextlib import asynccontextmanager

import psycopg
from opentelemetry.trace import SpanKind

from fieldstone.engine.server.tracing.tracer import Attributes, Tracer
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Parameters, Row, Statement, Step
from fieldstone.sql.transaction import Transaction

_LONGEST_TEXT = 4_000
"""Characters of a statement that are shown."""


class TracedDatabase(Database):
    """A database whose statements are spans, where they run for something that is traced."""

    def __init__(
        self,
        tracer: Tracer,
        dsn: str,
        settings: PoolSettings,
        *,
        owner_dsn: str | None = None,
        direct_dsn: str | None = None,
    ) -> None:
        super().__init__(dsn, settings, owner_dsn=owner_dsn, direct_dsn=direct_dsn)
        self._tracer = tracer

    async def read_once(
        self,
        statement: Statement,
        parameters: Parameters,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as Database has it
        share: Hashable,
        verify: bool = True,
    ) -> list[Row]:
        """Run one statement that changes nothing, once: each try of a read has a span."""
        with self._tracer.child("SQL read", kind=SpanKind.CLIENT, attributes=describe_statements([statement])):
            return await super().read_once(statement, parameters, timeout=timeout, share=share, verify=verify)

    async def pipeline(
        self,
        steps: Sequence[Step],
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as Database has it
        share: Hashable,
    ) -> list[list[Row]]:
        """Run the statements as one transaction."""
        attributes = describe_statements([statement for statement, _ in steps])
        with self._tracer.child("SQL transaction", kind=SpanKind.CLIENT, attributes=attributes):
            return await super().pipeline(steps, timeout=timeout, share=share)

    @asynccontextmanager
    async def transaction(
        self,
        *,
        timeout: float | None = None,  # noqa: ASYNC109 - as Database has it
        share: Hashable,
        statement: Statement | None = None,
    ) -> AsyncIterator[Transaction]:
        """Hold a transaction."""
        with self._tracer.child("SQL transaction", kind=SpanKind.CLIENT, attributes=describe_statements([])):
            async with super().transaction(timeout=timeout, share=share, statement=statement) as transaction:
                yield _TracedTransaction(self._tracer, transaction)

    @asynccontextmanager
    async def session(self) -> AsyncIterator[psycopg.AsyncConnection]:
        """Hold a connection for statements that psycopg sends, which have no spans of their own."""
        with self._tracer.child("SQL session", kind=SpanKind.CLIENT, attributes=describe_statements([])):
            async with super().session() as connection:
                yield connection


class _TracedTransaction(Transaction):
    """A transaction whose messages are spans."""

    def __init__(self, tracer: Tracer, inner: Transaction) -> None:  # the inner one has all that Transaction makes
        self._tracer = tracer
        self._inner = inner

    def precede(self, step: Step) -> None:
        """Have a statement run before the next one, of whose span it is a part."""
        self._inner.precede(step)

    async def run(self, statement: Statement, parameters: Parameters) -> list[Row]:
        """Run one statement."""
        with self._tracer.child("SQL statement", kind=SpanKind.CLIENT, attributes=describe_statements([statement])):
            return await self._inner.run(statement, parameters)

    async def pipeline(self, steps: Sequence[Step]) -> list[list[Row]]:
        """Run the statements in order."""
        attributes = describe_statements([statement for statement, _ in steps])
        with self._tracer.child("SQL statement", kind=SpanKind.CLIENT, attributes=attributes):
            return await self._inner.pipeline(steps)

    async def commit(self) -> None:
        """Commit."""
        await self._inner.commit()


def describe_statements(statements: Sequence[Statement]) -> Attributes:
    """Return the attributes of the span of statements."""
    attributes: dict[str, str] = {"db.system.name": "postgresql"}
    if statements:
        attributes["db.query.text"] = "; ".join(one.text for one in statements)[:_LONGEST_TEXT]
    return attributes
