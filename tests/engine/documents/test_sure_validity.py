"""The walk that finds operations valid agrees with graphql-core's rules, which it spares them."""

import re
from pathlib import Path
from typing import Final

import pytest
from graphql import GraphQLSchema
from hypothesis import given, note
from hypothesis import strategies as st

from fieldstone.engine.documents.document import DocumentLimits, Operation, parse_operation
from fieldstone.engine.documents.sure_validity import MOST_NESTED, MOST_SHARED, is_surely_valid
from fieldstone.engine.documents.validation import find_errors
from fieldstone.engine.errors import BadUserInput, ParseFailed, QueryTooComplex
from fieldstone.engine.schema.lazy import lazy_schema
from tests.eager_schema import eager_schema
from tests.models import all_types_snapshot, standard_snapshot
from tests.operations import examples, queries

pytestmark = pytest.mark.long

LIMITS = DocumentLimits(depth=200, aliases=20_000, tokens=100_000)
STANDARD, ALL_TYPES = lazy_schema(standard_snapshot()), lazy_schema(all_types_snapshot())
DRAWN = eager_schema(all_types_snapshot())
IDS = ["0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"]
GOLDEN: Final = [
    path.read_text(encoding="utf-8") for path in sorted((Path(__file__).parents[2] / "golden").glob("*.graphql"))
]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\.\.\.|\w+|[^\s\w]')
WORDS: Final = (
    "", "null", "true", "1", "1.5", '"x"', "[]", "{}", "[null]", "{ eq: null }", "$v", "$v0", "id", "__typename", "x",
    "@skip(if: true)", "@include(if: $v0)", "@skip", "@x", "... on Person { id }", "... on Node { id }", "... { id }",
    "...A", "fragment A on Person { id }", "fragment B on Company { ...A name }", "query B { people { totalCount } }",
    "($v: ID!)", "($v0: Boolean!)", "first: 1", "(first: $v0)", "filter: { id: { in: $v } }", "subscription", "ID", "!",
)  # fmt: skip


def check(schema: GraphQLSchema, operation: Operation) -> bool:
    """Hold the walk to the rules, and return whether it found the operation valid."""
    sure_names: set[str] = set()
    sure_places: dict[str, set[str]] = {}
    is_sure = is_surely_valid(schema, operation, named=sure_names, places=sure_places)
    names: set[str] = set()
    places: dict[str, set[str]] = {}
    if is_sure:
        assert find_errors(schema, operation, named=names, places=places, suggests=False) == []
    assert (sure_names, sure_places) == (names, places)
    return is_sure


@given(data=st.data())
@examples(500)
def test_an_operation_that_is_found_valid_is_valid(data: st.DataObject) -> None:
    drawn = data.draw(st.one_of(st.sampled_from(GOLDEN), queries(DRAWN, IDS, depth=3)))
    schema, text = (STANDARD, drawn) if isinstance(drawn, str) else (ALL_TYPES, drawn.write(lift=True)[0])
    tokens = TOKEN.findall(text)
    for _ in range(data.draw(st.integers(0, 3))):
        place = data.draw(st.integers(0, len(tokens) - 1))
        word = data.draw(st.one_of(st.sampled_from(tokens), st.sampled_from(WORDS)))
        tokens[place : place + 1] = [word] if data.draw(st.booleans()) else [tokens[place], word]
    text = " ".join(tokens)
    note(text)
    try:
        operation = parse_operation(text, None, LIMITS)
    except (ParseFailed, BadUserInput, QueryTooComplex):
        return
    check(schema, operation)


def test_valid_operations_are_found_valid() -> None:
    operations = [parse_operation(text, None, LIMITS) for text in GOLDEN if not re.search(r"__(schema|type)\b", text)]
    valid = [one for one in operations if not find_errors(STANDARD, one, named=set(), places={}, suggests=False)]
    assert len(valid) > 80
    assert all(check(STANDARD, one) for one in valid)


NESTED = "... { " * (MOST_NESTED // 2) + "%s" + " }" * (MOST_NESTED // 2)
MANY = " ".join(f"a{n}: company {{ ...A }}" for n in range(MOST_SHARED + 1))
PERSON = "{ people { edges { node { %s } } } } "
UNSURE: Final = {
    "too deep": f"{PERSON % '...A'} fragment A on Person {{ {NESTED % '...B'} }}"
    f"fragment B on Person {{ {NESTED % 'id'} }}",
    "too many spreads": f"{PERSON % MANY} fragment A on Company {{ id }}",
    "a deep introspection": '{ __type(name: "Person") { ...A } } fragment A on __Type { fields { type { ...B } } }'
    " fragment B on __Type { fields { type { fields { name } } } }",
    "a deep schema": "{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }",
    "a cycle": f"{PERSON % '...A'} fragment A on Person {{ company {PERSON % '...A'} }}",
}


@pytest.mark.parametrize("text", UNSURE.values(), ids=UNSURE)
def test_rare_operations_are_left_to_graphql_core(text: str) -> None:
    assert not check(STANDARD, parse_operation(text, None, LIMITS))
