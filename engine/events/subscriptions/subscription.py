"""A subscription as the hub takes it: what it shares with its group, and what is its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.subscriptions import PlannedFeed
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.workspaces.api_keys import Principal, Role
from fieldstone.sql.compiler import compile_plan
from fieldstone.sql.statement import Statement


class SubscriptionRequest(Protocol):
    """The request that a subscription was made by, from which it can be made again."""

    @property
    def query(self) -> str:
        """The document."""

    @property
    def operation_name(self) -> str | None:
        """Which of its operations is meant."""

    @property
    def variables(self) -> Mapping[str, JsonValue]:
        """The values of its variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionPlan:
    """A subscription's plan, compiled."""

    planned: PlannedFeed
    statement: Statement
    depends: Mapping[UUID, Object]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupKey:
    """What subscriptions have in common that are served by the same statement.

    Attributes:
        key: the response key of their field.
        limit: how many events the statement looks at.
        parameters: the values of the statement's parameters, short of those for the range and the sets.
    """

    workspace_id: UUID
    role: Role
    object_id: UUID
    action: str
    key: str
    statement: Statement
    limit: int
    parameters: tuple[bytes | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One subscription, valid under the snapshot that it was planned on.

    Attributes:
        values: its own values of a set's parameters.
        after: the position to resume after; None for what happens from now on.
        depends: the objects without which it would not be valid.
    """

    principal: Principal
    operation: SubscriptionRequest
    group: GroupKey
    values: tuple[str | None, ...]
    after: int | None
    depends: Mapping[UUID, Object]


class Refused(Exception):
    """The subscription cannot be had, or not any more; `errors` say why."""

    def __init__(self, errors: list[ApiError]) -> None:
        super().__init__(errors[0].message)
        self.errors = errors


def compile_subscription(planned: PlannedFeed, depends: Mapping[UUID, Object]) -> SubscriptionPlan:
    """Return the plan with its statement."""
    return SubscriptionPlan(planned=planned, statement=compile_plan(planned.feed), depends=depends)


def bind_subscription(
    plan: SubscriptionPlan,
    *,
    principal: Principal,
    operation: SubscriptionRequest,
    variables: Mapping[str, JsonValue],
    depends: Mapping[UUID, Object],
) -> Subscription:
    """Return the subscription of one request.

    Raises:
        BadUserInput: a value is refused.
    """
    bindings = Bindings(variables=variables, actor=principal.key_name)
    planned = plan.planned
    values = (binder(bindings) for binder in planned.set_binders)
    return Subscription(
        principal=principal,
        operation=operation,
        group=GroupKey(
            workspace_id=principal.workspace_id,
            role=principal.role,
            object_id=planned.object_.id,
            action=planned.action,
            key=planned.key,
            statement=plan.statement,
            limit=planned.feed.limit,
            parameters=tuple(binder(bindings) for binder in planned.binders),
        ),
        values=tuple(None if value is None else value.decode() for value in values),
        after=planned.after(bindings),
        depends={**depends, **plan.depends},
    )
