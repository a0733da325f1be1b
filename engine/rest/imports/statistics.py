"""PostgreSQL's statistics of a table that an import has filled."""

import logging

from psycopg import sql

from fieldstone.metadata.model import Object
from fieldstone.sql.ddl.names import table_sql
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)
_LIMITS = "SELECT set_config('lock_timeout', '1s', true), set_config('statement_timeout', '10s', true)"
_KNOWN_ROWS = "SELECT reltuples FROM pg_class WHERE oid = %s::regclass"
_SHARE = 10
"""An import of a smaller part than this one of a table changes the plans of its reads little."""


async def renew_statistics(database: Database, object_: Object, created: int) -> None:
    """Let PostgreSQL count the values of an object's table now, as an autovacuum does up to a minute later.

    Without statistics PostgreSQL takes all but one of 200 records for deleted ones, and sorts the whole table for each
    page of an export: 60 ms a page at 100,000 records. Nothing is done where the statistics know ten times the records
    that an import has created.

    The table stays as it is, and the log says so, where it is locked for more than a second, as by the build of an
    index, where the counting takes more than ten, or where the database is away.
    """
    try:
        async with database.session() as connection, connection.transaction():
            await connection.execute(_LIMITS)
            table = table_sql(object_.table)
            known = await (await connection.execute(_KNOWN_ROWS, (table.as_string(),))).fetchone()
            if known is not None and known[0] < _SHARE * created:
                await connection.execute(sql.SQL("ANALYZE {}").format(table))
    except SqlError as error:
        _LOG.warning("the statistics of %s are those from before an import: %s", object_.name_plural, error)
