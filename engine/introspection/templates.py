"""Templates: how an object is described, once for each kind of object and each kind of field.

The text of a template comes from the definitions themselves, and graphql-core's resolvers: they are asked about a
specimen, and its placeholders are filled in for a real object. So the text of an object costs as much as its
bytes, not as the types that it describes.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldstone.engine.introspection.placeholders import (
    FIELD,
    PLACEHOLDER,
    field_specimen,
    field_words,
    object_specimen,
    object_words,
    option_words,
)
from fieldstone.engine.introspection.request import SchemaRequest
from fieldstone.engine.introspection.type_writer import TypeWriter
from fieldstone.engine.schema.definitions import build_object_type, has_role
from fieldstone.engine.schema.lazy import LazySchema, lazy_schema
from fieldstone.engine.schema.objects.aggregates import listed_results
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.engine.schema.roots.records import MUTATION, QUERY
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION
from fieldstone.engine.schema.scope import NODE_ROOTS
from fieldstone.engine.schema.values.enums import build_enum, build_enum_filter
from fieldstone.engine.schema.values.value_changes import CHANGED_ROLES
from fieldstone.metadata.aggregates import RESULTS_OF, ROLES
from fieldstone.metadata.api_names import FILTER_WORDS, QueryRole, TypeRole, may_ask, query_name
from fieldstone.metadata.changes.rules.options import NO_ENUM_VALUES
from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, RelationEnd, Snapshot, relation_end
from fieldstone.metadata.roles.role import Action

ROOTS = (QUERY, MUTATION, SUBSCRIPTION)

_FIELD_ROLES = (
    TypeRole.RECORD,
    TypeRole.FILTER,
    TypeRole.RELATION_FILTER,
    TypeRole.ORDER_BY,
    TypeRole.INPUT,
    TypeRole.UNIQUE_KEY,
    *ROLES,
    *RESULTS_OF,
    TypeRole.DISTINCT_ON,
    TypeRole.GROUP_BY,
    TypeRole.GROUP_KEY,
    TypeRole.FIELD_NAME,
    *CHANGED_ROLES,
)
"""The types that have members for the object's fields."""
_DISTINCT_ON = _FIELD_ROLES.index(TypeRole.DISTINCT_ON)
_FIELD_NAME = _FIELD_ROLES.index(TypeRole.FIELD_NAME)
# No JSON text has it.
_CUT = "\0"


class ObjectTexts(NamedTuple):
    """The text of one object: its types, and its fields of the root types, as members of lists."""

    types: str
    query: str
    mutation: str
    subscription: str


class _FieldTemplate(NamedTuple):
    """Columns, cut: the field's members in each of `_FIELD_ROLES`; then its enum's head and tail, and the filter."""

    columns: str
    option: str


