"""Operations: a request of REST becomes a GraphQL request, as the principal sees the model."""

import re
from collections.abc import Mapping, Sequence
from uuid import UUID

from graphql import GraphQLInputObjectType, GraphQLInputType, GraphQLSchema

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.engine.request.idempotency.claim import SentKey
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.documents import Documents, Wish
from fieldstone.engine.rest.filter_syntax import read_filter
from fieldstone.engine.rest.input_types import Input
from fieldstone.engine.rest.order_syntax import read_order
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.engine.rest.routes import Action, is_id
from fieldstone.metadata.aggregates import AGGREGATIONS, find_shorthand
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Access, Object, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.sql.frozen import frozen

_AGGREGATE = re.compile(r"[A-Za-z][A-Za-z0-9]{0,200}")
_MOST_AGGREGATES = 50
_GROUP_MEMBERS = ("totalCount", "count", "cursor")
_PREFIXES = ", ".join(one.prefix for one in AGGREGATIONS if one.prefix)
_FILTERED = frozenset({Action.UPDATE_MANY, Action.DELETE_MANY, Action.RESTORE_MANY})
_GROUP_INPUTS = {"having": "having", "order_by": "orderBy", "order_by_for_records": "orderByForRecords"}
_MERGED = ("ids", "conflictPriorityIndex", "dryRun", "ifUpdatedAt")


@frozen
class Asked:
    """A request of REST, as the transport hands it over.

    Attributes:
        id: of the record that the path names, which may be no UUID.
        body: its JSON; None where the action takes none.
        is_large: whether the body is so large that to look through it takes long.
        if_updated_at: the `updatedAt` that the record must have.
        sent_key: its Idempotency-Key.
    """

    action: Action
    plural: str
    id: str | None
    parameters: Parameters
    body: JsonValue = None
    is_large: bool = False
    if_updated_at: str | None = None
    tells_cost: bool = False
    sent_key: SentKey | None = None


@frozen
class Sight:
    """The model as a request sees it, with the most records of a page."""

    view: Snapshot
    schema: GraphQLSchema
    largest_page: int
    default_page: int


def build_operation(asked: Asked, object_: Object, sight: Sight, documents: Documents) -> GraphQLRequest:
    """Return the GraphQL request that a request of REST for an object's records is.

    Raises:
        BadUserInput: a parameter or the body is not valid.
    """
    wish = _build_wish(asked, object_, sight)
    variables = {**_read_meant(asked, wish, object_, sight), **_read_given(asked, wish, object_, sight)}
    if wish.upserts:
        variables["upsert"] = True
    key = asked.sent_key
    return GraphQLRequest(
        query=documents.get(sight.view, object_, wish),
        operation_name=None,
        variables=variables,
        tells_cost=asked.tells_cost,
        is_large=asked.is_large,
        sent_key=None if key is None else key._replace(operation_text=_operation_text(asked, wish)),
        is_rest=True,
    )


def _build_wish(asked: Asked, object_: Object, sight: Sight) -> Wish:
    parameters, action, is_list = asked.parameters, asked.action, isinstance(asked.body, list)
    return Wish(
        action=Action.CREATE_MANY if action is Action.CREATE and is_list else action,
        depth=parameters.depth,
        largest_page=sight.largest_page,
        soft=parameters.flag("soft_delete"),
        upserts=parameters.flag("upsert"),
        checks_time=asked.if_updated_at is not None or _names_times(asked),
        each=action is Action.UPDATE_MANY and is_list,
        by_ids=action is Action.DELETE_MANY and asked.body is not None,
        samples=parameters.flag("include_records_sample"),
        counts=parameters.flag("total_count", default=True),
        aggregates=_read_aggregates(parameters, object_) if action is Action.GROUP_BY else (),
    )


def _names_times(asked: Asked) -> bool:
    return asked.action is Action.MERGE and isinstance(asked.body, Mapping) and "ifUpdatedAt" in asked.body


