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
}
_CURSORS = ("after", "before")


class PreconditionFailed(Conflict):
    """The record is not the one that the header If-Match names."""

    status = 412


def rename_inputs(error: ApiError) -> ApiError:
    """Return a copy of an error of a GraphQL request, with the inputs of REST in the place of its variables.

    The API of GraphQL keeps some refusals and raises them again.
    """
    error = copy(error)
    error.message = _VARIABLE.sub(_renamed, error.message)
    for name in _CURSORS:
        error.message = error.message.replace(f"The cursor in '{name}'", f"The cursor in '{_NAMES[name]}'")
    if error.field is not None:
        error.field = _NAMES.get(error.field, error.field)
    return error


def _renamed(found: "re.Match[str]") -> str:
    variable, rest = found[1], found[2]
    if variable not in {"data", "updates"}:
        return f"'{_NAMES.get(variable, variable)}{rest}'"
    return f"'{rest.removeprefix('.')}'" if rest else "The body"


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
    elif error.status == HTTPStatus.BAD_REQUEST:
        shown = {"statusCode": error.status, "messages": [error.message], "error": phrase}
    else:
        shown = {"statusCode": error.status, "message": error.message, "error": phrase}
    return dumps(shown).encode("utf-8", "replace")
