"""Aggregates: exact values of every type, one scan beside a page, and the other names of single ones."""

from decimal import Decimal
from typing import Any

import pytest

from tests.apis import Apis, Served
from tests.engine.records import create
from tests.reference import Reference
from tests.reference_values import agree


async def ask(apis: Apis, text: str) -> Any:
    answer = await apis.ask(text)
    assert "errors" not in answer, answer
    return answer["data"]


async def test_long_numbers_lose_no_digit(specimens: Apis) -> None:
    await specimens.ask("mutation { destroySpecimens(filter: { id: { is: NOT_NULL } }) { id } }")
    for number in (2**53 + 1, 2**53 + 3, 2**53 + 4, 2**63 - 1):
        await create(specimens, "specimen", aNumberBigint=str(number), aNumeric=f"{number}.25")
    found = await ask(
        specimens,
        "{ specimensAggregate { median { aNumberBigint aNumeric } sum { aNumberBigint } max { aNumberBigint } } }",
    )
    assert found["specimensAggregate"] == {
        "median": {"aNumberBigint": "9007199254740995.5", "aNumeric": "9007199254740995.75"},
        "sum": {"aNumberBigint": str(3 * 2**53 + 8 + 2**63 - 1)},
        "max": {"aNumberBigint": "9223372036854775807"},
    }


async def test_what_is_of_a_sample_needs_two_values(specimens: Apis) -> None:
    await specimens.ask("mutation { destroySpecimens(filter: { id: { is: NOT_NULL } }) { id } }")
    document = "{ specimensAggregate { stddev { aNumber } variance { aNumber } median { aNumber } avg { aRating } } }"
    nothing: dict[str, Any] = {name: {"aNumber": None} for name in ("stddev", "variance", "median")}
    nothing["avg"] = {"aRating": None}
    assert await ask(specimens, document) == {"specimensAggregate": nothing}
    await create(specimens, "specimen", aNumber=1, aRating="RATING_5")
    one = nothing | {"median": {"aNumber": 1}, "avg": {"aRating": 5}}
    assert await ask(specimens, document) == {"specimensAggregate": one}
    await create(specimens, "specimen", aNumber=4, aRating="RATING_2")
    two = {"stddev": {"aNumber": Decimal("2.1213203435596426")}, "variance": {"aNumber": Decimal("4.5")}}
    found = (await ask(specimens, document))["specimensAggregate"]
    assert (found["variance"], found["median"], found["avg"]) == (
        two["variance"],
        {"aNumber": Decimal("2.5")},
        {"aRating": Decimal("3.5")},
    )
    assert str(found["stddev"]["aNumber"]).startswith("2.12132034355964")


async def test_what_is_empty(specimens: Apis) -> None:
    await specimens.ask("mutation { destroySpecimens(filter: { id: { is: NOT_NULL } }) { id } }")
    document = """{ specimensAggregate {
        countEmpty { aText aArray aMultiSelect aBoolean aRawJson aFullName { firstName lastName } }
        percentEmpty { aText }
        countDistinct { aText aRawJson }
        countTrue { aBoolean } countFalse { aBoolean } } }"""
    empty = (await ask(specimens, document))["specimensAggregate"]
    assert empty["countEmpty"]["aText"] == 0
    assert empty["percentEmpty"] == {"aText": None}
    await create(specimens, "specimen", aText="", aArray=[], aMultiSelect=[], aRawJson=[])
    await create(specimens, "specimen", aText=" ", aArray=[""], aBoolean=False, aRawJson={"a": 1})
    await create(specimens, "specimen", aBoolean=True, aFullName={"firstName": "", "lastName": "x"})
    found = (await ask(specimens, document))["specimensAggregate"]
    assert found == {
        "countEmpty": {
            "aText": 2,
            "aArray": 2,
            "aMultiSelect": 3,
            "aBoolean": 1,
            "aRawJson": 2,
            "aFullName": {"firstName": 3, "lastName": 2},
        },
        "percentEmpty": {"aText": Decimal("66.6666666666666667")},
        "countDistinct": {"aText": 2, "aRawJson": 2},
        "countTrue": {"aBoolean": 1},
        "countFalse": {"aBoolean": 1},
    }


NESTED = """query ($first: Int, $after: String, $last: Int, $offset: Int) {
  companies(first: 5, orderBy: { name: ASC }) {
    totalCount
    aggregate { count max { employees } }
    edges { node {
      people(first: $first, last: $last, after: $after, offset: $offset, orderBy: { lastName: DESC }) {
        totalCount
        aggregate { count countDistinct { city } median { position } min { email } }
        edges { cursor node { email activities(first: 1) { totalCount aggregate { count } edges { node { title } } } } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    } }
  }
}"""


@pytest.mark.parametrize(
    "variables", [{}, {"first": 0}, {"first": 1}, {"first": 3}, {"last": 2}, {"first": 2, "offset": 1}], ids=str
)
def test_a_page_and_its_aggregates_agree_with_the_oracle(
    served: Served, reference: Reference, variables: dict[str, Any]
) -> None:
    expected = reference.ask(NESTED, variables)
    for warm in (False, True):
        found = served.ask_warm(NESTED, variables) if warm else served.ask(NESTED, variables)
        assert agree(found["data"], expected["data"]), f"{found}\n{expected}"


