"""Introspection as an operation asks for it, beside other root fields."""

from typing import Any

import pytest
from graphql import execute_sync, get_introspection_query, parse

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.errors import QueryTooComplex
from fieldstone.engine.schema.introspection import introspect, is_introspection_field
from fieldstone.engine.schema.lazy import built_types, lazy_schema
from fieldstone.metadata.json_text import JsonValue, loads
from tests.eager_schema import eager_schema
from tests.models import large_snapshot, standard_snapshot

STANDARD = standard_snapshot()
LIMIT = 64 << 20


def ask(document: str, variables: dict[str, JsonValue] | None = None, name: str | None = None) -> dict[str, JsonValue]:
    operation = parse_operation(document, name, DocumentLimits())
    answer = introspect(lazy_schema(STANDARD), operation, variables or {}, limit=LIMIT)
    return {key: loads(text) for key, text in answer.items()}


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "a scalar": ("UUID", {"kind": "SCALAR", "description": "A UUID, in lower case."}),
    "a scalar that is built in": ("String", {"kind": "SCALAR"}),
    "a record": ("Person", {"kind": "OBJECT", "description": "A contact."}),
    "a connection": ("PersonConnection", {"kind": "OBJECT", "description": "A page of People."}),
    "an input": ("PersonFilterInput", {"kind": "INPUT_OBJECT"}),
    "an enum": (
        "OpportunityStageEnum",
        {
            "kind": "ENUM",
            "enumValues": [
                {"name": "NEW", "description": "New"},
                {"name": "SCREENING", "description": "Screening"},
                {"name": "MEETING", "description": "Meeting"},
                {"name": "PROPOSAL", "description": "Proposal"},
                {"name": "CUSTOMER", "description": "Customer"},
            ],
        },
    ),
    "a type of introspection": ("__Type", {"kind": "OBJECT"}),
    "a root": ("Mutation", {"kind": "OBJECT", "description": "The writes of the API."}),
}


@pytest.mark.parametrize(("name", "expected"), KINDS.values(), ids=KINDS)
def test_type_by_name(name: str, expected: dict[str, Any]) -> None:
    answer = ask(f'{{ __type(name: "{name}") {{ name kind description enumValues {{ name description }} }} }}')
    assert answer["__type"]["name"] == name
    assert expected.items() <= answer["__type"].items()


def test_scalars_say_where_they_are_specified() -> None:
    answer = ask("{ __schema { types { name kind specifiedByURL } } }")
    found = {one["name"]: one["specifiedByURL"] for one in answer["__schema"]["types"] if one["kind"] == "SCALAR"}
    own = {name for name, address in found.items() if address is None}
    assert own == {"String", "Int", "Float", "Boolean", "ConnectTarget", "NumberGrouping", "DateGrouping"}
    assert found["UUID"] == "https://www.rfc-editor.org/rfc/rfc9562#section-4"


def test_the_schema_has_a_description() -> None:
    answer = ask("{ __schema { description } }")
    assert answer["__schema"]["description"].startswith("Fieldstone's Core API: the records of a workspace")


def test_fields_of_a_type_come_in_the_order_of_the_model() -> None:
    answer = ask('{ __type(name: "Company") { fields { name type { kind name ofType { name } } } } }')
    fields = {field["name"]: field["type"] for field in answer["__type"]["fields"]}
    assert list(fields)[:2] == ["id", "name"]
    assert fields["id"] == {"kind": "NON_NULL", "name": None, "ofType": {"name": "UUID"}}
    assert fields["employees"] == {"kind": "SCALAR", "name": "Int", "ofType": None}
    assert fields["people"] == {"kind": "NON_NULL", "name": None, "ofType": {"name": "PersonConnection"}}


@pytest.mark.parametrize("name", ["Nobody", "PersonNothing", "", "companyEnum", "CurrencyValueAggregateNothing"])
def test_no_such_type(name: str) -> None:
    assert ask(f'{{ __type(name: "{name}") {{ name }} }}') == {"__type": None}


def test_variables_aliases_fragments_and_directives() -> None:
    answer = ask(
        """
        query Q($name: String!, $filter: PersonFilterInput, $no: Boolean = false) {
          ...Root
          left: __type(name: $name) @include(if: $no) { name }
          people(filter: $filter) { totalCount }
          __typename
        }
        query Other { people { totalCount } }
        fragment Root on Query { type: __type(name: $name) { ...Named } type: __type(name: $name) { kind } }
        fragment Named on __Type { name possibleTypes { name } }
        """,
        {"name": "Person", "filter": {"position": {"gt": 1}}, "no": False},
        "Q",
    )
    assert answer == {"type": {"name": "Person", "possibleTypes": None, "kind": "OBJECT"}}


def test_a_selection_of_which_nothing_is_left_is_an_empty_object() -> None:
    answer = ask(
        """{
          __schema { queryType @skip(if: true) { name } }
          few: __schema { queryType { name @include(if: false) } }
          __type(name: "Person") { fields { name @skip(if: true) } }
        }"""
    )
    assert answer["__schema"] == {}
    assert answer["few"] == {"queryType": {}}
    assert {frozenset(field) for field in answer["__type"]["fields"]} == {frozenset()}


def test_an_operation_without_introspection_has_no_answers() -> None:
    assert ask("{ people { totalCount } __typename }") == {}


def test_the_answer_is_graphql_cores() -> None:
    document = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )
    expected = execute_sync(eager_schema(STANDARD), parse(document)).data
    answer = ask(document)
    for schema in (expected, answer):
        assert schema is not None
        schema["__schema"]["types"].sort(key=lambda type_: type_["name"])
        for type_ in schema["__schema"]["types"]:
            for members in ("fields", "inputFields", "enumValues"):
                (type_[members] or []).sort(key=lambda member: member["name"])
    assert answer == expected


def test_the_schema_may_be_asked_for_a_few_times_only() -> None:
    roots = " ".join(f"a{number}: __schema {{ description }}" for number in range(21))
    with pytest.raises(QueryTooComplex, match=r"20 times"):
        ask(f"{{ {roots} }}")


def test_roots_and_directives() -> None:
    schema = ask(
        "{ __schema { queryType { name } mutationType { name } subscriptionType { name } directives { name } } }"
    )["__schema"]
    assert schema["queryType"] == {"name": "Query"}
    assert schema["mutationType"] == {"name": "Mutation"}
    assert schema["subscriptionType"] == {"name": "Subscription"}
    assert {"include", "skip", "deprecated"} <= {directive["name"] for directive in schema["directives"]}


def test_one_type_among_many_builds_few() -> None:
    schema = lazy_schema(large_snapshot(200))
    operation = parse_operation('{ __type(name: "Object7") { fields { name } } }', None, DocumentLimits())
    assert len(loads(introspect(schema, operation, {}, limit=LIMIT)["__type"])["fields"]) == 21
    assert built_types(schema) < 60


@pytest.mark.parametrize(("name", "expected"), [("__schema", True), ("__type", True), ("__typename", False)])
def test_which_fields_are_introspection(name: str, expected: bool) -> None:
    assert is_introspection_field(name) is expected
