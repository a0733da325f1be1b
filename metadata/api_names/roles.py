"""The roles of the GraphQL types and root fields of an object, with the endings and verbs of their names."""

from enum import Enum


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
