"""The unique keys of an object, and the input that names a record by one of them."""

from collections.abc import Iterator

from graphql import GraphQLInputField, GraphQLInputObjectType

from fieldstone.engine.schema.objects.inputs import key_members
from fieldstone.engine.schema.scope import TypeScope
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.model import Field, Object, Snapshot, Status

UniqueKey = tuple[Field, ...]
"""Fields whose values together identify one live record."""


def unique_keys(snapshot: Snapshot, object_: Object) -> tuple[UniqueKey, ...]:
    """Return the unique keys of an object's live records: the id, then those of its READY unique indexes by length."""
    primary = tuple(field for name, field in object_.by_name.items() if name == "id")
    found = {
        index.field_ids: tuple(object_.by_id[id_] for id_ in index.field_ids)
        for index in snapshot.indexes_of.get(object_.id, ())
        if index.is_unique and index.status is Status.READY
    }
    others = [key for key in found.values() if key != primary and all(object_.shows(one) and one.parts for one in key)]
    others.sort(key=lambda key: (len(key), [field.name for field in key]))
    return (primary, *others) if primary else tuple(others)


def build_unique_key(scope: TypeScope, object_: Object) -> GraphQLInputObjectType:
    """Return the input that names one record of an object by a unique key."""

    def members() -> Iterator[tuple[str, GraphQLInputField]]:
        wanted = {field.id for key in unique_keys(scope.snapshot, object_) for field in key}
        for field, name, member in key_members(scope, object_):
            if field.id in wanted and name == field.member_name:
                yield name, member

    return GraphQLInputObjectType(
        type_name(object_, TypeRole.UNIQUE_KEY),
        lambda: dict(members()),
        description=f"One record of {object_.label_plural}: all fields of one unique key, and no others.",
    )
