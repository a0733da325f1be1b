"""Walks over whole tables: every order, page size and direction gives each row once, in the order of one big read."""

import itertools
from dataclasses import dataclass
from typing import Any

import pytest

from fieldstone.sql.plan.elements import And, Compare, Comparison, Hop, Table
from fieldstone.sql.plan.operands import Column, Parameter, Ranked
from fieldstone.sql.plan.outputs import OrderKey, Page
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.page_cursor import decode_cursor
from tests.databases import Databases
from tests.sql.shop import BY_ID, ID, column, connection, open_shop, parameter

ITEM = Table(schema="shop", name="item")
MAKER = Table(schema="shop", name="maker")
TRUE = And(terms=())
SIZES = (1, 2, 3, 7)

DDL = """
CREATE SCHEMA shop;
CREATE TABLE shop.maker (id uuid PRIMARY KEY, name text, rank integer, parent_id uuid, hidden boolean NOT NULL);
CREATE TABLE shop.item (
    id uuid PRIMARY KEY, a integer, b text, c integer NOT NULL, d text NOT NULL, flag boolean, code uuid,
    at timestamptz, day date, amount numeric, ratio double precision, big bigint, stage text, maker_id uuid,
    hidden boolean NOT NULL
);
INSERT INTO shop.maker
SELECT uuid_in(lpad((100 + n)::text, 32, '0')::cstring), (ARRAY['x', 'y', NULL, 'x', 'z'])[n], NULLIF(n % 3, 0),
    CASE WHEN n > 2 THEN uuid_in(lpad((98 + n)::text, 32, '0')::cstring) END, n = 5
FROM generate_series(1, 5) AS n;
INSERT INTO shop.item
SELECT uuid_in(md5(n::text)::cstring), NULLIF(n % 4, 0), (ARRAY['', 'a"\\é', 'B', NULL, NULL])[1 + n % 5], n % 3,
    (ARRAY['p', 'q'])[1 + n % 2], (ARRAY[true, false, NULL])[1 + n % 3],
    CASE WHEN n % 3 > 0 THEN uuid_in(md5((n % 5)::text)::cstring) END,
    CASE WHEN n % 4 > 0 THEN timestamptz '2024-03-30 23:59:59.999999+01' + (n % 5) * interval '1 microsecond' END,
    CASE WHEN n % 4 > 0 THEN date '0999-12-31' + n % 5 END,
    (ARRAY[1.10, 1.1, 123456789012345678901234567890.123456789, NULL, -5])[1 + n % 5],
    (ARRAY[0.1, 1e300, NULL, -1e-300, 0.30000000000000004])[1 + n % 5],
    (ARRAY[9223372036854775807, NULL, -9223372036854775808])[1 + n % 3],
    (ARRAY['NEW', 'WON', 'ODD', NULL, 'LOST'])[1 + n % 5],
    CASE WHEN n % 7 > 0 THEN uuid_in(lpad((100 + n % 7)::text, 32, '0')::cstring) END,
    n = 20
FROM generate_series(1, 20) AS n;
"""

VISIBLE = Compare(
    left=column("hidden", SqlType.BOOLEAN, nullable=False),
    comparison=Comparison.EQ,
    right=parameter(0, SqlType.BOOLEAN),
)
TO_MAKER = Hop(column=column("maker_id", SqlType.UUID), table=MAKER, key=ID, condition=VISIBLE)
TO_PARENT = Hop(column=column("parent_id", SqlType.UUID), table=MAKER, key=ID, condition=TRUE)
STAGES = ("NEW", "LOST", "WON")

