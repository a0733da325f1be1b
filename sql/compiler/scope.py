"""The scope of a statement under construction: generated aliases, and the row at hand."""

from collections.abc import Mapping

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.terms import Expression, Query
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Condition


class StatementDraft:
    """A statement under construction.

    Attributes:
        shared: the WITH queries that several parts read, each with its name.
        most_bytes: of the answer, where they are counted.
        level: the number of connections around the part that is compiled.
        inserted: the WITH queries of the rows that the statement itself inserts, by the schema and name of the table.
    """

    def __init__(self, most_bytes: int | None = None) -> None:
        self.most_bytes = most_bytes
        self.level = 0
        self.inserted: dict[tuple[str, str], str] = {}
        self.shared: list[tuple[Query, str]] = []
        self._aliases = 0

    def alias(self) -> str:
        """Return a new alias: t0, t1 and so on, so that the same plan gives the same bytes."""
        alias = "t" + str(self._aliases)
        self._aliases += 1
        return alias

    def share(self, query: Query) -> str:
        """Compute the query once for all its readers; return its name."""
        name = self.alias()
        self.shared.append((query, name))
        return name


@frozen
class RowReference:
    """The row of the source with this alias.

    A sub-select names the columns that it hands on by generated names, so that none can collide with its others:
    `names` maps the physical names to those.
    """

    alias: str
    names: Mapping[str, str] | None = None

    def column(self, name: str) -> Expression:
        """Return the row's column of this physical name."""
        if self.names is None:
            return expressions.column(self.alias, name)
        return expressions.result(self.alias, self.names[name])

    def answer(self, _: Condition) -> Expression | None:
        """Return the value of a condition about the row, if the source has it."""
        return None


@frozen
class FutureRow(RowReference):
    """The row as a write will leave it: some of its columns have other `values`."""

    values: Mapping[str, Expression]

    def column(self, name: str) -> Expression:
        """Return the value that the column will have."""
        value = self.values.get(name)
        return RowReference.column(self, name) if value is None else value
