"""The rights of a role in a write: the ways of its action become rules and checks that the statement judges by."""

from collections.abc import Mapping, Sequence
from typing import Final

from fieldstone.engine.errors import Forbidden
from fieldstone.engine.planner.access.admission import Admission, Admitted, find_admission
from fieldstone.engine.planner.access.rules import plan_rule
from fieldstone.engine.planner.arguments.trees import Absent, Blame, Tree
from fieldstone.engine.planner.bound_statement import BoundStatement, compile_bound
from fieldstone.engine.planner.context import ParameterList, PlanContext
from fieldstone.metadata.access.rules import show
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import WHOLLY, Action, Stored, Way
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Condition, HasLinked, HasRelated, HasTotals, Related, Searches
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.writes.look_ups import Unfit
from fieldstone.sql.plan.writes.rights import AllowedWay, Rights
from fieldstone.sql.types import SqlType

LIFTED: Final = Stored(text="{}")
"""The rule or the check that every record fulfils."""


@frozen
class WriteRights:
    """The ways of an action on an object's records, of which at least one is there.

    Attributes:
        admission: which of them admit a record's data; None: all admit all data.
    """

    object_: Object
    action: Action
    ways: tuple[Way, ...]
    admission: Admission | None


@frozen
class DeferredCheck:
    """A check of the records that one statement has written, before the commit.

    Attributes:
        statement: an Unfit; its ids, and the ways beside them, are those of the bindings.
        tells_ways: whether the ways count; the statement that wrote the records answers them.
    """

    object_: Object
    action: Action
    statement: BoundStatement
    tells_ways: bool


@frozen
class JudgedRights:
    """Rights as a statement judges by them.

    Attributes:
        rights: None: the statement need not judge.
        deferred: the checks of the records at the end of the mutation, one of which must hold: if the rights tell ways,
            one for each way (None: it waits for nothing), of which those of the ways count that took the record.
    """

    rights: Rights | None = None
    deferred: tuple[Stored | None, ...] = ()

    @property
    def tells_ways(self) -> bool:
        """Whether the statement answers the ways that took each record."""
        return self.rights is not None and self.rights.tells_ways


FREE: Final = JudgedRights()
"""The rights of a role without restrictions."""
NONE: Final = JudgedRights(rights=Rights(ways=()))
"""The rights of a role that may not act on any record."""


def find_rights(context: PlanContext, object_: Object, action: Action, blame: Blame) -> WriteRights | None:
    """Return the ways of an action on an object's records; None if the action is not restricted.

    Raises:
        Forbidden: the role has none.
    """
    access = object_.access
    if access is None:
        return None
    ways = tuple(way for way in access.ways(action) if _is_readable(context, way))
    if not ways:
        raise forbidden_action(context, object_, action, blame)
    admission = None
    if action in {Action.CREATE, Action.UPDATE}:
        admission = find_admission(context.snapshot, object_, action, ways, blame)
    if ways == WHOLLY and admission is None:
        return None
    return WriteRights(object_=object_, action=action, ways=ways, admission=admission)


def forbidden_action(context: PlanContext, object_: Object, action: Action, blame: Blame) -> Forbidden:
    """Return the error of an action that a role has no right to."""
    return Forbidden(f"The role '{context.role_name}' may not {action.value} {object_.label_plural}.", path=blame.path)


def admit_change(context: PlanContext, admission: Admission, data: Tree, more: Sequence[str] = ()) -> Admitted:
    """Return the ways that admit the data of an update, whose members are part of the plan, and `more` fields.

    Raises:
        Forbidden: there are none.
    """
    given = [name for name, member in data.items() if not isinstance(member, Absent)] if isinstance(data, dict) else []
    return admission.admit([*given, *more], context.role_name)


