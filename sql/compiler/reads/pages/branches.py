"""The branches of a page: parts of its order, each of which one index can serve, read by themselves and united."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.reads.pages.ordering import (
    Branch,
    SortKey,
    any_branch,
    order_items,
    seek_branches,
    split_nulls,
)
from fieldstone.sql.compiler.scope import RowReference
from fieldstone.sql.compiler.terms import Expression, FromItem, LeftJoin, Query
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.outputs import Page


@frozen
class Base:
    """The source of all branches of a page: the table, its joins, and the values that are selected, by their names."""

    row: RowReference
    table: FromItem
    joins: Sequence[LeftJoin]
    condition: Expression
    selected: Mapping[str, Expression]

    def read(self, branch: Branch) -> Query:
        """Return the branch's rows, in order."""
        query = Query().from_(self.table)
        for join in self.joins:
            query.join(join)
        query.select(*[expressions.named(value, name) for name, value in self.selected.items()])
        query.only(expressions.all_of((self.condition, branch.condition)))
        return query.order(*branch.order)

    def read_if(self, branch: Branch, chosen: Expression) -> Query:
        """Return the branch's rows, in order, if this condition about the statement holds."""
        return self.read(replace(branch, condition=expressions.all_of((branch.condition, chosen))))

    def select_from(self, source: FromItem) -> Query:
        """Return the query of another source that has the values which the base selects."""
        return Query().from_(source).select(*[expressions.result(source.alias, name) for name in self.selected])

    def handed(self, keys: Sequence[SortKey], alias: str = "") -> list[SortKey]:
        """Return the keys by the names that their values are selected under, of a source with this alias if any."""
        names = {value.text: name for name, value in self.selected.items()}
        found = [names[key.value.text] for key in keys]
        values = [expressions.result(alias, name) if alias else Expression(name) for name in found]
        return [replace(key, value=value) for key, value in zip(keys, values, strict=True)]

    def unite(self, rows: Sequence[Query], keys: Sequence[SortKey], limit: int) -> str:
        """Return the first rows of all these queries together, in the order of the keys."""
        first, *others = rows
        return first.union_all(others, *order_items(self.handed(keys)), limit=limit) if others else first.text()


def with_keys(selected: Mapping[str, Expression], keys: Sequence[SortKey]) -> dict[str, Expression]:
    """Return the selected values with those of the keys that are not among them."""
    known = {value.text for value in selected.values()}
    others = {"k" + str(index): key.value for index, key in enumerate(keys) if key.value.text not in known}
    return {**selected, **others}


def page_branches(page: Page, keys: Sequence[SortKey]) -> list[Branch]:
    """Return the branches that a page is read by."""
    if page.seek is None:
        everything = [Branch(condition=expressions.TRUE, order=order_items(keys))]
        return everything if page.offset is not None else split_nulls(keys)
    branches = seek_branches(keys, page.seek)
    if len(branches) == 1 or (branches and page.offset is None and keys[0].indexable):
        return branches
    return [any_branch(keys, branches)]


def limited(rows: Query, page: Page, limit: int) -> Query:
    """Return the rows of a query that a page has: at most so many, behind its offset if it has one."""
    rows.limit(limit)
    return rows if page.offset is None else rows.offset(expressions.parameter(page.offset))
