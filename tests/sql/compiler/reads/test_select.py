"""Read plans as requests, JSON as responses: every output, every encoding, every entry of a connection."""

import json
from dataclasses import replace

import psycopg
import pytest

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.aggregates import AggregateFunction, Computed, Count
from fieldstone.sql.plan.elements import Compare, Comparison, Link, Table
from fieldstone.sql.plan.outputs import AggregateRecord, Connection, Literal, OrderKey, Page, Record, ToOne
from fieldstone.sql.plan.read import Aggregate, One, ReadPlan, Root
from fieldstone.sql.types import Encoding, SqlType
from fieldstone.sql.values.page_cursor import decode_cursor
from tests.sql.people import TRUE, company, nodes, numbers, people, person, with_id
from tests.sql.shop import (
    ALL_FACTS,
    BY_ID,
    COMPANY,
    COMPANY_ID,
    EMAIL,
    EMPLOYER,
    ID,
    IDENTITY,
    LIVE,
    NAME,
    NODE,
    PERSON,
    SCORE,
    Shop,
    bare,
    parameter,
    text,
)


def test_roots_stand_under_their_keys_in_their_order(filled: Shop) -> None:
    long = "x" * 80
    plan = ReadPlan(
        entries=(
            ("b", Literal(text='"Query"')),
            (long + "1", One(table=PERSON, condition=with_id(), record=NODE)),
            (long + "2", One(table=PERSON, condition=with_id(1), record=NODE)),
            ("a", people(("edges", nodes()))),
        )
    )
    (answer,) = filled.run(plan, person(1), person(99))
    assert list(json.loads(answer).items()) == [
        ("b", "Query"),
        (long + "1", {"id": person(1)}),
        (long + "2", None),
        ("a", {"edges": [{"node": {"id": person(n)}} for n in (1, 2, 3)]}),
    ]


@pytest.mark.parametrize("key", ["'", "''", "\\", "%", "%s", "$1", "{}", "--", "/*", '"', "é\u2028\U0001f600", "||"])
def test_keys_and_constants_are_any_text(filled: Shop, key: str) -> None:
    root = One(
        table=PERSON,
        condition=with_id(),
        record=Record(entries=((key, text(NAME)), (key + "2", Literal(text=json.dumps(key))))),
    )
    assert filled.read(root, person(1)) == {key: "P1", key + "2": key}


def test_empty_plans_and_records_are_empty_objects(filled: Shop) -> None:
    assert filled.run(ReadPlan(entries=())) == ("{}",)
    assert filled.read(One(table=PERSON, condition=with_id(), record=Record(entries=())), person(1)) == {}


def test_one_takes_the_first_in_its_order(filled: Shop) -> None:
    order = (OrderKey(operand=SCORE, descending=True), BY_ID)
    record = Record(entries=(("score", bare(SCORE)), ("company", ToOne(hop=EMPLOYER, record=NODE))))
    assert filled.read(One(table=PERSON, condition=LIVE, order=order, record=record)) == {
        "score": 6,
        "company": {"id": company(2)},
    }
    assert filled.read(One(table=PERSON, condition=with_id(), order=order, record=record), person(99)) is None


def test_to_one_in_to_one_in_a_composite(filled: Shop) -> None:
    inner = Record(entries=(("id", IDENTITY), ("name", text(NAME))))
    record = Record(entries=(("full", Record(entries=(("company", ToOne(hop=EMPLOYER, record=inner)),))),))
    answers = [
        filled.read(One(table=PERSON, condition=with_id(), record=record), person(n))["full"]["company"]
        for n in (1, 2, 3, 4)
    ]
    # The third's company is deleted, the fourth has none.
    assert answers == [{"id": company(1), "name": "Acme"}, {"id": company(2), "name": None}, None, None]


def test_a_connection_in_a_connection(filled: Shop) -> None:
    employees = Connection(
        table=PERSON,
        condition=LIVE,
        link=Link(column=COMPANY_ID, key=ID),
        order=(OrderKey(operand=EMAIL, descending=True, nullable=False), BY_ID),
        page=Page(limit=1),
        cursor_tag="people",
        entries=(("edges", nodes()), ("pageInfo", ALL_FACTS), ("totalCount", Count())),
    )
    root = Connection(
        table=COMPANY,
        condition=TRUE,
        order=(BY_ID,),
        page=Page(limit=5),
        cursor_tag="companies",
        entries=(("edges", nodes(Record(entries=(("name", text(NAME)), ("people", employees))))),),
    )
    answer = [edge["node"] for edge in filled.read(root)["edges"]]
    assert [node["name"] for node in answer] == ["Acme", None, "Gone"]
    assert [numbers(node["people"]["edges"]) for node in answer] == [[5], [6], [7]]
    assert [node["people"]["totalCount"] for node in answer] == [2, 2, 2]
    assert [node["people"]["pageInfo"]["hasNextPage"] for node in answer] == [True] * 3
    cursor = answer[0]["people"]["pageInfo"]["endCursor"]
    assert decode_cursor(cursor, "people") == ("5@x", person(5))


