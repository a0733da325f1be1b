"""Values of the wrong form for every place that takes JSON, and the places of a document."""

import copy
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.system_roles import system_roles
from tests.metadata.desk import new_field, new_object, new_relation
from tests.models import apply_all, standard_snapshot

ODD = (None, 3, "x", [["x"]], [{"a": 1}], {"a": {"b": [1]}}, {"fields": 5}, {"fields": [["x"]]}, {"A": ["B"]})


def every_type() -> Snapshot:
    """The standard model with roles, and an object with a field of each type."""
    base = replace(standard_snapshot(), roles={role.id: role for role in system_roles()})
    ship = new_object("ship")
    fields = [
        new_field(
            ship.id,
            f"of{type_.value.title().replace('_', '')}",
            type_,
            options=[{"value": "A"}]
            if FIELD_TYPES[type_].has_options and not FIELD_TYPES[type_].fixed_options
            else None,
            settings={"fields": ["name"]} if type_ is FieldType.TS_VECTOR else None,
        )
        for type_ in FieldType
        if type_ not in {FieldType.RELATION, FieldType.MORPH_RELATION}
    ]
    made = apply_all(base, [ship, *fields])
    return apply_all(made, [new_relation(made.by_singular["ship"], "owner", made.by_singular["company"], "Ships")])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each value in a document, the whole of it first."""
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, member in members:
        yield from places(member, (*path, key))


def put(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return the document with another value at a place."""
    if not path:
        return value
    changed = copy.deepcopy(document)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed
