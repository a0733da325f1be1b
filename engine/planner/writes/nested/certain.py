"""The one statement of a nested write that only creates records, and against which no verdict can stand.

`unfold.py` takes any data apart, and notes the place of each record for its errors. Most requests have no fault: here
their data is taken apart without places, look-ups and conditions. A request with a fault is unfolded there once more.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.answer_size import written_bytes_to_count
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext
from fieldstone.engine.planner.price import Price
from fieldstone.engine.planner.writes.creates import CreateInput
from fieldstone.engine.planner.writes.events import bind_actor, bind_given
from fieldstone.engine.planner.writes.nested.nodes import Records, ToMany, ToOne
from fieldstone.engine.planner.writes.nested.steps import Certain
from fieldstone.engine.planner.writes.nested.verbs import CREATE, spoken
from fieldstone.engine.planner.writes.values.rows import KNOWN
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import ColumnValue
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Record
from fieldstone.sql.plan.writes.inserts import CreateTree, Insert, InsertOne
from fieldstone.sql.statement import Statement
from fieldstone.sql.types import SqlType

MOST_RECORDS = 100
"""Records of one request: for each of them the answer looks through all that were made in a relation."""

_ONLY_CREATE = frozenset({CREATE})
_NO_ROWS = (b"[]",)


@frozen
class _Place:
    """A place of the data.

    Attributes:
        number: among all places, in the order in which they are written.
        targets: the relations that lead from its records to others, which are created before.
        children: the relations by which others hang on its records.
    """

    create: Certain
    number: int
    targets: tuple[tuple[ToOne, "_Place"], ...]
    children: tuple[tuple[ToOne | ToMany, "_Place"], ...]


@frozen
class CertainCreate:
    """The creation of one root field's records, and of those that they are related to.

    Attributes:
        bound: the statement, which answers as the field's `read_back`; it takes the rows of all places one by one.
        root: the place of the field's own records.
        places: how many there are.
        price: the price of the answer for each record.
        most: how many records there may be.
        most_cost: the most that the answer may cost.
    """

    bound: BoundStatement
    data: CreateInput
    root: _Place
    places: int
    price: Price
    most: int
    most_cost: int

    @property
    def statement(self) -> Statement:
        """The statement."""
        return self.bound.statement

    def bind(self, bindings: Bindings) -> list[bytes | None]:
        """Return the statement's parameters for a request.

        Raises:
            ApiError: a value is refused, there are too many records, or the answer costs too much; `unfold` says where.
        """
        rows = self.data.rows(bindings)
        self.price.check(self.most_cost, bindings, times=len(rows))
        creation = _Creation(bindings=bindings, left=self.most, given=[_NO_ROWS] * self.places)
        if rows:
            creation.records(self.root, rows, [[] for _ in rows])
        return self.bound.bind(bindings._replace(given=tuple(chain.from_iterable(creation.given))))


def plan_certain(
    context: PlanContext, tree: Records, data: CreateInput, price: Price, build: Callable[[], Record]
) -> CertainCreate | None:
    """Return the one statement that writes all records of a tree; None if a verdict could stand against some.

    Args:
        context: the operation, whose parameters become those of the statement.
        tree: the plan of the records.
        data: the argument that has them.
        price: the price of the answer for each record.
        build: plans the output of a record.
    """
    if tree.object_.table.is_distributed or not _is_certain(tree):
        return None
    inserts: list[Insert | InsertOne] = []
    root = _place(tree, inserts)
    context.parameters = ParameterList()
    actor = context.parameters.add(bind_actor, SqlType.TEXT)
    width = 0
    for number, one in enumerate(inserts):
        inserts[number] = _take_over(one, width, actor, context.parameters)
        width += len(one.values) if isinstance(one, InsertOne) else 1
    record, most = build(), min(MOST_RECORDS, context.limits.bulk)
    times, most_bytes = most if data.many else 1, context.limits.response_bytes
    counted = written_bytes_to_count(record, times=times, most=most_bytes)
    plan = CreateTree(inserts=tuple(inserts), root=root.number, many=data.many, record=record, most_bytes=counted)
    return CertainCreate(
        bound=compile_bound(plan, context.parameters).unlimited(),
        data=data,
        root=root,
        places=len(inserts),
        price=price,
        most=most,
        most_cost=context.limits.cost,
    )


def _take_over(
    insert: Insert | InsertOne, first: int, actor: Parameter, parameters: ParameterList
) -> Insert | InsertOne:
    """Return an insertion with the parameters of the whole statement; `first` is the place of its rows among all."""
    event = replace(insert.event, actor=actor)
    if isinstance(insert, Insert):
        return replace(insert, rows=parameters.add(bind_given(first), SqlType.JSONB), event=event)
    behind = first + len(insert.values)
    slots = parameters.add_row(
        lambda bindings: [*bindings.given[first:behind]], [one.column.type for one in insert.values]
    )
    values = (replace(one, value=slot) for one, slot in zip(insert.values, slots, strict=True))
    return replace(insert, values=tuple(values), event=event)


def _is_certain(plan: Records) -> bool:
    """Return whether the records and all below are only created, and no verdict can stand against any of them."""
    is_free = plan.step.certain is not None and all(map(_creates_target, plan.to_one))
    return is_free and all(map(_creates_records, plan.to_many))


def _creates_target(one: ToOne) -> bool:
    others = (one.create_missing, one.seek, one.update, one.release, one.move)
    return one.create is not None and _is_certain(one.create) and not one.lookups and not any(others)


def _creates_records(many: ToMany) -> bool:
    others = (many.find, many.detach, many.keep, many.update, many.remove, many.move, many.connect)
    return many.create is not None and _is_certain(many.create) and not many.lookups and not any(others)


def _place(records: Records, inserts: list[Insert | InsertOne]) -> _Place:
    """Return a place with those below, whose insertions are added."""
    create = records.step.certain
    if create is None:
        raise TypeError("a verdict may stand against the records")
    targets = [(one, _place(one.create, inserts)) for one in records.to_one if one.create and one.end.holds_key]
    number = len(inserts)
    inserts.append(create.insert)
    hanging: list[ToOne | ToMany] = [one for one in records.to_one if not one.end.holds_key]
    hanging += records.to_many
    children = [(one, _place(one.create, inserts)) for one in hanging if one.create]
    return _Place(create=create, number=number, targets=tuple(targets), children=tuple(children))


@dataclass(slots=True, kw_only=True)
class _Creation:
    """The taking apart of one request's data.

    Attributes:
        left: how many more records there may be.
        given: the rows of each place.
    """

    bindings: Bindings
    left: int
    given: list[tuple[bytes | None, ...]]

    def records(
        self, place: _Place, rows: Sequence[Mapping[str, JsonValue]], links: Sequence[list[ColumnValue]]
    ) -> list[ColumnValue]:
        """Note the rows of the records of one place, and of those below; return the records' ids.

        Args:
            place: the place.
            rows: the data, with the mark KNOWN as the key of the relation by which the records hang on others.
            links: the ids of those, for each row.

        Raises:
            ApiError: a value is refused, or there are too many records; the error does not say where.
        """
        self.left -= len(rows)
        if self.left < 0:
            raise _fault()
        for one, below in place.targets:
            rows = self._lead(one, below, rows, links)
        create = place.create
        values = create.writer.write(rows, self.bindings)
        if create.known:
            values = [[*row, *ids] for row, ids in zip(values, links, strict=True)]
        self.given[place.number] = create.encode(values)
        made = [row[create.id] for row in values]
        for relation, below in place.children:
            holder = relation.end.target_field
            own, own_key = holder.name, holder.key_name
            children: list[Mapping[str, JsonValue]] = []
            parents: list[list[ColumnValue]] = []
            for id_, row in zip(made, rows, strict=True):
                for data in _created(row, relation.field.name):
                    if own in data or own_key in data:
                        raise _fault()
                    children.append({**data, own_key: KNOWN})
                    parents.append([id_])
            if children:
                self.records(below, children, parents)
        return made

    def _lead(
        self, one: ToOne, below: _Place, rows: Sequence[Mapping[str, JsonValue]], links: Sequence[list[ColumnValue]]
    ) -> Sequence[Mapping[str, JsonValue]]:
        """Note the targets of a relation, and their ids among the links; return the rows that lead to them."""
        name = one.field.name
        targets = [_created(row, name) for row in rows]
        found = [*chain.from_iterable(targets)]
        ids = iter(self.records(below, found, [[] for _ in found]) if found else ())
        led: list[Mapping[str, JsonValue]] = []
        for row, target, own in zip(rows, targets, links, strict=True):
            if target and one.key_name in row:
                raise _fault()
            own.append(next(ids) if target else None)
            led.append({**_without(row, name), one.key_name: KNOWN} if target else row)
        return led


def _without(row: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    return {key: value for key, value in row.items() if key != name}


def _created(data: Mapping[str, JsonValue], relation: str) -> Sequence[dict[str, JsonValue]]:
    """Return the data of the records that a record's data creates in a relation."""
    value = data.get(relation)
    if not isinstance(value, dict):
        return ()
    if value.keys() != _ONLY_CREATE and not spoken(value) <= _ONLY_CREATE:
        raise _fault()
    made = value.get(CREATE)
    if made is None:
        return ()
    listed = made if isinstance(made, list) else [made]
    if None in listed:
        raise _fault()
    return listed


def _fault() -> BadUserInput:
    return BadUserInput("The data has a fault, which the ordinary path names.")
