"""The types of an object that has a field of every type."""

from dataclasses import replace

import pytest
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLSchema, OperationType

from fieldstone.engine.schema.lazy import LazySchema, lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.engine.schema.values.relative_dates import RELATIVE_DATE_UNIT
from fieldstone.metadata.model import Snapshot
from tests.engine.schema.thing import COMPOSITES, NAMES, RELATIONS, SYSTEM, THING, TOTALS, fields_of
from tests.models import all_types_snapshot, metadata_snapshot, standard_snapshot

FILTERS = {"[String!]": "StringListFilter", "[ThingMultiselectFieldEnum!]": "ThingMultiselectFieldEnumFilter"}

FILTER = {
    name: f"{type_}FilterInput"
    if type_ in COMPOSITES
    else f"{type_}RelationFilterInput"
    if type_ in RELATIONS
    else FILTERS.get(type_, f"{type_}Filter")
    for name, type_ in NAMES.items()
} | {
    "and": "[ThingFilterInput!]",
    "children": "ThingConnectionFilterInput",
    "childrenAggregate": "ThingAggregateFilterInput",
    "or": "[ThingFilterInput!]",
    "not": "ThingFilterInput",
}

ORDER_BY = {
    name: f"{type_}OrderByInput" if type_ in COMPOSITES | RELATIONS else "OrderByDirection"
    for name, type_ in NAMES.items()
    if type_ not in {"JSON", "TSVector"}
} | {"childrenAggregate": "ThingAggregateOrderByInput"}

DATA = {
    name: f"{type_}Input" if type_ in COMPOSITES else f"{type_}RelationInput" if type_ in RELATIONS else type_
    for name, type_ in NAMES.items()
    if name not in {"updatedAt", "deletedAt", "tsvectorField"}
} | {"children": "ThingRelationListInput"}

TOTALS_OF_PARTS = {
    aggregate: {"currencyField": f"CurrencyValue{aggregate}", "addressField": f"AddressValue{aggregate}"}
    for aggregate in ("AggregateSum", "AggregateAvg", "AggregateDeviations", "AggregateMedian")
}
COUNTED = {name: type_ for name, type_ in NAMES.items() if name != "id" and type_ not in {*RELATIONS, "TSVector"}}

EXTREMES = {
    name: type_
    for name, type_ in NAMES.items()
    if type_ in {"String", "Float", "Int", "BigInt", "BigFloat", "Date", "DateTime"}
    or (type_.endswith("Enum") and name != "multiselectField")
}

COMPARED = ["eq", "neq", "in", "notIn"]
ORDERED = [*COMPARED, "gt", "gte", "lt", "lte"]
TEXT = [*ORDERED, "between", "contains", "startsWith", "endsWith", "like", "ilike", "ieq"]
PRESENCE = {"is": "Presence", "isNot": "Presence"}


def operators(names: list[str], value: str) -> dict[str, str]:
    lists = {"in", "notIn", "between"}
    texts = {"contains", "startsWith", "endsWith", "like", "ilike", "ieq"}
    return {name: f"[{value}!]" if name in lists else "String" if name in texts else value for name in names} | PRESENCE


