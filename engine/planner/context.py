"""The context that the parts of the planner share while one operation is planned."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Protocol, TypeVar
from uuid import UUID

from fieldstone.engine.documents.document import COMPARISONS, DocumentLimits, Operation, Selected, collect_fields
from fieldstone.engine.errors import ApiError, QueryTooComplex
from fieldstone.engine.planner.arguments.field_errors import AnswerPath, Failures
from fieldstone.engine.planner.arguments.trees import SAMPLE_CLAIMS, Binder, Bindings, RowBinder, constant
from fieldstone.metadata.dependencies import Dependencies
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Index, Object, RelationEnd, Snapshot
from fieldstone.metadata.roles.role import Stored
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And, Compare, Comparison, Condition, GuardedColumn, Hop, IsNull, Table
from fieldstone.sql.plan.operands import Column, Parameter, Sorted, TimeUnit
from fieldstone.sql.plan.outputs import Literal
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.types import SqlType

T = TypeVar("T")


class Site(Enum):
    """The use of a rule, which decides about its form. PostgreSQL makes neither of them a join under FOR UPDATE."""

    SCAN = "on all records of an object"
    POINT = "on one record, or on each of few"


@frozen
class RecordLimits:
    """How many records: on a page unless said, on a page at most, in a bulk write at most; and the most that one costs.

    Attributes:
        response_bytes: the longest answer; the database measures its own.
        cost: the highest price of an operation (`engine/planner/cost.py`); 0 is no limit.
    """

    default_page: int = 60
    largest_page: int = 200
    bulk: int = 10_000
    cost: int = 500_000
    response_bytes: int = 64 << 20


@dataclass(slots=True, kw_only=True)
class ParameterList:
    """The parameters of one statement, in the order of their slots; each is bound at once to the values in `tried`.

    Attributes:
        added: those that the binders fill, one each.
        row: fills `width` of them together, behind the first `lead` ones.
        claims: those of the principal's values, each by its name and the way in which it is written.
        rules: the conditions that rules have become in this statement, each with the parameters that there were then.
    """

    binders: list[Binder] = field(default_factory=list)
    added: list[Parameter] = field(default_factory=list)
    tried: Bindings | None = None
    row: RowBinder | None = None
    width: int = 0
    lead: int = 0
    claims: dict[Hashable, Parameter] = field(default_factory=dict)
    rules: dict[tuple[UUID, Stored], tuple[Condition | None, int]] = field(default_factory=dict)

    def add(self, binder: Binder, sql_type: SqlType, *, array: bool = False) -> Parameter:
        """Return the parameter that this binder fills.

        Raises:
            ApiError: the values that are tried are refused.
        """
        if self.tried is not None:
            binder(self.tried)
        self.added.append(Parameter(slot=self.width + len(self.binders), type=sql_type, array=array))
        self.binders.append(binder)
        return self.added[-1]

    def add_claim(self, key: Hashable, binder: Binder, sql_type: SqlType, *, array: bool = False) -> Parameter:
        """Return the parameter of a principal's value, one for all places that have the same `key`."""
        if key not in self.claims:
            self.claims[key] = replace(self.add(binder, sql_type, array=array), of_principal=True)
        return self.claims[key]

    def add_row(self, binder: RowBinder, sql_types: Sequence[SqlType]) -> list[Parameter]:
        """Return the parameters that this binder fills together.

        Raises:
            ApiError: the values that are tried are refused.
        """
        if self.row is not None:
            raise ValueError("a statement has one row of parameters")
        if self.tried is not None:
            binder(self.tried)
        self.row, self.width, self.lead = binder, len(sql_types), len(self.binders)
        return [Parameter(slot=slot, type=sql_type) for slot, sql_type in enumerate(sql_types, self.lead)]

    def savepoint(self) -> Callable[[], None]:
        """Return a function that takes back the parameters added from now on."""
        count = len(self.binders)

        def roll_back() -> None:
            del self.binders[count:], self.added[count:]
            self.claims = {key: one for key, one in self.claims.items() if one.slot < self.width + count}
            self.rules = {rule: found for rule, found in self.rules.items() if found[1] <= count}

        return roll_back


