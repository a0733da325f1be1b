"""The inverses of deletions: changes that make objects and fields again, without the values that are gone."""

from collections.abc import Iterable, Iterator, Mapping

from fieldstone.metadata.changes.duplicates import known_criteria
from fieldstone.metadata.changes.kinds.create_object import CreateObject
from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewRelation
from fieldstone.metadata.changes.kinds.fields.update_field import UpdateField
from fieldstone.metadata.changes.kinds.update_object import UpdateObject
from fieldstone.metadata.changes.members import FIELD, OBJECT, created_values, shown_values
from fieldstone.metadata.changes.rules.lookup import find_field
from fieldstone.metadata.changes.rules.options import options_json
from fieldstone.metadata.changes.types import Change
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Index, Object, Relation, RelationType, Snapshot


def recreate_object(before: Snapshot, object_: Object) -> Iterator[Change]:
    """Yield the changes that make a deleted object again, with its fields and relations."""
    own = [field for field in object_.fields if not field.is_custom]
    named = next((field for field in own if not field.is_system), None)
    ids = [field.id for field in own if field.is_system]
    ids.insert(1, named.id if named else new_id())
    yield CreateObject(
        id=object_.id,
        **created_values(OBJECT, object_),
        skip_name_field=named is None,
        field_ids=tuple(ids),
    )
    for field in own:
        yield UpdateField(field_id=field.id, **shown_values(FIELD, field))
    if named:
        yield UpdateField(
            field_id=named.id, name=named.name, is_nullable=named.is_nullable, is_active=named.is_active,
            default=named.default, is_unique=named.is_unique, is_restored=True, **_type_values(named),
        )  # fmt: skip
    custom = [field for field in object_.fields if field.is_custom and field.relation_id is None]
    if not object_.is_active:
        # Relations of hidden objects may lead to hidden ones.
        yield UpdateObject(object_id=object_.id, is_active=False)
    # A field that is computed from others comes after them.
    for field in sorted(custom, key=lambda field: field.type is FieldType.TS_VECTOR):
        yield from recreate_field(before, field)
    for relation in before.relations.values():
        if object_.id in {relation.source_object_id, relation.target_object_id}:
            yield from _recreate_relation(before, relation)
    if object_.duplicate_criteria is not None:
        yield UpdateObject(object_id=object_.id, duplicate_criteria=known_criteria(object_))


def _type_values(named: Field) -> dict[str, JsonValue]:
    """Return the members of a change that gives an object's first field its former type, settings and options."""
    values = {"type": named.type, "settings": dict(named.settings) or None}
    return values if named.options == () else {**values, "options": options_json(named.options)}


def recreate_field(before: Snapshot, field: Field) -> Iterable[Change]:
    """Return the changes that make a deleted field again, of a relation both of its ends."""
    if field.relation_id is not None:
        return _recreate_relation(before, before.relations[field.relation_id])
    settings = {key: value for key, value in field.settings.items() if key != "columns"}
    return [_create_field(before, field, settings=settings, relation=None)]


def _recreate_relation(before: Snapshot, relation: Relation) -> Iterator[Change]:
    _, source = find_field(before, relation.source_field_id)
    _, target = find_field(before, relation.target_field_id)
    yield _create_field(
        before,
        source,
        settings=dict(source.settings),
        relation=NewRelation(
            id=relation.id,
            target_object_id=target.object_id,
            target_field_id=target.id,
            target_field_label=target.label,
            target_field_name=target.name,
            target_field_icon=target.icon,
            type=RelationType.ONE_TO_ONE if source.is_unique else RelationType.MANY_TO_ONE,
        ),
    )
    yield UpdateField(
        field_id=target.id, description=target.description, is_active=target.is_active, position=target.position
    )


def _create_field(
    before: Snapshot, field: Field, *, settings: Mapping[str, JsonValue], relation: NewRelation | None
) -> CreateField:
    values = {
        **created_values(FIELD, field),
        "options": options_json(field.options),
        "settings": dict(settings) or None,
        "is_unique": field.is_unique and relation is None,
    }
    index_id = next((index.id for index in before.indexes.values() if _is_own(index, field)), new_id())
    return CreateField(
        id=field.id, **values, is_custom=field.is_custom, relation=relation, is_recreated=True, index_id=index_id
    )


def _is_own(index: Index, field: Field) -> bool:
    """Return whether an index is the one that its field is created with, under the id that is given for it."""
    is_brought = index.is_unique or (field.type is FieldType.TS_VECTOR and not index.is_partial)
    return is_brought and index.field_ids == (field.id,)
