"""The merge of records: the statement on the records themselves, and the statements on the records around them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.access.write_rights import DeferredCheck, JudgedRights, plan_deferred
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
from fieldstone.engine.planner.context import ParameterList, PlanContext, Site, visible
from fieldstone.engine.planner.price import Price
from fieldstone.engine.planner.reads.filters.operators import list_encoder
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.whole_access import check_fields
from fieldstone.engine.planner.writes.events import event_target, touched_at
from fieldstone.engine.planner.writes.meant_records import find_expected
from fieldstone.engine.planner.writes.merging.merge_rights import judge_holder, judge_merged, read_keys
from fieldstone.engine.planner.writes.merging.units import merged_units, own_keys
from fieldstone.engine.planner.writes.planned import plan_read_back
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.metadata.scalars import UUID as UUID_SCALAR
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.reads import tables_named
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Now
from fieldstone.sql.plan.writes.merge import Merge, Repoint
from fieldstone.sql.statement import Parameters, Statement
from fieldstone.sql.types import SqlType

MOST = 9
"""Records that one field may merge."""


@frozen
class MergeStep:
    """A statement of a merge, on records of an object, and the checks of these before the commit."""

    object_: Object
    bound: BoundStatement
    deferred: Sequence[DeferredCheck] = ()


@frozen
class BoundMerge:
    """The statements of a request's merge: those that judge alone, and the others; the last one reads the answer."""

    trials: Sequence[tuple[Statement, Parameters]]
    statements: Sequence[tuple[Statement, Parameters]]


@frozen
class PlannedMerge:
    """One root field of a mutation that merges records.

    Attributes:
        steps: the first is on the records themselves, the others on those that point to them.
        trials: statements that judge all that the steps will write, and write nothing; none if the first step does it.
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
    trials: Sequence[MergeStep]
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
        bound = [*(step.bound for step in self.steps), self.read_back]
        return BoundMerge(
            trials=[(step.bound.statement, step.bound.bind(kept)) for step in self.trials],
            statements=[(one.statement, one.bind(kept)) for one in bound],
        )


def plan_merge(context: PlanContext, object_: Object, selected: Selected) -> PlannedMerge:
    """Return the plan of a merge.

    Raises:
        ApiError: an argument is refused, or the role may not merge.
    """
    check_fields(context.touch(object_), selected.name)
    context.writes_more = True
    path, node = (selected.key,), selected.nodes[0]
    arguments = arguments_of(node, context.variables)
    ids = required_argument(node, context.variables, Blame(field="ids", path=path))
    index = required_argument(node, context.variables, Blame(field="conflictPriorityIndex", path=path))
    dry = arguments.get("dryRun")
    is_dry = isinstance(dry, Leaf) and dry.sample is True
    given = _Given(selected=selected, ids=ids, index=index, path=path)
    reader, price, record = plan_read_back(
        context,
        object_,
        selected.key,
        lambda: build_record(context, object_, selected, path),
    )
    steps = [_merge(context, object_, given)]
    trials: list[MergeStep] = []
    shown = frozenset(tables_named(record))
    for holder, found in _holders(context, object_):
        fields = read_keys(context, holder, found, given.blame)
        if not fields:
            continue
        step, is_judged = _repoint(context, object_, holder, fields, given)
        if is_judged:
            trials.append(_repoint(context, object_, holder, fields, given, only_judges=True)[0])
        # A dry run moves nothing that its answer does not show, or a check asks for.
        if not is_dry or holder.table in shown or step.deferred:
            steps.append(step)
    if trials:
        trials.insert(0, _merge(context, object_, given, only_judges=True))
    return PlannedMerge(
        key=selected.key,
        path=path,
        location=selected.location,
        object_=object_,
        steps=steps,
        trials=trials,
        read_back=reader,
        is_dry=is_dry,
        price=price,
        limit=context.limits.bulk,
        kept=given.kept,
    )


@frozen
class _Given:
    """The arguments that say which records are merged, and which one is kept."""

    selected: Selected
    ids: Tree
    index: Tree
    path: AnswerPath

    @property
    def blame(self) -> Blame:
        """The argument that errors of rights are about."""
        return Blame(field="ids", path=self.path)

    def read(self, bindings: Bindings) -> list[str]:
        """Return the ids."""
        blame, value = self.blame, value_of(self.ids, bindings)
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


def _merge(context: PlanContext, object_: Object, given: _Given, *, only_judges: bool = False) -> MergeStep:
    """Return the step on the merged records themselves; one that `only_judges` writes nothing."""
    ids, kept = given.add(context)
    filling = judge_merged(context, object_, Action.UPDATE, given.blame)
    deleting = judge_merged(context, object_, Action.DELETE, given.blame)
    plan = Merge(
        table=object_.table,
        key=object_.key,
        condition=And(terms=visible(context, object_, site=Site.POINT)),
        ids=ids,
        kept=kept,
        expected=find_expected(context, object_, given.selected, given.path, given.read),
        units=tuple(merged_units(object_)),
        own_keys=tuple(own_keys(context.snapshot, object_)),
        filled=touched_at(object_),
        deleted=_deleted(object_),
        events=None if only_judges else _events(context, object_),
        filling=filling.rights,
        deleting=deleting.rights,
    )
    return _step(context, object_, compile_bound(plan, context.parameters), filling)


def _events(context: PlanContext, object_: Object) -> tuple[EventTarget, EventTarget]:
    event = event_target(context, object_, "updated")
    return event, replace(event, action="deleted")


def _step(context: PlanContext, object_: Object, bound: BoundStatement, judged: JudgedRights) -> MergeStep:
    deferred = plan_deferred(context, object_, Action.UPDATE, judged)
    return MergeStep(object_=object_, bound=bound, deferred=() if deferred is None else (deferred,))


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
    context: PlanContext,
    object_: Object,
    holder: Object,
    fields: Sequence[Field],
    given: _Given,
    *,
    only_judges: bool = False,
) -> tuple[MergeStep, bool]:
    """Return the step on the records that point to those that go, and whether the role's rights may refuse it."""
    ids, kept = given.add(context)
    rights = judge_holder(context, holder, fields, given.blame)
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
        condition=rights.condition,
        deleted_at=holder.deleted_at,
        moved=(*rights.presets, *touched_at(holder)),
        deleted=_deleted(holder),
        events=None if only_judges else _events(context, holder),
        moving=rights.moving.rights,
        deleting=rights.deleting.rights,
        barred=rights.barred,
        tells_moved=bool(rights.moving.deferred),
    )
    return _step(context, holder, compile_bound(plan, context.parameters), rights.moving), rights.is_judged


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
