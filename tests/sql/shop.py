"""A small schema that the compiler's tests write plans over by hand, and the functions that run them."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg

from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.plan.elements import Condition, Hop, IsNull, Table
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import (
    Connection,
    Cursor,
    Edges,
    OrderKey,
    Page,
    PageFact,
    PageInfo,
    Record,
    Value,
)
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.read import ReadPlan, Root
from fieldstone.sql.plan.write import NestedPlan, WritePlan
from fieldstone.sql.plan.writes.elements import EventTarget
from fieldstone.sql.plan.writes.look_ups import ReadBack
from fieldstone.sql.types import Encoding, SqlType

WORKSPACE = "00000000-0000-7000-8000-000000000001"
OBJECT = "00000000-0000-7000-8000-000000000002"

DDL = """
CREATE SCHEMA shop;
CREATE TABLE shop.company (
    id uuid PRIMARY KEY,
    name text,
    vat text UNIQUE,
    deleted_at timestamptz
);
CREATE TABLE shop.person (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email text NOT NULL UNIQUE,
    name text,
    score integer,
    city text NOT NULL DEFAULT 'Bern',
    tags text[],
    extra jsonb,
    company_id uuid REFERENCES shop.company,
    updated_at timestamptz NOT NULL DEFAULT '2020-01-01Z',
    deleted_at timestamptz
);
"""
EVENT_DDL = """
CREATE TABLE shop.event (
    sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workspace_id uuid NOT NULL,
    object_id uuid NOT NULL,
    record_id uuid NOT NULL,
    action text NOT NULL,
    before jsonb,
    after jsonb,
    actor text,
    at timestamptz NOT NULL DEFAULT now()
);
"""


def column(name: str, kind: SqlType, *, nullable: bool = True) -> Column:
    """A column."""
    return Column(name=name, type=kind, nullable=nullable)


COMPANY = Table(schema="shop", name="company")
PERSON = Table(schema="shop", name="person")
EVENT = Table(schema="shop", name="event")
ID = column("id", SqlType.UUID, nullable=False)
NAME = column("name", SqlType.TEXT)
VAT = column("vat", SqlType.TEXT)
EMAIL = column("email", SqlType.TEXT, nullable=False)
SCORE = column("score", SqlType.INTEGER)
CITY = column("city", SqlType.TEXT, nullable=False)
TAGS = column("tags", SqlType.TEXT_ARRAY)
EXTRA = column("extra", SqlType.JSONB)
COMPANY_ID = column("company_id", SqlType.UUID)
UPDATED_AT = column("updated_at", SqlType.TIMESTAMP, nullable=False)
DELETED_AT = column("deleted_at", SqlType.TIMESTAMP)

LIVE = IsNull(column=DELETED_AT)
EMPLOYER = Hop(column=COMPANY_ID, table=COMPANY, key=ID, condition=LIVE)
BY_ID = OrderKey(operand=ID, nullable=False)


def parameter(slot: int, kind: SqlType = SqlType.TEXT, *, array: bool = False) -> Parameter:
    """A parameter."""
    return Parameter(slot=slot, type=kind, array=array)


def text(of: Column) -> Value:
    """The column as a JSON string."""
    return Value(column=of, encoding=Encoding.STRING)


def bare(of: Column) -> Value:
    """The column as a JSON number or boolean."""
    return Value(column=of, encoding=Encoding.BARE)


IDENTITY = Value(column=ID, encoding=Encoding.QUOTED)
NODE = Record(entries=(("id", IDENTITY),))
ALL_FACTS = PageInfo(entries=tuple((fact.value, fact) for fact in PageFact))


def event(action: str, actor_slot: int) -> EventTarget:
    """The event target of a write."""
    return EventTarget(
        table=EVENT, workspace_id=WORKSPACE, object_id=OBJECT, action=action, actor=parameter(actor_slot)
    )


def connection(
    table: Table,
    condition: Condition,
    *,
    order: tuple[OrderKey, ...] = (BY_ID,),
    page: Page,
    node: Record = NODE,
    tag: str = "t",
) -> Connection:
    """A connection with edges, their cursors, and all facts of its page."""
    entries = (("edges", Edges(entries=(("node", node), ("cursor", Cursor())))), ("pageInfo", ALL_FACTS))
    return Connection(table=table, condition=condition, order=order, page=page, cursor_tag=tag, entries=entries)


class Shop:
    """A database with the schema, seen as a Fieldstone session sees it."""

    def __init__(self, database: psycopg.Connection) -> None:
        self.database = database

    def run(self, plan: ReadPlan | WritePlan | NestedPlan | ReadBack, *parameters: str | None) -> tuple[Any, ...]:
        """The one row that the plan's statement answers."""
        bound = [one for one in parts_of(plan) if isinstance(one, Parameter)]
        rows = psycopg.RawCursor(self.database).execute(compile_plan(plan, bound).text, parameters).fetchall()
        assert len(rows) == 1
        return rows[0]

    def read(self, root: Root, *parameters: str | None) -> Any:
        """The answer to a read plan of one root."""
        (answer,) = self.run(ReadPlan(entries=(("root", root),)), *parameters)
        return json.loads(answer)["root"]

    def write(self, plan: WritePlan, *parameters: str | None) -> tuple[str | None, list[str], Any]:
        """The answer to a write: its problem, ids and records."""
        problem, ids, answer = self.run(plan, *parameters)
        return problem, [str(one) for one in ids or ()], None if answer is None else json.loads(answer)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows in the database."""
        return self.database.execute(query.encode()).fetchall()

    def fill(self, query: str, rows: Sequence[Sequence[object]] = ()) -> None:
        """Change the database behind the compiler's back."""
        if rows:
            self.database.cursor().executemany(query.encode(), rows)
        else:
            self.database.execute(query.encode())


@contextmanager
def open_shop(dsn: str) -> Iterator[Shop]:
    """A session on the database: nothing but pg_catalog in its search path, in a time zone other than UTC."""
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute("SET search_path = pg_catalog")
        database.execute("SET TimeZone = 'Asia/Kathmandu'")
        database.execute("SET DateStyle = 'German'")
        yield Shop(database)


def make_schema(dsn: str) -> None:
    """Fill a template."""
    with psycopg.connect(dsn, autocommit=True) as database:
        database.execute(DDL)
        database.execute(EVENT_DDL)
