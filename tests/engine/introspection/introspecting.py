"""Introspection of a snapshot, by the server's cache and by graphql-core."""

from collections.abc import Mapping
from typing import Any

from graphql import execute_sync, get_introspection_query, parse

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.introspection.answers import SchemaAnswers
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Snapshot
from tests.eager_schema import eager_schema

FULL = get_introspection_query(
    specified_by_url=True,
    directive_is_repeatable=True,
    schema_description=True,
    input_value_deprecation=True,
    one_of=True,
    experimental_directive_deprecation=True,
)


async def ask(
    answers: SchemaAnswers,
    snapshot: Snapshot,
    document: str = FULL,
    variables: Mapping[str, JsonValue] | None = None,
    *,
    relay: bool = False,
) -> Any:
    """Return the data of a cache's answer, None if it has none; lists without an order are sorted."""
    operation = parse_operation(document, None, DocumentLimits())
    text = await answers.answer(operation, variables or {}, lazy_schema(snapshot, relay=relay))
    return None if text is None else _in_order(loads(bytes(text))["data"])


def expected(
    snapshot: Snapshot, document: str = FULL, variables: dict[str, Any] | None = None, *, relay: bool = False
) -> Any:
    """Return the data of graphql-core's answer, sorted likewise."""
    answer = execute_sync(eager_schema(snapshot, relay=relay), parse(document), variable_values=variables)
    assert answer.errors is None
    return _in_order(answer.data)


def _in_order(answer: Any) -> Any:
    """The answer with the lists sorted that have no order of their own."""
    match answer:
        case dict():
            return {key: _in_order(value) for key, value in answer.items()}
        case list():
            return sorted(map(_in_order, answer), key=repr)
    return answer
