"""The refusals of a role's requests for parts of the API that it knows of and has no right to.

A schema has nothing that a role may not use, so that validation finds unknown names. For those of objects that the role
sees, the error is FORBIDDEN and names the right; all others stay the errors of names that never were.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from graphql import GraphQLSchema

from fieldstone.engine.access.type_rights import AGGREGATE, missing_right, right_for
from fieldstone.engine.documents.suggestions import UNKNOWN_MEMBER
from fieldstone.engine.errors import ApiError, Forbidden, ValidationFailed
from fieldstone.metadata.aggregates import find_shorthand
from fieldstone.metadata.api_names import (
    ObjectType,
    QueryRole,
    TypeRole,
    Verb,
    find_mutation,
    find_query,
    find_subscription,
    find_type,
)
from fieldstone.metadata.model import Access, Object, Snapshot
from fieldstone.metadata.roles.role import Action, Role

WITHHELD: Final = "withheld"
"""The extension of an input type or a mutation: the refusals of members or arguments that the role may not give."""

_FIELD = re.compile(r"Cannot query field '(?P<name>\w+)' on type '(?P<type>\w+)'\.")
_ARGUMENT = re.compile(r"Unknown argument '(?P<name>\w+)' on field 'Mutation\.(?P<field>\w+)'\.")
_TYPE = re.compile(r"Unknown type '(?P<name>\w+)'\.")

_RELATIONS = frozenset({TypeRole.RELATION_INPUT, TypeRole.RELATION_LIST_INPUT})
_VERBS = {
    "create": Verb.CREATE,
    "connectOrCreate": Verb.CREATE,
    "update": Verb.UPDATE,
    "delete": Verb.DELETE,
}
"""The verbs of relations that are there if the role has a right on the records that a relation leads to."""

TOTALS = frozenset({"totalCount", "aggregate"})
"""The members of a connection that only roles have which may aggregate the object."""
_DATA = frozenset({TypeRole.INPUT, TypeRole.INCREMENT, TypeRole.LIST_ITEMS, TypeRole.SET_PATH, TypeRole.DELETE_PATH})


def say_forbidden(role: Role, action: str, object_: Object) -> str:
    """Return the message of a right that a role lacks."""
    return f"The role '{role.name}' may not {action} {object_.label_plural}."


def say_withheld(role: Role, name: str, object_: Object) -> str:
    """Return the message of a field that a role knows of and may not write."""
    return f"The role '{role.name}' may not write the field '{name}' of {object_.label_plural}."


def withheld_members(role: Role | None, object_: Object) -> Mapping[str, str]:
    """Return the refusals of the members of a record's data that a role may read and not give, by their names."""
    if role is None or object_.access is None:
        return {}
    found = {}
    for name, field in object_.by_name.items():
        if name not in object_.givable and field.access is not Access.READ_ONLY:
            found[name] = message = say_withheld(role, name, object_)
            if field.relation_id is not None and field.parts:
                found[f"{name}Id"] = message
    return found


def forbid_known(view: Snapshot, schema: GraphQLSchema, errors: Sequence[ApiError]) -> list[ApiError]:
    """Return the errors of a document, first those about rights that the role lacks, as FORBIDDEN."""
    role = view.role
    if role is None:
        return [*errors]
    found = [_forbidden(view, schema, role, error) or error for error in errors]
    return sorted(found, key=lambda error: not isinstance(error, Forbidden))


def _forbidden(view: Snapshot, schema: GraphQLSchema, role: Role, error: ApiError) -> Forbidden | None:
    if isinstance(error, ValidationFailed) and (match := _ARGUMENT.match(error.message)):
        return _forbidden_argument(view, schema, role, match, error)
    message = _refusal(view, role, error.message) if isinstance(error, ValidationFailed) else None
    if message is None:
        return None
    member = UNKNOWN_MEMBER.match(error.message)
    return Forbidden(message, field=None if member is None else member["name"], locations=error.locations)


def _forbidden_argument(
    view: Snapshot, schema: GraphQLSchema, role: Role, match: re.Match[str], error: ApiError
) -> Forbidden | None:
    """Return the refusal of an argument that a mutation lacks because of the role."""
    root = find_mutation(view, match["field"])
    if root is None or schema.mutation_type is None:
        return None
    if match["name"] in {"onConflict", "upsert"} and (right := missing_right(root.object, Verb.UPSERT)) is not None:
        return Forbidden(say_forbidden(role, right, root.object), locations=error.locations)
    withheld = schema.mutation_type.fields[match["field"]].extensions.get(WITHHELD, {}).get(match["name"])
    return None if withheld is None else Forbidden(withheld[1], field=withheld[0], locations=error.locations)


def _refusal(view: Snapshot, role: Role, message: str) -> str | None:
    """Return the refusal in the place of a message about an unknown name; None: the role does not know of the name."""
    if match := UNKNOWN_MEMBER.match(message):
        return _refused_member(view, role, match["type"], match["name"])
    if match := _FIELD.match(message):
        found = _refused_field(view, match["type"], match["name"])
    elif match := _TYPE.match(message):
        found = _refused_type(view, match["name"])
    else:
        return None
    if found is None or found[1] is None or not view.objects[found[0].id].is_active:
        return None
    return say_forbidden(role, found[1], found[0])


def _refused_field(view: Snapshot, type_: str, name: str) -> tuple[Object, str | None] | None:
    """Return the object and the missing right of an unknown field."""
    whole = view.whole
    match type_:
        case "Mutation":
            mutation = find_mutation(whole, name)
            if mutation is None:
                return None
            return mutation.object, missing_right(view.objects[mutation.object.id], mutation.verb)
        case "Query" | "Subscription":
            query = find_query(whole, name)
            if query is None:
                event = find_subscription(whole, name) if type_ == "Subscription" else None
                return None if event is None else (event.object, _unread(view, event.object))
            right = _unread(view, query.object)
            if right is None and query.role in {QueryRole.AGGREGATE, QueryRole.GROUP_BY}:
                right = AGGREGATE
            return query.object, right
    connection = find_type(view, type_)
    if not isinstance(connection, ObjectType) or connection.role is not TypeRole.CONNECTION:
        return None
    is_total = name in TOTALS or find_shorthand(connection.object, name) is not None
    return connection.object, AGGREGATE if is_total and not connection.object.rights.aggregates else None


def _unread(view: Snapshot, object_: Object) -> str | None:
    return None if view.objects[object_.id].rights.read else Action.READ.value


def _refused_type(view: Snapshot, name: str) -> tuple[Object, str | None] | None:
    """Return the object and the missing right of an unknown type."""
    found = find_type(view, name)
    return (found.object, right_for(found.object, found.role)) if isinstance(found, ObjectType) else None


def _refused_member(view: Snapshot, role: Role, type_: str, name: str) -> str | None:
    """Return the refusal of an unknown member of an input."""
    found = find_type(view, type_)
    if not isinstance(found, ObjectType):
        return None
    if found.role in _RELATIONS and name in _VERBS:
        right = missing_right(found.object, _VERBS[name])
        return None if right is None else say_forbidden(role, right, found.object)
    if found.role not in _DATA:
        return None
    return withheld_members(role, found.object).get(name)
