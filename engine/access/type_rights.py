"""The right that a role must have for each GraphQL type of an object to be there."""

from typing import Final

from fieldstone.metadata.aggregates import RESULTS_OF, ROLES
from fieldstone.metadata.api_names import TypeRole, Verb, lacking, may_give
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import Action

AGGREGATE: Final = "aggregate"
"""The right to count, aggregate and group records, as messages name it."""

_OF_UPDATES = frozenset(
    {TypeRole.UPDATE_ITEM, TypeRole.INCREMENT, TypeRole.LIST_ITEMS, TypeRole.SET_PATH, TypeRole.DELETE_PATH}
)
_OF_UPSERTS = frozenset({TypeRole.ON_CONFLICT, TypeRole.UPSERT_RESULT})
_OF_AGGREGATES = frozenset(
    {TypeRole.AGGREGATE, TypeRole.AGGREGATE_FILTER, TypeRole.AGGREGATE_ORDER_BY, TypeRole.HAVING, *ROLES, *RESULTS_OF}
    | {TypeRole.GROUP_BY, TypeRole.GROUP_KEY, TypeRole.GROUP_RESULT, TypeRole.GROUP_ORDER}
)


def missing_right(object_: Object, verb: Verb) -> str | None:
    """Return the right that a mutation needs and the role lacks, as messages name it."""
    action = lacking(object_, verb)
    if action is None:
        return None
    return Verb.MERGE.value if verb is Verb.MERGE else action.value


def right_for(object_: Object, role: TypeRole) -> str | None:
    """Return the right that a type of an object is for and the role lacks; None: it lacks none."""
    access = object_.access
    if access is None or role is TypeRole.RECORD:
        return None
    if role is TypeRole.INPUT:
        return None if may_give(object_) else Action.CREATE.value
    if not access.read:
        return Action.READ.value
    match role:
        case TypeRole.CONNECT_OR_CREATE:
            return missing_right(object_, Verb.CREATE)
        case _ if role in _OF_UPDATES:
            return missing_right(object_, Verb.UPDATE)
        case _ if role in _OF_UPSERTS:
            return missing_right(object_, Verb.UPSERT)
        case _ if role in _OF_AGGREGATES:
            return None if access.aggregates else AGGREGATE
        case _:
            return None
