"""Fields that a role reads in some records only: guarded columns, which no index serves and no write answers."""

import re
from typing import Any

import pytest

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.engine.planner.writes.mutations import plan_mutation
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.model import Object, relation_end
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import WHOLLY, Fields, Way
from fieldstone.sql.compiler.plans import compile_plan
from tests.models import standard_snapshot
from tests.views import restricted, view

SNAPSHOT = standard_snapshot()
OPPORTUNITY, COMPANY = SNAPSHOT.by_singular["opportunity"], SNAPSHOT.by_singular["company"]
MINE: Any = {"personId": {"eq": "$principal.userId"}}


def way(rule: Any, *left_out: str, object_: Object = OPPORTUNITY) -> Way:
    stored = None if rule is None else store_filter(SNAPSHOT, object_, rule)
    return Way(rule=stored, fields=Fields(ids=frozenset(object_.by_name[name].id for name in left_out)))


def access(*ways: Way) -> ObjectAccess:
    return ObjectAccess(read=ways, update=WHOLLY, aggregates=True)


def guarded(*ways: Way, object_: Object = OPPORTUNITY) -> set[str]:
    return {field.name for field in restricted(object_, access(*ways)).guarded.values()}


def test_a_field_is_guarded_where_only_some_ways_have_it() -> None:
    assert guarded(way(MINE), way(None, "amount", "stage")) == {"amount", "stage"}
    assert guarded(way(MINE, "amount"), way({"name": {"eq": "x"}}, "amount")) == set()


def test_no_field_is_guarded_where_its_ways_let_through_all_records_of_the_others() -> None:
    assert guarded(way(MINE), way(MINE, "amount")) == set()
    assert guarded(way(None), way(MINE, "amount")) == set()


def test_the_id_and_relations_without_a_key_are_not_guarded() -> None:
    people = (way({"name": {"eq": "x"}}, object_=COMPANY), way(None, "id", "people", object_=COMPANY))
    assert guarded(*people, object_=COMPANY) == set()
    seen = restricted(COMPANY, access(*people))
    assert "people" not in seen.by_name
    assert seen.by_name["id"] is COMPANY.by_name["id"]


def test_a_guarded_field_may_be_null_and_has_no_column_of_the_table() -> None:
    seen = restricted(OPPORTUNITY, access(way(MINE), way(None, "name", "createdBy", "company")))
    columns = {part.column.name for field in OPPORTUNITY.fields for part in field.parts}
    for name in ("name", "createdBy", "company"):
        for part in seen.by_name[name].parts:
            assert part.column.nullable
            assert part.column.name not in columns
    assert seen.foreign_keys["companyId"] is seen.by_name["company"]


def test_records_are_linked_by_the_guarded_key() -> None:
    seen = view(SNAPSHOT, {OPPORTUNITY.id: access(way(MINE), way(None, "company"))})
    end = relation_end(seen, seen.objects[COMPANY.id].by_name["opportunities"])
    assert end is not None
    assert end.far == seen.objects[OPPORTUNITY.id].by_name["company"].parts[0].column


def test_no_records_are_linked_by_a_key_that_is_not_read() -> None:
    seen = view(SNAPSHOT, {OPPORTUNITY.id: access(way(None, "company"))})
    assert relation_end(seen, seen.objects[COMPANY.id].by_name["opportunities"]) is None


def context_of(text: str) -> PlanContext:
    return PlanContext(
        snapshot=view(SNAPSHOT, {OPPORTUNITY.id: access(way(MINE), way(None, "amount"))}),
        operation=parse_operation(text, None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
        rules=RULES,
    )


PLACES = {
    "output": "{ opportunities { edges { node { amount } } } }",
    "filter": "{ opportunities(filter: {amount: {gt: 1}}) { totalCount } }",
    "order": "{ opportunities(orderBy: [{amount: DESC}]) { edges { cursor } } }",
    "aggregate": "{ opportunitiesAggregate { sum { amount } } }",
    "groups": "{ opportunitiesGroupBy(groupBy: [{amount: true}]) { count } }",
    "distinct": "{ opportunities(distinctOn: [amount]) { totalCount } }",
    "filter of a relation": "{ companies(filter: {opportunities: {some: {amount: {gt: 1}}}}) { totalCount } }",
    "order by an aggregate": "{ companies(orderBy: [{opportunitiesAggregate: {max: {amount: ASC}}}])"
    " { edges { cursor } } }",
    "by id": '{ opportunity(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e") { amount } }',
}


@pytest.mark.parametrize("text", PLACES.values(), ids=PLACES)
def test_the_column_itself_is_read_under_its_guard_alone(text: str) -> None:
    sql = compile_plan(plan_query(context_of(text), {})).text
    read = re.findall(r't\d+\."amount"', sql)
    under_guard = re.findall(r'CASE WHEN (t\d+)\."personId" = \$\d::uuid THEN \1\."amount" END', sql)
    assert len(read) == len(under_guard) > 0


def test_a_write_is_answered_by_a_read_that_computes_the_cells() -> None:
    text = 'mutation { updateOpportunity(id: "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", data: {name: "x"}) { amount } }'
    (write,) = plan_mutation(context_of(text))
    assert isinstance(write, PlannedWrite)
    assert write.read_back is not None
    assert "CASE WHEN" in write.read_back.statement.text
    assert '"amount"' not in write.write.statement.text
