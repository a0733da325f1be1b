"""The columns that a live query reads are all that can change its answer: other columns are emptied, and it stays."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.engine.events.subscriptions.live_query import Anchored, LiveQuery
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.model import Object
from tests.apis import PRINCIPAL, Served, serve
from tests.databases import Databases
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.specimens import specimen_template

pytestmark = pytest.mark.long


class Bench:
    """The API over the specimens, and a connection whose changes are rolled back."""

    def __init__(self, served: Served, dsn: str, connection: psycopg.Connection[Any]) -> None:
        self.served = served
        self.connection = connection
        self.snapshot = served.snapshot()
        reference = Reference(self.snapshot, load_rows(dsn, self.snapshot))
        self.schema = reference.schema
        self.ids = sorted(id_ for rows in reference.rows.values() for id_ in rows)
        found = connection.execute(
            "SELECT nspname::text, relname::text, attname::text FROM pg_attribute"
            " JOIN pg_class AS c ON c.oid = attrelid JOIN pg_namespace AS n ON n.oid = relnamespace"
            " WHERE attnum > 0 AND NOT attisdropped AND NOT attnotnull AND attgenerated = ''"
        )
        self.emptiable = set(found.fetchall())

    def live_query(self, text: str, variables: dict[str, Any]) -> LiveQuery:
        request = GraphQLRequest(query=text, operation_name=None, variables=variables)
        query = self.served.run(self.served.apis.core.subscribe(PRINCIPAL, request))
        assert isinstance(query, LiveQuery)
        return query

    def ask(self, query: LiveQuery) -> Any:
        """Run the statement on the connection at hand."""
        parameters = [None if value is None else value.decode() for value in query.group.parameters]
        cursor = psycopg.RawCursor(self.connection)
        row = cursor.execute(query.group.statement.text.encode(), parameters).fetchone()
        assert row is not None
        return row[0]

    def empty(self, object_: Object, names: Sequence[str]) -> None:
        """Set columns of all records of an object to NULL."""
        table = sql.Identifier(object_.table.schema, object_.table.name)
        values = sql.SQL(", ").join(sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in names)
        self.connection.execute(sql.SQL("UPDATE {} SET {}").format(table, values))

    def empty_others(self, anchored: Anchored) -> None:
        """Set nullable columns to NULL in all records of an object that have other values in the anchored columns."""
        object_ = self.snapshot.objects[anchored.object_id]
        schema, name = object_.table.schema, object_.table.name
        columns = sorted({part.column.name for field in object_.fields for part in field.parts})
        columns = [one for one in columns if (schema, name, one) in self.emptiable]
        differs = sql.SQL(" OR ").join(
            sql.SQL("{}::text IS DISTINCT FROM {}").format(sql.Identifier(column), sql.Literal(value))
            for column, value in anchored.values.items()
        )
        emptied = sql.SQL(", ").join(sql.SQL("{} = NULL").format(sql.Identifier(one)) for one in columns)
        update = sql.SQL("UPDATE {} SET {} WHERE {}")
        self.connection.execute(update.format(sql.Identifier(schema, name), emptied, differs))


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn, psycopg.connect(dsn) as connection:
        for served in serve(dsn):
            yield Bench(served, dsn, connection)


@given(data=st.data())
@examples(60)
def test_a_column_that_is_not_read_makes_no_difference(bench: Bench, data: st.DataObject) -> None:
    operation = data.draw(queries(bench.schema, bench.ids))
    text, variables = operation.write(lift=True)
    document = "subscription " + text.removeprefix("query ").replace("on Query ", "on Subscription ")
    note(f"{document}\n{variables}")
    try:
        query = bench.live_query(document, variables)
    except Refused:
        assume(False)  # several roots, or a constant
        raise
    emptied = 0
    with bench.connection.transaction(force_rollback=True):
        before = bench.ask(query)
        for object_ in bench.snapshot.objects.values():
            read = query.reads.get(object_.id, frozenset())
            columns = {part.column.name for field in object_.fields for part in field.parts}
            table = object_.table
            unread = sorted(name for name in columns - read if (table.schema, table.name, name) in bench.emptiable)
            if unread:
                note(f"{object_.name_singular}: {', '.join(sorted(read))}")
                bench.empty(object_, unread)
                emptied += len(unread)
        assert emptied > 20
        assert bench.ask(query) == before
        if query.anchored is not None:
            bench.empty_others(query.anchored)
            assert bench.ask(query) == before