def test_aggregates(filled: Shop) -> None:
    whole = Encoding.TRIMMED
    record = AggregateRecord(
        entries=(
            ("count", Count()),
            ("again", Count()),
            ("sum", AggregateRecord(entries=(("score", computed(AggregateFunction.SUM, Encoding.BARE)),))),
            ("avg", AggregateRecord(entries=(("score", computed(AggregateFunction.AVG, whole)),))),
            ("quoted", computed(AggregateFunction.AVG, Encoding.QUOTED_TRIMMED)),
            ("min", computed(AggregateFunction.MIN, Encoding.BARE)),
            ("max", Computed(function=AggregateFunction.MAX, operands=(NAME,), encoding=Encoding.STRING)),
            ("__typename", Literal(text='"PersonAggregate"')),
        )
    )
    some = Compare(left=EMAIL, comparison=Comparison.NE, right=parameter(0))
    assert filled.read(Aggregate(table=PERSON, condition=some, record=record), "") == {
        "count": 7,
        "again": 7,
        "sum": {"score": 12},
        "avg": {"score": 4},
        "quoted": "4",
        "min": 2,
        "max": "P7",
        "__typename": "PersonAggregate",
    }
    nothing = Compare(left=EMAIL, comparison=Comparison.EQ, right=parameter(0))
    assert filled.read(Aggregate(table=PERSON, condition=nothing, record=record), "") == {
        "count": 0,
        "again": 0,
        "sum": {"score": None},
        "avg": {"score": None},
        "quoted": None,
        "min": None,
        "max": None,
        "__typename": "PersonAggregate",
    }


def computed(function: AggregateFunction, encoding: Encoding) -> Computed:
    return Computed(function=function, operands=(SCORE,), encoding=encoding)


def test_a_plan_may_ask_for_any_selection_of_a_record(filled: Shop) -> None:
    employees = Connection(
        table=PERSON,
        condition=LIVE,
        link=Link(column=COMPANY_ID, key=ID),
        order=(BY_ID,),
        page=Page(limit=9),
        cursor_tag="",
        entries=(("totalCount", Count()),),
    )
    record = Record(entries=(("company", ToOne(hop=EMPLOYER, record=Record(entries=(("people", employees),)))),))
    answer = filled.read(people(("edges", nodes(record)), page=Page(limit=4)))
    assert [edge["node"]["company"] for edge in answer["edges"]] == [
        {"people": {"totalCount": 2}},
        {"people": {"totalCount": 2}},
        None,
        None,
    ]


def nested() -> Root:
    employees = Connection(
        table=PERSON,
        condition=LIVE,
        link=Link(column=COMPANY_ID, key=ID),
        order=(OrderKey(operand=NAME), BY_ID),
        page=Page(limit=2, seek=(parameter(0), parameter(1, SqlType.UUID))),
        cursor_tag="people",
        entries=(("edges", nodes()), ("pageInfo", ALL_FACTS)),
    )
    node = Record(entries=(("company", ToOne(hop=EMPLOYER, record=Record(entries=(("people", employees),)))),))
    return people(("edges", nodes(node)), ("totalCount", Count()))


def test_equal_plans_give_equal_text(filled: Shop) -> None:
    one, other = (ReadPlan(entries=(("people", nested()),)) for _ in range(2))
    assert compile_plan(one) == compile_plan(other)
    filled.run(one, "P1", person(1))


def test_the_text_of_a_connection() -> None:
    root = people(("edges", nodes(Record(entries=(("id", IDENTITY), ("name", text(NAME)))))), page=Page(limit=2))
    assert compile_plan(ReadPlan(entries=(("people", root),))).text == (
        """SELECT '{"people":{"edges":[' || COALESCE(string_agg('{"node":{"id":"' || t1.c0::text"""
        """ || '","name":' || COALESCE(to_json(t1.c1)::text,'null') || '}}',','),'') || ']}}' FROM"""
        """ (SELECT t0."id" AS c0,t0."name" AS c1 FROM "shop"."person" AS t0 WHERE t0."deleted_at" IS NULL"""
        """ ORDER BY t0."id" LIMIT 2) AS t1"""
    )


def test_the_text_of_a_record() -> None:
    root = One(table=PERSON, condition=with_id(), record=Record(entries=(("id", IDENTITY), ("email", text(EMAIL)))))
    assert compile_plan(ReadPlan(entries=(("person", root),))).text == (
        """SELECT '{"person":' || COALESCE((SELECT '{"id":"' || t0."id"::text || '","email":' ||"""
        """ to_json(t0."email")::text || '}' FROM "shop"."person" AS t0 WHERE t0."id" = $1::uuid LIMIT 1),'null')"""
        """ || '}'"""
    )


def test_what_is_not_selected_is_not_computed() -> None:
    root = people(("edges", nodes()))
    plain = compile_plan(ReadPlan(entries=(("people", root),))).text
    assert "count(" not in plain
    assert "row_number" not in plain
    assert "sha256" not in plain
    counted = compile_plan(ReadPlan(entries=(("people", replace(root, entries=(("n", Count()),))),))).text
    assert "string_agg" not in counted


def test_a_missing_table_is_the_servers_error(filled: Shop) -> None:
    root = One(table=Table(schema="shop", name="nowhere"), condition=with_id(), record=NODE)
    with pytest.raises(psycopg.errors.UndefinedTable):
        filled.read(root, person(1))