# The keys that an order may have: hops, operand, and the same in SQL for the big read.
ATTRIBUTES: dict[str, tuple[tuple[Hop, ...], Column | Ranked, str]] = {
    "a": ((), column("a", SqlType.INTEGER), "i.a"),
    "b": ((), column("b", SqlType.TEXT), "i.b"),
    "c": ((), column("c", SqlType.INTEGER, nullable=False), "i.c"),
    "d": ((), column("d", SqlType.TEXT, nullable=False), "i.d"),
    "flag": ((), column("flag", SqlType.BOOLEAN), "i.flag"),
    "code": ((), column("code", SqlType.UUID), "i.code"),
    "at": ((), column("at", SqlType.TIMESTAMP), "i.at"),
    "day": ((), column("day", SqlType.DATE), "i.day"),
    "amount": ((), column("amount", SqlType.NUMERIC), "i.amount"),
    "ratio": ((), column("ratio", SqlType.DOUBLE), "i.ratio"),
    "big": ((), column("big", SqlType.BIGINT), "i.big"),
    "stage": (
        (),
        Ranked(column=column("stage", SqlType.TEXT), values=STAGES),
        "CASE i.stage WHEN 'NEW' THEN 1 WHEN 'LOST' THEN 2 WHEN 'WON' THEN 3 END",
    ),
    "maker": ((TO_MAKER,), column("name", SqlType.TEXT), "m.name"),
    "rank": ((TO_MAKER,), column("rank", SqlType.INTEGER), "m.rank"),
    "parent": ((TO_MAKER, TO_PARENT), column("name", SqlType.TEXT), "p.name"),
}
FROM = """
FROM shop.item AS i
LEFT JOIN shop.maker AS m ON m.id = i.maker_id AND NOT m.hidden
LEFT JOIN shop.maker AS p ON p.id = m.parent_id
WHERE NOT i.hidden
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """One key of an order."""

    name: str
    descending: bool
    nulls_first: bool

    def key(self) -> OrderKey:
        hops, operand, _ = ATTRIBUTES[self.name]
        nullable = not isinstance(operand, Column) or operand.nullable
        return OrderKey(
            hops=hops, operand=operand, descending=self.descending, nulls_first=self.nulls_first, nullable=nullable
        )

    def __str__(self) -> str:
        return f"{self.name}{'-' if self.descending else '+'}{'n' if self.nulls_first else ''}"

    def sql(self) -> str:
        direction = "DESC" if self.descending else "ASC"
        return f"{ATTRIBUTES[self.name][2]} {direction} NULLS {'FIRST' if self.nulls_first else 'LAST'}"


def every(name: str) -> list[By]:
    booleans = (False, True)
    return [By(name=name, descending=down, nulls_first=first) for down in booleans for first in booleans]


def orders() -> list[tuple[By, ...]]:
    nullable = ("a", "b", "flag", "code", "at", "day", "amount", "ratio", "big", "stage", "maker", "parent")
    single = [(by,) for name in nullable for by in every(name)]
    pairs = list(itertools.product(every("a"), every("b")))
    required = [
        tuple(By(name=name, descending=down, nulls_first=False) for name, down in zip("cd", downs, strict=True))
        for downs in itertools.product((False, True), repeat=2)
    ]
    mixed = [
        (every("a")[0], every("c")[2]),
        (every("c")[0], every("a")[1]),
        (every("c")[2], every("b")[2], every("d")[2]),
        (every("maker")[1], every("a")[3]),
        (every("maker")[0], every("rank")[2], every("parent")[1]),
        (every("stage")[3], every("maker")[0], every("d")[0]),
        (every("a")[0], every("b")[1], every("flag")[2]),
        (),
    ]
    return [*single, *pairs, *required, *mixed]


def fill(dsn: str) -> None:
    with open_shop(dsn) as shop:
        shop.fill(DDL)


@pytest.fixture(scope="module")
def items_dsn(databases: Databases) -> Any:
    with databases.clone(databases.template("items", fill)) as dsn:
        yield dsn


@pytest.fixture
def items(items_dsn: str) -> Any:
    with open_shop(items_dsn) as shop:
        yield shop


def seek(order: tuple[OrderKey, ...], cursor: str | None) -> tuple[tuple[Parameter | None, ...] | None, list[str]]:
    """The seek to a cursor, and the parameters that it needs: from slot 1 on, none for a NULL."""
    if cursor is None:
        return None, []
    values: list[str] = []
    keys: list[Parameter | None] = []
    for key, value in zip(order, decode_cursor(cursor, "tag"), strict=True):
        if value is None:
            keys.append(None)
            continue
        values.append(value)
        kind = key.operand.type if isinstance(key.operand, Column) else SqlType.TEXT
        keys.append(parameter(len(values), kind))
    return tuple(keys), values


def walk(shop: Any, order: tuple[OrderKey, ...], size: int, *, backward: bool) -> list[list[str]]:
    """The pages' ids, from one end to the other, each page's facts checked on the way."""
    pages: list[list[str]] = []
    cursor: str | None = None
    while True:
        keys, parameters = seek(order, cursor)
        page = Page(limit=size, backward=backward, seek=keys)
        root = connection(ITEM, VISIBLE, order=order, page=page, tag="tag")
        answer = shop.read(root, "false", *parameters)
        edges, info = answer["edges"], answer["pageInfo"]
        assert info["startCursor"] == (edges[0]["cursor"] if edges else None)
        assert info["endCursor"] == (edges[-1]["cursor"] if edges else None)
        behind, ahead = ("hasNextPage", "hasPreviousPage") if backward else ("hasPreviousPage", "hasNextPage")
        assert info[behind] is (cursor is not None)
        pages.append([edge["node"]["id"] for edge in edges])
        if not info[ahead]:
            return pages
        assert len(edges) == size
        cursor = info["startCursor"] if backward else info["endCursor"]


@pytest.mark.parametrize("by", orders(), ids=lambda by: ",".join(map(str, by)) or "id")
def test_walks_equal_one_big_read(items: Any, by: tuple[By, ...]) -> None:
    order = (*(one.key() for one in by), BY_ID)
    clauses = ", ".join([*(one.sql() for one in by), "i.id"])
    expected = [str(identifier) for (identifier,) in items.rows(f"SELECT i.id {FROM} ORDER BY {clauses}")]
    assert len(expected) == 19
    for size in SIZES:
        forward = walk(items, order, size, backward=False)
        assert list(itertools.chain(*forward)) == expected, (size, "forward")
        backward = walk(items, order, size, backward=True)
        assert list(itertools.chain(*reversed(backward))) == expected, (size, "backward")
