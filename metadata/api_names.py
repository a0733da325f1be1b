"""The names that an object has in the GraphQL API: derived from its own, and found again by their structure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from fieldstone.metadata.field_types import FIELD_TYPES
from fieldstone.metadata.model import Field, Object, Snapshot, capitalised
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.identifiers import MAXIMUM_BYTES


class TypeRole(Enum):
    """The role of a GraphQL type of an object; the value follows the object's type name."""

    RECORD = ""
    CONNECTION = "Connection"
    EDGE = "Edge"
    FILTER = "FilterInput"
    RELATION_FILTER = "RelationFilterInput"
    CONNECTION_FILTER = "ConnectionFilterInput"
    ORDER_BY = "OrderByInput"
    INPUT = "Input"
    RELATION_INPUT = "RelationInput"
    UNIQUE_KEY = "WhereUniqueInput"
    CONNECT_OR_CREATE = "ConnectOrCreateInput"
    RELATION_LIST_INPUT = "RelationListInput"
    UPDATE_ITEM = "UpdateItemInput"
    AGGREGATE = "Aggregate"
    SUM = "AggregateSum"
    AVG = "AggregateAvg"
    MIN = "AggregateMin"
    MAX = "AggregateMax"
    COUNTS = "AggregateCounts"
    PERCENTAGES = "AggregatePercentages"
    BOOLEANS = "AggregateBooleans"
    DEVIATIONS = "AggregateDeviations"
    MEDIAN = "AggregateMedian"
    AGGREGATE_FILTER = "AggregateFilterInput"
    AGGREGATE_ORDER_BY = "AggregateOrderByInput"
    DISTINCT_ON = "DistinctOn"
    GROUP_BY = "GroupByInput"
    GROUP_KEY = "GroupByKey"
    GROUP_RESULT = "GroupByResult"
    GROUP_ORDER = "GroupByOrderByInput"
    HAVING = "HavingInput"
    COUNTS_FILTER = "AggregateCountsFilterInput"
    PERCENTAGES_FILTER = "AggregatePercentagesFilterInput"
    BOOLEANS_FILTER = "AggregateBooleansFilterInput"
    TOTALS_FILTER = "AggregateTotalsFilterInput"
    EXTREMES_FILTER = "AggregateExtremesFilterInput"
    MEDIAN_FILTER = "AggregateMedianFilterInput"
    COUNTS_ORDER = "AggregateCountsOrderByInput"
    BOOLEANS_ORDER = "AggregateBooleansOrderByInput"
    TOTALS_ORDER = "AggregateTotalsOrderByInput"
    EXTREMES_ORDER = "AggregateExtremesOrderByInput"
    MEDIAN_ORDER = "AggregateMedianOrderByInput"
    FIELD_NAME = "Field"
    ON_CONFLICT = "OnConflictInput"
    UPSERT_RESULT = "UpsertResult"
    INCREMENT = "IncrementInput"
    LIST_ITEMS = "ListItemsInput"
    SET_PATH = "SetPathInput"
    DELETE_PATH = "DeletePathInput"
    RECORD_EVENT = "RecordEvent"


class Quantifier(Enum):
    """How many of the records that a to-many relation leads to must fulfil a filter; the value is its name there."""

    SOME = "some"
    EVERY = "every"
    NONE = "none"
    IS_EMPTY = "isEmpty"


class FieldTypeRole(Enum):
    """The role of a GraphQL type of a SELECT field; the value follows the object's type name and the field's name."""

    ENUM = "Enum"
    ENUM_FILTER = "EnumFilter"


class QueryRole(Enum):
    """The work of a root field of Query."""

    ONE = "one"
    MANY = "many"
    AGGREGATE = "aggregate"
    GROUP_BY = "group by"
    DUPLICATES = "duplicates"


class Verb(Enum):
    """The work of a root field of Mutation; the value stands before the object's name."""

    CREATE = "create"
    UPSERT = "upsert"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    DESTROY = "destroy"
    MERGE = "merge"


