"""The bodies that come again with other variables: one that was read once is known by its text around them."""

from collections.abc import Mapping
from typing import Final

from fieldstone.engine.client_json import DEPTH
from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.http.requests.body import decode_json
from fieldstone.engine.server.http.requests.operations import build_request
from fieldstone.metadata.json_text import JsonValue, dumps, loads_at

_MOST: Final = 4_096
_LONGEST: Final = 4_096
"""Characters around the variables; with the most bodies 16 MiB in all."""
_BEFORE: Final = '"variables":'
"""It stands in no string, whose quotation marks are escaped: a value of a member begins behind it."""

Read = tuple[GraphQLRequest, Mapping[str, JsonValue]]
"""The request of a body, and the variables that take the place of its own."""


class KnownBodies:
    """The known bodies of an app, the first ones out."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], GraphQLRequest] = {}

    def read(self, body: bytes) -> Read | None:
        """Return the operation of a body; None if it has none, or more than one."""
        try:
            text = body.decode()
            start = text.index(_BEFORE) + len(_BEFORE)
            # Clients write one blank there, or none.
            start += text[start : start + 1] == " "
            variables, end = loads_at(text, start)
        except (ValueError, StopIteration, RecursionError):
            return _read(body)
        around = text[:start], text[end:]
        request = self._known.get(around)
        if request is None:
            return self._learn(around, body)
        # Each level has a bracket.
        is_flat = end - start < DEPTH or text.count("{", start, end) + text.count("[", start, end) < DEPTH
        if is_flat and type(variables) is dict and text.find("\\u", start, end) < 0:
            return request, variables
        return _read(body)

    def _learn(self, around: tuple[str, str], body: bytes) -> Read | None:
        """Return the operation of a body; keep it if the value between these texts is that of its variables."""
        read = _read(body)
        before, behind = around
        if read is None or len(before) + len(behind) > _LONGEST or not (before + behind).isascii():
            return read
        for variables in ({"a": 1}, {"b": 1}):
            again = _read(f"{before}{dumps(variables)}{behind}".encode())
            if again is None or again[1] != variables:
                return read
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[around] = read[0].apart()
        return read


def _read(body: bytes) -> Read | None:
    try:
        request = build_request(decode_json(body), max_batch=0)
    except ApiError:
        return None
    return (request, request.variables) if isinstance(request, GraphQLRequest) else None
