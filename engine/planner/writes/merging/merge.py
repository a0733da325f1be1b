"""The merge of records: the statement on the records themselves, and the statements on the records around them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import (
    Binder,
    Bindings,
    Blame,
    Leaf,
    Tree,
    arguments_of,
    array_literal,
    required_argument,
    value_of,
)
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext, visible
from fieldstone.engine.planner.price import Price
from fieldstone.engine.planner.reads.filters.operators import list_encoder
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.whole_access import check_whole
from fieldstone.engine.planner.writes.events import event_target, touched_at
from fieldstone.engine.planner.writes.merging.units import merged_units, own_keys
from fieldstone.engine.planner.writes.planned import plan_read_back
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.merge import Merge, Repoint
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.reads import tables_named
from fieldstone.sql.plan.write import Assignment, Now
from fieldstone.sql.statement import Parameters, Statement
from fieldstone.sql.types import SqlType

MOST = 9
"""Records that one field may merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeStep:
    """A statement of a merge, on records of an object."""

    object_: Object
    bound: BoundStatement


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundMerge:
    """The statements of a request's merge, the last one of which reads the answer."""

    statements: Sequence[tuple[Statement, Parameters]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedMerge:
    """One root field of a mutation that merges records.

    Attributes:
        steps: the first is on the records themselves, the others on those that point to them.
        read_back: reads the answer by the id of the record that is kept.
        is_dry: whether nothing of it is kept.
        price: the price of the answer.
        limit: how many records of each object may point to those that go.
        kept: the id of the record that is kept.
    """

    key: str
    path: AnswerPath
    location: tuple[tuple[int, int], ...]
    object_: Object
    steps: Sequence[MergeStep]
    read_back: BoundStatement
    is_dry: bool
    price: Price
    limit: int
    kept: Binder

    def bind(self, bindings: Bindings) -> BoundMerge:
        """Return the statements of a request.

        Raises:
            ApiError: a value is refused.
        """
        kept = bindings._replace(ids=array_literal([(self.kept(bindings) or b"").decode()]))
        bound = [step.bound for step in self.steps]
        return BoundMerge(statements=[(one.statement, one.bind(kept)) for one in (*bound, self.read_back)])


def plan_merge(context: PlanContext, object_: Object, selected: Selected) -> PlannedMerge:
    """Return the plan of a merge.

    Raises:
        ApiError: an argument is refused, or the role may not merge.
    """
    check_whole(context.touch(object_), (Action.READ, Action.UPDATE, Action.DELETE), selected.name)
    path, node = (selected.key,), selected.nodes[0]
    arguments = arguments_of(node, context.variables)
    ids = required_argument(node, context.variables, Blame(field="ids", path=path))
    index = required_argument(node, context.variables, Blame(field="conflictPriorityIndex", path=path))
    dry = arguments.get("dryRun")
    is_dry = isinstance(dry, Leaf) and dry.sample is True
    given = _Given(ids=ids, index=index, path=path)
    reader, price, record = plan_read_back(
        context,
        object_,
        selected.key,
        lambda: build_record(context, object_, context.selected_below(selected), path),
    )
    steps = [MergeStep(object_=object_, bound=_merge(context, object_, given))]
    shown = frozenset(tables_named(record))
    for holder, fields in _holders(context, object_):
        check_whole(holder, (Action.READ, Action.UPDATE, Action.DELETE), selected.name)
        # A dry run moves nothing that its answer does not show.
        if not is_dry or holder.table in shown:
            steps.append(MergeStep(object_=holder, bound=_repoint(context, object_, holder, fields, given)))
    return PlannedMerge(
        key=selected.key,
        path=path,
        location=selected.location,
        object_=object_,
        steps=steps,
        read_back=reader,
        is_dry=is_dry,
        price=price,
        limit=context.limits.bulk,
        kept=given.kept,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """The arguments that say which records are merged, and which one is kept."""

    ids: Tree
    index: Tree
    path: AnswerPath

    def read(self, bindings: Bindings) -> list[str]:
        """Return the ids."""
        blame = Blame(field="ids", path=self.path)
        value = value_of(self.ids, bindings)
        listed = value if isinstance(value, list) else [value]
        try:
            list_encoder(UUID_SCALAR)(listed)
        except InvalidValue as error:
            raise blame.error(f"Field 'ids' {error.message}.") from None
        ids = [str(UUID_SCALAR.coerce(one)) for one in listed]
        if not 2 <= len(ids) <= MOST:
            raise blame.error(f"'ids' must be from 2 to {MOST} records, not {len(ids)}.")
        if len(set(ids)) < len(ids):
            raise blame.error("'ids' must have each record once.")
        return ids

    def bind_ids(self, bindings: Bindings) -> bytes:
        return array_literal(self.read(bindings))

    def kept(self, bindings: Bindings) -> bytes:
        ids = self.read(bindings)
        index = value_of(self.index, bindings)
        if not 0 <= index < len(ids):
            raise Blame(field="conflictPriorityIndex", path=self.path).error(
                f"'conflictPriorityIndex' must be from 0 to {len(ids) - 1}, the place of the record to keep in 'ids',"
                f" not {index}."
            )
        return ids[int(index)].encode()

    def add(self, context: PlanContext) -> tuple[Parameter, Parameter]:
        """Return the parameters of the ids and of the one that is kept, the first of a statement."""
        context.parameters = ParameterList()
        return (
            context.parameters.add(self.bind_ids, SqlType.UUID, array=True),
            context.parameters.add(self.kept, SqlType.UUID),
        )


def _merge(context: PlanContext, object_: Object, given: _Given) -> BoundStatement:
    ids, kept = given.add(context)
    event = event_target(context, object_, "updated")
    plan = Merge(
        table=object_.table,
        key=object_.key,
        condition=And(terms=visible(context, object_)),
        ids=ids,
        kept=kept,
        units=tuple(merged_units(object_)),
        own_keys=tuple(own_keys(context.snapshot, object_)),
        filled=touched_at(object_),
        deleted=_deleted(object_),
        filled_event=event,
        deleted_event=replace(event, action="deleted"),
    )
    return compile_bound(plan, context.parameters)


def _deleted(object_: Object) -> tuple[Assignment, ...]:
    marked = object_.deleted_at
    return touched_at(object_) if marked is None else (Assignment(column=marked, value=Now()), *touched_at(object_))


def _holders(context: PlanContext, object_: Object) -> Iterator[tuple[Object, list[Field]]]:
    """Yield the objects whose records point to those of this one, each with the fields that hold the keys."""
    found: dict[UUID, list[Field]] = {}
    for relation in context.snapshot.relations.values():
        if relation.target_object_id == object_.id:
            holder = context.snapshot.objects[relation.source_object_id]
            found.setdefault(holder.id, []).append(holder.by_id[relation.source_field_id])
    for id_, fields in found.items():
        yield context.touch(context.snapshot.objects[id_]), fields


def _repoint(
    context: PlanContext, object_: Object, holder: Object, fields: Sequence[Field], given: _Given
) -> BoundStatement:
    ids, kept = given.add(context)
    event = event_target(context, holder, "updated")
    keys = tuple(field.parts[0].column for field in fields)
    plan = Repoint(
        table=holder.table,
        key=holder.key,
        keys=keys,
        ids=ids,
        kept=kept,
        is_own=holder.id == object_.id,
        limit=context.limits.bulk,
        alone=tuple(field.parts[0].column for field in fields if field.is_unique),
        pair=_pair(context, holder, keys),
        deleted_at=holder.deleted_at,
        moved=touched_at(holder),
        deleted=_deleted(holder),
        moved_event=event,
        deleted_event=replace(event, action="deleted"),
    )
    return compile_bound(plan, context.parameters)


def _pair(context: PlanContext, holder: Object, keys: Sequence[Column]) -> tuple[Column, ...]:
    """Return the foreign keys that no two live records of an object share, one of these among them; () for none."""
    known = context.snapshot.indexes_of.get(holder.id, ())
    context.indexes[holder.id] = known
    for index in known:
        fields = [holder.by_id[id_] for id_ in index.field_ids]
        if index.is_unique and len(fields) > 1 and all(field.relation_id for field in fields):
            columns = tuple(field.parts[0].column for field in fields)
            if not set(columns).isdisjoint(keys):
                return columns
    return ()
