"""Several statements as one message: no round trip lies between them, and so no lock is held across one."""

from collections.abc import Iterable, Mapping
from typing import Any

from psycopg import AsyncClientCursor
from psycopg.sql import Composed

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.catalog.sessions import Session

QueryStep = tuple[str, Mapping[str, Any]]
"""A named query with its parameters."""


async def send_as_one(
    connection: Session, steps: Iterable[QueryStep | Composed], *, commit: bool = False, apart: bool = False
) -> list[tuple[Any, ...]]:
    """Run the statements in order, and commit if that is asked for; return the rows of the last that has any.

    PostgreSQL takes no parameters with several statements, so psycopg writes the values into their text. With `apart`
    each is a message, as Citus wants those to be that change a distributed table.

    Raises:
        psycopg.Error: one failed; those behind it, the commit too, were not run.
    """
    cursor = AsyncClientCursor(connection)
    texts = [
        step.as_string(connection) if isinstance(step, Composed) else cursor.mogrify(QUERIES[step[0]], step[1])
        for step in steps
    ]
    if commit:
        texts.append("COMMIT")
    if apart:
        while len(texts) > 1:
            await cursor.execute(texts.pop(0).encode())
    if not texts:
        return []
    await cursor.execute(";\n".join(text.removesuffix(";") for text in texts).encode())
    rows: list[tuple[Any, ...]] = []
    while True:
        if cursor.description is not None:
            rows = await cursor.fetchall()
        if not cursor.nextset():
            return rows
