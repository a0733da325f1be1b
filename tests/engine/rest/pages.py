"""Pages of records by REST and by GraphQL, and the syntax that REST has for filters and orders of GraphQL."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from graphql import GraphQLInputObjectType, GraphQLSchema
from hypothesis import strategies as st

from fieldstone.engine.errors import ApiError
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import read_parameters
from fieldstone.engine.rest.routes import Action
from fieldstone.engine.rest.selection import select_record
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.metadata.model import Object
from tests.apis import PRINCIPAL, Served
from tests.operation_writer import to_json
from tests.operations import Values
from tests.reference import Reference

PAGE = "pageInfo { hasNextPage startCursor endCursor }"
OBJECTS = ("within", "contains")
"""The operators whose values may be JSON objects."""
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"'})


def write_value(value: Any) -> str:
    """A value in the syntax of filters."""
    match value:
        case str():
            return f'"{value.translate(_ESCAPES)}"'
        case list():
            return f"[{','.join(map(write_value, value))}]"
        case _:
            return dumps(value)


def write_conditions(filter_: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """The conditions of a filter, all of which hold; those that say nothing are left out."""
    for name, value in filter_.items():
        match value:
            case list() if name in {"and", "or"}:
                found = [" ,".join(write_conditions(one)) for one in value]
                inner = [f"and({one})" for one in found if one]
                if inner:
                    yield f"{name}({','.join(inner)})"
            case dict() if name == "not":
                if inner := [*write_conditions(value)]:
                    yield f"not({','.join(inner)})"
            case dict() if name not in OBJECTS:
                yield from write_conditions(value, f"{path}{name}.")
            case None if name in {"eq", "neq"}:
                yield f"{path[:-1]}[{'is' if name == 'eq' else 'isNot'}]:NULL"
            case None:
                yield f"{path[:-1]}[{name}]:NULL"
            case _:
                yield f"{path[:-1]}[{name}]:{write_value(value)}"


def prune(filter_: Any, *, below: bool = False) -> Any:
    """The part of a filter that conditions can say: one leaf below a relation, where they have no conjunctions."""
    if not isinstance(filter_, dict):
        return filter_
    found: dict[str, Any] = {}
    for name, value in filter_.items():
        if name in {"and", "or", "not"}:
            if not below:
                found[name] = [prune(one) for one in value] if isinstance(value, list) else prune(value)
        elif isinstance(value, dict) and name not in OBJECTS:
            inner = prune(value, below=True)
            first = (
                dict(list(inner.items())[:1])
                if below or any(isinstance(one, dict) for one in inner.values())
                else inner
            )
            if first:
                found[name] = first
        else:
            found[name] = value
    return found


@st.composite
def said_by_rest(draw: st.DrawFn, reference: Reference, object_: Object) -> tuple[Any, list[Any]]:
    """A filter and an order of an object, of the forms that REST has."""
    values = Values(draw, sorted(id_ for rows in reference.rows.values() for id_ in rows))
    filter_type = reference.schema.type_map[f"{object_.type_name}FilterInput"]
    order_type = reference.schema.type_map[f"{object_.type_name}OrderByInput"]
    assert isinstance(filter_type, GraphQLInputObjectType)
    assert isinstance(order_type, GraphQLInputObjectType)
    orders = [to_json(values.order(order_type)) for _ in range(draw(st.integers(0, 2)))]
    return prune(to_json(values.filter(filter_type))), [order for order in orders if is_plain(order)]


def as_rest(value: Any) -> Any:
    """A record of GraphQL as REST has it."""
    match value:
        case {"edges": edges}:
            return [as_rest(edge["node"]) for edge in edges]
        case dict():
            return {
                name: int(one) if name == "amountMicros" and one is not None else as_rest(one)
                for name, one in value.items()
            }
        case _:
            return value


class Pages:
    """Asks for pages of an object in both ways."""

    def __init__(self, served: Served, schema: GraphQLSchema) -> None:
        self.served = served
        self.schema = schema
        self.api = RestApi(served.apis.core)
        self.snapshot = served.snapshot()
        self.cursors: dict[str, str] = {}

    def by_rest(self, object_: Object, parameters: Mapping[str, Any]) -> Any:
        """The page, or the code of the refusal."""
        return self._find(object_, urlencode({name: value for name, value in parameters.items() if value is not None}))

    def _find(self, object_: Object, query: str) -> Any:
        asked = Asked(
            action=Action.FIND_MANY,
            plural=object_.name_plural,
            id=None,
            parameters=read_parameters(query.encode(), Action.FIND_MANY),
        )
        try:
            answer = loads(self.served.run(self.api.execute(PRINCIPAL, asked)).body)
        except ApiError as error:
            return error.code
        return answer

    def _ask(self, text: str, variables: Mapping[str, Any]) -> Any:
        return self.served.ask(text, variables)

    def by_graphql(self, object_: Object, depth: int, **variables: Any) -> Any:
        """The same page as REST has it, or the code of the refusal."""
        record = select_record(self.snapshot, object_, depth, largest_page=200)
        name = object_.type_name
        text = (
            f"query ($filter: {name}FilterInput, $orderBy: [{name}OrderByInput],"
            " $first: Int, $after: String, $last: Int, $before: String) {"
            f" page: {object_.name_plural}"
            "(filter: $filter, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before)"
            f" {{ edges {{ node {{ {record} }} }} {PAGE}{' totalCount' if object_.rights.aggregates else ''} }} }}"
        )
        answer = self._ask(text, {key: value for key, value in variables.items() if value is not None})
        if "errors" in answer:
            return answer["errors"][0]["extensions"]["code"]
        page = answer["data"]["page"]
        if next(iter((variables["orderBy"] or [{"id": "ASC"}])[0])) == "id":
            # The cursors of ids are the ids.
            nodes = [edge["node"]["id"] for edge in page["edges"]]
            for place, cursor in ((0, "startCursor"), (-1, "endCursor")):
                self.cursors |= {nodes[place]: page["pageInfo"][cursor]} if nodes else {}
                page["pageInfo"][cursor] = nodes[place] if nodes else None
        return {"data": {object_.name_plural: as_rest({"edges": page.pop("edges")})}, **page}


def write_order(orders: list[dict[str, Any]]) -> str:
    found = []
    for order in orders:
        names: list[str] = []
        here: Any = order
        while isinstance(here, dict):
            ((name, here),) = here.items()
            names.append(name)
        found.append(f"{'.'.join(names)}[{here}]")
    return ",".join(found)


def is_plain(order: Any) -> bool:
    """Whether an order is a path of names."""
    while isinstance(order, dict):
        if len(order) != 1:
            return False
        (order,) = order.values()
    return isinstance(order, str)
