"""The price of an operation: the share of each of its parts, and the operations that are refused for it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.planner.cost import price_of
from fieldstone.engine.planner.reads.queries import plan_query
from tests.apis import LIMITS, Served, serve, workspace_template
from tests.databases import Databases
from tests.models import standard_snapshot
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.specimens import specimen_template

ID = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
SNAPSHOT = standard_snapshot()


def braced(text: str) -> str:
    return f"{{ {text} }}"


def of_companies(arguments: str, below: str) -> str:
    return f"companies{arguments} {{ edges {{ node {{ {below} }} }} }}"


def of_people(arguments: str, below: str) -> str:
    return f"people{arguments} {{ edges {{ node {{ {below} }} }} }}"


def of_activities(arguments: str) -> str:
    return f"activities{arguments} {{ edges {{ node {{ id }} }} }}"


THREE_LEVELS = braced(of_companies("", of_people("", of_activities(""))))
THREE_FULL_LEVELS = braced(of_companies("(first: 200)", of_people("(first: 200)", of_activities("(first: 200)"))))

PRICES: dict[str, tuple[str, int]] = {
    "the default page": ("{ people { edges { node { id } } } }", 60),
    "first": ("{ people(first: 7) { edges { node { id } } } }", 7),
    "last": ("{ people(last: 7) { edges { node { id } } } }", 7),
    "limit": ("{ people(limit: 7) { edges { node { id } } } }", 7),
    "no records": ("{ people(first: 0) { edges { node { id } } } }", 0),
    "the info of a page": ("{ people(first: 7) { pageInfo { hasNextPage } } }", 7),
    "the info of a page beside its records": (
        "{ people(first: 7) { pageInfo { endCursor } edges { cursor } } }",
        7,
    ),
    "the records twice": ("{ people(first: 7) { a: edges { cursor } b: edges { node { id } } } }", 14),
    "one record": (f'{{ person(id: "{ID}") {{ id email company {{ name }} }} }}', 1),
    "a total": ("{ people { totalCount } }", 100),
    "a total and a page": ("{ people(first: 3) { totalCount edges { cursor } } }", 103),
    "an aggregate": ("{ peopleAggregate { count } }", 100),
    "distinct records": ("{ people(distinctOn: [city] orderBy: { city: ASC } first: 5) { edges { cursor } } }", 105),
    "aggregates that sort": ("{ peopleAggregate { count median { position } countDistinct { city } } }", 300),
    "groups": ("{ peopleGroupBy(groupBy: [{ city: true }]) { count sum { position } } }", 100),
    "groups under an aggregate of related records": (
        "{ peopleGroupBy(groupBy: [{ city: true }] filter: { activitiesAggregate: { count: { gt: 1 } } }) { count } }",
        100 + 100,
    ),
    "records of groups in the order of aggregates": (
        (
            "{ peopleGroupBy(groupBy: [{ city: true }] first: 10) { a: records(first: 1, "
            "orderBy: [{ activitiesAggregate: { count: DESC } }]) { edges { cursor } } "
            "b: records(first: 2) { edges { cursor } } } }"
        ),
        100 + 100 + 10 * 1 + 10 * 2,
    ),
    "records of groups": (
        (
            "{ peopleGroupBy(groupBy: [{ city: true }] first: 10) { a: records(first: 5) { totalCount edges { node {"
            " activities(first: 3) { edges { cursor } } } } } b: records { edges { cursor } } } }"
        ),
        100 + 10 * 5 + 10 * 5 * 3 + 10 * 60,
    ),
    "nested": (braced(of_companies("(first: 10)", of_people("(first: 5)", "id"))), 10 + 50),
    "below one record": (f'{{ company(id: "{ID}") {{ {of_people("(first: 5)", "id")} }} }}', 1 + 5),
    "over a to-one relation": (
        braced(of_people("(first: 10)", "company " + braced(of_people("(first: 5)", "id")))),
        10 + 50,
    ),
    "nested totals": (braced(of_companies("(first: 10)", "people { totalCount }")), 10 + 10 * 5),
    "aliases": ("{ a: people(first: 3) { edges { cursor } } b: people(first: 4) { edges { cursor } } }", 7),
    "merged fields": ("{ people(first: 3) { edges { cursor } } people(first: 3) { edges { node { id } } } }", 3),
    "a fragment twice": (
        "{ a: company(id: %r) { ...F } b: company(id: %r) { ...F } } fragment F on Company { %s }".replace(
            "%r", f'"{ID}"'
        )
        % of_people("(first: 5)", "id"),
        2 * (1 + 5),
    ),
    "an inline fragment": (braced(of_companies("(first: 10)", "... " + braced(of_people("(first: 5)", "id")))), 60),
    "a skipped field": ("{ people(first: 3) { edges @skip(if: true) { cursor } totalCount } }", 100),
    "a constant offset": ("{ people(first: 3, offset: 1000) { edges { cursor } } }", 3 + 100),
    "a nested offset": (
        braced(of_companies("(first: 10)", of_people("(first: 5, offset: 20)", "id"))),
        10 + 50 + 10 * 2,
    ),
    "a name alone": ("{ __typename }", 0),
    "three levels of the default page": (THREE_LEVELS, 219_660),
    "three levels of the largest page": (THREE_FULL_LEVELS, 8_040_200),
}


@pytest.mark.parametrize(("document", "expected"), PRICES.values(), ids=PRICES)
def test_price(document: str, expected: int) -> None:
    context = PlanContext(
        snapshot=SNAPSHOT,
        operation=parse_operation(document, None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
    )
    price = price_of(plan_query(context, {}), context.parameters)
    assert price.of(Bindings(variables={}, actor="")) == expected


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with databases.clone(workspace_template(databases)) as dsn:
        yield from serve(dsn)


@pytest.fixture(scope="module")
def strict(databases: Databases) -> Iterator[Served]:
    """The APIs where an operation may cost 50, and three companies with two people each."""
    limits = replace(LIMITS, records=RecordLimits(cost=50))
    with databases.clone(workspace_template(databases)) as dsn:
        for served in serve(dsn, limits=limits):
            made = served.ask(
                "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }",
                {"data": [{"name": name} for name in "abc"]},
            )
            ids = [one["id"] for one in made["data"]["createCompanies"]]
            people = [{"email": f"{n}@{id_}", "companyId": id_} for id_ in ids for n in range(2)]
            served.ask("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", {"data": people})
            yield served


def refusal(answer: Any) -> dict[str, Any]:
    """The only error of an operation that was refused as a whole."""
    assert answer.get("data") is None, answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    return dict(error)


def test_three_levels_of_the_default_page_are_answered(served: Served) -> None:
    assert served.ask(THREE_LEVELS) == {"data": {"companies": {"edges": []}}}


def test_the_message_names_the_dearest_part_and_its_product(served: Served) -> None:
    log = served.apis.database.log
    log.steps.clear()
    error = refusal(served.ask(THREE_FULL_LEVELS))
    assert error == {
        "message": "The operation costs 8,040,200, and at most 500,000 is allowed (FIELDSTONE_MAX_COST or the role's "
        "maxCost). Its dearest part is companies > people > activities: 200 x 200 x 200 = 8,000,000. Ask for "
        "fewer records there, with 'first' for instance.",
        "extensions": {
            "code": "QUERY_TOO_COMPLEX",
            "cost": 8_040_200,
            "limit": 500_000,
            "path": ["companies", "edges", "node", "people", "edges", "node", "activities"],
        },
    }
    assert not log


def test_a_price_beyond_all_numbers_is_told_as_more_than_one(served: Served) -> None:
    below = "id"
    for _ in range(16):
        below = of_people("(first: 200)", "company " + braced(below))
    error = refusal(served.ask(f'{{ company(id: "{ID}") {{ {below} }} }}'))
    assert error["message"].startswith("The operation costs more than 1,000,000,000,000,000, and at most 500,000 ")
    assert error["extensions"]["cost"] == 10**15


def test_the_number_of_a_variable_is_priced(strict: Served) -> None:
    document = "query ($n: Int, $m: Int) " + braced(of_companies("(first: $n)", of_people("(first: $m)", "id")))
    assert len(strict.ask(document, {"n": 5, "m": 9})["data"]["companies"]["edges"]) == 3
    assert refusal(strict.ask(document, {"n": 5, "m": 10}))["extensions"]["cost"] == 55
    assert refusal(strict.ask(document, {"n": 5}))["extensions"]["cost"] == 5 + 5 * 60
    assert len(strict.ask(document, {"n": 5, "m": 9})["data"]["companies"]["edges"]) == 3


def test_offsets_are_priced_for_each_request_warm_or_not(strict: Served) -> None:
    document = (
        "query ($a: Int, $b: Int) { a: people(first: 1, offset: $a) { edges { cursor } }"
        " b: people(first: 1, offset: $b) { edges { cursor } } }"
    )
    cheap, dear = {"a": 200, "b": 280}, {"a": 200, "b": 290}
    assert "errors" not in strict.ask(document, cheap)
    assert strict.ask_warm(document, cheap) is not None
    assert strict.ask_warm(document, dear) is None
    error = refusal(strict.ask(document, dear))
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX", "cost": 51, "limit": 50, "path": ["b"]}
    assert error["message"].endswith(
        "Its dearest part is offset of b: 29. Ask for the page behind a cursor there, with 'after'."
    )
    assert strict.ask_warm(document, cheap) is not None
    assert refusal(strict.ask("{ people(first: 1, offset: 500) { edges { cursor } } }"))["extensions"]["cost"] == 51


def test_a_warm_request_is_as_dear_as_it_was(strict: Served) -> None:
    document = "query ($n: Int) { people(first: $n) { edges { node { id } } } }"
    for warm in (False, True):
        ask = strict.ask_warm if warm else strict.ask
        assert len(ask(document, {"n": 50})["data"]["people"]["edges"]) == 6
    assert strict.ask_warm(document, {"n": 51}) is None
    refusal(strict.ask(document, {"n": 51}))
    assert strict.ask_warm(document, {"n": 51}) is None


def test_what_is_refused_besides_does_not_make_it_cheap(strict: Served) -> None:
    document = "query ($n: Int) { person(filter: {}) { id } people(first: $n) { edges { cursor } } }"
    answer = strict.ask(document, {"n": 50})
    assert [error["path"] for error in answer["errors"]] == [["person"]]
    assert len(answer["data"]["people"]["edges"]) == 6
    refusal(strict.ask(document, {"n": 51}))


def test_no_limit(databases: Databases) -> None:
    with databases.clone(workspace_template(databases)) as dsn:
        for served in serve(dsn, limits=replace(LIMITS, records=RecordLimits(cost=0))):
            assert served.ask(THREE_FULL_LEVELS) == {"data": {"companies": {"edges": []}}}
            deep = "{ people(first: 1, offset: 2000000000) { edges { cursor } } }"
            assert served.ask(deep) == {"data": {"people": {"edges": []}}}


# Mutations: the records that are written cost nothing, those that are answered below them do.

ANSWER = "{ id company { people(first: 20) { edges { node { id } } } } }"


def names(served: Served) -> list[Any]:
    found = served.ask("{ people(first: 40) { edges { node { jobTitle } } } }")["data"]["people"]["edges"]
    return [edge["node"]["jobTitle"] for edge in found]


def test_a_mutation_pays_for_each_record_that_it_answers(strict: Served) -> None:
    document = (
        "mutation ($t: String, $emails: [String!]) { updatePeople(filter: {email: {in: $emails}},"
        f" data: {{jobTitle: $t}}) {ANSWER} }}"
    )
    found = strict.ask("{ people(first: 40) { edges { node { email } } } }")["data"]["people"]["edges"]
    emails = [edge["node"]["email"] for edge in found]
    assert len(strict.ask(document, {"t": "two", "emails": emails[:2]})["data"]["updatePeople"]) == 2
    error = refusal(strict.ask(document, {"t": "three", "emails": emails[:3]}))
    assert error["extensions"]["cost"] == 60
    assert "updatePeople > people: 3 x 20 = 60." in error["message"]
    titles = names(strict)
    assert (titles.count("two"), titles.count("three")) == (2, 0)  # nothing of the refused one was kept


def test_a_mutation_whose_answer_is_too_dear_for_one_record_is_not_begun(strict: Served) -> None:
    log = strict.apis.database.log
    log.steps.clear()
    part = 'a%d: updatePerson(id: "' + ID + '", data: {jobTitle: "x"}) ' + ANSWER
    refusal(strict.ask("mutation " + braced(" ".join(part % n for n in range(3)))))
    assert not log


def test_the_fields_of_a_mutation_pay_together(strict: Served) -> None:
    answer = "{ id company { people(first: 9) { edges { cursor } } } }"
    part = '%s: updatePeople(filter: {email: {startsWith: "0@"}}, data: {jobTitle: "kept"}) ' + answer
    assert len(strict.ask("mutation " + braced(part % "a"))["data"]["a"]) == 3
    error = refusal(strict.ask("mutation " + braced(part % "a" + " " + part.replace("kept", "lost") % "b")))
    assert error["extensions"]["cost"] == 54
    assert "lost" not in names(strict)


def test_records_that_are_destroyed_are_limited_by_the_price_of_the_answer(strict: Served) -> None:
    strict.ask('mutation { createPeople(data: [{email: "d1"}, {email: "d2"}, {email: "d3"}]) { id } }')
    document = "mutation ($f: PersonFilterInput!) " + braced("destroyPeople(filter: $f) " + ANSWER)
    error = refusal(strict.ask(document, {"f": {"email": {"in": ["d1", "d2", "d3"]}}}))
    assert error["message"] == (
        "The filter means more than the 2 records that may be answered with this selection, which costs 20 for each "
        "record (FIELDSTONE_MAX_COST); nothing was written."
    )
    assert len(strict.ask(document, {"f": {"email": {"in": ["d1", "d2"]}}})["data"]["destroyPeople"]) == 2
    assert (
        len(strict.ask(document.replace(ANSWER, "{ id }"), {"f": {"email": {"eq": "d3"}}})["data"]["destroyPeople"])
        == 1
    )


def test_the_metadata_api_has_the_same_prices(strict: Served) -> None:
    cheap = "{ objects(first: 2) { edges { node { fields(first: 20) { edges { node { name } } } } } } }"
    assert len(strict.ask_metadata(cheap)["data"]["objects"]["edges"]) == 2
    error = refusal(strict.ask_metadata(cheap.replace("first: 2)", "first: 3)")))
    assert "objects > fields: 3 x 20 = 60." in error["message"]


def test_what_a_change_of_the_model_answers_has_its_price(strict: Served) -> None:
    document = (
        'mutation { createObject(input: {nameSingular: "%s", namePlural: "%ss", labelSingular: "%s",'
        ' labelPlural: "%ss"}) { id fields(first: %d) { edges { node { name } } } } }'
    )
    refusal(strict.ask_metadata(document % ("rocket", "rocket", "Rocket", "Rocket", 60)))
    made = strict.ask_metadata(document % ("rocket", "rocket", "Rocket", "Rocket", 20))
    assert made["data"]["createObject"]["fields"]["edges"]


def test_a_subscription_costs_what_one_of_its_results_does(strict: Served) -> None:
    document = "subscription { personUpdated { id company { people(first: %d) { edges { node { id } } } } } }"
    error = refusal(strict.ask(document % 51))
    assert error["extensions"]["path"] == ["personUpdated", "company", "people"]
    assert strict.ask(document % 50)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"  # not over this transport


# The price is an upper bound.


class Bench:
    """The engine over records of every type."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        snapshot = served.snapshot()
        self.reference = Reference(snapshot, load_rows(dsn, snapshot))
        self.ids = sorted(id_ for rows in self.reference.rows.values() for id_ in rows)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


def count_records(data: Any) -> int:
    """The records in an answer that stand in lists."""
    if isinstance(data, dict):
        return sum(map(count_records, data.values()))
    if isinstance(data, list):
        return sum(isinstance(item, dict) for item in data) + sum(map(count_records, data))
    return 0


@pytest.mark.long
@given(data=st.data())
@examples(100)
def test_never_more_records_come_back_than_were_paid_for(bench: Bench, data: st.DataObject) -> None:
    document, variables = data.draw(queries(bench.reference.schema, bench.ids)).write(lift=True)
    answer = bench.served.ask(document, variables, tells_cost=True)
    assert count_records(answer["data"]) <= answer["extensions"]["cost"]
