"""Nothing that a client sends is a fault of ours: every request has an answer with a documented code."""

import string
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import get_introspection_query
from hypothesis import example, given, note
from hypothesis import strategies as st

from fieldstone.engine.schema.lazy import lazy_schema
from tests.apis import Served, serve
from tests.databases import Databases
from tests.operations import examples, queries
from tests.specimens import specimen_template

pytestmark = pytest.mark.long

EXPECTED = {
    "GRAPHQL_PARSE_FAILED",
    "GRAPHQL_VALIDATION_FAILED",
    "BAD_USER_INPUT",
    "NOT_FOUND",
    "CONFLICT",
    "QUERY_TOO_COMPLEX",
}
ID = "7602c6ed-2666-5b5c-8a8a-62163f2ea270"

DOCUMENTS = [
    "{ people { totalCount } }",
    "query A { companies(first: 1) { edges { node { id } } } } query B { __typename }",
    f'{{ person(id: "{ID}") {{ id company {{ name }} }} }}',
    '{ people(filter: {email: {contains: "a"}, or: [{city: {is: NULL}}]}, orderBy: [{city: ASC}]) { totalCount } }',
    """query ($f: PersonFilterInput, $o: [PersonOrderByInput], $n: Int, $c: String, $b: Boolean! = true) {
     people(filter: $f, orderBy: $o, first: $n, after: $c) @include(if: $b) { edges { cursor } } }""",
    "query ($f: SpecimenFilterInput = {aText: {eq: \"a\"}}) { specimensAggregate(filter: $f) { count max { aText } } }",
    "mutation ($d: SpecimenInput!) { createSpecimen(data: $d) { id } }",
    "mutation ($d: [SpecimenInput!]!) { createSpecimens(data: $d) { id aRawJson } }",
    "mutation ($f: SpecimenFilterInput!, $d: SpecimenInput!) { updateSpecimens(filter: $f, data: $d) { id } }",
    f'mutation {{ updateSpecimen(id: "{ID}", data: {{aNumberInt: 3, aCurrency: {{amountMicros: "5"}}}}) {{ id }} }}',
    f'mutation {{ a: deletePerson(id: "{ID}") {{ id }} b: restorePeople(filter: {{id: {{eq: "{ID}"}}}}) {{ id }} }}',
    "mutation ($id: UUID!) { destroyCompany(id: $id) { id people { totalCount } } }",
    "{ __schema { queryType { name } } __type(name: \"Person\") { name fields { name } } }",
    get_introspection_query(),
    "subscription { personCreated { id } }",
    "fragment F on Person { id } { people { edges { node { ...F } } } }",
]  # fmt: skip

VARIABLES: list[dict[str, Any]] = [
    {},
    {"f": {"id": {"in": [ID]}}, "d": {"aText": "x"}},
    {"f": {"aNumberInt": {"eq": 3}}, "d": {"aNumberInt": 99, "aSelect": "ZULU"}},
    {"d": {"aRawJson": {"a": [None, {"b": "\\"}]}, "aCurrency": {"amountMicros": 1}, "parent": {"connect": ID}}},
    {"d": [{"aDate": "2024-01-01"}, {"aRelation": {"connect": {"where": {"id": ID}}}}]},
    {"o": [{"city": "ASC"}], "n": 3, "c": "WyJhIl0", "b": False, "id": ID},
    {"o": {"company": {"name": "DescNullsLast"}}, "n": 0},
]

anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**400), 10**400)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=6)
    | st.sampled_from(["\0", "\ud800", ID, "ASC", "NULL", "2024-01-01", "", "a" * 3_000, "WyJhIl0"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["id", "email", "and", "or", "not", "eq", "in", "is", "between", "contains", "company", "connect", "where",
             "disconnect", "aText", "aNumberInt", "aRawJson", "aSelect", "aCurrency", "amountMicros", "deletedAt",
             "parentId", "createdAt", "aFloat", "x", "\ud800"]
        ),
        inner,
        max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip
variables = st.dictionaries(st.sampled_from(["f", "d", "o", "n", "c", "b", "id", "v0", "x"]), anything, max_size=4)
tokens = st.sampled_from(
    ["{", "}", "(", ")", "[", "]", ":", "!", "$", "@", "...", "|", "&", "=", '"', '"""', "#", "\\", "\n", ",", "on",
     "query", "mutation", "subscription", "fragment", "people", "person", "edges", "node", "id", "filter", "orderBy",
     "first", "after", "eq", "null", "true", "1", "-1", "1.5", "1e999", '"x"', "$f", "PersonFilterInput", "__typename",
     "__schema", "@skip(if: true)", "@include(if: $b)", "createPerson", "data", "\ufeff", "é", "\0", "\ud800"]
)  # fmt: skip


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with databases.clone(specimen_template(databases)) as dsn:
        yield from serve(dsn)


def check(served: Served, text: str, given_variables: dict[str, Any], operation_name: str | None = None) -> None:
    note(f"{text!r}\n{given_variables!r}\n{operation_name!r}")
    answer = served.ask(text, given_variables, operation_name)
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] in EXPECTED, error
        assert isinstance(error["message"], str)
        assert error["message"]
    assert "data" in answer or answer["errors"]


@given(document=st.sampled_from(DOCUMENTS), given_variables=variables, name=st.none() | st.sampled_from(["A", "B", ""]))
@example(document="subscription { personCreated { id } }", given_variables={"\ud800": []}, name=None)
@examples(600)
def test_any_variables(served: Served, document: str, given_variables: dict[str, Any], name: str | None) -> None:
    check(served, document, given_variables, name)


@st.composite
def altered(draw: st.DrawFn, value: Any) -> Any:
    """The value with a part of it replaced by anything."""
    if draw(st.integers(0, 3)) == 0:
        return draw(anything)
    match value:
        case dict() if value:
            key = draw(st.sampled_from(sorted(value)))
            return {**value, key: draw(altered(value[key]))}
        case list() if value:
            place = draw(st.integers(0, len(value) - 1))
            return [*value[:place], draw(altered(value[place])), *value[place + 1 :]]
        case _:
            return draw(anything)


@given(document=st.sampled_from(DOCUMENTS[4:12]), given_variables=st.sampled_from(VARIABLES).flatmap(altered))
@examples(600)
def test_variables_that_are_nearly_right(served: Served, document: str, given_variables: Any) -> None:
    check(served, document, given_variables if isinstance(given_variables, dict) else {"d": given_variables})


@given(document=st.sampled_from(DOCUMENTS), data=st.data(), given_variables=st.sampled_from(VARIABLES))
@examples(500)
def test_documents_that_are_nearly_right(
    served: Served, document: str, data: st.DataObject, given_variables: dict[str, Any]
) -> None:
    text = document
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        text = text[:start] + data.draw(tokens | st.text(string.printable, max_size=3)) + text[end:]
    check(served, text, given_variables)


@given(words=st.lists(tokens, max_size=40), given_variables=variables)
@examples(300)
def test_any_tokens(served: Served, words: list[str], given_variables: dict[str, Any]) -> None:
    check(served, " ".join(words), given_variables)


@given(data=st.data(), given_variables=variables)
@examples(150)
def test_valid_queries_with_any_variables(served: Served, data: st.DataObject, given_variables: dict[str, Any]) -> None:
    operation = data.draw(queries(lazy_schema(served.snapshot()), [ID]))
    text, values = operation.write(lift=True)
    check(served, text, {**values, **given_variables, **{name: data.draw(anything) for name in list(values)[:2]}})
