"""Every type of a schema by its name: the one place that knows which types there are."""

from collections.abc import Callable, Iterator, Mapping

from graphql import GraphQLID, GraphQLNamedType, introspection_types

from fieldstone.engine.access.type_rights import right_for
from fieldstone.engine.schema.objects import (
    aggregate_inputs,
    aggregates,
    changed_values,
    distinct,
    groups,
    inputs,
    records,
    relation_inputs,
    unique_keys,
    upserts,
)
from fieldstone.engine.schema.objects.nodes import build_node
from fieldstone.engine.schema.objects.search import build_search_type
from fieldstone.engine.schema.roots.activity.events import TAIL_TYPES
from fieldstone.engine.schema.roots.activity.record_events import (
    RECORD_EVENT_ACTION,
    RECORD_EVENT_ACTOR,
    build_record_event,
)
from fieldstone.engine.schema.roots.records import MUTATION, QUERY, build_mutation, build_query
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION, build_field_names, build_subscription
from fieldstone.engine.schema.scope import NODE, TypeBuilders, TypeScope
from fieldstone.engine.schema.values import enums
from fieldstone.engine.schema.values.composites import COMPOSITES, composite_name
from fieldstone.engine.schema.values.filters import JSON_PATH_FILTER, SCALAR_FILTERS
from fieldstone.engine.schema.values.groupings import DATE_BUCKET, DATE_GROUP, DATE_GROUPING, NUMBER_GROUPING
from fieldstone.engine.schema.values.json_paths import JSON_ORDER_BY, JSON_ORDER_TYPE
from fieldstone.engine.schema.values.paging import ORDER_BY_DIRECTION, PAGE_INFO
from fieldstone.engine.schema.values.presence import PRESENCE
from fieldstone.engine.schema.values.relative_dates import FIRST_DAY_OF_WEEK, RELATIVE_DATE, RELATIVE_DATE_UNIT
from fieldstone.engine.schema.values.scalars import CONNECT_TARGET, SCALARS
from fieldstone.engine.schema.values.value_changes import CHANGED_ROLES, fields_of
from fieldstone.metadata import api_names
from fieldstone.metadata.aggregates import RESULTS_OF, ROLES
from fieldstone.metadata.api_names import (
    SEARCH_TYPE_NAMES,
    FieldEnumType,
    FieldTypeRole,
    ObjectType,
    TypeRole,
)
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.metadata.scalars import BIG_INT, BIG_TOTAL, BOOLEAN, STRING_LIST, TS_VECTOR

_SHARED = (
    *(PAGE_INFO, ORDER_BY_DIRECTION, PRESENCE),
    *(RECORD_EVENT_ACTION, RECORD_EVENT_ACTOR),
    *(RELATIVE_DATE, RELATIVE_DATE_UNIT, FIRST_DAY_OF_WEEK),
    *(JSON_PATH_FILTER, JSON_ORDER_BY, JSON_ORDER_TYPE),
    *(NUMBER_GROUPING, DATE_GROUPING, DATE_BUCKET, DATE_GROUP),
    changed_values.PATH_VALUE,
)

SHARED: Mapping[str, GraphQLNamedType] = {
    **{shared.name: shared for shared in _SHARED},
    **SCALARS,
    **SCALAR_FILTERS,
    **COMPOSITES,
    **introspection_types,
}
"""The types that know no snapshot: every schema has these very instances."""

_ROOTS: TypeBuilders = {
    QUERY: build_query,
    MUTATION: build_mutation,
    SUBSCRIPTION: build_subscription,
}

_ONLY_IN_DATA = frozenset(
    {CONNECT_TARGET.name, changed_values.PATH_VALUE.name}
    | {composite_name(entry, TypeRole.INPUT) for entry in FIELD_TYPES.values() if entry.composite}
)
_OF_FIELDS = {
    **{
        composite_name(entry, role): field_type
        for field_type, entry in FIELD_TYPES.items()
        if entry.composite
        for role in TypeRole
    },
    **dict.fromkeys((TS_VECTOR.name, TS_VECTOR.filter_name), FieldType.TS_VECTOR),
    **dict.fromkeys((JSON_ORDER_BY.name, JSON_ORDER_TYPE.name, changed_values.PATH_VALUE.name), FieldType.RAW_JSON),
}
"""The types of fields that alone lead to shared types, by the names of these."""

_OF_SCALARS = frozenset(
    {BIG_INT.name, BIG_INT.filter_name, BIG_TOTAL.name, BIG_TOTAL.filter_name}
    | {BOOLEAN.filter_name, STRING_LIST.filter_name}
)
"""The shared types to which only fields of some scalars lead."""