_OF_MANY = frozenset({Verb.MERGE})
"""The verbs that stand before the names of several records alone."""

_ENDINGS: Mapping[Verb | None, str] = {
    Verb.CREATE: "Created",
    Verb.UPDATE: "Updated",
    Verb.DELETE: "Deleted",
    Verb.RESTORE: "Restored",
    Verb.DESTROY: "Destroyed",
    None: "Changed",
}
"""The endings behind the object's name in a root field of Subscription; without a verb each write is meant. None ends
with another, so that two such names are equal only where their objects' names are."""

_DUPLICATES = "Duplicates"

AGGREGATE_ENDING = "Aggregate"
"""The ending of a to-many relation's name where its records' aggregates are filtered and ordered by."""

FILTER_WORDS = frozenset({"and", "or", "not", "is", "isNot"})
"""The members beside the fields in every object's filter, which cannot be names of fields."""

JSON_PATH_VALUE = "JSONPathValueInput"

SEARCH_TYPE_NAMES = ("SearchConnection", "SearchEdge", "SearchResult", "SearchRecord")
"""The types of the search over all objects."""

EVENT_TYPE_NAMES = ("RecordEventAction", "RecordEventActor")
"""The types of an event that all objects share."""
TAIL_TYPE_NAMES = ("RecordEvent", "RecordEventChange", "RecordEventFilter")
"""The types of the subscription to the events of all objects."""
EVENTS = "events"
"""Its root field; an object with this plural takes the name."""

SHARED_TYPE_NAMES: frozenset[str] = frozenset(
    {"Query", "Mutation", "Subscription", "String", "Int", "Float", "Boolean", "ID"}
    | {"UUID", "DateTime", "Date", "BigInt", "BigFloat", "JSON", "TSVector"}
    | {"PageInfo", "OrderByDirection", "Presence", JSON_PATH_VALUE, "ConnectTarget"}
    | {"RelativeDateInput", "RelativeDateUnit", "FirstDayOfWeek"}
    | {"NumberGrouping", "DateGrouping", "DateBucket", "DateGroup"}
    | {*SEARCH_TYPE_NAMES, *EVENT_TYPE_NAMES, *TAIL_TYPE_NAMES}
    | {"JSONPathFilter", "JSONOrderByInput", "JSONOrderType"}
    | {
        sub.scalar.filter_name
        for entry in FIELD_TYPES.values()
        for sub in (*entry.subfields, *(entry.variants or {}).values())
    }
    | {entry.composite + role.value for entry in FIELD_TYPES.values() if entry.composite for role in TypeRole}
)
"""The GraphQL types that belong to no object: built in, or shared by all objects (scalars' filters, composites)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectType:
    """A GraphQL type that belongs to an object."""

    object: Object
    role: TypeRole


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEnumType:
    """A GraphQL type that belongs to a SELECT field."""

    object: Object
    field: Field
    role: FieldTypeRole


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryRoot:
    """A root field of Query."""

    object: Object
    role: QueryRole


@dataclass(frozen=True, slots=True, kw_only=True)
class MutationRoot:
    """A root field of Mutation; `many` where it takes a filter or a list."""

    object: Object
    verb: Verb
    many: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionRoot:
    """A root field of Subscription: the write that a record must have had, any one without a verb."""

    object: Object
    verb: Verb | None


def type_name(object_: Object, role: TypeRole) -> str:
    """Return the name of an object's GraphQL type."""
    return object_.type_name + role.value


def enum_name(object_: Object, field: Field, role: FieldTypeRole = FieldTypeRole.ENUM) -> str:
    """Return the name of a SELECT field's GraphQL type."""
    return object_.type_name + capitalised(field.name) + role.value


def query_name(object_: Object, role: QueryRole) -> str:
    """Return the name of a root field of Query."""
    match role:
        case QueryRole.ONE:
            return object_.name_singular
        case QueryRole.MANY:
            return object_.name_plural
        case QueryRole.AGGREGATE:
            return f"{object_.name_plural}Aggregate"
        case QueryRole.GROUP_BY:
            return f"{object_.name_plural}GroupBy"
        case QueryRole.DUPLICATES:
            return f"{object_.name_singular}{_DUPLICATES}"


