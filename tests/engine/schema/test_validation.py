"""Validation's verdict on a document does not depend on the way the schema is built, nor on earlier documents."""

from itertools import permutations
from pathlib import Path
from typing import cast

import pytest
from graphql import GraphQLSchema, parse, specified_rules, validate
from graphql.validation import ASTValidationRule

from fieldstone.engine.documents.merged_rules import MergedRules
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.metadata.model import Snapshot
from tests.eager_schema import eager_schema
from tests.models import metadata_snapshot, standard_snapshot


def read_documents(name: str) -> list[str]:
    """Return the documents of a file, which lines of `# ---` part."""
    return (Path(__file__).parent / "documents" / f"{name}.graphql").read_text().split("# ---\n")


RIGHT = [*read_documents("contract"), *read_documents("right")]
WRONG = read_documents("wrong")


@pytest.fixture(scope="module")
def standard() -> Snapshot:
    """The standard objects."""
    return standard_snapshot()


def errors(schema: GraphQLSchema, document: str) -> list[dict[str, object]]:
    return [dict(error.formatted) for error in validate(schema, parse(document), hide_suggestions=True)]


@pytest.mark.parametrize("document", RIGHT)
def test_right_documents_pass(standard: Snapshot, document: str) -> None:
    assert errors(lazy_schema(standard), document) == []


@pytest.mark.parametrize("document", WRONG)
def test_wrong_documents_are_refused_in_the_eager_schemas_words(standard: Snapshot, document: str) -> None:
    expected = errors(eager_schema(standard), document)
    assert expected
    assert errors(lazy_schema(standard), document) == expected


@pytest.mark.parametrize("document", [*RIGHT, *WRONG])
def test_rules_in_one_visitor_find_the_same(standard: Snapshot, document: str) -> None:
    schema = eager_schema(standard)
    rule = cast("type[ASTValidationRule]", MergedRules(specified_rules))
    assert validate(schema, parse(document), [rule]) == validate(schema, parse(document))


@pytest.mark.parametrize("document", WRONG)
def test_suggestions_do_not_depend_on_what_is_built(standard: Snapshot, document: str) -> None:
    lazy, eager = lazy_schema(standard), eager_schema(standard)
    found = [[dict(error.formatted) for error in validate(schema, parse(document))] for schema in (lazy, eager)]
    assert found[0] == found[1]


@pytest.mark.long
def test_errors_do_not_depend_on_what_was_asked_before(standard: Snapshot) -> None:
    corpus = [*WRONG, *RIGHT]
    expected = {document: errors(lazy_schema(standard), document) for document in corpus}
    for order in (corpus, corpus[::-1], sorted(corpus)):
        schema = lazy_schema(standard)
        assert {document: errors(schema, document) for document in order} == expected
    for few in permutations(WRONG[:4]):
        schema = lazy_schema(standard)
        assert [errors(schema, document) for document in few] == [expected[document] for document in few]


def test_a_schema_of_another_snapshot_says_the_same(standard: Snapshot) -> None:
    first, second = lazy_schema(standard), lazy_schema(standard)
    for document in RIGHT:
        assert errors(first, document) == errors(second, document) == []


@pytest.mark.parametrize("document", read_documents("metadata_right"))
def test_metadata_documents_pass(document: str) -> None:
    assert errors(lazy_schema(metadata_snapshot(), METADATA_MUTATIONS), document) == []


@pytest.mark.parametrize("document", read_documents("metadata_wrong"))
def test_wrong_metadata_documents_are_refused(document: str) -> None:
    expected = errors(eager_schema(metadata_snapshot(), METADATA_MUTATIONS), document)
    assert expected
    assert errors(lazy_schema(metadata_snapshot(), METADATA_MUTATIONS), document) == expected
