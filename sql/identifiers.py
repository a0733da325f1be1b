"""How names become SQL: the only place where an identifier is quoted."""

from functools import lru_cache

from fieldstone.sql.plan.elements import Table

MAXIMUM_BYTES = 63


class IdentifierError(ValueError):
    """A name that PostgreSQL cannot hold unchanged."""


@lru_cache(maxsize=8192)
def quote_identifier(name: str) -> str:
    """Return the name in double quotes.

    Raises:
        IdentifierError: it is empty, holds a NUL, or is longer than 63 bytes (which PostgreSQL would cut).
    """
    if not name:
        raise IdentifierError("an identifier is empty")
    if "\0" in name:
        raise IdentifierError("an identifier holds a NUL character")
    try:
        length = len(name.encode())
    except UnicodeEncodeError as error:
        raise IdentifierError("an identifier holds a lone surrogate") from error
    if length > MAXIMUM_BYTES:
        raise IdentifierError(f"the identifier {name!r} is longer than {MAXIMUM_BYTES} bytes")
    return '"' + name.replace('"', '""') + '"'


@lru_cache(maxsize=8192)
def quote_table(table: Table) -> str:
    """Return the table's name, qualified by its schema (the search path holds pg_catalog alone)."""
    return quote_identifier(table.schema) + "." + quote_identifier(table.name)