def _read_meant(asked: Asked, wish: Wish, object_: Object, sight: Sight) -> dict[str, JsonValue]:
    """Return the variables that say which records are meant: by the path, a filter, or the body."""
    if asked.id is not None:
        if not is_id(asked.id):
            raise BadUserInput(f"The id '{asked.id[:80]}' in the path is not a UUID.", field="id")
        return {"id": asked.id} if asked.if_updated_at is None else {"id": asked.id, "ifUpdatedAt": asked.if_updated_at}
    text = asked.parameters.text("filter")
    if (wish.each or wish.by_ids) and text is not None:
        raise BadUserInput("The records are named by 'filter' or by the body, not by both.", field="filter")
    if wish.each:
        return {"updates": [_read_update(item, place, object_) for place, item in enumerate(asked.body)]}
    if wish.by_ids:
        return {**_read_members(asked.body, ("ids",))}
    if text is not None:
        return {"filter": read_filter(text, _input(sight.schema, object_, TypeRole.FILTER))}
    if wish.action in _FILTERED:
        asked.parameters.required("filter", "it says which records are meant, for instance filter=city[eq]:Berlin")
    return {}


def _read_given(asked: Asked, wish: Wish, object_: Object, sight: Sight) -> Mapping[str, JsonValue]:
    """Return the other variables that the parameters and the body give."""
    match wish.action:
        case Action.FIND_MANY:
            return _read_page(asked.parameters, object_, sight)
        case Action.GROUP_BY:
            return _read_groups(asked.parameters, object_, sight)
        case Action.MERGE:
            return _read_members(asked.body, _MERGED)
        case Action.DUPLICATES:
            # `data` is a member of the body here, not the body: the name of the variable tells it from that.
            given = _read_members(asked.body, ("ids", "data"))
            return {"records" if name == "data" else name: value for name, value in given.items()}
        case Action.CREATE:
            return {"data": read_object(asked.body)}
        case Action.UPDATE_ONE:
            return {"data": _read_changes(leave_out_id(read_object(asked.body), asked.id or ""), object_)}
        case Action.UPDATE_MANY if not wish.each:
            return {"data": _read_changes(read_object(asked.body), object_)}
        case Action.CREATE_MANY:
            return {"data": _read_list(asked.body)}
        case _:
            return {}


def _operation_text(asked: Asked, wish: Wish) -> str:
    """Return the text that tells an operation from others under an Idempotency-Key, whatever fields the object has."""
    return f"REST {wish.action.value} {asked.plural} {wish.depth} {wish.soft} {wish.upserts}"


def find_filter_type(object_: Object, schema: GraphQLSchema, names: Sequence[str]) -> GraphQLInputType:
    """Return the type of the value that these names lead to in the filter of an object; raises ApiError."""
    return Input(_input(schema, object_, TypeRole.FILTER), "filter").find(names)


def _input(schema: GraphQLSchema, object_: Object, role: TypeRole) -> GraphQLInputObjectType:
    """Return an input type of an object; raises Forbidden if the role has none, as it may not read the records."""
    found = schema.type_map.get(type_name(object_, role))
    if not isinstance(found, GraphQLInputObjectType):
        raise Forbidden(f"The role may not find, group or order {object_.name_plural}.")
    return found


def _read_page(parameters: Parameters, object_: Object, sight: Sight) -> dict[str, JsonValue]:
    found: dict[str, JsonValue] = {}
    if (text := parameters.text("order_by")) is not None:
        found["orderBy"] = read_order(text, _input(sight.schema, object_, TypeRole.ORDER_BY))
    limit = parameters.number("limit", sight.largest_page)
    after, before = parameters.cursors
    if before is not None:
        return found | {"before": before, "last": sight.default_page if limit is None else limit}
    if limit is not None:
        found["first"] = limit
    if after is not None:
        found["after"] = after
    return found


def _read_groups(parameters: Parameters, object_: Object, sight: Sight) -> dict[str, JsonValue]:
    parameters.required("group_by", 'it is a JSON list such as [{"city":true}]')
    found: dict[str, JsonValue] = {"groupBy": parameters.json("group_by")}
    order = parameters.text("order_by") or "["
    if order.lstrip()[:1] not in {"[", "{"}:
        found["orderBy"] = read_order(order, _input(sight.schema, object_, TypeRole.GROUP_ORDER), below="key")
    for parameter, name in _GROUP_INPUTS.items():
        if name not in found and (value := parameters.json(parameter)) is not None:
            found[name] = value
    if "orderByForRecords" in found and not parameters.flag("include_records_sample"):
        raise BadUserInput(
            "'order_by_for_records' orders the records of 'include_records_sample=true'.", field="order_by_for_records"
        )
    if (limit := parameters.number("limit", 1_000)) is not None:
        found["first"] = limit
    if (after := parameters.text("starting_after")) is not None:
        found["after"] = after
    return found


