"""Reads the operations of a body or a query string: one, or a batch of them.

https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
"""

from dataclasses import dataclass
from functools import partial
from urllib.parse import parse_qsl
from uuid import UUID

from fieldstone.engine.errors import ApiError, BadUserInput, QueryTooComplex
from fieldstone.engine.request.path import GraphQLRequest
from fieldstone.engine.server.http.body import LARGE, decode_json, decode_json_text
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import JsonValue

_PARAMETERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Operations that are answered by one array; an operation that cannot be read is an error in its place."""

    items: tuple[GraphQLRequest | ApiError, ...]


async def read_request(body: bytes, *, max_batch: int, work: WorkThread, workspace_id: UUID) -> GraphQLRequest | Batch:
    """Return the operations of a POST's body; a large body is read in the work thread.

    Raises:
        BadUserInput: it is not JSON, or neither an operation nor a list of some.
        QueryTooComplex: the list is longer than `max_batch`, or the body holds too many values.
        ServiceUnavailable: too many of the workspace's requests wait for the work thread.
    """
    if len(body) > LARGE:
        return await work.run(workspace_id, partial(_read_large, body, max_batch))
    return build_request(decode_json(body), max_batch=max_batch)


def _read_large(body: bytes, max_batch: int) -> GraphQLRequest | Batch:
    match build_request(decode_json(body), max_batch=max_batch):
        case GraphQLRequest() as request:
            return request._replace(is_large=True)
        case batch:
            return Batch(
                items=tuple(
                    item._replace(is_large=True) if isinstance(item, GraphQLRequest) else item for item in batch.items
                )
            )


def build_request(body: JsonValue, *, max_batch: int) -> GraphQLRequest | Batch:
    """Return the operations of a POST's body.

    Raises:
        BadUserInput: it is neither an operation nor a list of some.
        QueryTooComplex: the list is longer than `max_batch`.
    """
    if not isinstance(body, list):
        return _build_operation(body)
    if not body:
        raise BadUserInput("The request's body is an empty list: a batch needs at least one operation.")
    if len(body) > max_batch:
        raise QueryTooComplex(f"The batch has {len(body)} operations; the limit is {max_batch}.")
    return Batch(items=tuple(_build_item(item) for item in body))


def build_query_request(query_string: bytes) -> GraphQLRequest:
    """Return the operation that the query string of a GET asks for.

    Raises:
        BadUserInput: the query string holds no operation.
    """
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=_PARAMETERS
        )
    except UnicodeDecodeError:
        raise BadUserInput("The query string is not percent-encoded UTF-8.") from None
    except ValueError:
        raise BadUserInput(f"The query string has more than {_PARAMETERS} parameters.") from None
    given: dict[str, JsonValue] = dict(pairs)
    for name in ("variables", "extensions"):
        text = given.get(name)
        given[name] = decode_json_text(text, name=f"The parameter '{name}'") if text else None
    given["operationName"] = given.get("operationName") or None
    return _build_operation(given)


def _build_item(item: JsonValue) -> GraphQLRequest | ApiError:
    try:
        return _build_operation(item)
    except BadUserInput as error:
        return error


def _build_operation(given: JsonValue) -> GraphQLRequest:
    if not isinstance(given, dict):
        raise BadUserInput("A request must be a JSON object with the operation's text under 'query'.")
    query = given.get("query")
    if not isinstance(query, str):
        found = "must be a string" if "query" in given else "is missing"
        raise BadUserInput(f"'query' {found}: it holds the operation's text.", field="query")
    name = given.get("operationName")
    if not isinstance(name, str | None):
        raise BadUserInput("'operationName' must be a string or null.", field="operationName")
    variables = _map(given, "variables")
    _map(given, "extensions")
    return GraphQLRequest(query=query, operation_name=name, variables=variables)


def _map(given: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadUserInput(f"'{name}' must be a JSON object or null.", field=name)
    return value