def type_names(scope: TypeScope) -> Iterator[str]:
    """Yield the names of all types."""
    yield from (root for root in _ROOTS if has_root(scope, root))
    if scope.mutations is not None:
        yield from scope.mutations.types
    if scope.has_nodes:
        yield from (NODE, GraphQLID.name)
    yield from (name for name in SHARED if is_shared(scope, name))
    for object_ in scope.snapshot.by_singular.values():
        yield from (api_names.type_name(object_, role) for role in TypeRole if has_role(scope, object_, role))
        for field in api_names.enum_fields(object_):
            yield api_names.enum_name(object_, field)
            if object_.reads(field):
                yield api_names.enum_name(object_, field, FieldTypeRole.ENUM_FILTER)
    if scope.has_search:
        yield from SEARCH_TYPE_NAMES
    if scope.has_events:
        yield from TAIL_TYPES


def describe_schema(scope: TypeScope) -> str:
    """Return the description of a schema."""
    if scope.mutations is None:
        return (
            "Fieldstone's Core API: the records of a workspace, by the objects and fields of its model. The Metadata"
            " API at `/metadata` shows and changes the model."
        )
    return (
        "Fieldstone's Metadata API: the model of a workspace, which is its objects, fields, relations, indexes and"
        " roles, and its keys and webhooks. The Core API at `/graphql` has the records."
    )


def has_root(scope: TypeScope, name: str) -> bool:
    """Return whether the schema has a root type."""
    return name not in scope.absent


def absent_roots(view: Snapshot) -> frozenset[str]:
    """Return the root types of mutations and subscriptions that the role which sees a view has no field of."""
    if view.base is None:
        return frozenset()
    writes = any(True for object_ in view.by_singular.values() for _ in api_names.all_mutation_names(object_))
    return frozenset(name for name, is_there in ((MUTATION, writes), (SUBSCRIPTION, view.readable)) if not is_there)


def build_type(scope: TypeScope, name: str) -> GraphQLNamedType | None:
    """Return a new type, None where the schema has none of this name. Shared types are always the same instances."""
    if build_root := _ROOTS.get(name):
        return build_root(scope) if has_root(scope, name) else None
    if name == NODE and scope.has_nodes:
        return build_node()
    if name in SEARCH_TYPE_NAMES and scope.has_search:
        return build_search_type(scope, name)
    if name in TAIL_TYPES and scope.has_events:
        return TAIL_TYPES[name]
    if scope.mutations is not None and (build := scope.mutations.types.get(name)):
        return build(scope)
    if name in SHARED:
        return SHARED[name] if is_shared(scope, name) else None
    match api_names.find_type(scope.snapshot, name):
        case None:
            return _find_alias(scope, name)
        case FieldEnumType(object=object_, field=field, role=FieldTypeRole.ENUM):
            return enums.build_enum(object_, field)
        case FieldEnumType(object=object_, field=field):
            return enums.build_enum_filter(scope, object_, field) if object_.reads(field) else None
        case ObjectType(object=object_, role=role):
            return build_object_type(scope, object_, role) if has_role(scope, object_, role) else None


def _find_alias(scope: TypeScope, name: str) -> GraphQLNamedType | None:
    """Return the type that variables may be declared to have by a name which the schema does not show."""
    if name == GraphQLID.name:
        return GraphQLID
    if scope.mutations is not None:
        own = scope.mutations.other_names.get(name)
        return scope.named(own) if own else scope.mutations.unlisted.get(name)
    alias = api_names.find_alias(scope.snapshot, name)
    if alias is None or not has_role(scope, alias.object, alias.role):
        return None
    return scope.input_of(alias.object, alias.role)


def build_object_type(scope: TypeScope, object_: Object, role: TypeRole) -> GraphQLNamedType:
    """Return a new type of an object, whether the schema has it or not."""
    if role in ROLES:
        return aggregates.build_results(scope, object_, role)
    if role in RESULTS_OF:
        return aggregate_inputs.build_results_input(scope, object_, role)
    if role in CHANGED_ROLES:
        return changed_values.build_changed_values(scope, object_, role)
    return _BUILDERS[role](scope, object_)