EXPECTED: dict[str, dict[str, str]] = {
    "Thing": THING,
    "Other": SYSTEM | {"things": "ThingConnection!"},
    "ThingConnection": {
        "edges": "[ThingEdge!]!",
        "pageInfo": "PageInfo!",
        "totalCount": "Int!",
        "aggregate": "ThingAggregate!",
    },
    "ThingEdge": {"node": "Thing!", "cursor": "String!"},
    "PageInfo": {
        "hasNextPage": "Boolean!",
        "hasPreviousPage": "Boolean!",
        "startCursor": "String",
        "endCursor": "String",
    },
    "ThingFilterInput": FILTER,
    "ThingRelationFilterInput": FILTER | PRESENCE,
    "ThingConnectionFilterInput": {
        "some": "ThingFilterInput",
        "every": "ThingFilterInput",
        "none": "ThingFilterInput",
        "isEmpty": "Boolean",
    },
    "ThingOrderByInput": ORDER_BY | {"rawjsonField": "JSONOrderByInput"},
    "ThingInput": DATA,
    "OtherRelationInput": {
        "create": "OtherInput",
        "connect": "ConnectTarget",
        "connectOrCreate": "OtherConnectOrCreateInput",
        "disconnect": "Boolean",
        "update": "OtherInput",
    },
    "OtherConnectOrCreateInput": {"where": "OtherWhereUniqueInput!", "create": "OtherInput!"},
    "ThingRelationListInput": {
        "create": "[ThingInput!]",
        "connect": "[ConnectTarget!]",
        "disconnect": "[UUID!]",
        "set": "[ConnectTarget!]",
        "update": "[ThingUpdateItemInput!]",
        "delete": "[UUID!]",
    },
    "ThingUpdateItemInput": {"id": "UUID!", "data": "ThingInput!"},
    "ThingAggregate": {
        "count": "Int!",
        **dict.fromkeys(("countDistinct", "countEmpty", "countNotEmpty"), "ThingAggregateCounts"),
        **dict.fromkeys(("percentEmpty", "percentNotEmpty"), "ThingAggregatePercentages"),
        **dict.fromkeys(("countTrue", "countFalse"), "ThingAggregateBooleans"),
        "stddev": "ThingAggregateDeviations",
        "variance": "ThingAggregateDeviations",
        "median": "ThingAggregateMedian",
        "sum": "ThingAggregateSum",
        "avg": "ThingAggregateAvg",
        "min": "ThingAggregateMin",
        "max": "ThingAggregateMax",
    },
    **{
        f"Thing{aggregate}": TOTALS | parts for aggregate, parts in TOTALS_OF_PARTS.items() if "Median" not in aggregate
    },
    "ThingAggregateMedian": TOTALS
    | TOTALS_OF_PARTS["AggregateMedian"]
    | {name: type_ for name, type_ in NAMES.items() if type_ in {"Date", "DateTime"}},
    "ThingAggregateCounts": {
        name: f"{type_}AggregateCounts" if type_ in COMPOSITES else "Int!" for name, type_ in COUNTED.items()
    },
    "ThingAggregatePercentages": {
        name: f"{type_}AggregatePercentages" if type_ in COMPOSITES else "Float" for name, type_ in COUNTED.items()
    },
    "ThingAggregateBooleans": {"booleanField": "Int!"},
    "ThingAggregateMin": EXTREMES
    | {name: f"{type_}AggregateMin" for name, type_ in NAMES.items() if type_ in COMPOSITES},
    "FullNameValue": {"firstName": "String", "lastName": "String"},
    "EmailsValue": {"primaryEmail": "String", "additionalEmails": "JSON"},
    "EmailsValueFilterInput": {"primaryEmail": "StringFilter", "additionalEmails": "JSONFilter"},
    "EmailsValueOrderByInput": {"primaryEmail": "OrderByDirection"},
    "EmailsValueAggregateMax": {"primaryEmail": "String"},
    "PhonesValue": {
        "primaryPhoneNumber": "String",
        "primaryPhoneCountryCode": "String",
        "primaryPhoneCallingCode": "String",
        "additionalPhones": "JSON",
    },
    "LinksValue": {"primaryLinkUrl": "String", "primaryLinkLabel": "String", "secondaryLinks": "JSON"},
    "AddressValue": {
        **{f"address{part}": "String" for part in ("Street1", "Street2", "City", "Postcode", "State", "Country")},
        "addressLat": "Float",
        "addressLng": "Float",
    },
    "AddressValueAggregateSum": {"addressLat": "Float", "addressLng": "Float"},
    "RichTextValueInput": {"markdown": "String", "blocknote": "String"},
    "CurrencyValue": {"amountMicros": "BigInt", "currencyCode": "String"},
    "CurrencyValueInput": {"amountMicros": "BigInt", "currencyCode": "String"},
    "CurrencyValueFilterInput": {"amountMicros": "BigIntFilter", "currencyCode": "StringFilter"},
    "CurrencyValueOrderByInput": {"amountMicros": "OrderByDirection", "currencyCode": "OrderByDirection"},
    "CurrencyValueAggregateSum": {"amountMicros": "BigFloat"},
    "CurrencyValueAggregateMax": {"amountMicros": "BigInt", "currencyCode": "String"},
    "ActorValueAggregateMin": {"source": "String", "name": "String"},
    "ThingSelectFieldEnumFilter": operators(TEXT, "ThingSelectFieldEnum"),
    "ThingRatingFieldEnumFilter": operators(TEXT, "ThingRatingFieldEnum"),
    "ThingMultiselectFieldEnumFilter": {
        "containsAny": "[ThingMultiselectFieldEnum!]",
        "containsAll": "[ThingMultiselectFieldEnum!]",
        "isEmpty": "Boolean",
    }
    | PRESENCE,
    "StringListFilter": {"containsAny": "[String!]", "containsAll": "[String!]", "isEmpty": "Boolean"} | PRESENCE,
    "TSVectorFilter": {"search": "String"} | PRESENCE,
    "StringFilter": operators(TEXT, "String"),
    "BooleanFilter": operators(COMPARED, "Boolean"),
    "UUIDFilter": operators(COMPARED, "UUID"),
    "JSONFilter": {
        "contains": "JSON",
        "path": "[JSONPathFilter!]",
        "hasKey": "String",
        "hasAnyKeys": "[String!]",
        "hasAllKeys": "[String!]",
        "isEmpty": "Boolean",
    }
    | PRESENCE,
}
_RELATIVE = {"within": "RelativeDateInput", "isToday": "Boolean", "inPast": "Boolean", "inFuture": "Boolean"}
for _scalar in ("Int", "Float", "BigInt", "BigFloat", "Date", "DateTime"):
    _more = _RELATIVE if _scalar.startswith("Date") else {}
    EXPECTED[f"{_scalar}Filter"] = operators([*ORDERED, "between"], _scalar) | _more


