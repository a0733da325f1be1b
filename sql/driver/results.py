"""Rows out of libpq's results."""

from psycopg.pq.abc import PGresult

from fieldstone.sql.errors import ResponseTooLarge
from fieldstone.sql.statement import Row


def decode_rows(result: PGresult, limit: int, counted: int | None = None) -> list[Row]:
    """Return the rows of a successful answer, none for a command without any.

    Raises:
        ResponseTooLarge: they have more than `limit` bytes in the first `counted` columns, or in all.
    """
    columns = result.nfields
    if columns == 1 and result.ntuples == 1 and (text := result.get_value(0, 0)) is not None and len(text) <= limit:
        # A query's answer: one text, the whole response.
        return [(text,)]
    room = limit
    found: list[Row] = []
    for row in range(result.ntuples):
        values = tuple([result.get_value(row, column) for column in range(columns)])
        for value in values[:counted]:
            if value is not None:
                room -= len(value)
        if room < 0:
            raise ResponseTooLarge(f"the answer has more than {limit} bytes")
        found.append(values)
    return found
