"""The fields of the types of groups, for an object with a field of every type."""

import pytest

from fieldstone.engine.schema.lazy import lazy_schema
from tests.engine.schema.thing import COMPOSITES, NAMES, RELATIONS, TOTALS, fields_of
from tests.models import all_types_snapshot

SHAPES = {
    **dict.fromkeys(("countDistinct", "countEmpty", "countNotEmpty"), "AggregateCounts"),
    **dict.fromkeys(("percentEmpty", "percentNotEmpty"), "AggregatePercentages"),
    **dict.fromkeys(("countTrue", "countFalse"), "AggregateBooleans"),
    **dict.fromkeys(("sum", "avg", "stddev", "variance"), "AggregateTotals"),
    **dict.fromkeys(("min", "max"), "AggregateExtremes"),
    "median": "AggregateMedian",
}

EXPECTED: dict[str, dict[str, str]] = {
    "ThingGroupByInput": {
        name: f"{type_}GroupByInput"
        if type_ in COMPOSITES | RELATIONS
        else "DateGrouping"
        if type_ in {"Date", "DateTime"}
        else "NumberGrouping"
        if name in TOTALS and name != "ratingField"
        else "Boolean"
        for name, type_ in NAMES.items()
        if type_ not in {"JSON", "TSVector"}
    },
    "ThingGroupByKey": {
        name: "DateGroup!"
        if type_ in {"Date", "DateTime"}
        else f"{type_}GroupByKey!"
        if type_ in RELATIONS
        else f"{type_}!"
        if type_ in COMPOSITES
        else type_
        for name, type_ in NAMES.items()
        if type_ not in {"JSON", "TSVector"}
    },
    "ThingGroupByOrderByInput": {
        "key": "ThingOrderByInput",
        "count": "OrderByDirection",
        **{
            # Percentages have the fields that counts have.
            name: f"Thing{shape.replace('Percentages', 'Counts')}OrderByInput"
            for name, shape in SHAPES.items()
        },
    },
    "ThingHavingInput": {
        "count": "IntFilter",
        **{name: f"Thing{shape}FilterInput" for name, shape in SHAPES.items()},
        "and": "[ThingHavingInput!]",
        "or": "[ThingHavingInput!]",
        "not": "ThingHavingInput",
    },
    "ThingAggregateBooleansFilterInput": {"booleanField": "IntFilter"},
    "ThingAggregateBooleansOrderByInput": {"booleanField": "OrderByDirection"},
    "CurrencyValueGroupByInput": {"amountMicros": "NumberGrouping", "currencyCode": "Boolean"},
    "CurrencyValueAggregateTotalsFilterInput": {"amountMicros": "BigFloatFilter"},
    "CurrencyValueAggregateTotalsOrderByInput": {"amountMicros": "OrderByDirection"},
}


@pytest.mark.parametrize("name", EXPECTED)
def test_fields(name: str) -> None:
    assert fields_of(lazy_schema(all_types_snapshot()), name) == EXPECTED[name]
