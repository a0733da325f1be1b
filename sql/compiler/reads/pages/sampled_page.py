"""A page that looks at its first rows to choose between its order and its condition, see `sampling`."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import Search, compile_condition, linked_depth
from fieldstone.sql.compiler.operands import compile_operand
from fieldstone.sql.compiler.reads.pages.branches import Base, limited, with_keys
from fieldstone.sql.compiler.reads.pages.ordering import Branch, SortKey, any_branch, order_items
from fieldstone.sql.compiler.reads.pages.related_first import compile_related_first
from fieldstone.sql.compiler.reads.pages.sampling import (
    ENOUGH,
    LONGER,
    Hits,
    KnownOnce,
    compile_sample,
    sample_size,
    takes_longer,
)
from fieldstone.sql.compiler.reads.pages.totals import compile_filtered
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column, Operand, column_of
from fieldstone.sql.plan.outputs import Connection
from fieldstone.sql.plan.reads import columns_of_row


@frozen
class SampledPage:
    """The rows of a page, which are read by their order or by their condition, as its first rows decide."""

    base: Base
    branches: Sequence[Branch]
    keys: Sequence[SortKey]
    connection: Connection
    draft: StatementDraft
    limit: int

    def text(self) -> str:
        """Return the query of the rows."""
        is_asked_whole = linked_depth(self.connection.condition) <= 1
        if len(self.branches) == 1 and self.connection.page.offset is None and is_asked_whole:
            return self._begin_with_sample()
        return self._read_again()

    def _begin_with_sample(self) -> str:
        """Have the sample's rows be the first of the page: they were asked all of the condition."""
        enough = min(ENOUGH, self.limit)
        made = {
            key.value.text: key.operand for key in self.keys if key.indexable and not isinstance(key.operand, Column)
        }
        cheap = {name: value for name, value in self.base.selected.items() if value.text not in made}
        sample, names = self._sample_base(cheap, [column_of(operand).name for operand in made.values()])
        rows, after = self._first_rows(sample)
        row = RowReference(alias=self.draft.alias(), names=names)
        selected = self._hand_on(made, row)
        condition = self.connection.condition
        found = compile_sample(rows, row, condition, self.draft, selected=selected, most=self.limit)
        hits = Hits(FromItem(found, self.draft.alias()), self.draft)
        walked = [self.base.select_from(FromItem(found, self.draft.alias()))]
        if enough < self.limit:
            there = RowReference(alias=self.draft.alias(), names=names)
            rest = Query().from_(query_source(sample.read(self.branches[0]).offset(after).text(), there.alias))
            rest.select(*self._hand_on(made, there))
            wanted = compile_condition(condition, there, self.draft, search=Search.SINGLY)
            by_order = hits.are((Comparison.GE, enough))
            walked.append(rest.only(expressions.all_of((wanted, by_order))).limit(self.limit))
        # Not ordered again: the rows come as their queries stand here, the sample's first. A full page reads no others,
        # and those by condition begin with the sample's, which are passed over.
        by_condition = self._read_by_condition(hits.are((Comparison.LT, enough))).offset(hits.ask(lambda it: it))
        return self.base.unite([*walked, by_condition], (), self.limit)

    def _read_again(self) -> str:
        """Have the sample's rows be counted alone, and the page read from its beginning."""
        sample, names = self._sample_base(with_keys({}, self.keys), ())
        rows, _ = self._first_rows(sample)
        row = RowReference(alias=self.draft.alias(), names=names)
        hit = expressions.named(expressions.ONE, "hit")
        found = compile_sample(rows, row, self.connection.condition, self.draft, selected=[hit], most=ENOUGH)
        hits = Hits(FromItem(found, self.draft.alias()), self.draft)
        by_order = hits.are((Comparison.GE, ENOUGH))
        walked = [
            limited(self.base.read_if(branch, by_order), self.connection.page, self.limit) for branch in self.branches
        ]
        by_condition = self._read_by_condition(hits.are((Comparison.LT, ENOUGH)))
        return self.base.unite([*walked, by_condition], self.keys, self.limit)

    def _hand_on(self, made: Mapping[str, Operand], row: RowReference) -> list[Expression]:
        """Return the values that the base selects, from a row of the sample.

        Keys that take longer than to read a column are made here: of the rows that match alone.

        Args:
            made: those keys, by their texts.
            row: the row of the sample.
        """
        return [
            expressions.named(compile_operand(made[value.text], row), name)
            if value.text in made
            else expressions.result(row.alias, name)
            for name, value in self.base.selected.items()
        ]

    def _sample_base(self, selected: Mapping[str, Expression], others: Iterable[str]) -> tuple[Base, dict[str, str]]:
        """Return the source of the sample, and the names that the columns of the condition are selected under.

        Args:
            selected: the values that are selected besides, by their names.
            others: further columns.
        """
        known = {value.text: name for name, value in selected.items()}
        names: dict[str, str] = {}
        columns: dict[str, Expression] = {}
        for index, name in enumerate(dict.fromkeys([*columns_of_row(self.connection.condition), *others])):
            value = self.base.row.column(name)
            names[name] = known.get(value.text, "s" + str(index))
            columns[names[name]] = value
        return replace(self.base, condition=expressions.TRUE, selected={**selected, **columns}), names

    def _first_rows(self, sample: Base) -> tuple[str, Expression]:
        """Return the query of the rows that are looked at first, and their number."""
        size = sample_size(self.connection.condition)
        text = self._read_first(sample, size)
        unfound = self.connection.sampled.unfound if self.connection.sampled else ()
        if not unfound:
            return text, expressions.number(size)
        longer = KnownOnce(Query(), takes_longer(unfound, self.connection.table), "longer", self.draft)
        further = replace(sample, condition=longer.ask(lambda it: it))
        more = self._read_first(further, LONGER * size)
        whole, short = expressions.number((1 + LONGER) * size), expressions.number(size)
        after = longer.ask(lambda it: expressions.case([(it, whole)], otherwise=short))
        return f"({text}) UNION ALL ({more} OFFSET {size})", after

    def _read_first(self, sample: Base, size: int) -> str:
        return sample.unite([sample.read(branch).limit(size) for branch in self.branches], self.keys, size)

    def _read_by_condition(self, chosen: Expression) -> Query:
        """Return the query of the page's rows that are found by their condition, and sorted."""
        table, wanted = compile_filtered(
            self.connection.table, self.connection.condition, self.base.row, self.draft, compile_related_first
        )
        meant = expressions.all_of((wanted, any_branch(self.keys, self.branches).condition, chosen))
        found = replace(self.base, table=table, condition=expressions.TRUE).read(Branch(condition=meant, order=()))
        # The OFFSET keeps the order, and the index that serves it, from the choice of how these rows are found.
        source = query_source(found.offset(expressions.number(0)).text(), self.draft.alias())
        rows = self.base.select_from(source).order(*order_items(self.base.handed(self.keys)))
        return limited(rows, self.connection.page, self.limit)
