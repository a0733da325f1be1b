"""Rules in plans: their parameters, the objects that a plan depends on, and rules that cannot be read."""

from base64 import urlsafe_b64encode
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.arguments.trees import Blame, Leaf, Tree
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.planner.reads.filters.conditions import filter_condition
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.metadata.api_names import find_query
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Stored, Way
from fieldstone.sql.compiler.plans import compile_plan
from fieldstone.sql.plan.elements import IsNull
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Connection
from fieldstone.sql.plan.parts import parts_of
from tests.models import standard_snapshot
from tests.views import view, view_by_rules

SNAPSHOT = standard_snapshot()
MINE: Any = {
    "or": [
        {"personId": {"eq": "$principal.userId"}},
        {"company": {"people": {"some": {"id": {"eq": "$principal.userId"}}}}},
    ]
}


def context_of(seen: Snapshot, text: str) -> PlanContext:
    operation = parse_operation(text, None, DocumentLimits())
    return PlanContext(snapshot=seen, operation=operation, variables={}, limits=RecordLimits(), rules=RULES)


def test_a_principals_value_is_one_parameter_of_each_type() -> None:
    seen = view_by_rules(SNAPSHOT, opportunity=MINE, person={"id": {"eq": "$principal.userId"}})
    context = context_of(
        seen,
        "{ opportunities(filter: {company: {opportunities: {some: {}}}}) { totalCount edges { node {"
        " person { id } company { people { totalCount } } } } } }",
    )
    plan = plan_query(context, {})
    assert len(context.parameters.binders) == 1
    assert {one.slot for one in parts_of(plan) if isinstance(one, Parameter)} == {0}


def test_a_value_that_is_written_in_two_ways_is_two_parameters() -> None:
    rule = {
        "name": {"eq": "$principal.x"},
        "stage": {"in": "$principal.y"},
        "company": {"name": {"like": "$principal.x"}},
    }
    context = context_of(view_by_rules(SNAPSHOT, opportunity=rule), "{ opportunities { totalCount } }")
    plan_query(context, {})
    assert len(context.parameters.binders) == 3


def test_a_plan_depends_on_the_roles_instances_also_of_objects_that_rules_hop_over() -> None:
    seen = view_by_rules(SNAPSHOT, opportunity=MINE, person={"id": {"eq": "$principal.userId"}})
    context = context_of(seen, "{ opportunities { totalCount } }")
    plan_query(context, {})
    assert {one.name_singular for one in context.touched.values()} == {"opportunity", "company", "person"}
    assert all(seen.objects[id_] is object_ for id_, object_ in context.touched.items())
    assert context.depends(may_grow=True).hold(seen)


def test_a_rules_values_count_towards_no_limit_of_the_client() -> None:
    context = context_of(view_by_rules(SNAPSHOT, opportunity=MINE), "{ opportunities { totalCount } }")
    plan_query(context, {})
    assert context.comparisons == 0


def test_rules_are_not_applied_inside_rules() -> None:
    seen = view_by_rules(SNAPSHOT, opportunity=MINE, person={"id": {"eq": "$principal.other"}}, company={"or": []})
    plain = view_by_rules(SNAPSHOT, opportunity=MINE)
    texts = []
    for one in (seen, plain):
        context = context_of(one, "{ opportunities { totalCount } }")
        texts.append(compile_plan(plan_query(context, {})).text)
    assert texts[0] == texts[1]


OPPORTUNITY, COMPANY = (SNAPSHOT.by_singular[name] for name in ("opportunity", "company"))
FLAG = f'{{"max":{{"@{OPPORTUNITY.by_name["closeDate"].id}":{{"inFuture":"$principal.f"}}}}}}'
UNREADABLE = {
    "a principal's value that the plan would depend on": (
        f'{{"@{OPPORTUNITY.by_name["company"].id}":{{"@{COMPANY.by_name["opportunities"].id}Aggregate":{FLAG}}}}}'
    ),
    "no field": '{"@0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e":{"eq":1}}',
    "a field of another object": f'{{"@{SNAPSHOT.by_singular["person"].by_name["email"].id}":{{"eq":"x"}}}}',
    "an operator of a newer version": f'{{"@{SNAPSHOT.by_singular["opportunity"].by_name["name"].id}":{{"near":1}}}}',
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_rule_that_cannot_be_read_lets_nothing_through(name: str) -> None:
    opportunity = SNAPSHOT.by_singular["opportunity"]
    access = ObjectAccess(read=(Way(rule=Stored(UNREADABLE[name])),))
    context = context_of(view(SNAPSHOT, {opportunity.id: access}), "{ opportunities { totalCount } }")
    plan = plan_query(context, {})
    assert " AND false" in compile_plan(plan).text


def test_no_plan_depends_on_a_principals_value() -> None:
    """A flag that a principal's value stood for was planned as false, for every principal."""
    tree: Tree = {"closeDate": {"inFuture": Leaf(sample=None, claim="f")}}
    with pytest.raises(TypeError, match="'inFuture' is no part of the shape"):
        filter_condition(context_of(SNAPSHOT, "{ __typename }"), OPPORTUNITY, tree, Blame(field="rule", path=()))


def test_an_object_without_a_right_to_read_shows_nothing() -> None:
    opportunity = SNAPSHOT.by_singular["opportunity"]
    seen = view(SNAPSHOT, {opportunity.id: ObjectAccess()})
    assert find_query(seen, "opportunities") is None
    assert find_query(SNAPSHOT, "opportunities") is not None


def test_nothing_is_planned_of_a_restricted_object_where_nothing_plans_rules() -> None:
    context = context_of(view_by_rules(SNAPSHOT, opportunity=MINE), "{ opportunities { totalCount } }")
    context.rules = None
    with pytest.raises(LookupError, match="opportunity is restricted"):
        plan_query(context, {})


def test_a_node_is_read_under_the_rule() -> None:
    opportunity = SNAPSHOT.by_singular["opportunity"]
    node = urlsafe_b64encode(opportunity.id.bytes + UUID(int=1).bytes).decode().rstrip("=")
    for seen, rules in ((SNAPSHOT, 0), (view_by_rules(SNAPSHOT, opportunity=MINE), 1)):
        context = context_of(seen, f'{{ node(nodeId: "{node}") {{ id }} }}')
        assert compile_plan(plan_query(context, {})).text.count('"personId"') == rules


@pytest.mark.parametrize("reads_deleted", [False, True])
def test_deleted_records_come_back_for_roles_that_may_restore(reads_deleted: bool) -> None:
    opportunity = SNAPSHOT.by_singular["opportunity"]
    access = ObjectAccess(read=(Way(),), restore=(Way(),) if reads_deleted else ())
    text = "{ opportunities(filter: {deletedAt: {is: NOT_NULL}}) { totalCount } }"
    ((_, root),) = plan_query(context_of(view(SNAPSHOT, {opportunity.id: access}), text), {}).entries
    assert isinstance(root, Connection)
    assert opportunity.deleted_at is not None
    hides = IsNull(column=opportunity.deleted_at) in parts_of(root.condition)
    assert hides is not reads_deleted