def judge(
    context: PlanContext,
    rights: WriteRights | None,
    *,
    ways: Sequence[Way] | None = None,
    marks: Parameter | str | None = None,
    refuses: bool = False,
    is_barred: bool = False,
) -> JudgedRights:
    """Return the rights that a statement judges by; its parameters are those of the statement being planned.

    Args:
        context: the operation.
        rights: the ways of the action; None: it is not restricted.
        ways: those of them that admit the data, where that is known now.
        marks: the text that marks them in each record's data, where it is not.
        refuses: whether records that are meant and not allowed are refused, though they are not named.
        is_barred: whether the statement knows of more that some of the ways do not allow.
    """
    if rights is None:
        return FREE
    chosen = rights.ways if ways is None else ways
    rules = [_said(way.rule) for way in chosen]
    checks = [_said(_check_of(way, rights.action)) for way in chosen]
    if marks is None and not is_barred and (None, None) in zip(rules, checks, strict=True):
        return FREE
    has_one_rule = rights.action is Action.CREATE or len({*rules}) == 1
    is_free = len({*checks}) == 1 or (marks is None and not is_barred and has_one_rule)
    planned, deferred = _plan_checks(context, rights.object_, checks, is_free=is_free)
    tells_ways = bool(deferred) and not is_free
    is_judged = marks is not None or is_barred or tells_ways or any(check is not None for check in planned)
    is_bound = None not in rules and not _covers(rules, rights.object_)
    if rights.action is Action.CREATE or not (is_bound or refuses or (is_judged and len(chosen) > 1)):
        rules = [None] * len(rules)
    if not is_judged and rules == [None] * len(rules):
        return JudgedRights(deferred=deferred)
    allowed = tuple(
        AllowedWay(rule=None if rule is None else _plan(context, rights.object_, rule), check=check)
        for rule, check in zip(rules, planned, strict=True)
    )
    judged = Rights(ways=allowed, admitted=marks, refuses=refuses, tells_ways=tells_ways)
    return JudgedRights(rights=judged, deferred=deferred)


def plan_deferred(context: PlanContext, object_: Object, action: Action, judged: JudgedRights) -> DeferredCheck | None:
    """Return the check that waits for the end of the mutation."""
    if not judged.deferred:
        return None
    context.parameters = ParameterList()
    ids = context.parameters.add(lambda bindings: bindings.ids, SqlType.UUID, array=True)
    ways = None
    if judged.tells_ways:
        ways = context.parameters.add(lambda bindings: bindings.ways, SqlType.TEXT, array=True)
    plan = Unfit(
        table=object_.table,
        key=object_.key,
        ids=ids,
        checks=tuple(None if check is None else _plan(context, object_, check) for check in judged.deferred),
        ways=ways,
    )
    return DeferredCheck(
        object_=object_,
        action=action,
        statement=compile_bound(plan, context.parameters),
        tells_ways=judged.tells_ways,
    )


def _check_of(way: Way, action: Action) -> Stored | None:
    """Return the check of a way; without one an update's result must be under the way's rule."""
    return way.rule if way.check is None and action is Action.UPDATE else way.check


def _said(stored: Stored | None) -> Stored | None:
    return None if stored == LIFTED else stored


def _covers(rules: Sequence[Stored | None], object_: Object) -> bool:
    """Return whether each record that may be read is under one of the rules."""
    return {_said(way.rule) for way in object_.rights.read} <= {*rules}


def _plan_checks(
    context: PlanContext, object_: Object, checks: Sequence[Stored | None], *, is_free: bool
) -> tuple[list[Condition | None], tuple[Stored | None, ...]]:
    """Return the checks that the statement can judge by, and those that wait, each in its way's place; () for none.

    If each way `is_free` to take each record, one check suffices: if one of them waits, all do, each of them once.
    """
    undo = context.parameters.savepoint()
    planned: list[Condition | None] = []
    deferred: list[Stored | None] = []
    for check in checks:
        roll_back = context.parameters.savepoint()
        condition = None if check is None else _plan(context, object_, check)
        waits = condition is not None and _waits(context, object_, condition)
        if waits:
            roll_back()
        planned.append(None if waits else condition)
        deferred.append(check if waits else None)
    if not any(deferred):
        return planned, ()
    if is_free:
        undo()
        return [None] * len(checks), () if None in checks else tuple(dict.fromkeys(checks))
    return planned, tuple(deferred)


def _plan(context: PlanContext, object_: Object, rule: Stored) -> Condition:
    return plan_rule(context, object_, rule) or And(terms=())


def _waits(context: PlanContext, object_: Object, condition: Condition) -> bool:
    """Return whether a check must wait for the end of the mutation.

    A statement does not see the rows that it writes, nor those that later ones do; it computes texts for search itself.
    """
    for part in parts_of(condition):
        if isinstance(part, HasLinked | HasTotals | Searches):
            return True
        if isinstance(part, Related | HasRelated) and (context.writes_more or part.hop.table == object_.table):
            return True
    return False


def _is_readable(context: PlanContext, way: Way) -> bool:
    """Return whether this process knows all that a way presets; if not, the way allows nothing."""
    try:
        return way.presets is None or isinstance(show(context.snapshot.whole, way.presets), Mapping)
    except InvalidChange:
        return False
