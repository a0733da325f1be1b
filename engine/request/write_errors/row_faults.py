"""The rows that a create or an upsert is refused for, found after the failure by the same input."""

import json
from collections.abc import Hashable
from dataclasses import replace

from fieldstone.engine.errors import ApiError, Conflict, NotFound
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.row_errors import say_same_key
from fieldstone.engine.request.write_errors.row_errors import RowBlame, find_blamed, row_error
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.writes.look_ups import Faults
from fieldstone.sql.statement import Parameters


async def name_rows(
    database: Database,
    write: PlannedWrite,
    faults: Faults,
    parameters: Parameters,
    error: ApiError,
    *,
    time_limit: float,
    share: Hashable,
) -> ApiError | None:
    """Return the error of a failed create with the rows that are to blame, None where no row is any more.

    Args:
        database: the one that it should have written to.
        write: the create or upsert.
        faults: the search for its rows.
        parameters: those of the create's statement.
        error: the refusal without rows.
        time_limit: seconds.
        share: the share that the statement counts for.
    """
    names = error.extensions.get("fields") or [error.field]
    if isinstance(error, NotFound):
        missing = [place for place in faults.missing if write.references[place].field == error.field]
        narrowed = replace(faults, missing=tuple(missing), keys=())
    else:
        keys = [key for key, fields in zip(faults.keys, write.keys, strict=True) if list(fields) == names]
        narrowed = replace(faults, missing=(), keys=tuple(keys))
    if not narrowed.missing and not narrowed.keys:
        return None
    rows = [parameters[slot] for slot in faults.slots]
    ((found,),) = await database.read(compile_plan(narrowed), rows, timeout=time_limit, share=share)
    blamed = [RowBlame(index=index, fields=names, values=values) for index, values in json.loads(found or b"[]")]
    if not blamed:
        return None
    if isinstance(error, NotFound):
        return row_error(NotFound, error.message, write, blamed)
    first, *others = [blamed[place] for place in find_blamed([row.values for row in blamed])]
    if not others:
        return row_error(Conflict, error.message, write, blamed, blamed=first)
    message = say_same_key(("data", first.index), ("data", others[0].index), names)
    return row_error(Conflict, message, write, blamed, blamed=others[0])


def may_have_rows(error: ApiError) -> bool:
    """Return whether rows of the input can be the reason of an error, and it does not name them yet."""
    return isinstance(error, Conflict | NotFound) and "input" not in error.extensions
