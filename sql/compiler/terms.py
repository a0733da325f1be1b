"""Terms for pypika that are rendered once, where they are made, and that know how tightly they bind.

pypika renders a tree of terms again at every level that holds it, and compares tables by their rendered text. These
terms are leaves for it: its query builders put the clauses together, and `sql/compiler/expressions.py` makes the
expressions.
"""

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Any, Self

from pypika.dialects import PostgreSQLQueryBuilder
from pypika.queries import Join, Table
from pypika.terms import Criterion, Field

from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.plan import elements


class Binding(IntEnum):
    """How tightly an expression's outermost operator binds, loosest first."""

    OR = 1
    AND = 2
    NOT = 3
    IS = 4
    COMPARISON = 5
    MATCH = 6
    OPERATOR = 7
    ATOM = 8


class Expression(Criterion):
    """A piece of SQL that stands for a value or a row of values."""

    # pypika's __init__ sets it on the instance; all that we name is named by `expressions.named`.
    alias = None

    def __init__(self, text: str, binding: Binding = Binding.ATOM) -> None:
        self.text = text
        self.binding = binding

    def get_sql(self, **_options: Any) -> str:
        """Return the SQL text."""
        return self.text

    def fields_(self) -> set[Field]:
        """Return no fields: pypika need not look for tables inside."""
        return set()

    def within(self, binding: Binding) -> str:
        """Return the text as an operand of an operator that binds like `binding`: in parentheses where it is looser."""
        return self.text if self.binding > binding else "(" + self.text + ")"


class LongText(Expression):
    """A text that may be long: many rows' texts in one."""


class ColumnName(Field):
    """A bare column name, as INSERT lists it and SET assigns to it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.text = quote_identifier(name)

    def get_sql(self, **_options: Any) -> str:  # type: ignore[override]  # Field breaks its own base's too
        """Return the quoted name."""
        return self.text


class FromItem(Table):
    """An item of FROM, INTO or UPDATE: a table, a sub-select or a function under a generated alias."""

    def __init__(self, text: str, alias: str, columns: Sequence[str] = ()) -> None:
        # pypika's __init__ would set attributes that only its own rendering reads.
        self.alias = alias
        self.text = text + " AS " + alias + ("(" + ",".join(columns) + ")" if columns else "")

    def get_sql(self, **_options: Any) -> str:
        """Return the source and its alias."""
        return self.text

    def joined(self, join: "LeftJoin") -> "FromItem":
        """Return the item with a join, as one that other joins may follow; its columns are under two aliases."""
        item = FromItem(self.text, self.alias)
        item.text = self.text + " " + join.get_sql()
        return item

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class LeftJoin(Join):
    """LEFT JOIN of a source on a condition."""

    def __init__(self, source: FromItem, condition: Expression) -> None:
        self.item = source  # type: ignore[assignment]  # pypika asks for a source here, not for a term
        self.condition = condition

    def get_sql(self, **_options: Any) -> str:
        """Return the join clause."""
        return "LEFT JOIN " + self.item.get_sql() + " ON " + self.condition.text

    def validate(self, _from: Any, _joins: Any) -> None:
        """Check nothing: the condition is made for this join."""


class InnerJoin(LeftJoin):
    """JOIN of a source on a condition."""

    def get_sql(self, **_options: Any) -> str:
        """Return the join clause."""
        return super().get_sql().removeprefix("LEFT ")


class FullJoin(LeftJoin):
    """FULL JOIN of a source on a condition."""

    def get_sql(self, **_options: Any) -> str:
        """Return the join clause."""
        return "FULL " + super().get_sql().removeprefix("LEFT ")


class _Builder(PostgreSQLQueryBuilder):
    """pypika's builder, which takes our leaves as they are and joins the clauses of a SELECT without asking for others.

    Attributes:
        inlined: the names of the WITH queries that PostgreSQL is to plan in each place that reads them.
        writes: whether it is another statement than a SELECT.
        keeps_keys: whether the rows are locked as a foreign key's check locks them, which pypika does not know.
    """

    def __init__(self) -> None:
        super().__init__(immutable=False)
        self.inlined: set[str] = set()
        self.writes = False
        self.keeps_keys = False

    def take(
        self,
        *,
        sources: Iterable["FromItem"] = (),
        joins: Iterable[Join] = (),
        terms: Iterable[Expression] = (),
        order: Iterable[Expression] = (),
    ) -> None:
        """Add to the clauses; pypika's own methods would look into each term, and compare the tables."""
        self._from += sources
        self._joins += joins
        self._selects += terms
        self._orderbys += [(item, None) for item in order]

    def get_sql(self, **options: Any) -> str:  # type: ignore[override]  # all of pypika's options are among them
        """Return the SQL; pypika joins the clauses of statements that write."""
        if self.writes:
            return super().get_sql(**options)
        text = (self._with_sql() if self._with else "") + "SELECT " + self._distinct_sql() + _listed(self._selects)
        if self._from:
            text += " FROM " + _listed(self._from)
        for join in self._joins:
            text += " " + join.get_sql()
        if self._wheres is not None:
            text += " WHERE " + self._wheres.get_sql()  # type: ignore[unreachable]  # pypika declares it as None
        if self._groupbys:
            text += " GROUP BY " + _listed(self._groupbys)
        if self._orderbys:
            text += " ORDER BY " + _listed([item for item, _ in self._orderbys])
        return self._apply_pagination(text) + self._for_update_sql()

    def _for_update_sql(self, **options: Any) -> str:
        return " FOR KEY SHARE" if self.keeps_keys else super()._for_update_sql(**options)

    def _with_sql(self, **options: Any) -> str:
        return "WITH " + ",".join(
            clause.name
            + (" AS NOT MATERIALIZED (" if clause.name in self.inlined else " AS (")
            + clause.get_sql(subquery=False, with_alias=False, **options)
            + ") "
            for clause in self._with
        )