@pytest.fixture(scope="module")
def schema() -> LazySchema:
    """The schema of an object with a field of every type."""
    return lazy_schema(all_types_snapshot())


@pytest.mark.parametrize("name", EXPECTED)
def test_fields(schema: LazySchema, name: str) -> None:
    assert fields_of(schema, name) == EXPECTED[name]


def arguments_of(schema: GraphQLSchema, root: str) -> dict[str, tuple[dict[str, str], str]]:
    type_ = schema.type_map[root]
    assert isinstance(type_, GraphQLObjectType)
    return {
        name: ({argument: str(defined.type) for argument, defined in field.args.items()}, str(field.type))
        for name, field in type_.fields.items()
        if "Other" not in name and "other" not in name and name != "search"
    }


PAGE = {
    "filter": "ThingFilterInput",
    "orderBy": "[ThingOrderByInput]",
    "first": "Int",
    "after": "String",
    "last": "Int",
    "before": "String",
    "limit": "Int",
    "offset": "Int",
    "distinctOn": "[ThingDistinctOn!]",
}


def test_queries(schema: LazySchema) -> None:
    assert arguments_of(schema, "Query") == {
        "thing": ({"id": "UUID", "where": "ThingWhereUniqueInput", "filter": "ThingFilterInput"}, "Thing"),
        "things": (PAGE, "ThingConnection!"),
        "thingsAggregate": ({"filter": "ThingFilterInput"}, "ThingAggregate!"),
        "thingsGroupBy": (
            {
                "groupBy": "[ThingGroupByInput!]!",
                "filter": "ThingFilterInput",
                "having": "ThingHavingInput",
                "orderBy": "[ThingGroupByOrderByInput]",
                "first": "Int",
                "after": "String",
                "limit": "Int",
            },
            "[ThingGroupByResult!]!",
        ),
        "thingDuplicates": ({"ids": "[UUID!]", "data": "[ThingInput!]"}, "[ThingConnection!]!"),
    }


def test_a_nested_connection_takes_what_a_root_takes(schema: LazySchema) -> None:
    object_ = schema.type_map["Thing"]
    assert isinstance(object_, GraphQLObjectType)
    assert {name: str(argument.type) for name, argument in object_.fields["children"].args.items()} == PAGE


def test_mutations(schema: LazySchema) -> None:
    one, many = "Thing!", "[Thing!]!"
    by_id = {"id": "UUID", "where": "ThingWhereUniqueInput", "ifUpdatedAt": "DateTime"}
    by_filter = {"filter": "ThingFilterInput!"}
    changes = {
        "increment": "ThingIncrementInput",
        "append": "ThingListItemsInput",
        "remove": "ThingListItemsInput",
        "setPath": "ThingSetPathInput",
        "deletePath": "ThingDeletePathInput",
    }
    conflict, upsert = {"onConflict": "ThingOnConflictInput"}, {"upsert": "Boolean"}
    assert arguments_of(schema, "Mutation") == {
        "createThing": ({"data": "ThingInput!"} | conflict | upsert, one),
        "createThings": ({"data": "[ThingInput!]!"} | conflict | upsert, many),
        "upsertThing": ({"data": "ThingInput!"} | conflict, "ThingUpsertResult!"),
        "upsertThings": ({"data": "[ThingInput!]!"} | conflict, "[ThingUpsertResult!]!"),
        "updateThing": (by_id | {"data": "ThingInput"} | changes, one),
        "updateThings": (
            {"filter": "ThingFilterInput", "data": "ThingInput", "updates": "[ThingUpdateItemInput!]"} | changes,
            many,
        ),
        "deleteThing": (by_id, one),
        "deleteThings": (by_filter, many),
        "restoreThing": (by_id, one),
        "restoreThings": (by_filter, many),
        "destroyThing": (by_id, one),
        "destroyThings": (by_filter, many),
        "mergeThings": (
            {
                "ids": "[UUID!]!",
                "conflictPriorityIndex": "Int!",
                "dryRun": "Boolean",
                "ifUpdatedAt": "[DateTime!]",
            },
            one,
        ),
    }


