"""A subscription for the hub: the key that it shares with its group, and its own parameters."""

from collections.abc import Mapping
from typing import Protocol
from uuid import UUID

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.subscriptions.tail import TailKey
from fieldstone.engine.planner.arguments.trees import Binder, Bindings
from fieldstone.engine.planner.subscriptions import PlannedFeed
from fieldstone.engine.positions import Positions
from fieldstone.metadata.dependencies import Dependencies, RightsOnObjects
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Statement


class SubscriptionRequest(Protocol):
    """The request of a subscription, from which it can be made again."""

    @property
    def query(self) -> str:
        """Return the document."""

    @property
    def operation_name(self) -> str | None:
        """Return the name of the operation that is meant."""

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """Return the values of its variables."""


@frozen
class KeptRequest:
    """A request that is kept while its subscription lives: its variables as JSON text take no more than they took."""

    query: str
    operation_name: str | None
    json: bytes

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """Return the values of its variables."""
        variables: Mapping[str, JsonValue] = loads(self.json.decode("utf-8", "surrogatepass"))
        return variables


def keep_request(operation: SubscriptionRequest) -> KeptRequest:
    """Return the request to keep."""
    return KeptRequest(
        query=operation.query,
        operation_name=operation.operation_name,
        # A caller in Python may give lone surrogates; a body with one is refused before.
        json=dumps(operation.variables).encode("utf-8", "surrogatepass"),
    )


@frozen
class SubscriptionPlan:
    """A subscription's plan, compiled.

    Attributes:
        zones: the binders of the time zones that it names.
    """

    planned: PlannedFeed
    statement: Statement
    depends: Dependencies
    zones: tuple[Binder, ...] = ()


@frozen
class GroupKey:
    """The key of a group: subscriptions with equal keys are served by one statement.

    Attributes:
        rights: those on the objects that the statement depends on: roles that have the same ones share a group.
        actions: those of the events.
        positions: their form for clients.
        key: the response key of their field.
        limit: the number of events that the statement reads.
        parameters: the values of the statement's parameters, without those for the range and the sets.
    """

    workspace_id: UUID
    rights: RightsOnObjects
    positions: Positions
    object_id: UUID
    actions: tuple[str, ...]
    key: str
    statement: Statement
    limit: int
    parameters: tuple[bytes | None, ...]


AnyKey = GroupKey | TailKey


@frozen
class Subscription:
    """One subscription, valid under the snapshot that it was planned on.

    Attributes:
        parameter_set: its own values of a set's parameters: the JSON text of an object with p0, p1 and so on.
        after: the position to resume after, as the client gave it; None for new events alone.
        depends: the objects that it depends on.
    """

    principal: Principal
    operation: KeptRequest
    group: AnyKey
    parameter_set: bytes
    after: JsonValue
    depends: Dependencies

    @property
    def size(self) -> int:
        """Return the kept bytes of the client's request."""
        return len(self.operation.query) + len(self.operation.json) + len(self.parameter_set)


class Refused(Exception):
    """The operation is refused, or the subscription ended; `errors` say why."""

    def __init__(self, errors: list[ApiError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def compile_subscription(
    planned: PlannedFeed, depends: Dependencies, *, zones: tuple[Binder, ...] = ()
) -> SubscriptionPlan:
    """Return the plan with its statement."""
    return SubscriptionPlan(planned=planned, statement=compile_plan(planned.feed), depends=depends, zones=zones)


def bind_subscription(
    plan: SubscriptionPlan,
    *,
    principal: Principal,
    operation: SubscriptionRequest,
    bindings: Bindings,
    positions: Positions,
    depends: Dependencies,
) -> Subscription:
    """Return the subscription of one request.

    Raises:
        BadUserInput: a value is refused.
    """
    planned, needed = plan.planned, Dependencies(objects={**depends.objects, **plan.depends.objects})
    values = (binder(bindings) for binder in planned.set_binders)
    parameter_set = {f"p{place}": None if value is None else value.decode() for place, value in enumerate(values)}
    return Subscription(
        principal=principal,
        operation=keep_request(operation),
        group=GroupKey(
            workspace_id=principal.workspace_id,
            rights=needed.rights,
            positions=positions,
            object_id=planned.object_.id,
            actions=planned.actions(bindings),
            key=planned.key,
            statement=plan.statement,
            limit=planned.feed.limit,
            parameters=tuple(binder(bindings) for binder in planned.binders),
        ),
        parameter_set=dumps(parameter_set).encode(),
        after=planned.after(bindings),
        depends=needed,
    )
