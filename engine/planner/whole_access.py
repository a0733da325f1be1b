"""Root fields for roles alone that see and write all records of an object, whole."""

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