def _listed(items: Iterable[Any]) -> str:
    return ",".join([item.get_sql() for item in items])


class Query:
    """A statement under construction, changed in place.

    It holds a pypika builder rather than being one: the types that pypika's decorators give to a builder's methods
    are not those of the methods' results.

    Attributes:
        builder: pypika's, which puts the clauses together.
    """

    def __init__(self) -> None:
        self.builder = _Builder()

    def text(self) -> str:
        """Return the SQL."""
        return self.builder.get_sql()

    def with_(self, query: "Query", name: str, *, inlined: bool = False) -> Self:
        """Add a WITH query, which may change rows unless it is `inlined`: planned in each place that reads it."""
        self.builder.with_(query.builder, name)
        if inlined:
            self.builder.inlined.add(name)
        return self

    def from_(self, source: FromItem) -> Self:
        """Read from a source."""
        self.builder.take(sources=(source,))
        return self

    def join(self, join: Join) -> Self:
        """Join a source."""
        self.builder.take(joins=(join,))
        return self

    def select(self, *terms: Expression) -> Self:
        """Add to the select list."""
        self.builder.take(terms=terms)
        return self

    def only(self, condition: Expression) -> Self:
        """Keep the rows that fulfil the condition (at most once; a constant true is left out)."""
        if condition.text != "true":
            self.builder.where(condition)
        return self

    def order(self, *items: Expression) -> Self:
        """Order the rows."""
        self.builder.take(order=items)
        return self

    def limit(self, rows: int | Expression) -> Self:
        """Limit the number of rows."""
        self.builder.limit(rows)  # type: ignore[arg-type]  # it renders whatever it is given
        return self

    def offset(self, rows: Expression) -> Self:
        """Pass over rows."""
        self.builder.offset(rows)  # type: ignore[arg-type]  # it renders whatever it is given
        return self

    def for_update(self) -> Self:
        """Lock the rows."""
        self.builder.for_update()
        return self

    def for_key_share(self) -> Self:
        """Lock the rows of the sources as a foreign key's check does, and see them as they are once they are locked."""
        self.builder.keeps_keys = True
        return self.for_update()

    def insert(self, table: FromItem, columns: Sequence[str]) -> Self:
        """Insert the selected rows."""
        self.builder.writes = True
        self.builder.into(table).columns([ColumnName(name) for name in columns])
        return self

    def values(self, *values: Expression) -> Self:
        """Insert one row of these values, instead of selected ones."""
        self.builder.insert(*values)
        return self

    def or_nothing(self) -> Self:
        """Pass over the rows to insert that conflict with others; nothing may be added to the conditions after this."""
        self.builder.on_conflict().do_nothing()
        return self

    def distinct(self, *values: Expression) -> Self:
        """Keep the first row of all rows with the same values."""
        self.builder.distinct_on(*values)
        return self

    def group(self, *keys: Expression) -> Self:
        """Group the rows."""
        self.builder.groupby(*keys)
        return self

    def update(self, table: FromItem) -> Self:
        """Update the table."""
        self.builder.writes = True
        self.builder.update(table)
        return self

    def set(self, column: str, value: Expression) -> Self:
        """Assign a value to a column."""
        self.builder.set(ColumnName(column), value)
        return self

    def delete(self, table: FromItem) -> Self:
        """Delete from the table."""
        self.builder.writes = True
        self.builder.from_(table).delete()
        return self

    def returning(self, value: Expression) -> Self:
        """Answer the rows written."""
        self.builder.returning(value)
        return self

    def union_all(self, others: "Sequence[Query]", *order: Expression, limit: int) -> str:
        """Return the SQL of its rows and the others', in order and limited."""
        union = " UNION ALL ".join(["(" + query.text() + ")" for query in (self, *others)])
        ordered = " ORDER BY " + _listed(order) if order else ""
        return union + ordered + " LIMIT " + str(limit)


def table_source(table: elements.Table, alias: str) -> FromItem:
    """Return a table."""
    return FromItem(quote_table(table), alias)


def query_source(text: str, alias: str) -> FromItem:
    """Return a sub-select, by its SQL."""
    return FromItem("(" + text + ")", alias)


def lateral_source(text: str, alias: str) -> FromItem:
    """Return a sub-select that reads the sources before it, by its SQL."""
    return FromItem("LATERAL (" + text + ")", alias)


def rows_source(rows: Expression, alias: str, columns: Sequence[str]) -> FromItem:
    """Return a function's rows under generated column names, the last of which is each row's number from 1."""
    return FromItem(rows.text + " WITH ORDINALITY", alias, columns)
