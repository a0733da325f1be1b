"""The errors of the database in the API's terms."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    Conflict,
    NotFound,
    Overloaded,
    Path,
    QueryTooComplex,
    ServiceUnavailable,
    Timeout,
)
from fieldstone.engine.too_long import describe_too_long
from fieldstone.metadata.changes.tables.alteration import REQUIRED, required_check
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql import errors
from fieldstone.sql.concurrency.log_pause import LogPause

_LOG = logging.getLogger(__name__)

_LACK = LogPause()

_ROW_TOO_LARGE = (
    "The record has too many values: together they take at most 8,160 bytes of a row, in which a text counts with"
    " 24 bytes at most. Leave some of them empty, or keep them in a related object."
)


def describe(
    error: errors.DatabaseError, snapshot: Snapshot | None, path: Path | None, *, written: Object | None = None
) -> ApiError | None:
    """Return the error that a client is sent; None where the fault is ours, or the model has moved (StaleSchema).

    `written` is the object whose records the statement writes, where that is known.
    """
    match error:
        case errors.ValueTooLong():
            return describe_too_long(error, snapshot, written, path)
        case errors.UniqueViolation():
            return _taken(error, snapshot, path)
        case errors.ForeignKeyViolation():
            return NotFound("A record to connect to was destroyed meanwhile.", path=path)
        case errors.NotNullViolation():
            return _required(error, snapshot, path)
        case errors.CheckViolation() | errors.RaisedException():
            return _refused(error, snapshot, path)
        case errors.ValueOutOfRange():
            return _wrong_value(error, path)
        case errors.LimitExceeded():
            return _past_limit(error, path)
        case errors.ResponseTooLarge():
            return QueryTooComplex(f"The answer is too large: {error.message}.", path=path)
        case errors.StatementTimeout() | errors.LockTimeout():
            return Timeout("The operation took longer than is allowed, and was undone.", path=path)
        case errors.CommitOutcomeUnknown() | errors.DatabaseUnavailable():
            return _unavailable(error, path)
        case errors.Serialization():
            return Conflict("Other changes were in the way each time: try again.", path=path)
        case _:
            return None


@contextmanager
def described() -> Iterator[None]:
    """Let an error of the database leave the block as the one that a client is sent, where there is one."""
    try:
        yield
    except errors.DatabaseError as error:
        if known := describe(error, None, None):
            raise known from error
        raise


def _past_limit(error: errors.LimitExceeded, path: Path | None) -> ApiError:
    if isinstance(error, errors.RowTooLarge):
        return BadUserInput(_ROW_TOO_LARGE, path=path)
    return QueryTooComplex(f"The operation is past a limit of the database: {error.message}.", path=path)


def _wrong_value(error: errors.ValueOutOfRange, path: Path | None) -> BadUserInput:
    field: str | None
    match error:
        case errors.UnknownTimeZone():
            field, reason = "timeZone", "'timeZone' must be the name of a time zone, such as Europe/Berlin or UTC"
        case errors.ClosedPath():
            field, reason = "setPath", "'setPath' cannot follow a path"
        case _:
            field, reason = None, "A value is out of range"
    return BadUserInput(f"{reason}: {error.message}.", field=field, path=path)


def _unavailable(
    error: errors.CommitOutcomeUnknown | errors.DatabaseUnavailable, path: Path | None
) -> ServiceUnavailable:
    match error:
        case errors.CommitOutcomeUnknown():
            message = "The connection was lost while committing: the change may or may not have been kept."
        case errors.DatabaseBusy():
            return Overloaded(
                "The server is busy: the database connections that this workspace may use are all in use. Try again in"
                " a moment.",
                path=path,
            )
        case errors.WritesRefused():
            message = "The database takes no writes now: try again later."
        case errors.OutOfResources():
            if _LACK.begin(error):
                _LOG.warning("PostgreSQL lacks room, memory or connections: %s (%s)", error.message, error.sqlstate)
            message = "The database has no room, no memory or no connection left for this: try again later."
        case _:
            message = "The database cannot be reached: try again in a moment."
    return ServiceUnavailable(message, path=path)


def _taken(error: errors.UniqueViolation, snapshot: Snapshot | None, path: Path | None) -> Conflict:
    index = snapshot.constraints.get(error.constraint or "") if snapshot else None
    if snapshot is None:
        return Conflict("Another record has this id.", field="id", path=path)
    if index is None:
        # The operator has made the constraint, or another process a moment ago.
        return Conflict("Another record has these values.", path=path)
    object_ = snapshot.objects[index.object_id]
    fields = [object_.by_id[field_id] for field_id in index.field_ids]
    names = [field.name for field in fields]
    if not object_.is_active or not all(map(object_.knows, fields)):
        return Conflict("Another record has these values.", path=path)
    if len(names) == 1:
        return Conflict(f"Another {object_.label_singular} has this value of '{names[0]}'.", field=names[0], path=path)
    together = " and ".join(f"'{name}'" for name in names)
    message = f"Another {object_.label_singular} has these values of {together} together."
    return Conflict(message, path=path, extensions={"fields": names})


def _refused(
    error: errors.CheckViolation | errors.RaisedException, snapshot: Snapshot | None, path: Path | None
) -> BadUserInput:
    """Return the refusal of a record by a check that a change of the model, or the operator, has made, or a trigger."""
    if isinstance(error, errors.CheckViolation) and (error.constraint or "").startswith(REQUIRED):
        return _required(error, snapshot, path)
    reason = error.message.rstrip(".")
    if isinstance(error, errors.CheckViolation) and error.constraint:
        # The message names the table, which clients do not know.
        reason = f"the values do not fulfil the constraint '{error.constraint}'"
    return BadUserInput(f"PostgreSQL refused the operation: {reason}.", path=path)


def _required(
    error: errors.NotNullViolation | errors.CheckViolation, snapshot: Snapshot | None, path: Path | None
) -> BadUserInput:
    """Return the refusal of a record without a value that is required by now, which the snapshot did not know."""
    objects = snapshot.objects.values() if snapshot else ()
    object_ = next((object_ for object_ in objects if object_.table.name == error.table), None)
    fields = object_.fields if object_ else ()
    found = next((field for field in fields if _is_named(error, field)), None)
    name = error.column if found is None else found.name
    if name is None or (object_ is not None and found is not None and not object_.knows(found)):
        return BadUserInput("A field that the role may not give is required.", path=path)
    return BadUserInput(f"Field '{name}' is required", field=None if found is None else name, path=path)


def _is_named(error: errors.DatabaseError, field: Field) -> bool:
    return error.constraint == required_check(field) or any(part.column.name == error.column for part in field.parts)
