"""Deep pages cost as much as the first one: by the index, with nothing read and thrown away."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import psycopg.sql
import pytest

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.elements import And, Table
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Edges, OrderKey, Page
from fieldstone.sql.plan.read import ReadPlan
from fieldstone.sql.plan.writes.elements import Reference
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.types import SqlType
from tests.databases import Databases
from tests.sql.shop import BY_ID, EVENT_DDL, ID, NODE, Shop, column, connection, event, open_shop, parameter

THING = Table(schema="shop", name="thing")
LIMIT = 10
# Ties of up to ten, a third of NULLs.
DDL = """
CREATE SCHEMA shop;
CREATE TABLE shop.thing (id uuid PRIMARY KEY, a integer, c integer NOT NULL);
INSERT INTO shop.thing
SELECT uuid_in(md5(n::text)::cstring), CASE WHEN n <= 12000 THEN n % 1200 END, n % 2000
FROM generate_series(1, 20000) AS n;
CREATE INDEX ON shop.thing (a, id);
CREATE INDEX ON shop.thing (c, id);
CREATE TABLE shop.other (id uuid PRIMARY KEY, other_id uuid);
"""


def fill(dsn: str) -> None:
    with open_shop(dsn) as shop:
        shop.fill(DDL)
        shop.fill(EVENT_DDL)
        shop.fill("VACUUM ANALYZE shop.thing")


@pytest.fixture(scope="module")
def objects(databases: Databases) -> Iterator[Shop]:
    with databases.clone(databases.template("things", fill)) as dsn, open_shop(dsn) as shop:
        yield shop


A = column("a", SqlType.INTEGER)
C = column("c", SqlType.INTEGER, nullable=False)
ID_DESCENDING = OrderKey(operand=ID, descending=True, nullable=False)
ONE_WAY = {
    "a": (OrderKey(operand=A), BY_ID),
    "a nulls first": (OrderKey(operand=A, nulls_first=True), BY_ID),
    "a desc": (OrderKey(operand=A, descending=True, nulls_first=True), ID_DESCENDING),
    "a desc nulls last": (OrderKey(operand=A, descending=True), ID_DESCENDING),
    "c": (OrderKey(operand=C, nullable=False), BY_ID),
    "c desc": (OrderKey(operand=C, descending=True, nullable=False), ID_DESCENDING),
}
MIXED = {
    "a, id desc": (OrderKey(operand=A), ID_DESCENDING),
    "a nulls first, id desc": (OrderKey(operand=A, nulls_first=True), ID_DESCENDING),
    "a desc, id": (OrderKey(operand=A, descending=True, nulls_first=True), BY_ID),
    "a desc nulls last, id": (OrderKey(operand=A, descending=True), BY_ID),
    "c desc, id": (OrderKey(operand=C, descending=True, nullable=False), BY_ID),
}
BESIDE = "80000000-0000-0000-0000-000000000000"


def nodes_of(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for inner in plan.get("Plans", []):
        yield from nodes_of(inner)


def explain(objects: Shop, plan: ReadPlan | Insert, parameters: list[str]) -> list[dict[str, Any]]:
    """The nodes of the plan that the statement runs by, prepared as a server's session does."""
    objects.database.execute(("PREPARE page AS " + compile_plan(plan).text).encode())
    given = psycopg.sql.SQL(", ").join([psycopg.sql.Literal(value) for value in parameters])
    query = psycopg.sql.SQL("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, BUFFERS OFF, FORMAT JSON) EXECUTE page")
    row = objects.database.execute(query + psycopg.sql.SQL("({})").format(given) if parameters else query).fetchone()
    objects.fill("DEALLOCATE page")
    assert row is not None
    return list(nodes_of(row[0][0]["Plan"]))


def places(orders: Mapping[str, tuple[OrderKey, ...]]) -> list[Any]:
    """Each order at the first page, behind a value and, where there are any, behind a NULL; forward and backward."""
    return [
        pytest.param(keys, at, backward, id=f"{name}, {at or 'first page'}, {'backward' if backward else 'forward'}")
        for name, keys in orders.items()
        for at in (None, "500", "NULL")
        for backward in (False, True)
        if at != "NULL" or keys[0].nullable
    ]


@pytest.mark.parametrize(("keys", "at", "backward"), places(ONE_WAY))
def test_pages_by_an_indexed_key_read_what_they_give(
    objects: Shop, keys: tuple[OrderKey, ...], at: str | None, backward: bool
) -> None:
    # Both branches begin before one of them is found to be enough.
    assert rows_read(objects, keys, at, backward) <= 2 * (LIMIT + 1)


@pytest.mark.parametrize(("keys", "at", "backward"), places(MIXED))
def test_pages_in_mixed_directions_read_little_more_than_they_give(
    objects: Shop, keys: tuple[OrderKey, ...], at: str | None, backward: bool
) -> None:
    # An incremental sort takes 32 rows at a time; ties have ten.
    assert rows_read(objects, keys, at, backward) <= 2 * (LIMIT + 1) + 32 + 10


