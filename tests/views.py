"""Snapshots as roles see them, made by hand, and operations on them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from fieldstone.engine.documents.recent_operations import RecentOperations
from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.arguments.field_errors import replace_marks
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.price import Meter
from fieldstone.engine.request.compile import plan_forgivingly, plan_operation, validate_text
from fieldstone.engine.request.execution.mutation import run_writes
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.refusals import InvalidDocument
from fieldstone.engine.request.valid_operation import QueryPlan, ValidMutation, ValidQuery
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.rules import store_data, store_filter
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import WHOLLY, Fields, Role, Way
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from tests.apis import LIMITS


def restricted(object_: Object, access: ObjectAccess) -> Object:
    """The object as a role with these rights sees it."""
    return replace(object_, access=access, base=object_)


REP = Role(id=UUID(int=1), name="rep", label="Sales rep")
"""The role whose view it is."""


def view(snapshot: Snapshot, rights: Mapping[UUID, ObjectAccess]) -> Snapshot:
    """The snapshot as a role with these rights sees it."""
    objects = {
        id_: restricted(object_, rights[id_]) if id_ in rights else object_ for id_, object_ in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects, role=REP, base=snapshot)


def reading(snapshot: Snapshot, object_: Object, *rules: Any, reads_deleted: bool = True) -> ObjectAccess:
    """The right to read the records under any of these rules."""
    ways = tuple(Way(rule=store_filter(snapshot, object_, rule)) for rule in rules)
    return ObjectAccess(
        read=ways, create=WHOLLY, update=WHOLLY, restore=WHOLLY if reads_deleted else (), aggregates=True
    )


def view_by_rules(snapshot: Snapshot, **rules: Any) -> Snapshot:
    """The snapshot as a role sees it that reads the records of these objects, by nameSingular, under these rules."""
    found = {name: snapshot.by_singular[name] for name in rules}
    return view(snapshot, {one.id: reading(snapshot, one, rules[name]) for name, one in found.items()})


def plan_as(seen: Snapshot, claims: Mapping[str, Any], text: str) -> tuple[QueryPlan, list[bytes | None]]:
    """The plan of a query without variables on a snapshot, and the parameters of its request."""
    schema = lazy_schema(seen)
    operation = validate_text(OperationKey(0, text, None), seen, schema, RecentOperations(LIMITS.document))
    assert isinstance(operation, ValidQuery)
    return plan_forgivingly(operation, seen, schema, LIMITS, Bindings(variables={}, actor="", claims=claims))


async def ask_as(database: Database, seen: Snapshot, claims: Mapping[str, Any], text: str) -> Any:
    """The whole answer to a query without variables for a role with these claims."""
    plan, parameters = plan_as(seen, claims, text)
    if plan.statement is None:
        data: bytes | None = plan.constant
    else:
        (data,) = (await database.read(plan.statement.statement, parameters, share=None))[0]
    assert plan.failures is not None
    body, errors = replace_marks(data or b"null", plan.failures)
    return {"data": loads(body)} | ({"errors": [error.formatted() for error in errors]} if errors else {})


def granted(snapshot: Snapshot, object_: Object, **actions: Any) -> ObjectAccess:
    """The rights on an object by action, as clients write them: a way or several, of `rule`, `check`, `preset`, fields.

    `only` and `allBut` are names of fields. An action that is not given is not allowed.
    """

    def ways(action: str) -> tuple[Way, ...]:
        return tuple(_way(snapshot, object_, one) for one in _listed(actions.get(action, [])))

    return ObjectAccess(
        read=ways("read"),
        create=ways("create"),
        update=ways("update"),
        delete=ways("delete"),
        restore=ways("restore"),
        destroy=ways("destroy"),
        aggregates=True,
    )


def _way(snapshot: Snapshot, object_: Object, given: Mapping[str, Any]) -> Way:
    named = given.get("only", given.get("allBut", ()))
    return Way(
        rule=None if "rule" not in given else store_filter(snapshot, object_, given["rule"]),
        fields=Fields(ids=frozenset(object_.active[name].id for name in named), only="only" in given),
        check=None if "check" not in given else store_filter(snapshot, object_, given["check"]),
        presets=None if "preset" not in given else store_data(snapshot, object_, given["preset"]),
    )


def _listed(given: Any) -> Sequence[Mapping[str, Any]]:
    return given if isinstance(given, list) else [given]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleClient:
    """A client whose principal has a role, without the transports: it sends operations without variables.

    Attributes:
        seen: the snapshot as the role sees it.
        claims: the principal's values.
    """

    database: Database
    seen: Snapshot
    claims: Mapping[str, Any]

    async def write(self, text: str, *, is_valid: bool = True) -> Any:
        """The data of a mutation; one that `is_valid` passes the whole schema, so that the planner alone refuses it.

        Raises:
            ApiError: it is refused.
            InvalidDocument: it does not fit the role's schema.
        """
        shown = self.seen.whole if is_valid else self.seen
        schema = lazy_schema(shown)
        operation = validate_text(OperationKey(0, text, None), shown, schema, RecentOperations(LIMITS.document))
        assert isinstance(operation, ValidMutation)
        plan = plan_operation(operation, self.seen, schema, LIMITS, {})
        role = "" if self.seen.role is None else self.seen.role.name
        bindings = Bindings(variables={}, actor="tester", claims=self.claims, role=role)
        done = run_writes(
            self.database,
            plan.writes,
            plan.bind(bindings),
            bindings,
            self.seen,
            time_limit=15,
            meter=Meter(limit=LIMITS.records.cost),
            share=None,
        )
        return loads(await done)

    async def refusal(self, text: str, *, is_valid: bool = True) -> dict[str, Any]:
        """The error of a mutation that must be refused."""
        try:
            answer = await self.write(text, is_valid=is_valid)
        except ApiError as error:
            return error.formatted()
        except InvalidDocument as invalid:
            return invalid.errors[0].formatted()
        raise AssertionError(answer)

    async def outcome(self, text: str) -> Any:
        """The data of a mutation, or the code that it is refused with; the class of a fault of the server's."""
        try:
            return await self.write(text)
        except ApiError as error:
            return error.code
        except DatabaseError as error:
            return type(error).__name__
