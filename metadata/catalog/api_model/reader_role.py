"""The role in the catalog's own model of a principal that does not see all of its workspace's model."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.api_model.notation import catalog_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import PRINCIPAL_PREFIX, Action, Claim, Grant, Role, Stored, Way
from fieldstone.metadata.scalars import UUID as UUID_SCALAR

_LISTS: Final = {"object": "objects", "field": "fields", "relation": "fields", "index": "indexes"}
"""The claims that list the ids of the records that are shown, by the catalog's object."""


def _rule(name: str, claim: str) -> Stored:
    return Stored(text=dumps({f"@{catalog_id(name, 'id')}": {"in": f"{PRINCIPAL_PREFIX}{claim}"}}))


READER: Final = Role(
    id=catalog_id("the role of readers"),
    name="reader",
    label="Reader",
    grants=(
        Grant(object_id=None, action=Action.READ),
        *(
            Grant(object_id=catalog_id(name), action=Action.READ, ways=(Way(rule=_rule(name, claim)),))
            for name, claim in _LISTS.items()
        ),
    ),
    claims=tuple(Claim(name=name, scalar=UUID_SCALAR, is_list=True) for name in dict.fromkeys(_LISTS.values())),
)
"""It reads the objects, fields, relations and indexes that its claims list, and the rest of the catalog."""


def shown_parts(view: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader: the ids of the parts of a model that are in the schema of the view's role."""
    shown = {id_: shown_fields(object_) for id_, object_ in view.objects.items() if object_.is_active}
    readable = {field.id for id_ in shown for field in view.objects[id_].by_name.values()}
    return {
        "objects": [str(id_) for id_ in shown],
        "fields": [str(id_) for ids in shown.values() for id_ in ids],
        "indexes": [str(index.id) for index in view.indexes.values() if readable.issuperset(index.field_ids)],
    }


def shown_fields(object_: Object) -> list[UUID]:
    """Return the fields of an object that a role reads or gives."""
    rights = object_.rights
    given = (Action.CREATE, Action.UPDATE)
    return [
        field.id
        for name, field in object_.active.items()
        if name in object_.by_name or any(rights.gives(action, field.id) for action in given)
    ]


def all_parts(model: Snapshot) -> Mapping[str, JsonValue]:
    """Return the claims of a reader that sees all of a model, its hidden parts too."""
    return {
        "objects": [str(id_) for id_ in model.objects],
        "fields": [str(field.id) for object_ in model.objects.values() for field in object_.fields],
        "indexes": [str(id_) for id_ in model.indexes],
    }
