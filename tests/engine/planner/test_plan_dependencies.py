"""A plan depends on the objects that it touches, and on no others."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.engine.planner.writes.mutations import plan_mutation
from fieldstone.engine.request.shape import find_usages, shape_of
from fieldstone.engine.request.variables import declare
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.model import Object
from tests.models import standard_snapshot

SNAPSHOT = standard_snapshot()

DEPENDENCIES = {
    "{ people { totalCount } }": {"person"},
    '{ person(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e") { id } }': {"person"},
    "{ peopleAggregate { count } }": {"person"},
    "{ peopleGroupBy(groupBy: [{ company: { name: true } }]) { count } }": {"person", "company"},
    "{ people { edges { node { companyId } } } }": {"person"},
    "{ people { edges { node { company { id } } } } }": {"person", "company"},
    "{ companies { edges { node { people { totalCount } } } } }": {"person", "company"},
    "{ people(orderBy: {company: {name: ASC}}) { totalCount } }": {"person", "company"},
    "{ people(filter: {company: {name: {is: NULL}}}) { totalCount } }": {"person", "company"},
    "{ people(filter: {companyId: {is: NULL}}) { totalCount } }": {"person"},
    "{ people { totalCount } companies { totalCount } }": {"person", "company"},
    'mutation { createPerson(data: {email: "x"}) { id } }': {"person"},
    'mutation { createPerson(data: {email: "x", companyId: null}) { id } }': {"person"},
    'mutation { createActivity(data: {person: {connect: {where: {email: "x"}}}}) { id } }': {"activity", "person"},
    'mutation { deletePeople(filter: {company: {name: {eq: "x"}}}) { id } }': {"person", "company"},
    'mutation { destroyPeople(filter: {email: {eq: "x"}}) { id } }': {"person", "activity", "opportunity"},
}


def touched(text: str) -> Mapping[UUID, Object]:
    operation = parse_operation(text, None, DocumentLimits())
    context = PlanContext(snapshot=SNAPSHOT, operation=operation, variables={}, limits=RecordLimits())
    if text.startswith("mutation"):
        plan_mutation(context)
    else:
        plan_query(context, {})
    return context.touched


@pytest.mark.parametrize(("text", "expected"), DEPENDENCIES.items())
def test_dependencies(text: str, expected: set[str]) -> None:
    found = touched(text)
    assert {object_.name_singular for object_ in found.values()} == expected
    assert all(SNAPSHOT.objects[id_] is object_ for id_, object_ in found.items())


SAME_STATEMENT: dict[str, list[dict[str, Any]]] = {
    "query ($v: String) { people(filter: {email: {eq: $v}}) { totalCount } }": [{"v": "a"}, {"v": "b"}],
    "query ($v: [String!]) { people(filter: {email: {in: $v}}) { totalCount } }": [{"v": ["a"]}, {"v": ["b", "c"]}],
    "query ($v: Int) { people(offset: $v) { totalCount } }": [{"v": 1}, {"v": 200}],
    "mutation ($v: [PersonInput!]!) { createPeople(data: $v) { id } }": [
        {"v": [{"email": "a"}]},
        {"v": [{"email": "b", "firstName": "x"}, {"email": "c"}]},
    ],
    # Fields whose names mean something elsewhere.
    "mutation ($v: PersonInput!) { updatePerson(id: 1, data: $v) { id } }": [
        {"v": {"disconnect": "a", "isEmpty": True, "is": "x"}},
        {"v": {"disconnect": "b", "isEmpty": False, "is": "y"}},
    ],
    "mutation ($v: String) { updatePerson(id: 1, data: {disconnect: $v}) { id } }": [{"v": "a"}, {"v": "b"}],
    "mutation ($v: Boolean) { updatePerson(id: 1, data: {isEmpty: $v}) { id } }": [{"v": True}, {"v": False}],
    "mutation ($v: Boolean) { createPerson(data: {isEmpty: $v}) { id } }": [{"v": True}, {"v": False}],
    "query ($v: StringFilterInput) { people(filter: {isEmpty: $v}) { totalCount } }": [
        {"v": {"eq": "a"}},
        {"v": {"eq": "b"}},
    ],
    "query ($v: PersonFilterInput) { people(filter: $v) { totalCount } }": [
        {"v": {"isEmpty": {"eq": "a"}, "disconnect": {"eq": "a"}}},
        {"v": {"isEmpty": {"eq": "b"}, "disconnect": {"eq": "b"}}},
    ],
}
OTHER_STATEMENT: dict[str, list[dict[str, Any]]] = {
    "query ($v: String) { people(filter: {email: {eq: $v}}) { totalCount } }": [{"v": "a"}, {"v": None}, {}],
    "query ($v: Int) { people(first: $v) { edges { cursor } } }": [{"v": 1}, {"v": 2}, {}],
    "query ($v: [PersonOrderByInput]) { people(orderBy: $v) { edges { cursor } } }": [
        {"v": []},
        {"v": [{"city": "ASC"}]},
        {"v": [{"city": "DESC"}]},
    ],
    "query ($v: Boolean!) { people { totalCount @skip(if: $v) } }": [{"v": True}, {"v": False}],
    "mutation ($v: PersonInput!) { updatePerson(id: 1, data: $v) { id } }": [
        {"v": {"company": {"disconnect": True}}},
        {"v": {"company": {"disconnect": False}}},
        {"v": {"company": {"connect": "a"}}},
        {"v": {"companyId": None}},
        {"v": {"companyId": "a"}},
    ],
    "mutation ($v: CompanyRelationInput) { updatePerson(id: 1, data: {company: $v}) { id } }": [
        {"v": {"disconnect": True}},
        {"v": {"disconnect": False}},
    ],
    "mutation ($v: Boolean) { updatePerson(id: 1, data: {company: {disconnect: $v}}) { id } }": [
        {"v": True},
        {"v": False},
    ],
    "query ($v: Boolean) { people(filter: {tags: {isEmpty: $v}}) { totalCount } }": [{"v": True}, {"v": False}],
    "query ($v: PersonFilterInput) { people(filter: $v) { totalCount } }": [
        {"v": {"city": {"is": "NULL"}}},
        {"v": {"city": {"is": "NOT_NULL"}}},
        {"v": {"not": {"company": {"is": "NULL"}}}},
        {"v": {"not": {"company": {"is": "NOT_NULL"}}}},
        {"v": {"and": [{"tags": {"isEmpty": True}}]}},
        {"v": {"and": [{"tags": {"isEmpty": False}}]}},
    ],
    "query ($v: Presence) { people(filter: {city: {is: $v}}) { totalCount } }": [{"v": "NULL"}, {"v": "NOT_NULL"}],
}


def shapes(text: str, variables: list[dict[str, Any]]) -> list[object]:
    operation = parse_operation(text, None, DocumentLimits())
    schema = lazy_schema(SNAPSHOT)
    declarations = declare(schema, operation.definition.variable_definitions or (), {})
    usages = find_usages((operation.definition,), declarations)
    return [shape_of(usages, values) for values in variables]


@pytest.mark.parametrize(("text", "variables"), SAME_STATEMENT.items())
def test_values_that_share_a_plan(text: str, variables: list[dict[str, Any]]) -> None:
    assert len(set(shapes(text, variables))) == 1


@pytest.mark.parametrize(("text", "variables"), OTHER_STATEMENT.items())
def test_values_that_need_plans_of_their_own(text: str, variables: list[dict[str, Any]]) -> None:
    assert len(set(shapes(text, variables))) == len(variables)