def mutation_name(object_: Object, verb: Verb, *, many: bool) -> str:
    """Return the name of a root field of Mutation."""
    return verb.value + capitalised(object_.name_plural if many else object_.name_singular)


def mutation_names(object_: Object, *, many: bool) -> list[str]:
    """Return the names of the root fields of Mutation that begin behind the verb with the one or the other name."""
    verbs = [verb for verb in Verb if (many or verb not in _OF_MANY) and lacking(object_, verb) is None]
    return [mutation_name(object_, verb, many=many) for verb in verbs]


def subscription_name(object_: Object, verb: Verb | None) -> str:
    """Return the name of a root field of Subscription."""
    return object_.name_singular + _ENDINGS[verb]


def find_type(snapshot: Snapshot, name: str) -> ObjectType | FieldEnumType | None:
    """Return the object and role of a GraphQL type by its name, None where it is no object's."""
    for role in TypeRole:
        stem = name.removesuffix(role.value) if role.value else name
        if (stem != name or role is TypeRole.RECORD) and (object_ := snapshot.by_type_name.get(stem)):
            return ObjectType(object=object_, role=role)
    for field_role in FieldTypeRole:
        stem = name.removesuffix(field_role.value)
        if stem == name:
            continue
        # No object's name is longer: a client's text may have a million letters.
        for place in range(1, min(len(stem), MAXIMUM_BYTES + 1)):
            object_ = snapshot.by_type_name.get(stem[:place])
            if object_ is None:
                continue
            for field in enum_fields(object_):
                if capitalised(field.name) == stem[place:]:
                    return FieldEnumType(object=object_, field=field, role=field_role)
    return None


_INPUT_ALIASES = ("CreateInput", "UpdateInput")
"""The endings with which Twenty's clients name the type of a record's data."""
_PLURAL_ALIASES = (TypeRole.FILTER, TypeRole.ORDER_BY)
"""The inputs that Twenty's clients of PyPI name by the plural of the object."""


def find_alias(snapshot: Snapshot, name: str) -> ObjectType | None:
    """Return the type that a variable may be declared to have by another name than its own.

    Such a name is in no list, and an object with a type of this name takes it: see `find_type` first.
    """
    for ending in _INPUT_ALIASES:
        if object_ := snapshot.by_type_name.get(name.removesuffix(ending)) if name.endswith(ending) else None:
            return ObjectType(object=object_, role=TypeRole.INPUT)
    for role in _PLURAL_ALIASES:
        if object_ := snapshot.by_plural.get(name.removesuffix(role.value)) if name.endswith(role.value) else None:
            return ObjectType(object=object_, role=role)
    return None


_NEEDED = {
    Verb.CREATE: (Action.CREATE,),
    Verb.UPSERT: (Action.READ,),
    Verb.UPDATE: (Action.READ, Action.UPDATE),
    Verb.DELETE: (Action.READ, Action.DELETE),
    Verb.RESTORE: (Action.READ, Action.RESTORE),
    Verb.DESTROY: (Action.READ, Action.DESTROY),
    Verb.MERGE: (Action.READ, Action.UPDATE, Action.DELETE),
}


def lacking(object_: Object, verb: Verb) -> Action | None:
    """Return the first action that a mutation of an object needs and the role which sees it lacks; None: none.

    Of an upsert, only the branch that is taken needs its right; a merge needs all of them.
    """
    access = object_.access
    if access is None:
        return None
    if verb is Verb.MERGE and not access.has_all_fields(Action.READ, Action.UPDATE):
        return Action.UPDATE
    if verb is Verb.UPSERT and not (access.create or access.update):
        return Action.CREATE
    return next((action for action in _NEEDED[verb] if not access.ways(action)), None)


