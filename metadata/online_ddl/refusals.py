"""Which failures of a build are for good: PostgreSQL refuses the records, and would do so again."""

import psycopg

from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.model import Snapshot
from fieldstone.sql.errors import DatabaseError, StaleSchema, UniqueViolation, ValueTooLong
from fieldstone.sql.sqlstate import is_passing, translate_error

_LONGEST = 1_000


async def read_refusal(connection: Session, snapshot: Snapshot, error: psycopg.Error, names: str) -> str:
    """Return why a build cannot succeed, for people to read.

    Args:
        connection: the builder's.
        snapshot: the model that the build was made by.
        error: PostgreSQL's refusal.
        names: the fields that are built.

    Raises:
        DatabaseError: the failure passes: it is to be tried again.
    """
    known = translate_error(error)
    if is_passing(known) or await _has_moved(connection, snapshot, known):
        raise known from error
    match known:
        case UniqueViolation():
            return f"records have the same value of {names}"
        case ValueTooLong():
            return f"a value of {names} is too long for an index: {known.message}"[:_LONGEST]
        case _:
            return known.message[:_LONGEST]


async def _has_moved(connection: Session, snapshot: Snapshot, error: DatabaseError) -> bool:
    """Tell whether the tables have become others since the model was read."""
    if not isinstance(error, StaleSchema):
        return False
    # A workspace that is gone meanwhile is found missing by the next try.
    return (await read_snapshot(connection, snapshot.workspace.id)).version != snapshot.version
