"""The named queries of the catalog, and their rows."""

from functools import partial
from typing import Any, Final

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.queries import named_statement, read_queries

QUERIES: Final = read_queries(__name__)
catalog_statement: Final = partial(named_statement, __name__)


async def fetch_one(connection: Session, query: str, **parameters: object) -> Any | None:
    """Return the first row of a query of the catalog; None if it has none."""
    return await (await connection.execute(QUERIES[query], parameters)).fetchone()


async def fetch(connection: Session, query: str, **parameters: object) -> list[Any]:
    """Return the rows of a query of the catalog."""
    return await (await connection.execute(QUERIES[query], parameters)).fetchall()
