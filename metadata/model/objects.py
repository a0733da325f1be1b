"""An object: a type of record, with its fields, as a role sees it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model.fields import MORPH_SETTING, Field, capitalised
from fieldstone.metadata.roles.object_access import WHOLE, ObjectAccess
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.operands import Column

_OBJECT_BYTES, _FIELD_BYTES, _OPTION_BYTES = 2_000, 900, 150

_NO_FIELDS: Mapping[str, Field] = MappingProxyType({})
_NONE_GUARDED: Mapping[UUID, Field] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True)
class Object:
    """An object's metadata with its fields. Not slotted: the look-up tables are made at first use.

    Attributes:
        duplicate_criteria: lists of ids of fields, as texts; None: the usual ones (`metadata/changes/duplicates.py`).
        retired_columns: physical names that were used once and must not be used again.
        owner: the column that holds the workspace's id, where the table is shared by all workspaces.
        access: the rights of the role that sees it; None: it is whole.
        base: the whole object, of a restricted one.

    A restricted object shares `fields` with its whole one. `by_name` and `foreign_keys` have fields that may be read;
    all that belongs to the table itself (its key, the mark of deleted records, defaults) is found in `active`.
    There may be 50,000 restricted objects, so equal look-up tables are one: `by_name` is `active` if all may be read.
    """

    id: UUID
    name_singular: str
    name_plural: str
    label_singular: str
    label_plural: str
    description: str | None = None
    icon: str | None = None
    table: Table
    is_custom: bool = True
    is_system: bool = False
    is_active: bool = True
    duplicate_criteria: JsonValue = None
    position: float | None = None
    fields: tuple[Field, ...] = ()
    retired_columns: frozenset[str] = frozenset()
    owner: Column | None = None
    access: ObjectAccess | None = None
    base: "Object | None" = field(default=None, compare=False, repr=False)

    @property
    def whole(self) -> "Object":
        """The object itself, or the whole one that it restricts."""
        return self.base or self

    @property
    def rights(self) -> ObjectAccess:
        """The rights of the role that sees it."""
        return self.access or WHOLE

    @cached_property
    def restricted(self) -> WeakValueDictionary[ObjectAccess, "Object"]:
        """The restricted objects of it that are in use, by their access: roles with equal rights share them."""
        return WeakValueDictionary()

    @cached_property
    def active(self) -> Mapping[str, Field]:
        """The active fields by name, those that a role may not read among them."""
        return {field.name: field for field in self.fields if field.is_active}

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        """The active fields by name; of a restricted object those that may be read, of which `id` always is one."""
        access = self.access
        if access is None:
            return self.active
        found = {
            name: self.guarded.get(field.id, field)
            for name, field in self.active.items()
            if name == "id" or _is_readable(field, access)
        }
        return self.active if found == self.active else found

    @cached_property
    def guarded(self) -> Mapping[UUID, Field]:
        """The fields that the role reads in some of its records only, as it sees them: NULL in the others.

        Their columns are no columns of the table: a read computes them (`sql.plan.elements.GuardedColumn`). A relation
        without a key of its own is not among them, and is not read at all.
        """
        access = self.access
        if access is None or all(way == access.read[0] for way in access.read):
            return _NONE_GUARDED
        return {
            id_: one for id_, one in self.whole.guardable.items() if access.reads(id_) and not access.reads_plainly(id_)
        }

    @cached_property
    def guardable(self) -> Mapping[UUID, Field]:
        """The fields but `id` that have columns, as a role sees those that it reads in some records only."""
        return {
            field.id: replace(field, column=f"~{place}", is_nullable=True)
            for place, field in enumerate(self.fields)
            if field.parts and field.name != "id"
        }

    @property
    def guarded_columns(self) -> Mapping[str, str]:
        """The names of the columns that the fields of `guarded` show, by those of their own, which are numbers."""
        return {
            shown.column.name: own.column.name
            for id_, field in self.guarded.items()
            for shown, own in zip(field.parts, self.by_id[id_].parts, strict=True)
        }

    @cached_property
    def by_id(self) -> Mapping[UUID, Field]:
        """All fields by id."""
        return {field.id: field for field in self.fields}

    @cached_property
    def key(self) -> Column:
        """The primary key's column."""
        return self.active["id"].parts[0].column

    @cached_property
    def deleted_at(self) -> Column | None:
        """The column that marks a record as deleted; None where records are only ever removed."""
        marked = self.active.get("deletedAt")
        return marked.parts[0].column if marked else None

    @cached_property
    def foreign_keys(self) -> Mapping[str, Field]:
        """The fields of `by_name` that hold a key, by their `key_name`."""
        if self.access is None:
            return self.held_keys
        found = {field.key_name: field for field in self.by_name.values() if field.relation_id and field.parts}
        return self.held_keys if found == self.held_keys else found

    @cached_property
    def held_keys(self) -> Mapping[str, Field]:
        """The fields of `active` that hold a key, named as in `foreign_keys`."""
        return {field.key_name: field for field in self.active.values() if field.relation_id and field.parts}

    @cached_property
    def givable(self) -> Mapping[str, Field]:
        """The active fields that a client may give in a create or an update, by name, READ_ONLY ones among them."""
        access = self.access
        if access is None:
            return self.active
        found = {
            name: field
            for name, field in self.active.items()
            if access.gives(Action.CREATE, field.id) or access.gives(Action.UPDATE, field.id)
        }
        return next((equal for equal in (_NO_FIELDS, self.active, self.by_name) if equal == found), found)

    @property
    def known(self) -> Mapping[str, Field]:
        """The fields that a role knows of: those that it may read, and those that it may give."""
        by_name, givable = self.by_name, self.givable
        if givable.keys() <= by_name.keys():
            return by_name
        return {
            name: by_name.get(name, field) for name, field in self.active.items() if name in by_name or name in givable
        }

    def knows(self, field: Field) -> bool:
        """Return whether one of its fields is active, and may be read or given by the role that sees it."""
        found = self.by_name.get(field.name) or self.givable.get(field.name)
        return found is not None and found.id == field.id

    def reads(self, field: Field) -> bool:
        """Return whether one of its fields is active, and may be read by the role, if only in some records."""
        found = self.by_name.get(field.name)
        return found is not None and found.id == field.id

    def shows(self, field: Field) -> bool:
        """Return whether one of its fields is active, and the role that sees it may read it in every record."""
        return self.by_name.get(field.name) is field

    @cached_property
    def former_columns(self) -> tuple[tuple[str, str], ...]:
        """The names that its columns have in older events (`Field.former_columns`), each with the column."""
        return tuple((former, field.column) for field in self.fields for former in field.former_columns)

    @cached_property
    def morphs(self) -> tuple[tuple[Field, ...], ...]:
        """The morph relations: the fields of each, active or not, of which a record has at most one set."""
        groups: dict[str, list[Field]] = {}
        for held in self.fields:
            if held.type is FieldType.MORPH_RELATION:
                groups.setdefault(held.settings[MORPH_SETTING]["id"], []).append(held)
        return tuple(map(tuple, groups.values()))

    def ends_beside(self, field_id: UUID) -> frozenset[UUID]:
        """Return the ids of a field and of the other ends of its morph relation: a record has at most one of them."""
        groups = ({field.id for field in group} for group in self.morphs)
        return frozenset(next((ids for ids in groups if field_id in ids), {field_id}))

    @cached_property
    def weight(self) -> int:
        """About the bytes of memory that it takes, its look-up tables among them; measured with tracemalloc."""
        return _OBJECT_BYTES + len(self.description or "") + sum(map(_field_weight, self.fields))

    @cached_property
    def is_wholly_active(self) -> bool:
        """Whether it and all of its fields are active."""
        return self.is_active and all(field.is_active for field in self.fields)

    @cached_property
    def type_name(self) -> str:
        """The name of the GraphQL type of a record."""
        return capitalised(self.name_singular)


def _is_readable(field: Field, access: ObjectAccess) -> bool:
    """Return whether a field may be read; a text for search tells all fields that it is computed from."""
    if field.type is FieldType.TS_VECTOR and not all(
        access.reads_plainly(UUID(id_)) for id_ in field.settings["fields"]
    ):
        return False
    return access.reads(field.id) if field.parts else access.reads_plainly(field.id)


def _field_weight(field: Field) -> int:
    texts = len(field.description or "") + len(field.label)
    return _FIELD_BYTES + texts + _OPTION_BYTES * len(field.options)
