"""The verdicts of the statements that write, as the errors that a client is sent."""

import json
from typing import NoReturn

from fieldstone.engine.errors import ApiError, BadUserInput, Conflict, NotFound, QueryTooComplex
from fieldstone.engine.planner.writes.nested.plan import PlannedNested
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.removal import Implied
from fieldstone.engine.request.write_errors.forbidden import PresetRefused, describe_forbidden
from fieldstone.engine.request.write_errors.row_errors import RowBlame, quoted, row_error
from fieldstone.engine.request.write_errors.upsert_problems import describe_upsert
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.statement import Row


def judge_write(write: PlannedWrite, row: Row, role: str) -> None:
    """Raise the error of a write of this role, where it has one."""
    if row[0] is not None:
        error = _describe(write, row[0].decode(), role)
        error.path, error.locations = write.path, write.location
        raise error


def _describe(write: PlannedWrite, verdict: str, role: str) -> ApiError:
    problem, _, details = verdict.partition(":")
    match Problem(problem):
        case Problem.FORBIDDEN | Problem.CHECK:
            return describe_forbidden(write, Problem(problem), json.loads(details), role)
        case Problem.NOT_FOUND if write.key_fields:
            return NotFound(
                f"There is no {write.object_.label_singular} with this {quoted(write.key_fields)} to"
                f" {write.verb.value}.",
                field="where",
            )
        case Problem.NOT_FOUND:
            ids = ", ".join(json.loads(details))
            return NotFound(
                f"There is no {write.object_.label_singular} with the id {ids} to {write.verb.value}.",
                field="id",
            )
        case Problem.TARGET_NOT_FOUND:
            return _target_not_found(write, role, *json.loads(details))
        case Problem.OUT_OF_RANGE:
            place, id_ = json.loads(details)
            name = write.changed[place]
            return BadUserInput(
                f"'{name}' of the {write.object_.label_singular} {id_} would be out of range.",
                field=name,
                extensions={"input": ["increment", name], "rows": [{"id": id_, "field": name}]},
            )
        case Problem.CHANGED:
            (local,) = json.loads(details)
            return Conflict(
                f"The {write.object_.label_singular} was changed at {local}Z, which 'ifUpdatedAt' does not say.",
                field="ifUpdatedAt",
                extensions={"current": {"updatedAt": f"{local}Z"}},
            )
        case Problem.KEY_TWICE | Problem.RECORD_TWICE | Problem.TWO_RECORDS | Problem.KEY_TAKEN:
            return describe_upsert(write, Problem(problem), json.loads(details))
        case Problem.TOO_MANY if write.key_fields:
            return BadUserInput(
                f"Several deleted records of {write.object_.label_plural} have this {quoted(write.key_fields)}:"
                f" name the one to {write.verb.value} by its id.",
                field="where",
            )
        case Problem.TOO_MANY if write.is_dear:
            return QueryTooComplex(
                f"The filter means more than the {write.limit:,} records that may be answered with this selection, "
                f"which costs {write.price.fixed:,} for each record (FIELDSTONE_MAX_COST); nothing was written.",
                field="filter",
            )
        case Problem.TOO_MANY:
            return BadUserInput(
                f"The filter means more than the {write.limit} records that a request may write; nothing was written.",
                field="filter",
            )


def restrict(write: PlannedWrite, implied: Implied, row: Row) -> None:
    """Raise the error of records that stand in the way of a removal, where there are any."""
    counts = json.loads(row[0] or b"{}")
    if not counts["n"]["n"]:
        return
    is_whole = implied.holder.access is None
    count = counts["n" if is_whole else "seen"]["n"] if is_whole or "seen" in counts else 0
    if not count:
        raise Conflict(
            "Other records depend on those that would be destroyed.", path=write.path, locations=write.location
        )
    rights = implied.holder.rights
    deleted = ", deleted ones included" if rights.restore or rights.destroy else ""
    raise Conflict(
        f"Records of {implied.holder.label_plural} point to records that would be destroyed, by "
        f"'{implied.field.name}': {count}{deleted}. Connect them to another record, or destroy"
        " them, first.",
        field=implied.field.name,
        path=write.path,
        locations=write.location,
    )


def left_out(write: PlannedWrite | PlannedNested) -> BadUserInput:
    """Return the error of a write of one record that PostgreSQL has passed over."""
    return BadUserInput(
        "PostgreSQL has left the write out: a trigger, a rule or row security on the table of"
        f" {write.object_.label_plural} passes over it.",
        path=write.path,
        locations=write.location,
    )


def refuse_more(write: PlannedWrite, implied: Implied) -> NoReturn:
    """Raise the error of a removal that writes too many records by this effect and those before it."""
    depending = "others that depend on those that would be destroyed"
    if implied.is_told:
        label, name = implied.holder.label_plural, implied.field.name
        depending = f"{label} that point to records that would be destroyed, by '{name}'"
    raise BadUserInput(
        f"More than {implied.limit:,} records would be written, among them {depending}: connect them to another record,"
        " or destroy them, first; nothing was written.",
        path=write.path,
        locations=write.location,
    )


def _target_not_found(write: PlannedWrite, role: str, place: int, index: int) -> ApiError:
    """Return the error of a reference to no record, in this row of the data, for a role."""
    reference = write.references[place]
    if reference.preset is not None:
        return PresetRefused.of(reference.preset, role)
    message = f"There is no {reference.target} to connect '{reference.field}' to."
    if write.faults is not None and place not in write.faults.missing:
        return row_error(NotFound, message, write, [RowBlame(index=index, fields=(reference.field,))])
    return NotFound(message, field=reference.field)
