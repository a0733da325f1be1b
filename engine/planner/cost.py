"""The price of an operation: an upper bound of the records that its plan reads, known before it runs.

    connection    parents x page (first, last or limit, else the default page) for each time its records are asked for
                  a page of the catalog that Twenty's clients ask for in one object costs a default page at most: each
                  field and each index is in the page of one object, so all pages together are no larger than the model
    record        1 for a root field of one record; to-one relations and plain fields are free
    aggregate     100 for those of a root field, `totalCount` among them, which are read together; parents x 5 below a
                  record; and as much again for each `median` and each `countDistinct`, which sort
    distinctOn    100, or parents x 5 below a record: all records under the filter are read
    groupBy       100 as an aggregate, and groups x first for the records of each group
    by aggregates as much as such aggregates, for each with a filter of its own in a filter or an order
    duplicates    for each given record 5, or 100 where an index lacks for one of the criteria, and its connection
    search        20 for each object that is searched by an index, 100 for each other one, and the page
    offset        parents x offset / 10: the rows that are passed over are read

The page sizes are part of the shape, so a plan has one price; only offsets are priced for each request.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.context import ParameterList
from fieldstone.engine.planner.price import Part, Price, Skipped
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import SORTING, Computed, Count, Measure
from fieldstone.sql.plan.elements import HasTotals
from fieldstone.sql.plan.outputs import (
    AggregateRecord,
    Alike,
    Connection,
    Edges,
    Literal,
    NodeId,
    Output,
    PageInfo,
    Record,
    ToOne,
    Totals,
    Value,
)
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.read import (
    Aggregate,
    Duplicates,
    GroupRecords,
    Groups,
    Nodes,
    One,
    ReadPlan,
    Search,
)

WHOLE_TABLE = 100
"""Price of a scan of all records of an object for aggregates, and of sorting a field of them."""
NESTED_SCAN = 5
"""Price of the same for a connection below a record, for each such record."""
SEARCHED = 20
"""Price of the search in one object that has an index for it."""
_FREE = (Value, NodeId, Literal)
"""Outputs without a price."""
_SCANS = (HasTotals, Totals, Computed)
"""Parts of a filter or an order that may take a scan or a sort."""


def price_of(plan: ReadPlan, parameters: ParameterList) -> Price:
    """Return the price of a query that was planned with these parameters."""
    return _sum(_Walk(parameters).roots(plan))


def price_of_record(record: Record, key: str, parameters: ParameterList) -> Price:
    """Return the price of each record that is answered under a response key; the record itself is free."""
    return _sum(_Walk(parameters).entries(record.entries, _Place(path=(key,), product=((key, 1),), parents=1)))


def _sum(found: "Iterator[Part | Skipped]") -> Price:
    fixed, dearest, offsets, roots = 0, None, [], dict[str, int]()
    for part in found:
        if isinstance(part, Skipped):
            offsets.append(part)
            continue
        fixed += part.amount
        root = str(part.path[0])
        roots[root] = roots.get(root, 0) + part.amount
        if dearest is None or part.amount > dearest.amount:
            dearest = part
    return Price(fixed=fixed, dearest=dearest, offsets=tuple(offsets), roots=roots)


@frozen
class _Place:
    """Where in a plan a part stands; `parents` is how many records it is read for."""

    path: AnswerPath
    product: tuple[tuple[str, int], ...]
    parents: int


@dataclass(frozen=True, slots=True)
class _Walk:
    """The walk over a plan, which yields the parts that have a price."""

    parameters: ParameterList

    def roots(self, plan: ReadPlan) -> Iterator[Part | Skipped]:
        for key, root in plan.entries:
            place = _Place(path=(key,), product=(), parents=1)
            match root:
                case Connection():
                    yield from self._connection(root, key, place)
                case One():
                    yield Part(amount=1, path=(key,), product=((key, 1),))
                    yield from _totals(root.condition, key, place, WHOLE_TABLE)
                    yield from self.entries(root.record.entries, place)
                case Aggregate():
                    scans = 1 + _sorts(root.record)
                    yield Part(amount=scans * WHOLE_TABLE, path=(key,), product=((key, scans * WHOLE_TABLE),))
                    yield from _totals(root.condition, key, place, WHOLE_TABLE)
                case Groups():
                    yield from self._groups(root, key)
                case Nodes():
                    product = ((key, root.limit),)
                    yield Part(amount=root.limit, path=(key,), product=product)
                    inner = _Place(path=(key,), product=product, parents=root.limit)
                    for branch in root.branches:
                        yield from self.entries(branch.record.entries, inner)
                case Duplicates():
                    yield from self._duplicates(root, key)
                case Search():
                    yield from self._search(root, key)
                case Literal():
                    pass

    def _duplicates(self, duplicates: Duplicates, key: str) -> Iterator[Part | Skipped]:
        product = ((f"{key} given", duplicates.count),)
        each = WHOLE_TABLE if _reads_whole_table(duplicates.connection) else NESTED_SCAN
        yield Part(amount=duplicates.count * each, path=(key,), product=(*product, (f"{key} by criteria", each)))
        place = _Place(path=(key,), product=product, parents=duplicates.count)
        yield from self._connection(duplicates.connection, key, place)

    def _search(self, search: Search, key: str) -> Iterator[Part | Skipped]:
        scans = sum(SEARCHED if branch.indexed else WHOLE_TABLE for branch in search.branches) or SEARCHED
        yield Part(amount=scans, path=(key,), product=((f"{key}.objects", scans),))
        product = ((key, search.page.limit),)
        yield Part(amount=search.page.limit, path=(key,), product=product)
        inner = _Place(path=(key,), product=product, parents=search.page.limit)
        for branch in search.branches:
            yield from _totals(branch.condition, key, _Place(path=(key,), product=(), parents=1), WHOLE_TABLE)
            for record in branch.records:
                yield from self.entries(record.entries, inner)

    def _groups(self, groups: Groups, key: str) -> Iterator[Part | Skipped]:
        scans = 1 + sum(map(_sorts, groups.measures))
        yield Part(amount=scans * WHOLE_TABLE, path=(key,), product=((key, scans * WHOLE_TABLE),))
        lists = [(name, one) for name, one in groups.entries if isinstance(one, GroupRecords)]
        asked = (groups.condition, *(one.order for _, one in lists))
        yield from _totals(asked, key, _Place(path=(key,), product=(), parents=1), WHOLE_TABLE)
        for name, output in lists:
            product = ((key, groups.page.limit), (name, output.limit))
            records = groups.page.limit * output.limit
            yield Part(amount=records, path=(key, name), product=product)
            for edges, entry in output.entries:
                if isinstance(entry, Edges):
                    inner = _Place(path=(key, name, edges), product=product, parents=records)
                    nodes = [(node, one) for node, one in entry.entries if isinstance(one, Record)]
                    yield from self.entries(nodes, inner)

    def entries(self, entries: Sequence[tuple[str, Output]], place: _Place) -> Iterator[Part | Skipped]:
        for key, output in entries:
            if isinstance(output, _FREE):
                continue
            below = _Place(path=(*place.path, key), product=place.product, parents=place.parents)
            match output:
                case Connection():
                    yield from self._connection(output, key, below)
                case ToOne():
                    yield from self.entries(output.record.entries, below)
                case Record():
                    yield from self.entries(output.entries, below)

    def _connection(self, connection: Connection, key: str, place: _Place) -> Iterator[Part | Skipped]:
        page = connection.page
        rows = page.limit if page.priced is None else min(page.limit, page.priced)
        records = place.parents * rows
        product = (*place.product, (key, rows))
        if page.offset is not None:
            skipped = self.parameters.binders[page.offset.slot - self.parameters.width]
            yield Skipped(path=place.path, times=place.parents, rows=skipped)
        if connection.distinct:
            each = WHOLE_TABLE if connection.link is None else NESTED_SCAN
            amount = place.parents * each
            yield Part(amount=amount, path=place.path, product=(*place.product, (f"{key}.distinctOn", each)))
        is_read = False
        measured: list[tuple[AnswerPath, Measure | AggregateRecord]] = []
        for name, entry in connection.entries:
            path = (*place.path, name)
            match entry:
                case Edges():
                    is_read = True
                    yield Part(amount=records, path=place.path, product=product)
                    inner = _Place(path=path, product=product, parents=records)
                    for node, output in entry.entries:
                        if isinstance(output, Record):
                            yield from self.entries([(node, output)], inner)
                case Computed() | Count() | AggregateRecord():
                    measured.append((path, entry))
                case _:
                    pass
        yield from self._measured(connection, place, measured, key)
        each = WHOLE_TABLE if connection.link is None else NESTED_SCAN
        yield from _totals((connection.condition, connection.order), key, place, each)
        if not is_read and any(isinstance(entry, PageInfo) for _, entry in connection.entries):
            yield Part(amount=records, path=place.path, product=product)

    def _measured(
        self,
        connection: Connection,
        place: _Place,
        measured: Sequence[tuple[AnswerPath, Measure | AggregateRecord]],
        key: str,
    ) -> Iterator[Part]:
        """Yield the price of the scan for a connection's measures, and of the sorts, each with its place."""
        each = WHOLE_TABLE if connection.link is None else NESTED_SCAN
        for number, (path, measure) in enumerate(measured):
            scans = (number == 0) + _sorts(measure)
            product = (*place.product, (f"{key}.{path[-1]}", scans * each))
            yield Part(amount=place.parents * scans * each, path=path, product=product)


def _reads_whole_table(connection: Connection) -> bool:
    """Return whether no index finds the records that are alike by one of the criteria."""
    link = connection.link
    return isinstance(link, Alike) and not all(any(one.has_index for one in criterion) for criterion in link.criteria)


def _totals(part: object, key: str, place: _Place, each: int) -> Iterator[Part]:
    """Yield the price of the aggregates of related records that a filter and an order ask for."""
    if number := _count_totals(part):
        product = (*place.product, (f"{key} by aggregates", number * each))
        yield Part(amount=place.parents * number * each, path=place.path, product=product)


def _count_totals(part: object) -> int:
    """Return how many scans and sorts the aggregates of related records take."""
    return sum([_sorts(one) if isinstance(one, Computed) else 1 for one in parts_of(part) if isinstance(one, _SCANS)])


def _sorts(measure: Measure | AggregateRecord | Literal) -> int:
    """Return how many sorts of all rows the aggregates take."""
    if isinstance(measure, AggregateRecord):
        return sum(_sorts(inner) for _, inner in measure.entries)
    return int(isinstance(measure, Computed) and measure.function in SORTING)
