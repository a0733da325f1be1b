"""Groups as clients of Twenty ask for them: spellings that are accepted beside ours, and not listed."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.records import create

OURS_AND_TWENTYS = {
    "a bucket": ("[{ closeDate: { bucket: YEAR } }]", "[{ closeDate: { granularity: YEAR } }]", "[]", "[]"),
    "the count": ("[{ stage: true }]", "[{ stage: true }]", "[{ count: DESC }]", "[{ aggregate: { count: DESC } }]"),
    "its other name": (
        "[{ stage: true }]",
        "[{ stage: true }]",
        "[{ count: DESC }]",
        "{ aggregate: { totalCount: DESC } }",
    ),
    "a sum": (
        "[{ stage: true }]",
        "[{ stage: true }]",
        "[{ sum: { amount: DESC } }]",
        "[{ aggregate: { sumAmount: DESC } }]",
    ),
    "a count of parts": (
        "[{ stage: true }]",
        "[{ stage: true }]",
        "[{ countNotEmpty: { createdBy: { name: DESC } } }]",
        "[{ aggregate: { countNotEmptyCreatedByName: DESC } }]",
    ),
    "a field": ("[{ stage: true }]", "[{ stage: true }]", "[{ key: { stage: DESC } }]", "[{ stage: DESC }]"),
    "a field of a relation": (
        "[{ company: { name: true } }]",
        "[{ company: { name: true } }]",
        "[{ key: { company: { name: DESC } } }]",
        "[{ company: { name: DESC } }]",
    ),
    "a date": (
        "[{ closeDate: { bucket: YEAR } }]",
        "[{ closeDate: { granularity: YEAR } }]",
        "[{ key: { closeDate: DESC } }]",
        "[{ closeDate: { orderBy: DESC granularity: YEAR } }]",
    ),
    "a date in any bucket": (
        "[{ closeDate: { bucket: YEAR } }]",
        "[{ closeDate: { granularity: YEAR } }]",
        "[{ key: { closeDate: DescNullsLast } }]",
        "{ closeDate: { orderBy: DescNullsLast } }",
    ),
}


@pytest.fixture
async def opportunities(apis: Apis) -> Apis:
    for stage, amount, date in (("NEW", 5, "2024-01-01"), ("MEETING", 1, "2025-02-01"), ("MEETING", 2, "2025-03-01")):
        company = {"create": {"name": f"of {stage}"}}
        await create(apis, "opportunity", name="x", stage=stage, amount=amount, closeDate=date, company=company)
    return apis


@pytest.mark.parametrize(("ours", "twentys", "order", "other"), OURS_AND_TWENTYS.values(), ids=[*OURS_AND_TWENTYS])
async def test_its_spellings_mean_what_ours_do(
    opportunities: Apis, ours: str, twentys: str, order: str, other: str
) -> None:
    text = "{ opportunitiesGroupBy(groupBy: %s orderBy: %s) { groupByDimensionValues count cursor } }"
    found = await opportunities.data(text % (ours, order))
    assert len(found["opportunitiesGroupBy"]) == 2
    assert await opportunities.data(text % (twentys, other)) == found


@pytest.mark.parametrize(
    "said",
    [
        "groupBy: [{ stage: true }] orderBy: [{ stage: $d }]",
        "groupBy: [{ stage: true }] orderBy: [{ aggregate: { totalCount: $d } }]",
        "groupBy: [{ closeDate: { granularity: YEAR } }] orderBy: [{ closeDate: $d }]",
        "groupBy: [{ closeDate: { granularity: YEAR } }] orderBy: [{ closeDate: { orderBy: $d granularity: YEAR } }]",
        "groupBy: [{ closeDate: { granularity: YEAR } }] orderBy: [{ closeDate: { orderBy: $d } }]",
    ],
)
async def test_a_direction_in_a_variable_decides(opportunities: Apis, said: str) -> None:
    text = f"query ($d: OrderByDirection) {{ opportunitiesGroupBy({said}) {{ count }} }}"
    up, down = [await opportunities.data(text, d=direction) for direction in ("ASC", "DESC")]
    assert up["opportunitiesGroupBy"] == down["opportunitiesGroupBy"][::-1]


async def test_variables_have_a_plan_for_each_spelling_and_value(opportunities: Apis) -> None:
    text = """query ($g: [OpportunityGroupByInput]!, $o: [OpportunityGroupByOrderByInput]) {
      opportunitiesGroupBy(groupBy: $g, orderBy: $o) { count } }"""

    async def counts(group: Any, order: Any) -> list[int]:
        found = await opportunities.data(text, g=[group], o=[order])
        return [one["count"] for one in found["opportunitiesGroupBy"]]

    for name in ("granularity", "bucket", "granularity"):
        assert await counts({"closeDate": {name: "YEAR"}}, {"aggregate": {"count": "DESC"}}) == [2, 1]
        assert await counts({"closeDate": {name: "YEAR"}}, {"aggregate": {"count": "ASC"}}) == [1, 2]
        assert await counts({"closeDate": {name: "MONTH"}}, {"closeDate": "DESC"}) == [1, 1, 1]
        for direction, expected in (("ASC", [1, 2]), ("DESC", [2, 1])):
            of_year = {"closeDate": {"orderBy": direction, "granularity": "YEAR"}}
            assert await counts({"closeDate": {name: "YEAR"}}, of_year) == expected


async def test_a_list_is_no_direction(apis: Apis) -> None:
    text = """query ($o: [OpportunityGroupByOrderByInput]) {
      opportunitiesGroupBy(groupBy: [{ closeDate: { granularity: YEAR } }] orderBy: $o) { count } }"""
    error = await apis.error(text, o=[{"closeDate": {"orderBy": ["ASC"]}}])
    assert error["message"].startswith("'orderBy' must be one of ASC DESC"), error


async def test_its_order_by_a_date_is_that_of_one_bucket(opportunities: Apis) -> None:
    both = "groupBy: [{ closeDate: { granularity: YEAR } } { closeDate: { granularity: MONTH_OF_THE_YEAR } }]"
    text = f"""query ($o: [OpportunityGroupByOrderByInput], $g: DateBucket) {{
      given: opportunitiesGroupBy({both} orderBy: $o) {{ groupByDimensionValues }}
      literal: opportunitiesGroupBy({both} orderBy: [{{ closeDate: {{ orderBy: DESC granularity: $g }} }}]) {{
        groupByDimensionValues }}
    }}"""

    async def months(granularity: str) -> list[str]:
        order = {"closeDate": {"orderBy": "DESC", "granularity": granularity}}
        found = await opportunities.data(text, o=[order], g=granularity)
        assert found["given"] == found["literal"]
        return [month for _, month in (one["groupByDimensionValues"] for one in found["given"])]

    assert await months("MONTH_OF_THE_YEAR") == ["3", "2", "1"]
    assert await months("YEAR") == ["2", "3", "1"]
    assert await months("MONTH_OF_YEAR") == ["3", "2", "1"]


REFUSED = {
    "no order of a date": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: { granularity: DAY } }]",
        "The order by 'closeDate' needs an 'orderBy', such as ASC.",
    ),
    "no direction of a date": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: { orderBy: UP } }]",
        "'orderBy' must be one of ASC DESC AscNullsFirst",
    ),
    "no direction of a date at all": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: UP }]",
        "Value 'UP' does not exist in 'OrderByDirection' enum.",
    ),
    "no bucket of an order": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: { orderBy: ASC granularity: FORTNIGHT } }]",
        "'granularity' must be one of MINUTE HOUR DAY",
    ),
    "another bucket": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: { orderBy: ASC granularity: MONTH } }]",
        "'closeDate' is not grouped by MONTH in 'groupBy'.",
    ),
    "a date that is not grouped by": (
        "[{ stage: true }]",
        "[{ closeDate: { orderBy: ASC granularity: MONTH } }]",
        "'closeDate' cannot be ordered by: it is not in 'groupBy'.",
    ),
    "no member of an order of a date": (
        "[{ closeDate: { bucket: DAY } }]",
        "[{ closeDate: { orderBy: ASC size: DAY } }]",
        'The value has the unknown member "size": it must be a direction, or an object { orderBy: .. granularity: .. }',
    ),
    "both names": (
        "[{ closeDate: { bucket: DAY granularity: MONTH } }]",
        "[]",
        "The value has both 'bucket' and 'granularity', which is another name of it.",
    ),
    "no bucket": ("[{ closeDate: { granularity: FORTNIGHT } }]", "[]", "'granularity' must be one of MINUTE HOUR DAY"),
    "no member of a date": (
        "[{ closeDate: { size: DAY } }]",
        "[]",
        'The value has the unknown member "size": it must be true or an object { bucket: ..',
    ),
    "no member of a number": (
        "[{ amount: { step: 5 } }]",
        "[]",
        'The value has the unknown member "step": it must be true or an object { width: .. }.',
    ),
    "no object": ("[{ amount: 5 }]", "[]", "The value must be true or an object { width: .. }, not 5."),
    "a value that is not grouped by": (
        "[{ stage: true }]",
        "[{ name: ASC }]",
        "'name' cannot be ordered by: it is not in 'groupBy'.",
    ),
    "no direction": ("[{ stage: true }]", "[{ stage: UP }]", "Value 'UP' does not exist in 'OrderByDirection' enum."),
    "no field": (
        "[{ stage: true }]",
        "[{ stag: ASC }]",
        "Expected value of type 'OpportunityGroupByOrderByInput' not to include unknown field 'stag'",
    ),
    "no aggregate": (
        "[{ stage: true }]",
        "{ aggregate: { stage: ASC } }",
        "Expected value of type 'OpportunityGroupByOrderByInputAggregate' not to include unknown field 'stage'",
    ),
    "no direction of an aggregate": (
        "[{ stage: true }]",
        "[{ aggregate: { totalCount: UP } }]",
        "Value 'UP' does not exist in 'OrderByDirection' enum.",
    ),
    "no object of an aggregate": (
        "[{ stage: true }]",
        "[{ aggregate: null }]",
        "The order by 'aggregate' must be an object.",
    ),
    "two keys": (
        "[{ stage: true }]",
        "[{ stage: ASC aggregate: { count: ASC } }]",
        "An orderBy object takes one key, since the order of several is lost",
    ),
}


@pytest.mark.parametrize(("group", "order", "message"), REFUSED.values(), ids=[*REFUSED])
async def test_wrong_ones_are_named(apis: Apis, group: str, order: str, message: str) -> None:
    error = await apis.error(f"{{ opportunitiesGroupBy(groupBy: {group} orderBy: {order}) {{ count }} }}")
    assert error["message"].startswith(message), error
