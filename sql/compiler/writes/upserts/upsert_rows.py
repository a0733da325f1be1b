"""The rows of an upsert's input, as each of its WITH queries hands them on."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem
from fieldstone.sql.compiler.writes.insert import given_targets, given_value
from fieldstone.sql.compiler.writes.references import target_columns
from fieldstone.sql.compiler.writes.rights import lockable
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.writes.upserts import Upsert


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

    def changed_values(self, row: RowReference) -> list[tuple[str, Expression]]:
        """Return the columns that a change of a row may set, each with its value."""
        values = self.values
        return [
            (
                one.column.name,
                expressions.case(
                    [(self.is_given(one.bit), values.get(one.column.name, expressions.NULL))],
                    otherwise=row.column(one.column.name),
                ),
            )
            for one in self.plan.updates
        ]

    def key_values(self, place: int) -> list[Expression]:
        """Return the row's values of a unique key."""
        values = self.values
        return [values[column.name] for column in self.plan.keys[place][0].columns]

    def gives(self, place: int) -> Expression:
        """The client gave all columns of a unique key."""
        return expressions.all_of([self.is_given(bit) for bit in self.plan.keys[place][1]])

    def is_given(self, bit: int) -> Expression:
        """The client gave the column that has this place in the text of given columns."""
        return expressions.is_marked(self.result("given"), bit)

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


def permitted(plan: Upsert, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition that a row of the table may be changed by an upsert; never unknown."""
    if plan.readable is None and plan.updating is None:
        return expressions.TRUE
    condition = lockable(plan.readable or And(terms=()), plan.updating)
    return expressions.is_true(compile_condition(condition, row, draft))
