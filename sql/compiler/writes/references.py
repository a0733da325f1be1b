"""The foreign keys that a write sets: found by the input's values, and checked before any row is written."""

from collections.abc import Callable, Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, table_source
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.elements import Reference


@frozen
class ResolvedReference:
    """One reference of a write: the input's value, and the key found for it."""

    reference: Reference
    given: Expression
    key: Expression

    @property
    def written(self) -> Expression:
        """The key that is written if the reference has no problem."""
        return self.given if self.reference.keeps else self.key


Kept = Callable[[ResolvedReference], Expression]
"""Returns the condition that the records which a row changes have the key of a reference already."""


def find_target(reference: Reference, given: Expression, draft: StatementDraft) -> ResolvedReference:
    """Return the target that the value names.

    By a sub-select, not by a join: PostgreSQL estimates an input at a hundred rows, and for that many a join
    would read the whole target table. The target is locked here and not only by the foreign key's check: between the
    two a merge may have it deleted, after it has moved the records that point to it.
    """
    if reference.condition is None:
        return ResolvedReference(reference=reference, given=given, key=given)
    there = RowReference(alias=draft.alias())
    query = Query().from_(table_source(reference.table, there.alias)).select(there.column(reference.key.name))
    key = expressions.scalar(query.only(is_target(reference, given, there, draft)).for_key_share())
    return ResolvedReference(reference=reference, given=given, key=key)


def is_target(reference: Reference, given: Expression, there: RowReference, draft: StatementDraft) -> Expression:
    """This row is the target that the value names."""
    if reference.condition is None:
        raise TypeError("a record that is known is not looked up")
    named = expressions.equal(there.column(reference.lookup.name), given)
    return expressions.all_of((named, compile_condition(reference.condition, there, draft)))


def source_parameter(reference: Reference) -> Expression:
    """Return the parameter that is the reference's source."""
    if not isinstance(reference.source, Parameter):
        raise TypeError("only an insert of a list has references that name a key of its rows")
    return expressions.parameter(reference.source)


def parameter_targets(references: Sequence[Reference], draft: StatementDraft) -> list[ResolvedReference]:
    """Return the targets of an update."""
    return [find_target(reference, source_parameter(reference), draft) for reference in references]


def missing_targets(targets: Sequence[ResolvedReference], kept: Kept | None = None) -> list[Expression]:
    """For each target: it is named, counts (no earlier reference sets its column), is not there, and is not kept."""
    return [
        expressions.all_of(
            (
                expressions.is_null(target.given, negated=True),
                *[
                    expressions.is_null(other.given)
                    for other in targets[:index]
                    if other.reference.column.name == target.reference.column.name
                ],
                expressions.is_null(target.key),
                *([expressions.is_true(kept(target), negated=True)] if kept and target.reference.keeps else []),
            )
        )
        for index, target in enumerate(targets)
    ]


def has_key(target: ResolvedReference, source: FromItem, *conditions: Expression) -> Expression:
    """Return the condition that a record of the source that fulfils these has the key of the reference."""
    has = expressions.equal(expressions.column(source.alias, target.reference.column.name), target.given)
    return expressions.exists(
        Query().from_(source).select(expressions.ONE).only(expressions.all_of([*conditions, has]))
    )


def is_kept(target: ResolvedReference, *, key: Column, named: Expression, draft: StatementDraft) -> Expression:
    """Return the condition that the locked record which a row names has the key of the reference."""
    locked = FromItem("locked", draft.alias())
    return has_key(target, locked, expressions.equal(expressions.column(locked.alias, key.name), named))


def target_columns(targets: Sequence[ResolvedReference]) -> list[tuple[str, Expression]]:
    """Return the columns that the references set, each with its value: that of the first reference with an input."""
    grouped: dict[str, list[ResolvedReference]] = {}
    for target in targets:
        grouped.setdefault(target.reference.column.name, []).append(target)
    return [
        (
            name,
            group[0].written
            if len(group) == 1
            else expressions.case([(expressions.is_null(one.given, negated=True), one.written) for one in group]),
        )
        for name, group in grouped.items()
    ]


def target_problem(index: int, row_index: Expression) -> Expression:
    """Return the problem's text: `target_not_found:[index of the reference, index of the row]`."""
    opening = expressions.text_literal(Problem.TARGET_NOT_FOUND.value + ":[" + str(index) + ",")
    return expressions.concatenation(
        (opening, expressions.cast_to_text(row_index), expressions.text_literal("]")),
    )