def rows_read(objects: Shop, keys: tuple[OrderKey, ...], at: str | None, backward: bool) -> int:
    """How many rows the page reads from the table, all by index."""
    seek: tuple[Parameter | None, ...] | None = None
    parameters: list[str] = []
    if at == "NULL":
        seek, parameters = (None, parameter(0, SqlType.UUID)), [BESIDE]
    elif at is not None:
        seek, parameters = (parameter(0, SqlType.INTEGER), parameter(1, SqlType.UUID)), [at, BESIDE]
    root = connection(THING, And(terms=()), order=keys, page=Page(limit=LIMIT, backward=backward, seek=seek))
    assert len(objects.read(root, *parameters)["edges"]) == LIMIT
    nodes = explain(objects, ReadPlan(entries=(("things", root),)), parameters)
    tables = [node for node in nodes if node.get("Relation Name") == "thing"]
    assert {node["Node Type"] for node in tables} <= {"Index Scan", "Index Only Scan"}
    assert [node["Node Type"] for node in nodes if node.get("Rows Removed by Filter", 0)] == []
    return sum(round(node["Actual Rows"] * node["Actual Loops"]) for node in tables)


@pytest.mark.parametrize("at", ["500", "NULL"])
@pytest.mark.parametrize("name", ONE_WAY)
def test_a_generic_plan_reads_no_more(objects: Shop, name: str, at: str) -> None:
    keys = ONE_WAY[name]
    if at == "NULL" and not keys[0].nullable:
        at = "500"
    objects.fill("SET plan_cache_mode = force_generic_plan")
    try:
        assert rows_read(objects, keys, at, backward=False) <= 2 * (LIMIT + 1)
    finally:
        objects.fill("RESET plan_cache_mode")


def test_an_inserts_references_are_found_by_index(objects: Shop) -> None:
    to_object = Reference(
        column=column("other_id", SqlType.UUID),
        table=THING,
        key=ID,
        lookup=ID,
        condition=And(terms=()),
        source="other",
    )
    plan = Insert(
        table=Table(schema="shop", name="other"),
        key=ID,
        columns=(ID,),
        rows=parameter(0),
        references=(to_object,),
        event=event("created", 1),
        record=None,
    )
    (row,) = objects.rows("SELECT json_agg(json_build_object('id', id, 'other', id))::text FROM shop.thing WHERE c = 7")
    nodes = explain(objects, plan, [row[0], "me"])
    scans = [node for node in nodes if node.get("Relation Name") == "thing"]
    # A row that is locked is read.
    assert [(node["Node Type"], node["Actual Loops"]) for node in scans] == [("Index Scan", 10)]


def test_no_branch_is_read_that_can_hold_nothing() -> None:
    keys = ONE_WAY["a"]
    seek = (None, parameter(0, SqlType.UUID))
    root = connection(THING, And(terms=()), order=keys, page=Page(limit=LIMIT, seek=seek))
    text = compile_plan(ReadPlan(entries=(("things", root),))).text
    assert "UNION" not in text
    assert text.count('FROM "shop"."thing"') == 1


def edges_text(keys: tuple[OrderKey, ...], seek: tuple[Parameter | None, ...]) -> str:
    """The statement of a connection with edges alone."""
    whole = connection(THING, And(terms=()), order=keys, page=Page(limit=LIMIT, seek=seek))
    edges = replace(whole, entries=(("edges", Edges(entries=(("node", NODE),))),))
    return compile_plan(ReadPlan(entries=(("things", edges),))).text


def test_required_keys_of_one_direction_are_one_row_comparison() -> None:
    seek = (parameter(0, SqlType.INTEGER), parameter(1, SqlType.UUID))
    assert edges_text(ONE_WAY["c"], seek) == (
        """SELECT '{"things":{"edges":[' || COALESCE(string_agg('{"node":{"id":"' || t1.c0::text || '"}}',','),'')"""
        """ || ']}}' FROM (SELECT t0."id" AS c0 FROM "shop"."thing" AS t0"""
        """ WHERE (t0."c",t0."id") > ($1::integer,$2::uuid) ORDER BY t0."c",t0."id" LIMIT 10) AS t1"""
    )


def test_a_nullable_key_is_two_branches() -> None:
    seek = (parameter(0, SqlType.INTEGER), parameter(1, SqlType.UUID))
    assert edges_text(ONE_WAY["a"], seek) == (
        """SELECT '{"things":{"edges":[' || COALESCE(string_agg('{"node":{"id":"' || t1.c0::text || '"}}',','),'')"""
        """ || ']}}' FROM ("""
        """(SELECT t0."id" AS c0,t0."a" AS k0 FROM "shop"."thing" AS t0"""
        """ WHERE (t0."a",t0."id") > ($1::integer,$2::uuid) ORDER BY t0."a",t0."id" LIMIT 10)"""
        """ UNION ALL (SELECT t0."id" AS c0,t0."a" AS k0 FROM "shop"."thing" AS t0"""
        """ WHERE t0."a" IS NULL ORDER BY t0."a",t0."id" LIMIT 10) ORDER BY k0,c0 LIMIT 10) AS t1"""
    )