def test_enums(schema: LazySchema) -> None:
    def values(name: str) -> list[str]:
        type_ = schema.type_map[name]
        assert isinstance(type_, GraphQLEnumType)
        return list(type_.values)

    assert values("ThingSelectFieldEnum") == ["ONE", "TWO"]
    assert values("ThingMultiselectFieldEnum") == ["ONE", "TWO"]
    assert values("ThingRatingFieldEnum") == [f"RATING_{stars}" for stars in range(1, 6)]
    assert values("Presence") == ["NULL", "NOT_NULL"]
    assert values("OrderByDirection") == [
        "ASC",
        "DESC",
        "AscNullsFirst",
        "AscNullsLast",
        "DescNullsFirst",
        "DescNullsLast",
    ]


def without(snapshot: Snapshot, object_name: str, field_name: str | None = None) -> Snapshot:
    """Return the snapshot with an object, or one of its fields, switched off."""
    object_ = snapshot.by_singular[object_name]
    changed = (
        replace(object_, is_active=False)
        if field_name is None
        else replace(
            object_, fields=tuple(replace(field, is_active=field.name != field_name) for field in object_.fields)
        )
    )
    return replace(snapshot, objects={**snapshot.objects, object_.id: changed})


def test_an_object_that_is_switched_off_is_gone_with_the_relations_to_it() -> None:
    schema = lazy_schema(without(standard_snapshot(), "company"))
    assert [name for name in schema.type_map if name.startswith("Company")] == []
    assert "company" not in fields_of(schema, "Person")
    assert "company" not in fields_of(schema, "PersonFilterInput")
    assert "companies" not in fields_of(schema, "Query")
    assert "createCompany" not in fields_of(schema, "Mutation")


def test_a_field_that_is_switched_off_is_gone() -> None:
    schema = lazy_schema(without(standard_snapshot(), "opportunity", "stage"))
    assert schema.get_type("OpportunityStageEnum") is None
    assert "stage" not in fields_of(schema, "Opportunity")
    assert "stage" not in fields_of(schema, "OpportunityInput")


def test_the_counts_of_the_id_are_listed_where_there_are_no_others() -> None:
    snapshot = standard_snapshot()
    assert "id" not in fields_of(lazy_schema(snapshot), "CompanyAggregateCounts")
    company = snapshot.by_singular["company"]
    company = replace(company, fields=tuple(field for field in company.fields if field.name == "id"))
    alone = replace(snapshot, objects={**snapshot.objects, company.id: company})
    assert fields_of(lazy_schema(alone), "CompanyAggregateCounts") == {"id": "Int!"}


def test_a_relation_whose_other_end_is_switched_off_is_gone() -> None:
    schema = lazy_schema(without(standard_snapshot(), "company", "people"))
    assert "company" not in fields_of(schema, "Person")
    assert "company" not in fields_of(schema, "PersonOrderByInput")


def test_the_filter_of_a_subscription_says_which_record_it_is_about(schema: LazySchema) -> None:
    fields = schema.get_root_type(OperationType.SUBSCRIPTION).fields  # type: ignore[union-attr]  # it is there
    said = {
        name: fields[name].args["filter"].description for name in ("thingUpdated", "thingDestroyed", "thingChanged")
    }
    assert said == {
        "thingUpdated": "Only records that match after the write.",
        "thingDestroyed": "Only records that matched before.",
        "thingChanged": "Only records that match after the write; removed ones as they were before.",
    }


def test_units_have_their_article() -> None:
    said = {name: unit.description for name, unit in RELATIVE_DATE_UNIT.values.items()}
    assert (said["MINUTE"], said["HOUR"]) == ("A minute.", "An hour.")


def test_the_metadata_api_writes_by_its_own_mutations() -> None:
    schema = lazy_schema(metadata_snapshot(), METADATA_MUTATIONS)
    assert list(fields_of(schema, "Mutation")) == [*METADATA_MUTATIONS.fields]
    assert fields_of(schema, "CreatedApiKey") == {
        "id": "UUID!",
        "name": "String!",
        "token": "String!",
        "expiresAt": "DateTime",
        "createdAt": "DateTime!",
        "role": "String",
        "networks": "[String!]!",
    }
    assert fields_of(schema, "CreateFieldInput")["type"] == "FieldTypeEnum!"
    for name in ("FieldInput", "ObjectRelationInput", "ConnectTarget", "CurrencyValue"):
        assert schema.get_type(name) is None
