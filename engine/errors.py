"""The errors that a client can be sent: one class for each code, with its HTTP status.

    ApiError
    ├── ParseFailed            GRAPHQL_PARSE_FAILED       400
    ├── ValidationFailed       GRAPHQL_VALIDATION_FAILED  400
    ├── BadUserInput           BAD_USER_INPUT             400
    │   └── MethodNotAllowed   ... by a method that cannot    405
    ├── PersistedQueryNotFound PERSISTED_QUERY_NOT_FOUND  400
    ├── PersistedQueryNotSupported  PERSISTED_QUERY_NOT_SUPPORTED  400
    ├── DocumentNotTrusted     DOCUMENT_NOT_TRUSTED       403
    ├── Unauthenticated        UNAUTHENTICATED            401
    ├── Forbidden              FORBIDDEN                  403
    ├── NotFound               NOT_FOUND                  404
    ├── Conflict               CONFLICT                   409
    ├── QueryTooComplex        QUERY_TOO_COMPLEX          400
    ├── Timeout                TIMEOUT                    504
    ├── RateLimitExceeded      RATE_LIMIT_EXCEEDED        429
    ├── ServiceUnavailable     SERVICE_UNAVAILABLE        503
    │   └── Overloaded         OVERLOADED                 503
    └── InternalServerError    INTERNAL_SERVER_ERROR      500

The status is that of a response that got no further than this error; an error of a field that was executed leaves the
response at 200, as the GraphQL-over-HTTP specification has it.
"""

import time
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

Path = Sequence[str | int]


class RefusedUser(NamedTuple):
    """A user of an identity provider that a sign-in names truly, and that is refused."""

    workspace_id: UUID
    id: UUID
    name: str


class ApiError(Exception):
    """An error with a stable code.

    Args:
        message: one sentence that names the fault and, where it can, a right value.
        field: the input's name where one is to blame.
        path: the response keys that lead to the failed field; None for an error of the request.
        locations: (line, column) pairs in the document, both from 1.
        extensions: more members of the error's extensions.
        user: the user whose sign-in is refused, for the audit log alone; None where it is not known.
    """

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(
        self,
        message: str,
        *,
        field: str | None = None,
        path: Path | None = None,
        locations: Sequence[tuple[int, int]] = (),
        extensions: Mapping[str, Any] | None = None,
        user: RefusedUser | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.path = path
        self.locations = locations
        self.extensions = dict(extensions or {})
        self.user = user

    def formatted(self) -> dict[str, Any]:
        """Return the error as the GraphQL specification writes it."""
        shown: dict[str, Any] = {"message": self.message}
        if self.locations:
            shown["locations"] = [{"line": line, "column": column} for line, column in self.locations]
        if self.path is not None:
            shown["path"] = list(self.path)
        extensions: dict[str, Any] = {"code": self.code}
        if self.field is not None:
            extensions["field"] = self.field
        shown["extensions"] = extensions | self.extensions
        return shown


class ParseFailed(ApiError):
    """The document is not GraphQL."""

    code = "GRAPHQL_PARSE_FAILED"
    status = 400


class ValidationFailed(ApiError):
    """The document does not fit the schema."""

    code = "GRAPHQL_VALIDATION_FAILED"
    status = 400


class BadUserInput(ApiError):
    """A value, or the request's body, breaks a rule."""

    code = "BAD_USER_INPUT"
    status = 400


class MethodNotAllowed(BadUserInput):
    """The operation cannot be sent by this HTTP method."""

    status = 405


class PersistedQueryNotFound(ApiError):
    """There is no document with the id: a client that named it by its hash sends the text too, and it is stored."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    status = 400


class PersistedQueryNotSupported(ApiError):
    """Clients may store no documents here: the text has to be sent each time."""

    code = "PERSISTED_QUERY_NOT_SUPPORTED"
    status = 400


class DocumentNotTrusted(ApiError):
    """The server answers trusted documents only, and the document is none."""

    code = "DOCUMENT_NOT_TRUSTED"
    status = 403


class Unauthenticated(ApiError):
    """There is no valid key."""

    code = "UNAUTHENTICATED"
    status = 401


class Forbidden(ApiError):
    """The key's role may not."""

    code = "FORBIDDEN"
    status = 403


class NotFound(ApiError):
    """There is no such record to write or to connect."""

    code = "NOT_FOUND"
    status = 404


class Conflict(ApiError):
    """A unique key is taken, or other records stand in the way."""

    code = "CONFLICT"
    status = 409


class QueryTooComplex(ApiError):
    """The operation is past a limit."""

    code = "QUERY_TOO_COMPLEX"
    status = 400


class Timeout(ApiError):
    """The statement took longer than is allowed."""

    code = "TIMEOUT"
    status = 504


class RateLimitExceeded(ApiError):
    """The key has used up its requests for now; `resetAt` (Unix milliseconds) stands in the extensions."""

    code = "RATE_LIMIT_EXCEEDED"
    status = 429

    @property
    def pause(self) -> float:
        """The seconds until the next try, one at most: the end of the key or of the server is seen within a second."""
        left: float = self.extensions["resetAt"] / 1000 - time.time()
        return min(1.0, max(0.05, left))


class ServiceUnavailable(ApiError):
    """The database is away, or the server cannot do this now."""

    code = "SERVICE_UNAVAILABLE"
    status = 503


class Overloaded(ServiceUnavailable):
    """More operations wait than are answered in time: nothing was done."""

    code = "OVERLOADED"


class InternalServerError(ApiError):
    """A fault of ours; the client sees the id under which it is logged."""

    code = "INTERNAL_SERVER_ERROR"
    status = 500


def drop_frames(error: BaseException) -> None:
    """Have an error that is to be sent, and those that it comes from, lead to no frame any more.

    A variable of a frame that keeps such an error is a cycle with its traceback, which only the collector frees.
    """
    left: BaseException | None = error
    while left is not None and left.__traceback__ is not None:
        left.__traceback__ = None
        left = left.__cause__ or left.__context__
