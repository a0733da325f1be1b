"""The addresses of import jobs: `/imports`, `/imports/{id}` and the acts on one, `/imports/{id}/run`.

No object gets this plural name; one that has it from before is found at all other addresses, such as `/batch/imports`.
"""

from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.errors import NotFound
from fieldstone.engine.rest.routes import refuse_method
from fieldstone.metadata.changes.rules.names import IMPORTS

ACTS: Final = ("check", "run", "stop", "undo")
"""The acts on a job, by POST."""
ERRORS: Final = "errors.csv"
"""The refused rows of a job, by GET."""

PARAMETERS: Final = ("object", "format", "name", "mapping", "on_conflict", "upsert", "start")
"""The parameters of a new job."""


class JobAddress(NamedTuple):
    """The address of all jobs, of one, or of an act on it.

    Attributes:
        act: one of `ACTS`, or `ERRORS`.
    """

    id: UUID | None = None
    act: str | None = None

    @property
    def methods(self) -> tuple[str, ...]:
        """The methods that it allows."""
        if self.act is not None:
            return ("GET", "HEAD", "OPTIONS") if self.act == ERRORS else ("POST", "OPTIONS")
        return ("GET", "POST", "HEAD", "OPTIONS") if self.id is None else ("GET", "PATCH", "DELETE", "HEAD", "OPTIONS")

    def require(self, method: str) -> None:
        """Raise MethodNotAllowed if it does not allow a method."""
        if method not in self.methods:
            raise refuse_method(method, self.methods)


def find_job_address(path: str) -> JobAddress | None:
    """Return the address that a path behind `/rest/` is, None for one that is about records.

    Raises:
        NotFound: it is about jobs, and there is nothing there.
    """
    root, *rest = path.removesuffix("/").split("/")
    if root != IMPORTS:
        return None
    if not rest:
        return JobAddress()
    try:
        id_ = UUID(rest[0])
    except ValueError:
        raise NotFound("An import is named by its id, which is a UUID.", field="id") from None
    if len(rest) == 1:
        return JobAddress(id_)
    if len(rest) == 2 and rest[1] in (*ACTS, ERRORS):
        return JobAddress(id_, rest[1])
    raise NotFound(f"There is no such address: an import has {', '.join((*ACTS, ERRORS))}.")