@dataclass(slots=True, kw_only=True)
class PlanContext:
    """One operation on one snapshot; `parameters` are those of the statement being planned.

    Attributes:
        document: the limits of the document, which hold for an input that only the planner knows the type of.
        comparisons: how many the filters have made so far.
        touched: the objects that the plan depends on, by id.
        indexes: the indexes of those objects whose indexes make a difference, by the object's id.
        leading: the values that the B-trees in use begin with, by their object's id.
        changes_each: the smallest unit of time at whose start the answer may change, because of relative dates.
        zones: the binders of the time zones that the operation names.
        unserved: the texts, each with its object, in whose order a table is read although no index serves it.
        roster: the names of all objects where the plan is about them all; () where it is about all fields of some.
        failures: collects the fields that fail; None: the first one fails the operation.
        rules: plans the rules of restricted objects; None: there must be none.
        is_rule: whether the filter is a rule, which may name a time zone as an older release took it.
        shown: the snapshot whose instances the plan depends on, where it is another one: rules see the whole model.
        writes_more: whether the mutation writes by more statements than the one being planned.
        is_rest: whether the answer has the form of REST, in which edges are their nodes, a connection below a record is
            the list of them, and `amountMicros` is a number.
    """

    snapshot: Snapshot
    operation: Operation
    variables: Mapping[str, JsonValue]
    limits: RecordLimits
    document: DocumentLimits = field(default_factory=DocumentLimits)
    parameters: ParameterList = field(default_factory=ParameterList)
    comparisons: int = 0
    changes_each: TimeUnit | None = None
    zones: list[Binder] = field(default_factory=list)
    touched: dict[UUID, Object] = field(default_factory=dict)
    indexes: dict[UUID, tuple[Index, ...]] = field(default_factory=dict)
    leading: dict[UUID, frozenset[Column | Sorted]] = field(default_factory=dict)
    unserved: dict[tuple[str, str], None] = field(default_factory=dict)
    roster: tuple[str, ...] | None = None
    failures: Failures | None = None
    rules: "RulePlanner | None" = None
    is_rule: bool = False
    shown: Snapshot | None = None
    writes_more: bool = False
    is_rest: bool = False

    @property
    def role_name(self) -> str:
        """The name of the role that the operation is planned for, for messages."""
        return "" if self.snapshot.role is None else self.snapshot.role.name

    @property
    def sample(self) -> Bindings:
        """The values of the request being planned, as far as a plan may depend on them."""
        return Bindings(variables=self.variables, actor="", claims=SAMPLE_CLAIMS, role=self.role_name)

    def note_nullable(self, path: AnswerPath) -> None:
        """Note that the field that these response keys lead to may be null."""
        if self.failures is not None:
            self.failures.nullable.add(path)

    def attempt(self, build: Callable[[], T], selected: Selected, path: AnswerPath) -> T | Literal:
        """Return the output that `build` makes of a field, or the mark of its failure where failures are collected.

        Raises:
            ApiError: it fails and failures are not collected.
        """
        roll_back = self.parameters.savepoint()
        try:
            return build()
        except ApiError as error:
            if self.failures is None:
                raise
            roll_back()
            return self.failures.mark(error, path, selected.location)

    def count_comparison(self) -> None:
        """Count one more comparison of a filter.

        Raises:
            QueryTooComplex: there are more than an operation may have.
        """
        self.comparisons += 1
        if self.comparisons > COMPARISONS:
            raise QueryTooComplex(
                f"The filters of the operation have more than {COMPARISONS:,} comparisons. "
                "An 'in' with a list is one, whatever its length."
            )

    def depends(self, *, may_grow: bool) -> Dependencies:
        """Return the parts of the model that the plan was made from."""
        return Dependencies(
            objects=self.touched,
            indexes=self.indexes,
            may_grow=may_grow and self.roster is None,
            roster=self.roster or (),
            unserved=tuple(self.unserved),
            checked=self.snapshot,
        )

    def touch(self, object_: Object) -> Object:
        """Note that the plan depends on this object: on its instance in the snapshot of the role."""
        self.touched[object_.id] = object_ if self.shown is None else self.shown.objects[object_.id]
        return object_

    def selected_below(self, selected: Selected) -> list[Selected]:
        """Return the fields selected below a field."""
        return collect_fields(self.operation, selected.selection_sets, self.variables)

    def selected_of(self, object_: Object, selected: Selected) -> list[Selected]:
        """Return the fields selected below a field whose answer is a record of this object."""

        def applies(name: str) -> bool:
            return name == object_.type_name or name not in self.snapshot.by_type_name

        return collect_fields(self.operation, selected.selection_sets, self.variables, applies=applies)


def type_literal(name: str) -> Literal:
    """Return the answer of `__typename`."""
    return Literal(text=dumps(name))


class RulePlanner(Protocol):
    """Plans the rules of restricted objects."""

    def read(self, context: PlanContext, object_: Object, site: Site) -> Condition | None:
        """Return the condition on the records that the role reads; None: it reads all of them."""
        ...

    def guarded(self, context: PlanContext, object_: Object) -> tuple[GuardedColumn, ...]:
        """Return the columns of the fields that the role reads in some of its records only."""
        ...


def _rules_of(context: PlanContext, object_: Object) -> RulePlanner:
    if context.rules is None:
        msg = f"the object {object_.name_singular} is restricted, and nothing plans its rules"
        raise LookupError(msg)
    return context.rules


def readable(context: PlanContext, object_: Object) -> Table:
    """Return the table of an object whose records are read, with the guarded columns that its fields stand for."""
    if not object_.guarded:
        return object_.table
    return replace(object_.table, guarded=_rules_of(context, object_).guarded(context, object_))


def readable_by(context: PlanContext, object_: Object, condition: Condition) -> Table:
    """Return the table of an object whose records are written, with its guarded columns if the condition reads some."""
    guarded = {part.column for shown in object_.guarded.values() for part in shown.parts}
    is_read = bool(guarded) and any(part in guarded for part in parts_of(condition) if isinstance(part, Column))
    return readable(context, object_) if is_read else object_.table


def visible(
    context: PlanContext, object_: Object, *, deleted: bool = False, site: Site = Site.SCAN
) -> tuple[Condition, ...]:
    """Return the conditions under which a record exists for the API and its role.

    `deleted` lets the deleted ones in, for roles that may restore or destroy them.
    """
    terms: list[Condition] = []
    access = object_.access
    if object_.owner is not None:
        owner = context.parameters.add(constant(str(context.snapshot.workspace.id).encode()), SqlType.UUID)
        terms.append(Compare(left=object_.owner, comparison=Comparison.EQ, right=owner))
    if object_.deleted_at is not None and not (deleted and (access is None or access.restore or access.destroy)):
        terms.append(IsNull(column=object_.deleted_at))
    if access is not None:
        rule = _rules_of(context, object_).read(context, object_, site)
        terms += [] if rule is None else [rule]
    return tuple(terms)


def hop_over(context: PlanContext, end: RelationEnd, *, deleted: bool = False) -> Hop:
    """Return the step across a to-one relation to the record that the API shows there."""
    target = context.touch(end.target)
    return Hop(
        column=end.near,
        table=readable(context, target),
        key=end.far,
        condition=And(terms=visible(context, target, deleted=deleted, site=Site.POINT)),
        is_unique=end.holds_key,
    )