def test_a_nested_page_reads_its_table_once(sample: Served) -> None:
    log = sample.apis.database.log
    log.steps.clear()
    sample.ask("{ companies(first: 2) { edges { node { people { totalCount sumPosition edges { node { id } } } } } } }")
    (text,) = log.texts
    assert text.count('"person"') == 1


def test_a_root_reads_its_page_and_one_scan_for_all_aggregates(sample: Served) -> None:
    log = sample.apis.database.log
    log.steps.clear()
    document = (
        "{ people(first: 1) { totalCount edges { node { id } } countEmptyCity aggregate { median { position } } } }"
    )
    found = sample.ask(document)["data"]["people"]
    (text,) = log.texts
    assert text.count('"person"') == 2
    assert list(found) == ["totalCount", "edges", "countEmptyCity", "aggregate"]


def test_a_page_behind_a_cursor_has_the_aggregates_of_all_records(sample: Served) -> None:
    page = "companies(first: 1) { edges { node { people(first: 2, after: $after) { %s } } } }"
    document = "query ($after: String) { " + page % "totalCount aggregate { count } edges { cursor node { id } }" + " }"
    first = sample.ask(document)["data"]["companies"]["edges"][0]["node"]["people"]
    after = sample.ask(document, {"after": first["edges"][0]["cursor"]})["data"]["companies"]["edges"][0]["node"][
        "people"
    ]
    assert after["totalCount"] == first["totalCount"] == after["aggregate"]["count"]
    assert after["edges"][0] == first["edges"][1]


def test_other_names_answer_what_the_aggregate_does(served: Served) -> None:
    document = """{ specimens(first: 0, filter: { deletedAt: { eq: null } }) {
      sumANumber avgANumber minANumber maxANumber sumACurrencyAmountMicros avgACurrencyAmountMicros
      countUniqueValuesAText countEmptyAText countNotEmptyAText percentageEmptyAText percentageNotEmptyAText
      countTrueABoolean countFalseABoolean minASelect maxADateTime minAAddressAddressLat
      aggregate {
        sum { aNumber aCurrency { amountMicros } } avg { aNumber aCurrency { amountMicros } }
        min { aNumber aSelect aAddress { addressLat } }
        max { aNumber aDateTime } countDistinct { aText } countEmpty { aText } countNotEmpty { aText }
        percentEmpty { aText } percentNotEmpty { aText } countTrue { aBoolean } countFalse { aBoolean } } } }"""
    found = served.ask(document)["data"]["specimens"]
    all_ = found.pop("aggregate")
    assert list(found.values()) == [
        *(all_[one]["aNumber"] for one in ("sum", "avg", "min", "max")),
        *(all_[one]["aCurrency"]["amountMicros"] for one in ("sum", "avg")),
        *(
            all_[one]["aText"]
            for one in ("countDistinct", "countEmpty", "countNotEmpty", "percentEmpty", "percentNotEmpty")
        ),
        *(all_[one]["aBoolean"] for one in ("countTrue", "countFalse")),
        all_["min"]["aSelect"],
        all_["max"]["aDateTime"],
        all_["min"]["aAddress"]["addressLat"],
    ]
    assert None not in found.values()


async def test_a_composite_is_empty_where_all_that_identifies_it_is(specimens: Apis) -> None:
    await specimens.ask("mutation { destroySpecimens(filter: { id: { is: NOT_NULL } }) { id } }")
    for name in (None, {"firstName": ""}, {"firstName": "a", "lastName": "b"}, {"firstName": "a"}):
        await create(specimens, "specimen", aFullName=name)
    found = await ask(
        specimens,
        "{ specimens { countEmptyAFullName countNotEmptyAFullName percentageEmptyAFullName"
        " countUniqueValuesAFullName } }",
    )
    assert list(found["specimens"].values()) == [2, 2, 50, 3]


@pytest.mark.parametrize(
    "name", ["sumCity", "countTrueCity", "countEmpty", "countEmptycity", "sumCompany", "medianPosition", "sumCreatedBy"]
)
def test_no_name_is_made_up(sample: Served, name: str) -> None:
    (error,) = sample.ask(f"{{ people {{ {name} }} }}")["errors"]
    assert error["message"] == f"Cannot query field '{name}' on type 'PersonConnection'."


def test_the_counts_of_the_id_are_answered_and_not_listed(sample: Served) -> None:
    document = """{ peopleAggregate { count countDistinct { id } percentNotEmpty { id } }
      __type(name: "PersonAggregateCounts") { fields { name } } }"""
    data = sample.ask(document)["data"]
    count = data["peopleAggregate"]["count"]
    assert data["peopleAggregate"] == {"count": count, "countDistinct": {"id": count}, "percentNotEmpty": {"id": 100}}
    names = [field["name"] for field in data["__type"]["fields"]]
    assert "id" not in names
    assert "email" in names


def test_constants_alone_read_nothing(sample: Served) -> None:
    document = '{ people(filter: { city: { eq: "Berlin" } }) { aggregate { __typename sum { __typename } } } }'
    assert sample.ask(document) == {
        "data": {
            "people": {"aggregate": {"__typename": "PersonAggregate", "sum": {"__typename": "PersonAggregateSum"}}}
        }
    }


def test_a_write_answers_aggregates_of_relations(sample: Served) -> None:
    document = (
        'mutation { createCompany(data: { name: "x" }) { people { totalCount aggregate { count } edges { cursor } } } }'
    )
    people = {"totalCount": 0, "aggregate": {"count": 0}, "edges": []}
    assert sample.ask(document) == {"data": {"createCompany": {"people": people}}}
