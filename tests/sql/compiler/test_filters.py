"""Conditions keep exactly the rows that SQL's three-valued logic, worked out in Python, says they keep."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition, IsNull, Not, Or, Related
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Connection, Edges, Page
from fieldstone.sql.plan.read import ReadPlan
from fieldstone.sql.types import SqlType
from tests.databases import Databases
from tests.sql.conditions import CASES, PEOPLE, Case, Row, Truth, conjunction, disjunction, fill, negate, numbered
from tests.sql.shop import (
    BY_ID,
    CITY,
    DELETED_AT,
    EMAIL,
    EMPLOYER,
    ID,
    LIVE,
    NAME,
    NODE,
    PERSON,
    Shop,
    column,
    open_shop,
    parameter,
)


@pytest.fixture(scope="module")
def people(databases: Databases) -> Iterator[Shop]:
    with databases.clone(databases.template("filters", fill)) as dsn, open_shop(dsn) as shop:
        yield shop


def found(people: Shop, condition: Condition, *parameters: str) -> set[int]:
    root = Connection(
        table=PERSON,
        condition=condition,
        order=(BY_ID,),
        page=Page(limit=100),
        cursor_tag="",
        entries=(("edges", Edges(entries=(("node", NODE),))),),
    )
    return {int(edge["node"]["id"][-12:]) for edge in people.read(root, *parameters)["edges"]}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_each_condition_and_its_negations(people: Shop, case: Case) -> None:
    truths = {row["id"]: case.truth(row) for row in PEOPLE}
    expected = {number for number, truth in truths.items() if truth is True}
    refused = {number for number, truth in truths.items() if truth is False}
    once = Not(term=case.condition)
    assert found(people, case.condition, *case.parameters) == expected
    assert found(people, once, *case.parameters) == refused
    assert found(people, Not(term=once), *case.parameters) == expected
    # Two NOTs that a term stands between: a place where unknown and false are the same again.
    between = Not(term=And(terms=(once, IsNull(column=ID, negated=True))))
    assert found(people, between, *case.parameters) == expected


def slotted(case: Case, first: int) -> Condition:
    """The condition with its parameter moved to another slot."""

    def move(part: Any) -> Any:
        if isinstance(part, Parameter):
            return parameter(part.slot + first, part.type, array=part.array)
        if isinstance(part, tuple):
            return tuple(move(item) for item in part)
        if hasattr(part, "__dataclass_fields__"):
            return type(part)(**{name: move(getattr(part, name)) for name in part.__dataclass_fields__})
        return part

    moved: Condition = move(case.condition)
    return moved


Tree = str | tuple[str, list[Any]]
TREES = st.recursive(
    st.sampled_from(sorted(CASES)),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), st.lists(inner, min_size=1, max_size=1)),
        st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, max_size=3)),
    ),
    max_leaves=6,
)


def grow(tree: Tree, parameters: list[str]) -> tuple[Condition, Callable[[Row], Truth]]:
    if isinstance(tree, str):
        case = CASES[tree]
        condition = slotted(case, len(parameters))
        parameters.extend(case.parameters)
        return condition, case.truth
    kind, branches = tree
    grown = [grow(branch, parameters) for branch in branches]
    terms = tuple(condition for condition, _ in grown)
    tests = [truth for _, truth in grown]
    if kind == "not":
        return Not(term=terms[0]), lambda row: negate(tests[0](row))
    if kind == "and":
        return And(terms=terms), lambda row: conjunction([truth(row) for truth in tests])
    return Or(terms=terms), lambda row: disjunction([truth(row) for truth in tests])


@pytest.mark.long
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(tree=TREES)
def test_any_combination(people: Shop, tree: Tree) -> None:
    parameters: list[str] = []
    condition, truth = grow(tree, parameters)
    expected = {row["id"] for row in PEOPLE if truth(row) is True}
    assert found(people, condition, *parameters) == expected


def where(condition: Condition) -> str:
    """The condition in WHERE."""
    root = Connection(
        table=PERSON,
        condition=condition,
        order=(BY_ID,),
        page=Page(limit=1),
        cursor_tag="",
        entries=(("edges", Edges(entries=(("node", NODE),))),),
    )
    text = compile_plan(ReadPlan(entries=(("root", root),))).text
    return text.partition(" WHERE ")[2].partition(" ORDER BY ")[0].replace('t0."', '"')


EQUAL = Compare(left=CITY, comparison=Comparison.EQ, right=numbered())
NULL = IsNull(column=NAME)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (And(terms=()), ""),
        (And(terms=(And(terms=(EQUAL, NULL)), NULL)), '"city" = $1::text AND "name" IS NULL AND "name" IS NULL'),
        (And(terms=(Or(terms=(EQUAL, NULL)), NULL)), '("city" = $1::text OR "name" IS NULL) AND "name" IS NULL'),
        (Or(terms=(Or(terms=(EQUAL,)), NULL)), '"city" = $1::text OR "name" IS NULL'),
        (Or(terms=(And(terms=(EQUAL, NULL)), NULL)), '"city" = $1::text AND "name" IS NULL OR "name" IS NULL'),
        (Not(term=And(terms=(EQUAL, NULL))), 'NOT ("city" = $1::text AND "name" IS NULL)'),
        (Not(term=Not(term=NULL)), '"name" IS NULL'),
        (And(terms=(Or(terms=()), EQUAL)), 'false AND "city" = $1::text'),
        (
            Related(hop=EMPLOYER, condition=LIVE),
            (
                'EXISTS (SELECT 1 FROM "shop"."company" AS t1'
                ' WHERE t1."id" = "company_id" AND t1."deleted_at" IS NULL AND t1."deleted_at" IS NULL)'
            ),
        ),
        (
            Not(term=Related(hop=EMPLOYER, condition=LIVE)),
            (
                'NOT (SELECT t1."deleted_at" IS NULL FROM "shop"."company" AS t1'
                ' WHERE t1."id" = "company_id" AND t1."deleted_at" IS NULL)'
            ),
        ),
    ],
)
def test_the_text_of(condition: Condition, expected: str) -> None:
    assert where(condition) == expected


def test_parameters_of_one_slot_are_one() -> None:
    again = And(terms=(EQUAL, Compare(left=EMAIL, comparison=Comparison.NE, right=numbered())))
    assert where(again) == '"city" = $1::text AND "email" <> $1::text'


def test_a_column_may_be_called_anything(people: Shop) -> None:
    people.fill('CREATE TABLE shop."select" (id uuid PRIMARY KEY, "t0" text, "a "" b" text, "c0" text)')
    people.fill("INSERT INTO shop.select VALUES ('00000000-0000-0000-0000-000000000007', 'x', 'y', 'z')")
    odd = [column(name, SqlType.TEXT) for name in ("t0", 'a " b', "c0")]
    conditions = tuple(Compare(left=one, comparison=Comparison.EQ, right=parameter(n)) for n, one in enumerate(odd))
    table = type(PERSON)(schema="shop", name="select")
    root = Connection(
        table=table,
        condition=And(terms=conditions),
        order=(BY_ID,),
        page=Page(limit=1),
        cursor_tag="",
        entries=(("edges", Edges(entries=(("node", NODE),))),),
    )
    assert len(people.read(root, "x", "y", "z")["edges"]) == 1


def test_deleted_rows_are_rows_like_others(people: Shop) -> None:
    assert found(people, IsNull(column=DELETED_AT)) == {row["id"] for row in PEOPLE}
