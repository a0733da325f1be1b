"""createObject: a new object with its system fields."""

from dataclasses import field, replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.kind import Kind, Mutation, Subject
from fieldstone.metadata.changes.members import OBJECT, created_members, created_values
from fieldstone.metadata.changes.rules.collisions import check_object_names
from fieldstone.metadata.changes.rules.indexes.label_indexes import build_label_indexes
from fieldstone.metadata.changes.rules.lookup import with_indexes
from fieldstone.metadata.changes.rules.names import choose_physical
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.system_fields import (
    build_system_fields,
    build_system_indexes,
    new_field_ids,
    new_index_ids,
)
from fieldstone.metadata.changes.rules.texts import check_texts
from fieldstone.metadata.changes.types import Applied, Change
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table


@frozen
class CreateObject(Change):
    """A new object with its system fields, without `name` where `skip_name_field` is set."""

    name_singular: str
    name_plural: str
    label_singular: str
    label_plural: str
    description: str | None = None
    icon: str | None = None
    position: float | None = None
    skip_name_field: bool = False
    is_custom: bool = True
    id: UUID = field(default_factory=new_id)
    field_ids: tuple[UUID, ...] = field(default_factory=new_field_ids)
    index_ids: tuple[UUID, ...] = field(default_factory=new_index_ids)

    @property
    def name_field_id(self) -> UUID:
        """The id of the field `name`, where the object gets one."""
        return self.field_ids[1]


def apply_create_object(snapshot: Snapshot, change: CreateObject) -> Applied:
    """Return the snapshot with a new object.

    Raises:
        InvalidChange: a name or a text breaks a rule; NameTaken where only names are taken.
    """
    problems = Problems()
    problems.add(*check_texts(created_members(OBJECT, change)))
    problems.raise_any()
    tables = {object_.table.name for object_ in snapshot.objects.values()}
    table = choose_physical(change.name_singular, lambda name: name in tables or name in snapshot.retired_tables)
    fields = tuple(build_system_fields(change.id, change.field_ids, skip_name=change.skip_name_field))
    indexes = build_system_indexes(change.id, table, fields, change.index_ids)
    created = Object(
        id=change.id,
        table=Table(schema=snapshot.workspace.schema, name=table, is_distributed=snapshot.workspace.is_distributed),
        is_custom=change.is_custom,
        fields=fields,
        **created_values(OBJECT, change),
    )
    indexes += tuple(index for field in fields for index in build_label_indexes(created, field, change.index_ids[0]))
    problems.add(*check_object_names(snapshot, created))
    problems.raise_any()
    objects = {**snapshot.objects, created.id: created}
    return Applied(snapshot=replace(snapshot, objects=objects, indexes=with_indexes(snapshot, indexes)))


CREATE_OBJECT = Kind(
    action="createObject",
    type=CreateObject,
    apply=apply_create_object,
    describe=lambda change: {"nameSingular": change.name_singular},
    makes=lambda change: [(Subject.OBJECT, change.id)],
    mutation=Mutation(
        answer=Subject.OBJECT,
        description="Creates an object, and its table.",
        input_description="An object to create. It starts with the fields that every object has.",
        members=tuple(member for member in OBJECT if member.created),
    ),
)
