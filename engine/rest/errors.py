"""Errors as REST writes them: short ones as Twenty's clients read them, or problem details.

https://www.rfc-editor.org/rfc/rfc9457
"""

import re
from copy import copy
from http import HTTPStatus

from fieldstone.engine.errors import ApiError, Conflict
from fieldstone.metadata.json_text import dumps

PROBLEM = b"application/problem+json"


_VARIABLE = re.compile(r"Variable '\$(\w+)([^']*)'")
_NAMES = {
    "orderBy": "order_by",
    "groupBy": "group_by",
    "orderByForRecords": "order_by_for_records",
    "first": "limit",
    "last": "limit",
    "after": "starting_after",
    "before": "ending_before",
    "onConflict": "on_conflict",
    "records": "data",
}
_QUOTED = {f"The cursor in '{name}'": f"The cursor in '{_NAMES[name]}'" for name in ("after", "before")} | {
    "'groupBy'": "'group_by'"
}
_BODY = re.compile(r"^(?:data|updates(\[\d+\])\.data|updates)")
"""The beginning of the way to an input in the variables that a body has become."""


class PreconditionFailed(Conflict):
    """The record is not the one that the header If-Match names."""

    status = 412


def rename_inputs(error: ApiError) -> ApiError:
    """Return a copy of an error of a GraphQL request, with the inputs of REST in the place of its variables.

    The API of GraphQL keeps some refusals and raises them again.
    """
    error = copy(error)
    error.message = _VARIABLE.sub(_renamed, error.message)
    for quoted, renamed in _QUOTED.items():
        error.message = error.message.replace(quoted, renamed)
    if error.field is not None:
        error.field = _NAMES.get(error.field, error.field)
    return error


def _renamed(found: "re.Match[str]") -> str:
    variable, rest = found[1], found[2]
    if variable not in {"data", "updates"}:
        return f"'{_NAMES.get(variable, variable)}{rest}'"
    place = _place_in_body(f"{variable}{rest}")
    return f"'{place}'" if place else "The body"


def _place_in_body(name: str) -> str:
    """Return the name of an input as the body has it: `[1].email` for `updates[1].data.email`."""
    return _BODY.sub(r"\1", name).removeprefix(".")


def write_error(error: ApiError, *, as_problem: bool) -> bytes:
    """Return the body of the response to a request that ended with this error."""
    phrase = HTTPStatus(error.status).phrase
    shown: dict[str, object]
    if as_problem:
        shown = {
            **error.extensions,
            "type": "about:blank",
            "title": phrase,
            "status": error.status,
            "detail": error.message,
            "code": error.code,
        }
        if error.field is not None:
            shown["field"] = error.field
    else:
        message, members = error.message, _list_members(error)
        if error.field is not None and members:
            # Twenty's clients show the text alone, so the text has to name the record of a list.
            message = f"{_place_in_body(error.field)}: {message}"
        said = {"messages": [message]} if error.status == HTTPStatus.BAD_REQUEST else {"message": message}
        shown = {"statusCode": error.status, **said, "error": phrase, **members}
    return dumps(shown).encode("utf-8", "replace")


def _list_members(error: ApiError) -> dict[str, object]:
    """Return the members `field` and `rows` of an error that leads into a list of the body; none for another error."""
    if not any(isinstance(step, int) for step in error.extensions.get("input", ())):
        return {}
    rows = {"rows": error.extensions["rows"]} if "rows" in error.extensions else {}
    return {"field": error.field, **rows}
