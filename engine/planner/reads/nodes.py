"""Nodes: records by ids that hold the object, as Relay asks for them."""

from base64 import urlsafe_b64decode
from collections.abc import Iterator, Sequence
from dataclasses import replace
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Binder, Bindings, Blame, arguments_of, value_of
from fieldstone.engine.planner.context import PlanContext, Site, readable, visible
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.read import NodeBranch, Nodes
from fieldstone.sql.types import SqlType


def build_nodes(context: PlanContext, selected: Selected, path: AnswerPath) -> Nodes:
    """Return the plan of the root field `node` or `nodes`, for the objects that the ids at hand name.

    The objects that they name are part of the shape.
    """
    is_list = selected.name == "nodes"
    name = "nodeIds" if is_list else "nodeId"
    tree = arguments_of(selected.nodes[0], context.variables).get(name)
    blame = Blame(field=name, path=path)
    most = context.limits.largest_page if is_list else 1

    def read(bindings: Bindings) -> Sequence[tuple[UUID, UUID] | None]:
        value = value_of(tree, bindings)
        ids = value if isinstance(value, list) else [value]
        if None in ids:
            raise blame.error(f"'{name}' must not be null.")
        if len(ids) > most:
            raise blame.error(f"'{name}' must have at most {most} ids, not {len(ids)}.")
        return [read_node_id(one) for one in ids]

    def bind(object_id: UUID | None) -> Binder:
        def binder(bindings: Bindings) -> bytes:
            texts = [str(node[1]) if node and node[0] == object_id else "NULL" for node in read(bindings)]
            return f"{{{','.join(texts)}}}".encode()

        return binder

    def add(object_id: UUID | None) -> Parameter:
        # For ids that it sees, PostgreSQL would plan the statement each time, which takes longer than to run it.
        return replace(context.parameters.add(bind(object_id), SqlType.UUID, array=True), unplanned=True)

    places = add(None)
    branches: list[NodeBranch] = []
    for object_ in _objects(context, read(Bindings(variables=context.variables, actor=""))):
        ids = add(object_.id)
        condition = And(terms=visible(context, object_, site=Site.POINT))
        record = build_record(context, object_, selected, path)
        branches.append(
            NodeBranch(ids=ids, table=readable(context, object_), key=object_.key, condition=condition, record=record)
        )
    return Nodes(places=places, branches=tuple(branches), is_list=is_list, limit=most)


def _objects(context: PlanContext, nodes: Sequence[tuple[UUID, UUID] | None]) -> Iterator[Object]:
    for id_ in sorted({node[0] for node in nodes if node is not None}):
        object_ = context.snapshot.objects.get(id_)
        if object_ is None or not (object_.is_active and object_.rights.read):
            # The plan holds as long as the role reads just these objects; one of no objects never does.
            context.roster = tuple(context.snapshot.readable) or ("",)
            continue
        if "nodeId" not in {*object_.by_name, *object_.foreign_keys}:
            yield context.touch(object_)


def read_node_id(value: JsonValue) -> tuple[UUID, UUID] | None:
    """Return the ids of the object and the record in a node's id, None where it is none."""
    if not isinstance(value, str) or len(value) != 43:
        return None
    try:
        data = urlsafe_b64decode(value + "=")
    except ValueError:
        return None
    return (UUID(bytes=data[:16]), UUID(bytes=data[16:])) if len(data) == 32 else None