@dataclass(slots=True)
class Templates:
    """The templates of one request; they serve every workspace."""

    request: SchemaRequest
    _objects: dict[Hashable, str] = field(default_factory=dict)
    _fields: dict[Hashable, _FieldTemplate] = field(default_factory=dict)

    @property
    def made(self) -> int:
        """How many templates there are so far."""
        return len(self._objects) + len(self._fields)

    def write_object(self, schema: LazySchema, object_: Object) -> ObjectTexts:
        """Return the text of an active object of the schema's snapshot."""
        words = object_words(object_)
        in_keys = {one.id for key in unique_keys(schema.scope.snapshot, object_) for one in key}
        rows: list[list[str]] = []
        enums: list[str] = []
        for one in object_.known.values():
            end = relation_end(schema.scope.snapshot, one)
            template = self._field_template(schema.scope.snapshot, object_, one, end, in_key=one.id in in_keys)
            columns = (template.columns % (words | field_words(one, end))).split(_CUT)
            *members, head, tail, enum_filter = columns
            if one.name in NO_ENUM_VALUES:
                members[_FIELD_NAME] = members[_DISTINCT_ON] = ""
            if one.name == "id":
                for role in ROLES:
                    if "id" not in listed_results(object_, role):
                        members[_FIELD_ROLES.index(role)] = ""
            rows.append(members)
            if FIELD_TYPES[one.type].has_options:
                options = sorted(one.options, key=lambda option: option.position)
                listed = _join(template.option % option_words(option) for option in options)
                enums.append(head + listed + tail)
                if object_.reads(one):
                    enums.append(enum_filter)
        by_role = dict(zip(_FIELD_ROLES, map(_join, zip(*rows, strict=True)), strict=True))
        roles = [role for role in TypeRole if has_role(schema.scope, object_, role)]
        *parts, query, mutation, subscription = (self._object_template(schema, object_, roles) % words).split(_CUT)
        types = [
            parts[place] + _join((by_role.get(role, ""), parts[place + 1])) + parts[place + 2]
            for place, role in zip(range(0, len(parts), 3), roles, strict=True)
        ]
        return ObjectTexts(",".join([*types, *enums]), query, mutation, subscription)

    def _object_template(self, schema: LazySchema, object_: Object, roles: list[TypeRole]) -> str:
        kind = (bool(object_.description), schema.scope.is_node(object_), _rights_of(object_), *roles)
        if (known := self._objects.get(kind)) is not None:
            return known
        made = self._objects[kind] = _template(self._object_columns(schema, object_, roles))
        return made

    def _object_columns(self, of: LazySchema, object_: Object, roles: list[TypeRole]) -> list[str]:
        """Return the head, the members that are no field's, and the tail of each type; then the fields of the roots."""
        is_node = of.scope.is_node(object_)
        alone, specimen = object_specimen(of.scope.snapshot, object_)
        schema = lazy_schema(alone, is_specimen=True, relay=is_node)
        writer = TypeWriter(self.request, schema)
        columns: list[str] = []
        # It has not all fields, and so the role may seem to read all of them.
        finds_duplicates = may_ask(object_, QueryRole.DUPLICATES)
        left_out = {*NODE_ROOTS, *(() if finds_duplicates else (query_name(specimen, QueryRole.DUPLICATES),))}
        for role in roles:
            written = writer.write(build_object_type(schema.scope, specimen, role))
            of_no_field = FILTER_WORDS if role is not TypeRole.RECORD or not is_node else {"nodeId"}
            own = [text for name, text in written.members if role not in _FIELD_ROLES or name in of_no_field]
            columns += [written.head, ",".join(own), written.tail]
        for root in ROOTS:
            members = writer.write(schema.type_map[root]).members
            columns.append(",".join(text for name, text in members if name not in left_out))
        return columns

    def _field_template(
        self, snapshot: Snapshot, object_: Object, one: Field, end: RelationEnd | None, *, in_key: bool
    ) -> _FieldTemplate:
        kind = (in_key, *_kind_of(one, end), *_access_of(object_, one, end))
        if (known := self._fields.get(kind)) is not None:
            return known
        alone, specimen = field_specimen(snapshot, object_, one, in_key=in_key)
        schema = lazy_schema(alone, is_specimen=True)
        writer = TypeWriter(self.request, schema)
        columns: list[str] = []
        for role in _FIELD_ROLES:
            if not has_role(schema.scope, specimen, role):
                columns.append("")
                continue
            written = writer.write(build_object_type(schema.scope, specimen, role))
            columns.append(",".join(text for name, text in written.members if name.startswith(FIELD)))
        option = ""
        if FIELD_TYPES[one.type].has_options:
            own = specimen.active[FIELD]
            enum = writer.write(build_enum(specimen, own))
            option = ",".join(text for _, text in enum.members)
            enum_filter = writer.write(build_enum_filter(schema.scope, specimen, own))
            columns += [enum.head, enum.tail, enum_filter.text]
        else:
            columns += ["", "", ""]
        made = self._fields[kind] = _FieldTemplate(_template(columns), _template([option]))
        return made


def _rights_of(object_: Object) -> Hashable:
    """Return the actions that the role which sees an object has a right to: its verbs depend on them."""
    actions = (bool(object_.rights.ways(action)) for action in Action)
    return (object_.rights.aggregates, may_ask(object_, QueryRole.DUPLICATES), *actions)


def _access_of(object_: Object, one: Field, end: RelationEnd | None) -> tuple[Hashable, ...]:
    """Return all of the rights on a field, and on the object that it leads to, that the definitions look at."""
    rights = object_.rights
    gives = tuple(rights.gives(action, one.id) for action in (Action.CREATE, Action.UPDATE))
    far = None if end is None else (end.target.reads(end.target_field), _rights_of(end.target))
    return (object_.reads(one), gives, _rights_of(object_), far)


def _kind_of(one: Field, end: RelationEnd | None) -> tuple[Hashable, ...]:
    """Return all of a field but its words that the definitions look at."""
    return (
        one.type,
        one.settings.get("dataType"),
        bool(one.parts),
        one.can_be_null,
        one.is_unique,
        one.access,
        bool(one.description),
        bool(one.options),
        None if end is None else (end.to_one, end.holds_key),
    )


def _template(columns: list[str]) -> str:
    """Return a format string over the words, whose columns are cut apart after it is filled in."""
    return PLACEHOLDER.sub(r"%(\g<0>)s", _CUT.join(columns).replace("%", "%%"))


def _join(members: Iterable[str]) -> str:
    """Return the members of a list; where none are asked for, each is empty."""
    return ",".join(filter(None, members))