def _read_aggregates(parameters: Parameters, object_: Object) -> tuple[str, ...]:
    given = parameters.json("aggregate")
    names = [] if given is None else given
    is_list = isinstance(names, list) and len(names) <= _MOST_AGGREGATES
    if not is_list or not all(isinstance(name, str) and _AGGREGATE.fullmatch(name) for name in names):
        raise BadUserInput(
            f"'aggregate' must be a JSON list of at most {_MOST_AGGREGATES} names of aggregates, for instance"
            ' ["totalCount","countNotEmptyCity"].',
            field="aggregate",
        )
    for name in names:
        if name not in _GROUP_MEMBERS and find_shorthand(object_, name) is None:
            raise BadUserInput(
                f"'aggregate' has '{name[:80]}', which is no aggregate of {object_.name_plural}: right are"
                f" {', '.join(_GROUP_MEMBERS)}, and {_PREFIXES} before the name of a field, as in countNotEmptyCity.",
                field="aggregate",
            )
    return tuple(dict.fromkeys(names))


def _read_update(item: JsonValue, place: int, object_: Object) -> JsonValue:
    """Return one of several updates: the record's id, and its data without it."""
    if not isinstance(item, Mapping) or "id" not in item:
        raise BadUserInput(f"'[{place}]' must be a JSON object with the 'id' of its record.", field=f"[{place}].id")
    data = {name: value for name, value in item.items() if name != "id"}
    return {"id": item["id"], "data": _read_changes(data, object_, f"[{place}]")}


def _read_changes(given: Mapping[str, JsonValue], object_: Object, place: str = "") -> Mapping[str, JsonValue]:
    """Return the data of an update; raises BadUserInput, which names all fields in them that no update changes."""
    fields = object_.by_name
    fixed = [name for name in given if name in fields and fields[name].access is not Access.READ_WRITE]
    if fixed:
        named, them = ("that field", "it") if len(fixed) == 1 else ("those fields", "them")
        holder = f"'{place}'" if place else "The body"
        raise BadUserInput(
            f"{holder} has {', '.join(fixed)}: no update changes {named}, leave {them} out.",
            field=f"{place}.{fixed[0]}".removeprefix("."),
        )
    return given


def leave_out_id(given: Mapping[str, JsonValue], id_: str) -> Mapping[str, JsonValue]:
    """Return the data of an update without the id of its own record, which a client that sends back its read has there.

    Args:
        given: the body.
        id_: that of the record which the path names.

    Raises:
        BadUserInput: the body has another id.
    """
    if "id" not in given:
        return given
    sent = given["id"]
    if not isinstance(sent, str) or not is_id(sent) or UUID(sent) != UUID(id_):
        raise BadUserInput(
            f"The body has the id {shown(sent)}, and the path names {id_}: leave 'id' out of the body, or send the"
            " same one.",
            field="id",
        )
    return {name: value for name, value in given.items() if name != "id"}


def _read_members(body: JsonValue, names: tuple[str, ...]) -> Mapping[str, JsonValue]:
    given = read_object(body)
    if unknown := next((name for name in given if name not in names), None):
        raise BadUserInput(f"The body has '{unknown[:80]}', and may have {', '.join(names)}.", field=unknown[:80])
    return given


def _read_list(body: JsonValue) -> JsonValue:
    if not isinstance(body, list):
        raise BadUserInput("The body must be a JSON list of records.")
    return body


def read_object(body: JsonValue) -> Mapping[str, JsonValue]:
    """Return a body that is a JSON object; raises BadUserInput for any other one."""
    if not isinstance(body, Mapping):
        raise BadUserInput("The body must be a JSON object.")
    return body