def may_give(object_: Object) -> bool:
    """Return whether the role that sees an object may give data for its records."""
    return lacking(object_, Verb.CREATE) is None or lacking(object_, Verb.UPDATE) is None


def may_ask(object_: Object, role: QueryRole) -> bool:
    """Return whether the role that sees an object may ask for a root field of Query of it."""
    access = object_.access
    match role:
        case _ if access is None:
            return True
        case QueryRole.ONE | QueryRole.MANY:
            return bool(access.read)
        case QueryRole.AGGREGATE | QueryRole.GROUP_BY:
            return access.aggregates
        case QueryRole.DUPLICATES:
            return access.has_all_fields(Action.READ, Action.UPDATE)


def find_query(snapshot: Snapshot, name: str) -> QueryRoot | None:
    """Return the object and work of a root field of Query, None if the role may not ask for it."""
    found = _find_query(snapshot, name)
    return found if found is not None and may_ask(found.object, found.role) else None


def _find_query(snapshot: Snapshot, name: str) -> QueryRoot | None:
    if object_ := snapshot.by_plural.get(name):
        return QueryRoot(object=object_, role=QueryRole.MANY)
    if object_ := snapshot.by_singular.get(name):
        return QueryRoot(object=object_, role=QueryRole.ONE)
    for ending, role in (("Aggregate", QueryRole.AGGREGATE), ("GroupBy", QueryRole.GROUP_BY)):
        if name.endswith(ending) and (object_ := snapshot.by_plural.get(name.removesuffix(ending))):
            return QueryRoot(object=object_, role=role)
    if name.endswith(_DUPLICATES) and (object_ := snapshot.by_singular.get(name.removesuffix(_DUPLICATES))):
        return QueryRoot(object=object_, role=QueryRole.DUPLICATES)
    return None


def find_mutation(snapshot: Snapshot, name: str) -> MutationRoot | None:
    """Return the object and work of a root field of Mutation, None if the role lacks a right."""
    for verb in Verb:
        rest = name.removeprefix(verb.value)
        if rest == name or not rest[:1].isupper():
            continue
        for many, names in ((False, snapshot.by_singular), (True, snapshot.by_plural)):
            object_ = names.get(rest[0].lower() + rest[1:]) if many or verb not in _OF_MANY else None
            if object_ is not None and lacking(object_, verb) is None:
                return MutationRoot(object=object_, verb=verb, many=many)
    return None


def find_subscription(snapshot: Snapshot, name: str) -> SubscriptionRoot | None:
    """Return the object and write of a root field of Subscription, None if the role may not read the object."""
    for verb, ending in _ENDINGS.items():
        if name.endswith(ending) and (object_ := snapshot.readable.get(name.removesuffix(ending))):
            return SubscriptionRoot(object=object_, verb=verb)
    return None


def enum_fields(object_: Object) -> Iterator[Field]:
    """Yield the fields that a role knows of and that have a GraphQL enum of their own."""
    return (field for field in object_.known.values() if FIELD_TYPES[field.type].has_options)


def enum_type_names(object_: Object, field: Field) -> Iterator[str]:
    """Yield the names of the GraphQL types of a field: none unless it has options."""
    if FIELD_TYPES[field.type].has_options:
        yield from (enum_name(object_, field, role) for role in FieldTypeRole)


def all_type_names(object_: Object) -> Iterator[str]:
    """Yield the names of all GraphQL types of an object."""
    yield from (type_name(object_, role) for role in TypeRole)
    for field in enum_fields(object_):
        yield from enum_type_names(object_, field)


def all_query_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Query of an object."""
    return (query_name(object_, role) for role in QueryRole if may_ask(object_, role))


def all_mutation_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Mutation of an object."""
    yield from mutation_names(object_, many=False)
    yield from mutation_names(object_, many=True)


def all_subscription_names(object_: Object) -> Iterator[str]:
    """Yield the names of all root fields of Subscription of an object."""
    return (subscription_name(object_, verb) for verb in _ENDINGS if object_.rights.read)
