"""Parsed documents are many objects: only the last ones are kept, and the others go without the collector's help."""

import gc
import weakref

import pytest
from graphql import DocumentNode

from fieldstone.engine.documents import recent_operations
from fieldstone.engine.documents.document import DocumentLimits, collect_fields, parse_operation
from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.documents.validation import validate_operation
from fieldstone.engine.errors import BadUserInput, ParseFailed
from fieldstone.engine.request.valid_operation import outline_of
from fieldstone.engine.schema.lazy import lazy_schema
from tests.models import standard_snapshot

pytestmark = pytest.mark.long


def text(name: str) -> str:
    return f"query {name} {{ people {{ edges {{ node {{ id }} }} }} }}"


def test_the_last_documents_are_kept_and_others_are_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_operations, "MOST_TEXT", 2 * len(text("A")))
    recent = RecentOperations(DocumentLimits())
    first, second = recent.parse(text("A"), None), recent.parse(text("B"), "B")
    assert recent.parse(text("A"), None) is first
    recent.parse(text("C"), None)
    assert recent.parse(text("A"), None) is first, "it was asked for later than the second one"
    again = recent.parse(text("B"), "B")
    assert again is not second
    assert again.definition.to_dict() == second.definition.to_dict()
    assert outline_of(recent.parse(text("A") + text("B"), "A")).name == "A"
    assert outline_of(recent.parse(text("A") + text("B"), "B")).name == "B"


def test_a_long_document_is_kept_until_the_next_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_operations, "MOST_TEXT", 1)
    recent = RecentOperations(DocumentLimits())
    assert recent.parse(text("A"), None) is recent.parse(text("A"), None)


def test_a_refused_document_is_not_kept() -> None:
    recent = RecentOperations(DocumentLimits())
    for _ in range(2):
        with pytest.raises(ParseFailed):
            recent.parse("{", None)
        with pytest.raises(BadUserInput):
            recent.parse(text("A"), "B")


def test_a_document_that_is_let_go_is_freed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tokens, visitors and a function that called itself made cycles: the documents waited for a full collection."""
    monkeypatch.setattr(recent_operations, "MOST_TEXT", 1)
    recent, schema = RecentOperations(DocumentLimits()), lazy_schema(standard_snapshot())
    fragment = " fragment F on Person { company { id } }"
    document = "query A { people { edges { node { id ...F ... on Person { email } } } } }" + fragment

    def use() -> weakref.ref[DocumentNode]:
        operation = recent.parse(document, None)
        assert validate_operation(schema, operation) == []
        (root,) = collect_fields(operation, (operation.definition.selection_set,), {})
        assert root.location == ((1, 11),)
        return weakref.ref(operation.document)

    use()
    recent.parse(text("B"), None)
    gc.disable()
    try:
        gone = use()
        assert gone() is not None
        recent.parse(text("B"), None)
        assert gone() is None
    finally:
        gc.enable()


def test_the_tokens_of_a_document_are_no_garbage_that_waits_for_the_collector() -> None:
    parse_operation(text("A"), None, DocumentLimits())
    gc.collect()
    gc.disable()
    try:
        for _ in range(10):
            parse_operation(text("A"), None, DocumentLimits())
        assert gc.collect() < 10, "a document has a dozen tokens"
    finally:
        gc.enable()
