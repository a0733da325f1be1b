"""An import job as its row has it."""

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Any, Final
from uuid import UUID

from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.sql.frozen import frozen


class Status(Enum):
    """The state of a job."""

    RECEIVING = "RECEIVING"
    READY = "READY"
    CHECKING = "CHECKING"
    CHECKED = "CHECKED"
    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"
    DONE = "DONE"
    UNDOING = "UNDOING"
    UNDONE = "UNDONE"


ACTIVE: Final = frozenset({Status.CHECKING, Status.RUNNING, Status.UNDOING})
"""The states in which a process works on a job."""

_LONGEST_OPTION = 200_000
"""Characters of an option as JSON: each answer about a job has all of them."""

OPTIONS: Final = ("mapping", "onConflict", "upsert")
"""The members of a job that say how its file is read and written."""


@frozen
class ImportJob:
    """A job.

    Attributes:
        row: its columns by name, as JSON.
    """

    id: UUID
    workspace_id: UUID
    object_id: UUID
    status: Status
    format: Format
    row: Mapping[str, Any]

    @property
    def share(self) -> int:
        """The key of the share of the connections that the work on it counts for: that of its workspace."""
        return self.workspace_id.int

    @property
    def options(self) -> dict[str, Any]:
        """How its file is read and written."""
        return dict(self.row["options"])

    @property
    def has_begun(self) -> bool:
        """Whether records were written."""
        return bool(self.row.get("has_batches"))

    def show(self, plural: str | None) -> dict[str, Any]:
        """Return the job as an answer has it; `plural` names its object, unless that is not there any more."""
        row = self.row
        shown = {
            "id": str(self.id),
            "object": plural,
            "format": self.format.value,
            "name": row["name"],
            "status": self.status.value,
            "size": row["size"],
            "bytesRead": row["bytes_read"],
            "hasWritten": self.has_begun,
        }
        shown |= {name: row[name] for name in ("created", "updated", "failed", "undone", "kept", "ignored")}
        shown |= {name: row["head"].get(name, []) for name in ("columns", "sample", "suggested")}
        shown |= {name: row["options"].get(name) for name in OPTIONS}
        return shown | {
            "error": row["error"],
            "createdBy": {name: row["owner"][name] for name in ("id", "name")},
            "createdAt": row["created_at"],
            "updatedAt": row["updated_at"],
            "finishedAt": row["finished_at"],
        }


def read_job(row: Mapping[str, Any]) -> ImportJob:
    """Return the job that a row is."""
    return ImportJob(
        id=UUID(row["id"]),
        workspace_id=UUID(row["workspace_id"]),
        object_id=UUID(row["object_id"]),
        status=Status(row["status"]),
        format=Format(row["format"]),
        row=row,
    )


def merge_options(known: Mapping[str, JsonValue], given: JsonValue) -> dict[str, JsonValue]:
    """Return a job's options with those of a request in their place; raises BadUserInput."""
    if given is None:
        return dict(known)
    if not isinstance(given, dict):
        raise BadUserInput("The body must be a JSON object.")
    for name, value in given.items():
        if name not in OPTIONS:
            raise BadUserInput(f"'{name[:80]}' is no option of an import: {', '.join(OPTIONS)} are.", field=name[:80])
        if name == "upsert" and not isinstance(value, bool | None):
            raise BadUserInput("'upsert' must be true or false.", field=name)
        if name == "onConflict" and not _is_list_of_names(value):
            raise BadUserInput("'onConflict' must be a list of the fields of one unique key, or null.", field=name)
        if len(dumps(value)) > _LONGEST_OPTION:
            raise BadUserInput(f"'{name}' has more than {_LONGEST_OPTION:,} characters as JSON.", field=name)
    return {**known, **given}


def _is_list_of_names(value: JsonValue) -> bool:
    return value is None or (isinstance(value, list) and bool(value) and all(isinstance(one, str) for one in value))


def parameters_of(options: Mapping[str, Any], *, dry_run: bool) -> Parameters:
    """Return the options as the parameters of an import."""
    given: dict[str, str] = {"dry_run": "true"} if dry_run else {}
    if options.get("mapping") is not None:
        given["mapping"] = dumps(options["mapping"])
    if options.get("onConflict"):
        given["on_conflict"] = ",".join(options["onConflict"])
    elif options.get("upsert"):
        given["upsert"] = "true"
    return Parameters(given)


def error_row(error: ApiError) -> str:
    """Return an error as the column of a job."""
    return dumps({"code": error.code, "message": error.message})


def listed(states: Collection[Status]) -> str:
    """Return the names of states in a message."""
    return " or ".join(sorted(state.value for state in states))