_BUILDERS: Mapping[TypeRole, Callable[[TypeScope, Object], GraphQLNamedType]] = {
    TypeRole.RECORD: records.build_record,
    TypeRole.CONNECTION: records.build_connection,
    TypeRole.EDGE: records.build_edge,
    TypeRole.FILTER: inputs.build_filter,
    TypeRole.RELATION_FILTER: inputs.build_relation_filter,
    TypeRole.CONNECTION_FILTER: inputs.build_connection_filter,
    TypeRole.ORDER_BY: inputs.build_order_by,
    TypeRole.INPUT: inputs.build_input,
    TypeRole.RELATION_INPUT: relation_inputs.build_relation_input,
    TypeRole.CONNECT_OR_CREATE: relation_inputs.build_connect_or_create,
    TypeRole.RELATION_LIST_INPUT: relation_inputs.build_relation_list_input,
    TypeRole.UPDATE_ITEM: relation_inputs.build_update_item,
    TypeRole.UNIQUE_KEY: unique_keys.build_unique_key,
    TypeRole.AGGREGATE: aggregates.build_aggregate,
    TypeRole.AGGREGATE_FILTER: aggregate_inputs.build_aggregate_filter,
    TypeRole.AGGREGATE_ORDER_BY: aggregate_inputs.build_aggregate_order_by,
    TypeRole.DISTINCT_ON: lambda _scope, object_: distinct.build_distinct_on(object_),
    TypeRole.GROUP_BY: inputs.build_group_by,
    TypeRole.GROUP_KEY: groups.build_group_key,
    TypeRole.GROUP_RESULT: groups.build_group_result,
    TypeRole.GROUP_ORDER: aggregate_inputs.build_group_order,
    TypeRole.HAVING: aggregate_inputs.build_having,
    TypeRole.FIELD_NAME: lambda _scope, object_: build_field_names(object_),
    TypeRole.ON_CONFLICT: upserts.build_on_conflict,
    TypeRole.UPSERT_RESULT: upserts.build_upsert_result,
    TypeRole.RECORD_EVENT: build_record_event,
}


_OF_WRITES = frozenset(
    {
        TypeRole.INPUT,
        TypeRole.UNIQUE_KEY,
        TypeRole.UPDATE_ITEM,
        TypeRole.FIELD_NAME,
        TypeRole.ON_CONFLICT,
        TypeRole.UPSERT_RESULT,
        TypeRole.RECORD_EVENT,
    }
)


def is_shared(scope: TypeScope, name: str) -> bool:
    """Return whether the schema has a shared type: one of fields of one type alone is there with such a field."""
    if scope.mutations is not None and (name in scope.mutations.types or name in _ONLY_IN_DATA):
        return False
    if scope.is_specimen or (scope.mutations is not None and name in _OF_SCALARS):
        return True
    if name in _OF_SCALARS:
        return name in scope.scalar_types
    return _OF_FIELDS.get(name) in {None, *scope.field_types}


_OF_DATA = frozenset({TypeRole.RELATION_INPUT, TypeRole.CONNECT_OR_CREATE, TypeRole.RELATION_LIST_INPUT})
_OF_MANY = frozenset(
    {
        TypeRole.RELATION_LIST_INPUT,
        TypeRole.CONNECTION_FILTER,
        TypeRole.AGGREGATE_FILTER,
        TypeRole.AGGREGATE_ORDER_BY,
    }
)
_LED_TO = frozenset({TypeRole.RELATION_FILTER, *_OF_DATA, *_OF_MANY})
"""The types that are there if a relation leads to the object."""


def has_role(scope: TypeScope, object_: Object, role: TypeRole) -> bool:
    """Return whether the object has this type: those that nothing would lead to are left out."""
    if right_for(object_, role) is not None or scope.is_specimen:
        return right_for(object_, role) is None
    if scope.snapshot.base is not None and role in _LED_TO:
        return object_.id in scope.led_to[role in _OF_MANY, role in _OF_DATA]
    match role:
        case _ if role in _OF_WRITES:
            return scope.mutations is None
        case TypeRole.RELATION_INPUT | TypeRole.CONNECT_OR_CREATE:
            return scope.mutations is None and (_is_target(scope, object_) or _is_source(scope, object_, to_one=True))
        case TypeRole.RELATION_LIST_INPUT:
            return scope.mutations is None and _is_source(scope, object_, to_one=False)
        case TypeRole.RELATION_FILTER:
            return _is_target(scope, object_) or _is_source(scope, object_, to_one=True)
        case TypeRole.CONNECTION_FILTER | TypeRole.AGGREGATE_FILTER | TypeRole.AGGREGATE_ORDER_BY:
            return _is_source(scope, object_, to_one=False)
        case _ if role in ROLES:
            return aggregates.has_results(object_, role)
        case _ if role in RESULTS_OF:
            return aggregates.has_results(object_, RESULTS_OF[role])
        case _ if role in CHANGED_ROLES:
            return scope.mutations is None and bool(fields_of(object_, role))
        case _:
            return True


def _is_source(scope: TypeScope, object_: Object, *, to_one: bool) -> bool:
    """Whether the object holds the key of a relation whose other end leads to one of its records, or to many."""
    keys = (field for field in object_.foreign_keys.values() if field.is_unique is to_one)
    ends = (relation_end(scope.snapshot, field) for field in keys)
    return any(end is not None and end.target_field.relation_id is not None for end in ends)


def _is_target(scope: TypeScope, object_: Object) -> bool:
    """Whether a relation whose key is in another object, or in a field of its own, leads to the object."""
    ends = (relation_end(scope.snapshot, field) for field in object_.by_name.values() if field.relation_id)
    return any(end is not None and not end.holds_key for end in ends) or object_.id in scope.one_way_targets
