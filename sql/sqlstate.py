"""The translation of the server's error reports: the only place where an SQLSTATE is read."""

import re
from collections.abc import Callable

import psycopg
from psycopg.errors import Diagnostic
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGresult

from fieldstone.sql.errors import (
    CheckViolation,
    ClosedPath,
    ConnectionLost,
    DatabaseError,
    DatabaseUnavailable,
    ForeignKeyViolation,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    OutOfResources,
    PermissionDenied,
    RaisedException,
    ReadOnlyServer,
    ResponseTooLarge,
    RowTooLarge,
    Serialization,
    StalePlan,
    StaleSchema,
    StatementTimeout,
    UniqueViolation,
    UnknownTimeZone,
    ValueOutOfRange,
    ValueTooLong,
)
from fieldstone.sql.frozen import frozen

# https://www.postgresql.org/docs/current/errcodes-appendix.html
_BY_STATE: dict[str, type[DatabaseError]] = {
    # Of the functions that a request calls, AT TIME ZONE alone refuses a parameter's value so.
    "22023": UnknownTimeZone,
    "22S01": ClosedPath,
    "23001": ForeignKeyViolation,
    "23502": NotNullViolation,
    "23503": ForeignKeyViolation,
    "23505": UniqueViolation,
    "23514": CheckViolation,
    "23P01": UniqueViolation,
    "25006": ReadOnlyServer,
    "25P03": ConnectionLost,
    "25P04": StatementTimeout,
    "26000": StalePlan,
    "3F000": StaleSchema,
    "40001": Serialization,
    "40P01": Serialization,
    "42501": PermissionDenied,
    "42703": StaleSchema,
    "42704": StaleSchema,
    "42804": StaleSchema,
    "42883": StaleSchema,
    "42P01": StaleSchema,
    "42P05": StalePlan,
    "53400": LimitExceeded,
    "55P03": LockTimeout,
    "57014": StatementTimeout,
    "57P01": ConnectionLost,
    "57P02": ConnectionLost,
    "57P03": DatabaseUnavailable,
    "57P05": ConnectionLost,
    "FS001": ResponseTooLarge,
    "P0001": RaisedException,
}
_BY_CLASS: dict[str, type[DatabaseError]] = {
    "08": ConnectionLost,
    "22": ValueOutOfRange,
    "53": OutOfResources,
    "54": LimitExceeded,
}

# Messages are translated by lc_messages, the name of the C function that raised is not. PostgreSQL does not plan a
# call again that has a table's type without the table, such as jsonb_populate_record(NULL::person, ..), after a change.
_STALE_PLANS = {
    ("0A000", "RevalidateCachedQuery"),
    ("42703", "CheckVarSlotCompatibility"),
    ("42804", "CheckVarSlotCompatibility"),
}

# The functions that refuse a value for its length, of which before PostgreSQL 16 one had a shorter name.
_MEASURING = {"_bt_check_third_page", "index_form_tuple", "index_form_tuple_context", "GinFormTuple", "make_tsvector"}

_PLACING = "RelationGetBufferForTuple"
"""The function that finds no page for a row which is larger than one."""

# Citus passes the errors of its workers on without their fields, and a shard has the number of the shard behind each of
# its names. A worker that is lost in the middle of a statement, or at its end, has no SQLSTATE of its own.
_OF_A_WORKER = re.compile(r"while executing command on \S+:\d+")
_SHARD = re.compile(r'_\d{6,}(?=")')
_QUOTED = re.compile(r'"([^"]*)"')
# A statement waits for a change of the tables until its second phase has ended on each worker: a worker without the
# table or its schema lacks that phase, which Citus ends later.
_LACKING_STATES = ("3F000", "42P01")
_WORKER_LOST = ("failure on connection marked as essential", "server closed the connection unexpectedly")
# The function of Citus that says so when the coordinator has committed and a worker has not answered that it has too.
_COMMITS_WORKERS = "FinishRemoteTransactionCommit"
_TOO_LONG = re.compile(r"index row size|index row requires|string is too long for tsvector")
_ROW_TOO_BIG = re.compile(r"row is too big")

_PASSING = ("08", "25", "40", "53", "55", "57", "58")

FATAL_ERROR = int(ExecStatus.FATAL_ERROR)


