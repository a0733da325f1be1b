"""Snapshots as roles see them, made by hand, and queries on them."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from uuid import UUID

from fieldstone.engine.planner.arguments.field_errors import replace_marks
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.request.compile import plan_forgivingly, validate_text
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.valid_operation import QueryPlan, ValidQuery
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import WHOLLY, Way
from fieldstone.sql.executor import Database
from tests.apis import LIMITS


def restricted(object_: Object, access: ObjectAccess) -> Object:
    """The object as a role with these rights sees it."""
    return replace(object_, access=access, base=object_)


def view(snapshot: Snapshot, rights: Mapping[UUID, ObjectAccess]) -> Snapshot:
    """The snapshot as a role with these rights sees it."""
    objects = {
        id_: restricted(object_, rights[id_]) if id_ in rights else object_ for id_, object_ in snapshot.objects.items()
    }
    return replace(snapshot, objects=objects, base=snapshot)


def reading(snapshot: Snapshot, object_: Object, *rules: Any, reads_deleted: bool = True) -> ObjectAccess:
    """The right to read the records under any of these rules."""
    ways = tuple(Way(rule=store_filter(snapshot, object_, rule)) for rule in rules)
    return ObjectAccess(read=ways, restore=WHOLLY if reads_deleted else (), aggregates=True)


def view_by_rules(snapshot: Snapshot, **rules: Any) -> Snapshot:
    """The snapshot as a role sees it that reads the records of these objects, by nameSingular, under these rules."""
    found = {name: snapshot.by_singular[name] for name in rules}
    return view(snapshot, {one.id: reading(snapshot, one, rules[name]) for name, one in found.items()})


def plan_as(seen: Snapshot, claims: Mapping[str, Any], text: str) -> tuple[QueryPlan, list[bytes | None]]:
    """The plan of a query without variables on a snapshot, and the parameters of its request."""
    schema = lazy_schema(seen)
    operation = validate_text(OperationKey(0, text, None), seen, schema, LIMITS.document)
    assert isinstance(operation, ValidQuery)
    return plan_forgivingly(operation, seen, schema, LIMITS, Bindings(variables={}, actor="", claims=claims))


async def ask_as(database: Database, seen: Snapshot, claims: Mapping[str, Any], text: str) -> Any:
    """The whole answer to a query without variables for a role with these claims."""
    plan, parameters = plan_as(seen, claims, text)
    if plan.statement is None:
        data: bytes | None = plan.constant
    else:
        (data,) = (await database.read(plan.statement.statement, parameters))[0]
    assert plan.failures is not None
    body, errors = replace_marks(data or b"null", plan.failures)
    return {"data": loads(body)} | ({"errors": [error.formatted() for error in errors]} if errors else {})
