"""Root fields for roles alone that see and write whole records of an object."""

from fieldstone.engine.errors import Forbidden
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.role import Action


def check_fields(object_: Object, name: str) -> None:
    """Refuse a role that does not read and change all fields of the records that it reads.

    Raises:
        Forbidden: it does not; the message names the root field.
    """
    if object_.rights.has_all_fields(Action.READ, Action.UPDATE):
        return
    raise Forbidden(f"'{name}' is for roles that may read and update all fields of {object_.label_plural}.")
