"""Reads the operations of a body or a query string: one, or a batch of them.

https://graphql.github.io/graphql-over-http/draft/#sec-Request-Parameters
"""

from collections.abc import Mapping
from functools import partial
from urllib.parse import parse_qsl
from uuid import UUID

from fieldstone.engine.client_json import LARGE, decode_json_text
from fieldstone.engine.errors import ApiError, BadUserInput, QueryTooComplex
from fieldstone.engine.request.answer import Explain
from fieldstone.engine.request.idempotency.claim import SentKey
from fieldstone.engine.request.stored_documents.request import SHA256, DocumentReference, GraphQLRequest
from fieldstone.engine.server.http.requests.body import decode_json
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.workspaces.trusted_documents import ID_FORM, LONGEST_ID
from fieldstone.sql.frozen import frozen

_PARAMETERS = 100


@frozen
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
        return await work.run(workspace_id, partial(_read_large, body, max_batch), is_first=True)
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
    extensions = _map(given, "extensions")
    reference = _read_reference(given, extensions) if "documentId" in given or "persistedQuery" in extensions else None
    query = given.get("query")
    if query is None and reference is not None:
        query = ""
    if not isinstance(query, str):
        found = "must be a string" if "query" in given else "is missing"
        raise BadUserInput(f"'query' {found}: it holds the operation's text.", field="query")
    name = given.get("operationName")
    if not isinstance(name, str | None):
        raise BadUserInput("'operationName' must be a string or null.", field="operationName")
    variables = _map(given, "variables")
    return GraphQLRequest(query=query, operation_name=name, variables=variables, reference=reference)


def _read_reference(given: dict[str, JsonValue], extensions: dict[str, JsonValue]) -> DocumentReference | None:
    """Return the stored document that an operation names, by `documentId` or as Apollo's clients do."""
    id_, persisted = given.get("documentId"), extensions.get("persistedQuery")
    if id_ is not None:
        if not isinstance(id_, str) or not ID_FORM.fullmatch(id_):
            raise BadUserInput(
                f"'documentId' must be a text of 1 to {LONGEST_ID} visible ASCII characters.", field="documentId"
            )
        if given.get("query"):
            raise BadUserInput("An operation has a 'query' or a 'documentId', not both.", field="documentId")
        return DocumentReference(id_)
    if persisted is None:
        return None
    field = "extensions.persistedQuery"
    if not isinstance(persisted, dict):
        raise BadUserInput(f"'{field}' must be a JSON object.", field=field)
    if persisted.get("version") != 1:
        raise BadUserInput(f"Unsupported persisted query version: '{field}.version' must be 1.", field=field)
    hashed = persisted.get("sha256Hash")
    if not isinstance(hashed, str) or not ID_FORM.fullmatch(hashed):
        raise BadUserInput(f"'{field}.sha256Hash' must be the document's SHA-256 in hex.", field=f"{field}.sha256Hash")
    # The hash that graphql-codegen gives a document has a prefix.
    return DocumentReference(hashed.removeprefix(SHA256), is_persisted=True)


def _map(given: dict[str, JsonValue], name: str) -> dict[str, JsonValue]:
    value = given.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadUserInput(f"'{name}' must be a JSON object or null.", field=name)
    return value


def mark(
    request: GraphQLRequest | Batch, given: Mapping[bytes, bytes], *, is_development: bool
) -> GraphQLRequest | Batch:
    """Return the request with the wishes of its head: the cost, an explanation, each operation's Idempotency-Key.

    Raises:
        BadUserInput: a request with a mutation has a key that cannot be one, so that the request is malformed.
    """
    cost, key = given.get(b"x-fieldstone-cost"), given.get(b"idempotency-key")
    tells_roots = cost == b"roots"
    tells_cost = tells_roots or cost == b"1"
    explain = Explain.NOT
    if given.get(b"x-fieldstone-explain") == b"1":
        explain = Explain.FULLY if is_development else Explain.REFUSED
    if not tells_cost and key is None and explain is Explain.NOT:
        return request

    def marked(item: GraphQLRequest, index: int) -> GraphQLRequest:
        sent_key = None if key is None else SentKey(key, index)
        if sent_key is not None and item.may_write:
            sent_key.read()
        return item._replace(tells_cost=tells_cost, tells_roots=tells_roots, sent_key=sent_key, explain=explain)

    match request:
        case GraphQLRequest():
            return marked(request, 0)
        case Batch():
            return Batch(
                items=tuple(
                    marked(item, index) if isinstance(item, GraphQLRequest) else item
                    for index, item in enumerate(request.items)
                )
            )
