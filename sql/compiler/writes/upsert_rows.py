"""The rows of an upsert's input, as each of its WITH queries hands them on."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.compiler.terms import Expression, FromItem
from fieldstone.sql.compiler.writes.mutate import given_targets, given_value
from fieldstone.sql.compiler.writes.references import target_columns
from fieldstone.sql.plan.write import Upsert


@dataclass(frozen=True, slots=True)
class UpsertRows:
    """The input's rows of an upsert, read from one source."""

    plan: Upsert
    source: FromItem

    def result(self, name: str) -> Expression:
        """Return a column with a generated name."""
        return expressions.result(self.source.alias, name)

    @property
    def position(self) -> Expression:
        """The row's number, from 1."""
        return self.result("position")

    @property
    def values(self) -> Mapping[str, Expression]:
        """The values that an insertion of the row would write, by the columns' physical names."""
        columns = {column.name: given_value(self.source, index) for index, column in enumerate(self.plan.columns)}
        return columns | dict(target_columns(given_targets(self.plan, self.source)))

    def key_values(self, place: int) -> list[Expression]:
        """Return the row's values of a unique key."""
        values = self.values
        return [values[column.name] for column in self.plan.keys[place][0].columns]

    def gives(self, place: int) -> Expression:
        """The client gave all columns of a unique key."""
        return expressions.all_of([self.is_given(bit) for bit in self.plan.keys[place][1]])

    def is_given(self, bit: int) -> Expression:
        """The client gave the column that has this place in the text of given columns."""
        one = expressions.call("substr", self.result("given"), expressions.number(bit + 1), expressions.ONE)
        return expressions.equal(one, expressions.text_literal("1"))

    def has_key_of(self, row: RowReference, place: int) -> Expression:
        """The row of the table has the same values of a unique key."""
        columns = self.plan.keys[place][0].columns
        pairs = zip(columns, self.key_values(place), strict=True)
        return expressions.all_of([expressions.equal(row.column(column.name), value) for column, value in pairs])

    @property
    def found(self) -> Expression:
        """The live row of one of the keys, NULL for none: the columns k0 and so on."""
        found = [self.found_by(place) for place in self.plan.by]
        return expressions.coalesce(*found) if found else expressions.NULL_UUID

    def found_by(self, place: int) -> Expression:
        """Return the live row of one key."""
        return self.result("k" + str(place))
