"""The way PostgreSQL runs the statement of a query: the nodes of its plan, and the rows that they read."""

from collections.abc import Iterator
from typing import Any

import psycopg

from fieldstone.sql.statement import Step
from tests.apis import Apis

MODES = ("force_generic_plan", "force_custom_plan")


def explain(dsn: str, step: Step, mode: str) -> list[dict[str, Any]]:
    """The nodes of the statement's plan, run with these parameters."""
    statement, parameters = step
    with psycopg.connect(dsn, autocommit=True, options=f"-c plan_cache_mode={mode}") as connection:
        connection.execute(b"PREPARE explained AS " + statement.sql)
        values = psycopg.sql.SQL(",").join([None if one is None else one.decode() for one in parameters])
        call = psycopg.sql.SQL("({})").format(values) if parameters else psycopg.sql.SQL("")
        query = psycopg.sql.SQL("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE explained{}").format(call)
        row = connection.execute(query).fetchone()
    assert row is not None
    return list(nodes(row[0][0]["Plan"]))


def nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for inner in node.get("Plans", ()):
        yield from nodes(inner)


def read_rows(found: list[dict[str, Any]]) -> int:
    """How many rows of tables were looked at, those that were thrown away among them."""
    return sum(
        round((node["Actual Rows"] + node.get("Rows Removed by Filter", 0)) * node["Actual Loops"])
        for node in found
        if "Relation Name" in node
    )


def looked_at(found: list[dict[str, Any]]) -> int:
    """How many rows all nodes of the plan looked at, those that a join compared and threw away among them."""
    thrown = ("Rows Removed by Filter", "Rows Removed by Join Filter")
    return sum(
        round((node["Actual Rows"] + sum(node.get(name, 0) for name in thrown)) * node["Actual Loops"])
        for node in found
    )


def scans(found: list[dict[str, Any]]) -> set[str]:
    """The kinds of nodes that read tables and were run."""
    return {node["Node Type"] for node in found if "Relation Name" in node and node["Actual Loops"]}


def read_buffers(found: list[dict[str, Any]]) -> int:
    """How many blocks of tables and indexes the whole statement looked at."""
    return int(found[0]["Shared Hit Blocks"] + found[0]["Shared Read Blocks"])


async def last_step(apis: Apis, text: str, **variables: Any) -> tuple[Step, Any]:
    """The statement that a query sends, and its answer."""
    apis.database.log.steps.clear()
    data = await apis.data(text, **variables)
    (step,) = apis.database.log.steps
    return step, data
