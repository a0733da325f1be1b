"""What pypika lacks: terms that are rendered once, where they are made, and that know how tightly they bind.

pypika renders a tree of terms anew at every level that holds it and compares tables by their rendered text. These terms
are leaves for it: its query builders put the clauses together, `sql/expressions.py` makes what stands in them.
"""

from collections.abc import Sequence
from enum import IntEnum
from typing import Any, Self

from pypika.dialects import PostgreSQLQueryBuilder
from pypika.queries import Join, Table
from pypika.terms import Field, Term

from sql import plan
from sql.identifiers import quote_identifier, quote_table


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


class Expression(Term):
    """A piece of SQL that stands for a value or a row of values."""

    # Term.__init__ sets it on the instance; all that we name is named by `expressions.named`.
    alias = None

    def __init__(self, text: str, binding: Binding = Binding.ATOM) -> None:
        self.text = text
        self.binding = binding

    def get_sql(self, **_options: Any) -> str:
        """The SQL text."""
        return self.text

    def fields_(self) -> set[Field]:
        """Nothing: pypika need not look for tables inside."""
        return set()

    def within(self, binding: Binding) -> str:
        """The text as an operand of an operator that binds like `binding`: in parentheses where it is looser."""
        return self.text if self.binding > binding else "(" + self.text + ")"


class ColumnName(Field):
    """A bare column name: what INSERT lists and SET assigns to."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.text = quote_identifier(name)

    def get_sql(self, **_options: Any) -> str:
        """The quoted name."""
        return self.text


class Source(Table):
    """What FROM, INTO and UPDATE name: a table, a sub-select or a function under a generated alias."""

    def __init__(self, text: str, alias: str, columns: Sequence[str] = ()) -> None:
        super().__init__(alias, alias=alias)
        self.text = text + " AS " + alias + ("(" + ",".join(columns) + ")" if columns else "")

    def get_sql(self, **_options: Any) -> str:
        """The source and its alias."""
        return self.text

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class LeftJoin(Join):
    """LEFT JOIN of a source on a condition."""

    def __init__(self, source: Source, condition: Expression) -> None:
        self.item = source
        self.condition = condition

    def get_sql(self, **_options: Any) -> str:
        """The join clause."""
        return "LEFT JOIN " + self.item.get_sql() + " ON " + self.condition.text

    def validate(self, _from: Any, _joins: Any) -> None:
        """Nothing to check: the condition is made for this join."""


class InnerJoin(LeftJoin):
    """JOIN of a source on a condition."""

    def get_sql(self, **_options: Any) -> str:
        """The join clause."""
        return super().get_sql().removeprefix("LEFT ")


class Query(PostgreSQLQueryBuilder):
    """A statement under construction, changed in place."""

    def __init__(self) -> None:
        super().__init__(immutable=False)

    def only(self, condition: Expression) -> Self:
        """Keep the rows that fulfil the condition (at most once; where it is true, nothing is said)."""
        if condition.text != "true":
            self.where(condition)
        return self


def table_source(table: plan.Table, alias: str) -> Source:
    """A table."""
    return Source(quote_table(table), alias)


def query_source(query: Term, alias: str) -> Source:
    """A sub-select."""
    return Source("(" + query.get_sql() + ")", alias)


def rows_source(rows: Expression, alias: str, columns: Sequence[str]) -> Source:
    """A function's rows under generated column names, the last of which is each row's number from 1."""
    return Source(rows.text + " WITH ORDINALITY", alias, columns)
