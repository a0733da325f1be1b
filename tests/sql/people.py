"""A shop with seven people, and the plans that the read tests ask of it."""

from typing import Any

from fieldstone.sql.plan.aggregates import Count
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition
from fieldstone.sql.plan.outputs import Connection, Edges, Literal, OrderKey, Page, PageInfo, Record
from fieldstone.sql.types import SqlType
from tests.sql.shop import BY_ID, ID, LIVE, NODE, PERSON, make_schema, open_shop, parameter

TRUE = And(terms=())


def person(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


def company(number: int) -> str:
    return f"00000000-0000-0000-0001-{number:012}"


def fill(dsn: str) -> None:
    make_schema(dsn)
    with open_shop(dsn) as shop:
        shop.fill(
            "INSERT INTO shop.company (id, name, deleted_at) VALUES (%s, %s, %s)",
            [(company(1), "Acme", None), (company(2), None, None), (company(3), "Gone", "2020-01-01")],
        )
        shop.fill(
            "INSERT INTO shop.person (id, email, name, score, company_id) VALUES (%s, %s, %s, %s, %s)",
            [
                (person(n), f"{n}@x", None if n % 3 == 0 else f"P{n}", None if n % 2 else n, n % 4 and company(n % 4))
                if n % 4
                else (person(n), f"{n}@x", None if n % 3 == 0 else f"P{n}", None if n % 2 else n, None)
                for n in range(1, 8)
            ],
        )


def people(
    *entries: tuple[str, Edges | PageInfo | Count | Literal],
    page: Page | None = None,
    condition: Condition = LIVE,
    order: tuple[OrderKey, ...] = (BY_ID,),
) -> Connection:
    return Connection(
        table=PERSON,
        condition=condition,
        order=order,
        page=page or Page(limit=3),
        cursor_tag="tag",
        entries=entries,
    )


def nodes(node: Record = NODE) -> Edges:
    return Edges(entries=(("node", node),))


def numbers(edges: list[dict[str, Any]]) -> list[int]:
    return [int(edge["node"]["id"][-12:]) for edge in edges]


def with_id(number_slot: int = 0) -> Condition:
    return Compare(left=ID, comparison=Comparison.EQ, right=parameter(number_slot, SqlType.UUID))