def is_reported_error(result: PGresult) -> bool:
    """Return whether `result` is an error that the server reported, not one that libpq made up for a lost socket."""
    return result.status == FATAL_ERROR and result.error_field(DiagnosticField.SQLSTATE) is not None


@frozen
class _Names:
    """The names in an error's report."""

    schema: str | None = None
    table: str | None = None
    column: str | None = None
    constraint: str | None = None


def translate_result(result: PGresult) -> DatabaseError:
    """Return the DatabaseError for an answer of status FATAL_ERROR."""

    def text(field: DiagnosticField) -> str | None:
        value = result.error_field(field)
        return None if value is None else value.decode("utf-8", "replace")

    message = text(DiagnosticField.MESSAGE_PRIMARY) or result.error_message.decode("utf-8", "replace").strip()
    sqlstate = text(DiagnosticField.SQLSTATE)
    if sqlstate is None:
        return ConnectionLost(message, outcome_unknown=True)
    if message.startswith(_WORKER_LOST):
        return ConnectionLost(message, sqlstate=sqlstate, outcome_unknown=True)
    is_of_worker = _OF_A_WORKER.search(text(DiagnosticField.CONTEXT) or "") is not None
    if is_of_worker:
        message = _SHARD.sub("", message)
    kind = _BY_STATE.get(sqlstate) or _BY_CLASS.get(sqlstate[:2], DatabaseError)
    if (sqlstate, text(DiagnosticField.SOURCE_FUNCTION)) in _STALE_PLANS:
        kind = StalePlan
    if is_of_worker and sqlstate in _LACKING_STATES:
        kind = DatabaseUnavailable
    is_measured = text(DiagnosticField.SOURCE_FUNCTION) in _MEASURING
    if kind is LimitExceeded and (is_measured or (is_of_worker and _TOO_LONG.search(message))):
        kind = ValueTooLong
    is_placed = text(DiagnosticField.SOURCE_FUNCTION) == _PLACING
    if kind is LimitExceeded and (is_placed or (is_of_worker and _ROW_TOO_BIG.search(message))):
        kind = RowTooLarge
    if issubclass(kind, ConnectionLost):
        return kind(message, sqlstate=sqlstate)
    names = _names_in(kind, message) if is_of_worker else _reported_names(text)
    return kind(
        message,
        sqlstate=sqlstate,
        detail=text(DiagnosticField.MESSAGE_DETAIL),
        schema=names.schema,
        table=names.table,
        column=names.column,
        constraint=names.constraint,
    )


def _reported_names(text: Callable[[DiagnosticField], str | None]) -> _Names:
    return _Names(
        schema=text(DiagnosticField.SCHEMA_NAME),
        table=text(DiagnosticField.TABLE_NAME),
        column=text(DiagnosticField.COLUMN_NAME),
        constraint=text(DiagnosticField.CONSTRAINT_NAME),
    )


def _names_in(kind: type[DatabaseError], message: str) -> _Names:
    """Return the names in the message of a worker's error, whose shards have none of their own."""
    quoted = _QUOTED.findall(message)
    if not quoted:
        return _Names()
    if kind is NotNullViolation:
        return _Names(column=quoted[0], table=quoted[1] if len(quoted) > 1 else None)
    table = quoted[0] if len(quoted) > 1 else None
    return _Names(table=table, constraint=quoted[-1])


def lacks_commit(warning: Diagnostic) -> bool:
    """Return whether a worker of Citus may lack a transaction that the coordinator has committed."""
    return warning.source_function == _COMMITS_WORKERS


def translate_error(error: psycopg.Error) -> DatabaseError:
    """Return the DatabaseError for an error of psycopg."""
    if error.pgresult is not None:
        return translate_result(error.pgresult)
    message = str(error).strip()
    # An error without a report of the server is a broken or missing socket, unless it is a programming error.
    if isinstance(error, psycopg.OperationalError):
        return ConnectionLost(message, outcome_unknown=True)
    return DatabaseError(message)


def is_passing(error: DatabaseError) -> bool:
    """Return whether the same statement may succeed later without a change of it or of the rows.

    A connection, a lock, room on a disk or the server itself was lacking; or the transaction was in another's way.
    A limit that the operator has set, as that of temporary files, stays.
    """
    is_limit = isinstance(error, LimitExceeded)
    return isinstance(error, DatabaseUnavailable) or (not is_limit and (error.sqlstate or "")[:2] in _PASSING)
