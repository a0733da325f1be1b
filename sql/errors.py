"""The errors of talking to PostgreSQL: one class for each case that a caller can act on.

    SqlError
    ├── EmbeddedServerError
    ├── UnsupportedServer
    ├── UnsupportedEncoding
    ├── NoCoordinator
    └── DatabaseError                  any other SQLSTATE
        ├── IntegrityViolation
        │   ├── UniqueViolation        23505, 23P01
        │   ├── ForeignKeyViolation    23503, 23001
        │   ├── NotNullViolation       23502
        │   └── CheckViolation         23514
        ├── ValueOutOfRange            class 22
        ├── StaleSchema                42703, 42P01, 42883, 42704, 42804, 3F000
        │   └── StalePlan              0A000 of a cached plan, 26000, 42P05; retryable
        ├── StatementTimeout           57014
        ├── LockTimeout                55P03
        ├── Serialization              40001, 40P01; retryable
        ├── LimitExceeded              class 54, 53400 (temp_file_limit)
        │   ├── ValueTooLong           54000 of an index or of a search vector
        │   └── RowTooLarge            54000 of a table
        ├── PermissionDenied           42501
        ├── ResponseTooLarge
        ├── CommitOutcomeUnknown
        └── DatabaseUnavailable        57P03, cannot connect
            ├── DatabaseBusy           no free connection
            ├── OutOfResources         class 53
            ├── ReadOnlyServer         25006; retryable
            ├── WritesRefused          25006 of a primary
            └── ConnectionLost         class 08, 57P01, 57P02, 57P05, 25P03, socket closed
                └── NoAnswer           given up by us, after the statement's time

Which SQLSTATE makes which class stands in sql/sqlstate.py alone.
"""

from collections.abc import Sequence
from typing import ClassVar


class SqlError(Exception):
    """An error that this package raises on purpose."""


class EmbeddedServerError(SqlError):
    """The embedded server cannot be made, started, reached or stopped."""


class UnsupportedServer(SqlError):
    """The server is older than Fieldstone needs.

    Args:
        found: the server's version number as libpq gives it, 140011 for 14.11.
        needed: the least major version.
    """

    def __init__(self, *, found: int, needed: int) -> None:
        major, minor = divmod(found, 10000)
        super().__init__(f"the server runs PostgreSQL {major}.{minor}; PostgreSQL {needed} or newer is needed")
        self.found = found
        self.needed = needed


class UnsupportedEncoding(SqlError):
    """The database cannot hold all characters.

    Args:
        found: the name of its encoding.
    """

    def __init__(self, found: str) -> None:
        super().__init__(
            f"the database has the encoding {found}, and UTF8 is needed: CREATE DATABASE .. TEMPLATE template0"
            " ENCODING 'UTF8' makes another one"
        )


class NoCoordinator(SqlError):
    """The database is not the coordinator of a cluster, which the settings say that it is."""


class DatabaseError(SqlError):
    """A statement failed.

    Args:
        message: the server's, or ours where the server said nothing.
        sqlstate: the server's error code; None where it gave none.
        detail: the server's second sentence; it may hold values of the rows concerned.
        schema: the schema that the server named.
        table: the table that the server named, in `schema`.
        column: the column that the server named, in `table`.
        constraint: the constraint that the server named; for a unique index, the index.

    Attributes:
        retryable: the same work may succeed when its transaction is run again; nothing of it was kept.
        step: which of the statements of one round trip failed, from 0; None where that is not known.
        answers: the rows of each of the statements before it in that round trip.
    """

    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        sqlstate: str | None = None,
        detail: str | None = None,
        schema: str | None = None,
        table: str | None = None,
        column: str | None = None,
        constraint: str | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.sqlstate = sqlstate
        self.detail = detail
        self.schema = schema
        self.table = table
        self.column = column
        self.constraint = constraint
        self.step: int | None = None
        self.answers: Sequence[list[tuple[bytes | None, ...]]] = ()


class IntegrityViolation(DatabaseError):
    """A constraint forbids the change."""


class UniqueViolation(IntegrityViolation):
    """Another row has these values (`schema`, `table`, `constraint`)."""


class ForeignKeyViolation(IntegrityViolation):
    """The row referred to is not there, or rows still refer to this one (`schema`, `table`, `constraint`)."""


class NotNullViolation(IntegrityViolation):
    """A required column got NULL (`schema`, `table`, `column`)."""


class CheckViolation(IntegrityViolation):
    """A check constraint forbids the row (`schema`, `table`, `constraint`)."""


class ValueOutOfRange(DatabaseError):
    """A value does not fit, or is not written as its type needs."""


class ClosedPath(ValueOutOfRange):
    """A path into a JSON document leads through a value that has no such member."""


class UnknownTimeZone(ValueOutOfRange):
    """A time zone has a name that the server does not know."""


class StaleSchema(DatabaseError):
    """The statement names a table, column or function that does not exist, or no longer does."""


class StalePlan(StaleSchema):
    """The prepared statement is no longer valid on its connection; it is prepared again when run again."""

    retryable = True


class RaisedException(DatabaseError):
    """A function in the database, such as a trigger of the operator's, refused the statement with a message."""


class StatementTimeout(DatabaseError):
    """The statement was ended by the server, at its time limit or because it was asked to."""


class LockTimeout(DatabaseError):
    """A lock was not free in time."""


class Serialization(DatabaseError):
    """Two transactions were in each other's way and the server rolled this one back."""

    retryable = True


class LimitExceeded(DatabaseError):
    """The statement is past a limit of the server: columns, nesting, arguments, size, temporary files."""


class ValueTooLong(LimitExceeded):
    """A value does not fit into an index (`constraint`, where the server named it), or into a search vector."""


class RowTooLarge(LimitExceeded):
    """All values of a record together do not fit into a row."""


class PermissionDenied(DatabaseError):
    """The database user may not do this."""


class ResponseTooLarge(DatabaseError):
    """The answer has more bytes than the settings allow."""


class CommitOutcomeUnknown(DatabaseError):
    """The connection was lost while committing: the change may or may not have been kept."""


class DatabaseUnavailable(DatabaseError):
    """The database cannot serve now: nothing was done."""


class DatabaseBusy(DatabaseUnavailable):
    """All connections that the caller may have are in use, and stayed so for too long, or too many wait for one."""


class ReadOnlyServer(DatabaseUnavailable):
    """The server is a standby, which writes nothing: another one is the primary, or will be soon."""

    retryable = True


class WritesRefused(DatabaseUnavailable):
    """The primary takes no writes now, by its own settings: nothing was changed."""


class OutOfResources(DatabaseUnavailable):
    """The server has no memory, no room on its disk or no connection left for this."""


class ConnectionLost(DatabaseUnavailable):
    """The connection ended before the statement's answer was complete.

    Attributes:
        outcome_unknown: a statement sent outside a transaction may have been committed.
    """

    def __init__(self, message: str, *, sqlstate: str | None = None, outcome_unknown: bool = False) -> None:
        super().__init__(message, sqlstate=sqlstate)
        self.outcome_unknown = outcome_unknown


class NoAnswer(ConnectionLost):
    """The statement's time was up, and the server did not even say so: another attempt would take as long."""
