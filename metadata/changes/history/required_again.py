"""Required fields that a rollback makes again where records are: they are optional then. Pure."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.delete_object import DeleteObject
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField
from fieldstone.metadata.changes.kinds.fields.update_field import UpdateField
from fieldstone.metadata.changes.rules.defaults import default_values, is_function
from fieldstone.metadata.changes.types import Change


def ease_steps(steps: Iterable[Change], filled: AbstractSet[UUID]) -> tuple[tuple[Change, ...], AbstractSet[UUID]]:
    """Return the steps of a rollback, and the ids of the required fields that they leave optional.

    Args:
        steps: the inverses of the changes, in order.
        filled: the ids of the objects that have records before them.
    """
    eased: list[Change] = []
    optional: set[UUID] = set()
    bare: set[UUID] = set()
    for step in steps:
        match step:
            case DeleteObject():
                # A later step may make the object again, with an empty table.
                filled -= {step.object_id}
                eased.append(step)
            case CreateField() if step.object_id in filled and _gives_no_value(step):
                bare.add(step.id)
                optional |= set() if step.is_nullable else {step.id}
                eased.append(replace(step, is_nullable=True))
            case UpdateField(is_nullable=False) if step.field_id in bare:
                optional.add(step.field_id)
                eased.append(replace(step, is_nullable=True))
            case _:
                eased.append(step)
    return tuple(eased), optional


def _gives_no_value(step: CreateField) -> bool:
    """Return whether the records that are there have no value of a new field."""
    if step.default is None or is_function(step.type, step.default):
        return step.default is None
    return default_values(step.type, step.default, data_type=(step.settings or {}).get("dataType"))[0] is None
