"""The root fields of an object that a role may ask for."""

from fieldstone.metadata.api_names.roles import QueryRole, Verb
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import Action

_NEEDED = {
    Verb.CREATE: (Action.CREATE,),
    Verb.UPSERT: (Action.READ,),
    Verb.UPDATE: (Action.READ, Action.UPDATE),
    Verb.DELETE: (Action.READ, Action.DELETE),
    Verb.RESTORE: (Action.READ, Action.RESTORE),
    Verb.DESTROY: (Action.READ, Action.DESTROY),
    Verb.MERGE: (Action.READ, Action.UPDATE, Action.DELETE),
}


def lacking(object_: Object, verb: Verb) -> Action | None:
    """Return the first action that a mutation of an object needs and the role which sees it lacks; None: none.

    Of an upsert, only the branch that is taken needs its right; a merge needs all of them.
    """
    access = object_.access
    if access is None:
        return None
    if verb is Verb.MERGE and not access.has_all_fields(Action.READ, Action.UPDATE):
        return Action.UPDATE
    if verb is Verb.UPSERT and not (access.create or access.update):
        return Action.CREATE
    return next((action for action in _NEEDED[verb] if not access.ways(action)), None)


def may_give(object_: Object) -> bool:
    """Return whether the role that sees an object may give data for its records."""
    return lacking(object_, Verb.CREATE) is None or lacking(object_, Verb.UPDATE) is None


def may_ask(object_: Object, role: QueryRole) -> bool:
    """Return whether the role that sees an object may ask for a root field of Query of it."""
    access = object_.access
    match role:
        case _ if access is None:
            return True
        case QueryRole.ONE | QueryRole.MANY:
            return bool(access.read)
        case QueryRole.AGGREGATE | QueryRole.GROUP_BY:
            return access.aggregates
        case QueryRole.DUPLICATES:
            return access.has_all_fields(Action.READ, Action.UPDATE)
