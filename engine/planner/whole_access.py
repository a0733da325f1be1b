"""Root fields for roles alone that see and write whole records of an object, or all of its records."""

from collections.abc import Collection

from fieldstone.engine.errors import Forbidden
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import WHOLLY, Action


def check_whole(object_: Object, actions: Collection[Action], name: str) -> None:
    """Refuse a role whose rights to one of the actions are restricted: by a rule, a check, or to some of the fields.

    Raises:
        Forbidden: they are; the message says which ones the root field `name` needs.
    """
    access = object_.access
    if access is None or not (access.dropped or any(access.ways(action) != WHOLLY for action in actions)):
        return
    rights = " and ".join(action.value for action in actions)
    raise Forbidden(
        f"'{name}' is for roles that may {rights} all records of {object_.label_plural}, with all of their fields."
    )


def check_fields(object_: Object, name: str) -> None:
    """Refuse a role that does not read and change all fields of the records that it reads.

    Raises:
        Forbidden: it does not; the message names the root field.
    """
    if object_.rights.has_all_fields(Action.READ, Action.UPDATE):
        return
    raise Forbidden(f"'{name}' is for roles that may read and update all fields of {object_.label_plural}.")
