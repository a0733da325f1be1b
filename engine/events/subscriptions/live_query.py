"""A live query for the hub: the key that it shares with its group, and the columns that it reads."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.events.log.reader import LONGEST_ANCHOR
from fieldstone.engine.events.quotas import QuotaOwner, owner_of
from fieldstone.engine.events.subscriptions.model_watch import ModelWatch
from fieldstone.engine.events.subscriptions.subscription import (
    KeptRequest,
    Subscription,
    SubscriptionRequest,
    keep_request,
)
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.bound_statement import BoundStatement
from fieldstone.engine.planner.live_queries import Anchors, ObjectReads
from fieldstone.engine.positions import Positions
from fieldstone.metadata.dependencies import Dependencies, RightsOnObjects
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.operands import TimeUnit
from fieldstone.sql.statement import Statement, refuse_nul


class Anchored(NamedTuple):
    """An object, and the values of columns of it as events show them, by the columns' physical names."""

    object_id: UUID
    values: Mapping[str, str]


@frozen
class LivePlan:
    """A live query's plan, compiled.

    Attributes:
        key: the response key of its field.
        reads: the columns that it reads, by the id of their object.
        changes_each: the smallest unit of time at whose start the answer may change without a write; None: it does not.
        anchors: the columns that have one value in all records of an object which it reads.
        interval: yields the seconds for which events are gathered; raises BadUserInput.
    """

    key: str
    statement: BoundStatement
    reads: ObjectReads
    anchors: Anchors | None
    changes_each: TimeUnit | None
    interval: Callable[[Bindings], float]
    depends: Dependencies


@frozen
class LiveKey:
    """The key of a group: live queries with equal keys have one answer.

    Attributes:
        owner: of the quota that the group counts towards.
        rights: those on the objects that the statement depends on: roles that have the same ones share a group.
        positions: their form for clients.
        key: the response key of their field.
        interval: the seconds for which events are gathered before the statement runs.
    """

    owner: QuotaOwner
    rights: RightsOnObjects
    positions: Positions
    key: str
    statement: Statement
    parameters: tuple[bytes | None, ...]
    interval: float

    @property
    def workspace_id(self) -> UUID:
        """The id of the workspace that the queries read."""
        return self.owner.workspace_id


@frozen
class LiveQuery:
    """One live query, valid under the snapshot that it was planned on.

    Attributes:
        anchored: an object, and the columns that have one value in all records of it which the query reads, with the
            value.
        depends: the objects that it depends on.
    """

    principal: Principal
    operation: KeptRequest
    group: LiveKey
    reads: ObjectReads
    anchored: Anchored | None
    changes_each: TimeUnit | None
    depends: Dependencies

    @property
    def size(self) -> int:
        """Return the kept bytes of the client's request."""
        parameters = sum(len(value) for value in self.group.parameters if value is not None)
        return len(self.operation.query) + len(self.operation.json) + parameters


AnySubscription = Subscription | LiveQuery | ModelWatch


def bind_live_query(
    plan: LivePlan,
    *,
    principal: Principal,
    operation: SubscriptionRequest,
    bindings: Bindings,
    positions: Positions,
    depends: Dependencies,
) -> LiveQuery:
    """Return the live query of one request.

    Raises:
        BadUserInput: a value is refused.
    """
    parameters = plan.statement.bind(bindings)
    refuse_nul(parameters)
    needed = Dependencies(
        objects={**depends.objects, **plan.depends.objects},
        indexes={**depends.indexes, **plan.depends.indexes},
        aliases=depends.aliases,
        may_grow=True,
    )
    return LiveQuery(
        principal=principal,
        operation=keep_request(operation),
        group=LiveKey(
            owner=owner_of(principal),
            rights=needed.rights,
            positions=positions,
            key=plan.key,
            statement=plan.statement.statement,
            parameters=tuple(parameters),
            interval=plan.interval(bindings),
        ),
        reads=plan.reads,
        anchored=_find_anchored(plan.anchors, parameters),
        changes_each=plan.changes_each,
        depends=needed,
    )


def _find_anchored(anchors: Anchors | None, parameters: Sequence[bytes | None]) -> Anchored | None:
    if anchors is None:
        return None
    given = {name: parameters[parameter.slot] for name, parameter in anchors.columns.items()}
    values = {name: value.decode()[:LONGEST_ANCHOR] for name, value in given.items() if value is not None}
    return Anchored(anchors.object_id, values)
