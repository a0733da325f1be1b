"""The fields that rules find records by although no index serves them: such a rule reads the whole table each time."""

from collections.abc import Iterator

from fieldstone.metadata.access.rules import show
from fieldstone.metadata.access.stored_keys import has_claim
from fieldstone.metadata.api_names import JUNCTIONS
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object, RelationEnd, Snapshot, Status, relation_end
from fieldstone.metadata.roles.role import Role

_FINDING = ("eq", "in")
"""The operators that find records by an index."""


def find_unindexed(snapshot: Snapshot, role: Role) -> list[str]:
    """Return the fields, as `object.field`, that a role's own rules find records by without an index.

    They are the fields that a rule compares with a principal's value, and the keys of the relations that lead to them.
    """
    found: dict[str, None] = {}
    for grant in role.grants:
        object_ = snapshot.objects.get(grant.object_id) if grant.object_id else None
        for rule in (way.rule for way in grant.ways if way.rule is not None):
            try:
                given = show(snapshot, rule)
            except InvalidChange:
                continue  # Such a rule lets no record through.
            if object_ is not None:
                found |= dict.fromkeys(_of_filter(snapshot, object_, given))
    return list(found)


def _of_filter(snapshot: Snapshot, object_: Object, given: JsonValue) -> Iterator[str]:
    for name, member in given.items():
        if name in JUNCTIONS:
            for item in member if isinstance(member, list) else [member]:
                yield from _of_filter(snapshot, object_, item)
        elif holder := object_.held_keys.get(name):
            yield from _of_value(snapshot, object_, holder, member)
        elif (field := object_.active.get(name)) is None:
            continue  # An aggregate is computed of all records that a relation leads to.
        elif field.relation_id is None:
            yield from _of_value(snapshot, object_, field, member)
        elif (end := relation_end(snapshot, field)) is not None:
            below = {key: value for key, value in member.items() if key not in ("is", "isNot")}
            levels = [below] if end.to_one else [value for value in below.values() if isinstance(value, dict)]
            anchored = [level for level in levels if has_claim(level)]
            if anchored:
                yield from _of_key(snapshot, object_, field, end)
            for level in anchored:
                yield from _of_filter(snapshot, end.target, level)


def _of_value(snapshot: Snapshot, object_: Object, field: Field, operators: JsonValue) -> Iterator[str]:
    """Yield the field if it is compared with a principal's value and no index begins with it."""
    parts = operators.values() if field.is_composite else [operators]
    compared = [part[name] for part in parts for name in _FINDING if name in part]
    if any(map(has_claim, compared)) and not _is_served(snapshot, object_, field):
        yield f"{object_.name_singular}.{field.name}"


def _of_key(snapshot: Snapshot, object_: Object, field: Field, end: RelationEnd) -> Iterator[str]:
    holder, key = (object_, field) if end.holds_key else (end.target, end.target_field)
    if not _is_served(snapshot, holder, key):
        yield f"{holder.name_singular}.{key.name}"


def _is_served(snapshot: Snapshot, object_: Object, field: Field) -> bool:
    return any(
        index.method == "btree" and index.status is Status.READY and index.field_ids[0] == field.id
        for index in snapshot.indexes_of.get(object_.id, ())
    )
