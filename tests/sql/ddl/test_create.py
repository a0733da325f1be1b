"""sql/ddl/create.py: the statements, and that PostgreSQL takes them with names of any kind."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from fieldstone.sql.ddl import alter, create
from fieldstone.sql.ddl.create import ColumnDefinition, DefaultFunction, TrigramClass
from fieldstone.sql.identifiers import IdentifierError
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType

ODD = 'Sel"ect; -- %s é'
TABLE = Table(schema=ODD, name=ODD)
KEY = Column(name="id", type=SqlType.UUID, nullable=False)
TEXT = Column(name=ODD, type=SqlType.TEXT)


@pytest.fixture
def connection(empty_database: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database, autocommit=True) as opened:
        yield opened


@pytest.fixture
def table(connection: psycopg.Connection) -> Table:
    connection.execute(create.create_schema(ODD))
    connection.execute(
        create.create_table(
            TABLE, [ColumnDefinition(column=KEY), ColumnDefinition(column=TEXT)], key=KEY, key_constraint=ODD + "k"
        )
    )
    return TABLE


def text_of(statement: sql.Composable) -> str:
    return statement.as_string(None)


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (create.create_schema("a"), 'CREATE SCHEMA "a"'),
        (
            create.create_table(
                Table(schema="a", name="b"), [ColumnDefinition(column=KEY)], key=KEY, key_constraint="b_pkey"
            ),
            'CREATE TABLE "a"."b" ("id" uuid NOT NULL, CONSTRAINT "b_pkey" PRIMARY KEY ("id"))',
        ),
        (
            create.add_columns(
                Table(schema="a", name="b"),
                [
                    ColumnDefinition(column=Column(name="c", type=SqlType.TEXT), default="it's"),
                    ColumnDefinition(column=Column(name="d", type=SqlType.DATE, nullable=False)),
                ],
            ),
            """ALTER TABLE "a"."b" ADD COLUMN "c" text DEFAULT 'it''s'::text, ADD COLUMN "d" date NOT NULL""",
        ),
        (
            create.add_foreign_key(
                Table(schema="a", name="b"), "f", Column(name="c", type=SqlType.UUID),
                target=Table(schema="d", name="e"), key=KEY,
            ),
            'ALTER TABLE "a"."b" ADD CONSTRAINT "f" FOREIGN KEY ("c") REFERENCES "d"."e" ("id") DEFERRABLE',
        ),
        (
            create.add_foreign_key(
                Table(schema="a", name="b", is_distributed=True), "f", Column(name="c", type=SqlType.UUID),
                target=Table(schema="d", name="e"), key=KEY, validated=False,
            ),
            ('ALTER TABLE "a"."b" ADD CONSTRAINT "f" FOREIGN KEY ("c") REFERENCES "d"."e" ("id") DEFERRABLE'
            " INITIALLY DEFERRED NOT VALID"),
        ),
        (
            alter.set_default(
                Table(schema="a", name="b", is_distributed=True), Column(name="c", type=SqlType.DATE),
                DefaultFunction.TODAY,
            ),
            """ALTER TABLE "a"."b" ALTER COLUMN "c" SET DEFAULT (fieldstone.moment() AT TIME ZONE 'UTC')::date""",
        ),
        (
            create.create_index(Table(schema="a", name="b"), "i", [KEY, TEXT]),
            'CREATE INDEX "i" ON "a"."b" ("id", "Sel""ect; -- %s é")',
        ),
        (
            create.create_index(Table(schema="a", name="b"), "i", [KEY], unique=True, where_null=TEXT),
            'CREATE UNIQUE INDEX "i" ON "a"."b" ("id") WHERE "Sel""ect; -- %s é" IS NULL',
        ),
        (
            create.create_index(Table(schema="a", name="b"), "i", [KEY], trigram=TrigramClass(schema="ext")),
            'CREATE INDEX "i" ON "a"."b" USING gin ("id" "ext".gin_trgm_ops) WITH (gin_pending_list_limit = 64)',
        ),
        (
            create.create_index(Table(schema="a", name="b"), "i", [KEY], inverted=True, where_null=KEY),
            'CREATE INDEX "i" ON "a"."b" USING gin ("id") WITH (gin_pending_list_limit = 64) WHERE "id" IS NULL',
        ),
        (
            create.count_rows(Table(schema="a", name="b"), limit=9),
            'SELECT count(*) FROM (SELECT FROM "a"."b" LIMIT 9) AS counted',
        ),
    ],
)  # fmt: skip
def test_the_statements(statement: sql.Composable, text: str) -> None:
    assert text_of(statement) == text


def test_any_name_is_taken_as_it_is(connection: psycopg.Connection, table: Table) -> None:
    other = Column(name="other", type=SqlType.UUID)
    connection.execute(create.add_columns(table, [ColumnDefinition(column=other)]))
    connection.execute(create.add_foreign_key(table, ODD + "f", other, target=table, key=KEY))
    connection.execute(create.create_index(table, ODD + "i", [TEXT], unique=True, where_null=other))
    connection.execute(create.create_index(table, ODD + "t", [TEXT], trigram=TrigramClass(schema="public")))
    found = connection.execute("SELECT indexname FROM pg_indexes WHERE schemaname = %s", [ODD]).fetchall()
    assert {name for (name,) in found} == {ODD + "k", ODD + "i", ODD + "t"}


@pytest.mark.parametrize("value", ["", "it's", "back\\slash", "%s %% {}", "é\n\t", '"'])
def test_a_constant_default_is_taken_as_it_is(connection: psycopg.Connection, table: Table, value: str) -> None:
    column = ColumnDefinition(column=Column(name="filled", type=SqlType.TEXT, nullable=False), default=value)
    connection.execute(sql.SQL("INSERT INTO {} (id) VALUES (gen_random_uuid())").format(sql.Identifier(ODD, ODD)))
    connection.execute(create.add_columns(table, [column]))
    rows = connection.execute(sql.SQL("SELECT filled FROM {}").format(sql.Identifier(ODD, ODD))).fetchall()
    assert rows == [(value,)]


@pytest.mark.parametrize(
    ("function", "type_"),
    [
        (DefaultFunction.RANDOM_UUID, SqlType.UUID),
        (DefaultFunction.NOW, SqlType.TIMESTAMP),
        (DefaultFunction.TODAY, SqlType.DATE),
    ],
)
def test_a_default_is_computed(
    connection: psycopg.Connection, table: Table, function: DefaultFunction, type_: SqlType
) -> None:
    column = ColumnDefinition(column=Column(name="made", type=type_, nullable=False), default=function)
    connection.execute(create.add_columns(table, [column]))
    inserted = sql.SQL(
        "INSERT INTO {} (id) VALUES (gen_random_uuid()) RETURNING made IS NOT NULL, pg_typeof(made)::text"
    )
    row = connection.execute(inserted.format(sql.Identifier(ODD, ODD))).fetchone()
    assert row == (True, type_.value.replace("timestamptz", "timestamp with time zone"))


def test_rows_are_counted_up_to_the_limit(connection: psycopg.Connection, table: Table) -> None:
    connection.execute(
        sql.SQL("INSERT INTO {} (id) SELECT gen_random_uuid() FROM generate_series(1, 5)").format(
            sql.Identifier(ODD, ODD)
        )
    )
    counts = [connection.execute(create.count_rows(table, limit=limit)).fetchone() for limit in (3, 5, 9)]
    assert counts == [(3,), (5,), (5,)]


def test_a_name_that_postgresql_would_cut_is_refused() -> None:
    with pytest.raises(IdentifierError, match="longer than 63 bytes"):
        create.create_schema("x" * 64)
