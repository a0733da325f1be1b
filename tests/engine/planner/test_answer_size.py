"""PostgreSQL counts the bytes of an answer that may be large, and stops at the limit before all of it is built."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.answer_size import LARGE, estimate_size, most_bytes
from fieldstone.engine.planner.context import PlanContext, RecordLimits
from fieldstone.engine.planner.reads.queries import plan_query
from fieldstone.sql.plan.read import ReadPlan
from tests.apis import LIMITS, Served, serve, workspace_template
from tests.databases import Databases
from tests.models import standard_snapshot

SNAPSHOT = standard_snapshot()
MOST = 20_000
PEOPLE = 30


def people(page: int, below: str) -> str:
    return f"people(first: {page}) {{ edges {{ node {{ {below} }} }} }}"


def company(below: str) -> str:
    return f"company {{ {below} }}"


def planned(document: str) -> ReadPlan:
    operation = parse_operation(document, None, DocumentLimits())
    return plan_query(PlanContext(snapshot=SNAPSHOT, operation=operation, variables={}, limits=RecordLimits()), {})


def size(document: str) -> int:
    return estimate_size(planned(document))


def aliases(field: str, number: int) -> str:
    return " ".join(f"a{n}: {field}" for n in range(number))


PAGE_INFO = "people(first: 0) { pageInfo { endCursor } }"
SMALL = {
    "a page of texts": f"{{ {people(200, 'id email firstName lastName jobTitle city createdAt')} }}",
    "nested pages": f"{{ {people(20, company(people(20, 'id createdAt')))} }}",
    "a total": "{ people { totalCount } }",
}
LARGE_ONES = {
    "three default pages": f"{{ {people(60, company(people(60, company(people(60, 'id')))))} }}",
    "many fields": f"{{ {people(200, company(people(200, aliases('createdAt', 10))))} }}",
    "texts": f"{{ {people(100, company(people(100, 'email')))} }}",
    "a long alias": f"{{ {people(200, 'a' * 30_000 + ': id')} }}",
    "page infos": f"{{ {people(200, company(aliases(PAGE_INFO, 200)))} }}",
}


@pytest.mark.parametrize("document", SMALL.values(), ids=SMALL)
def test_an_answer_that_is_small_is_not_counted(document: str) -> None:
    assert size(document) <= LARGE


@pytest.mark.parametrize("document", LARGE_ONES.values(), ids=LARGE_ONES)
def test_an_answer_that_may_be_large_is(document: str) -> None:
    assert size(document) > LARGE


@pytest.mark.parametrize(("pages", "most"), [(16, MOST), (17, MOST // 2)])
def test_many_pages_side_by_side_have_half_of_the_bytes(pages: int, most: int) -> None:
    page = people(200, "email city jobTitle")
    parts = " ".join(f"a{n}: {page}" for n in range(pages))
    assert most_bytes(planned(f"{{ {parts} }}"), MOST) == most
    below = " ".join(f"a{n}: {page}" for n in range(pages - 1))
    assert most_bytes(planned(f"{{ {people(1, company(below))} }}"), MOST) == most
    assert most_bytes(planned(f"{{ {people(100, company(below))} }}"), MOST) == MOST, "they take turns"


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    """The APIs where an answer that is counted has 20,000 bytes at most, and a company of 30 people."""
    limits = replace(LIMITS, records=RecordLimits(response_bytes=MOST))
    with databases.clone(workspace_template(databases)) as dsn:
        for served in serve(dsn, limits=limits):
            made = served.ask('mutation { createCompany(data: {name: "Crowd"}) { id } }')
            id_ = made["data"]["createCompany"]["id"]
            crowd = [{"email": f"{n:02}", "companyId": id_} for n in range(PEOPLE)]
            served.ask("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", {"data": crowd})
            yield served


def is_refused(answer: Any, most: int = MOST) -> bool:
    if "errors" not in answer:
        return False
    (error,) = answer["errors"]
    assert error["message"] == f"The answer is too large: the answer has more than {most} bytes."
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    return True


PAGE = len('{"node":{"email":"00"}},') * PEOPLE - 1
ROW = len('{"node":{"company":{"people":{"edges":[]}}}},') + PAGE
"""Bytes of a page of all people, and of a person with such a page and the comma behind."""
FIT = (MOST + 1) // ROW
"""Such persons whose page is within the limit; the pages below them are fewer bytes."""


def counted(*parts: str) -> str:
    """Return a query of these parts beside one that reads nothing and might read much."""
    nothing = people(200, company(people(200, "email"))).replace("(", '(filter: {email: {eq: "none"}}, ', 1)
    return f"query ($n: Int) {{ nothing: {nothing} {' '.join(parts)} }}"


CROWDS = people(200, company(people(PEOPLE, "email"))).replace("200", "$n")


def test_each_answer_is_counted_from_zero_and_its_levels_apart(served: Served) -> None:
    assert FIT <= PEOPLE
    assert FIT * (ROW + PAGE) > 1.9 * MOST
    document = counted(CROWDS)
    for _ in range(3):
        assert not is_refused(served.ask(document, {"n": FIT}))
    assert is_refused(served.ask(document, {"n": FIT + 1}))
    assert not is_refused(served.ask(document, {"n": FIT}))


def test_pages_side_by_side_are_added(served: Served) -> None:
    document = counted("a: " + CROWDS, "b: " + CROWDS)
    assert not is_refused(served.ask(document, {"n": FIT // 2}))
    assert is_refused(served.ask(document, {"n": FIT // 2 + 1}))


def test_pages_below_a_record_are_added(served: Served) -> None:
    (edge,) = served.ask("{ companies { edges { node { id } } } }")["data"]["companies"]["edges"]
    page = people(PEOPLE // 2, "email")
    parts = " ".join(f"p{n}: {page}" for n in range(MOST // 2 // (PAGE // 2) + 1))
    whole = f'company(id: "{edge["node"]["id"]}") {{ {parts} }}'
    # They are kept side by side.
    assert is_refused(served.ask(counted(whole).replace("($n: Int)", "")), MOST // 2)
    assert not is_refused(served.ask(counted(whole.replace(f"p0: {page}", "")).replace("($n: Int)", "")))


def test_the_warm_path_refuses_likewise(served: Served) -> None:
    document = counted(
        people(PEOPLE, company(people(PEOPLE, "email"))).replace("(", "(filter: {email: {startsWith: $e}}, ", 1)
    )
    document = document.replace("$n: Int", "$e: String")
    assert not is_refused(served.ask(document, {"e": "00"}))
    assert served.ask_warm(document, {"e": "00"}) is not None
    assert is_refused(served.ask(document, {"e": ""}))
    assert served.ask_warm(document, {"e": "01"}) is not None


def test_what_a_mutation_reads_back_is_counted(served: Served) -> None:
    document = "mutation ($t: String, $f: PersonFilterInput!) { updatePeople(filter: $f, data: {jobTitle: $t}) { %s } }"
    document %= company(people(PEOPLE, "email"))
    few = [f"{n:02}" for n in range(FIT)]
    assert not is_refused(served.ask(document, {"t": "few", "f": {"email": {"in": few}}}))
    assert is_refused(served.ask(document, {"t": "all", "f": {"email": {"gte": ""}}}))
    found = served.ask('{ people(filter: {jobTitle: {eq: "few"}}) { totalCount } }')
    assert found == {"data": {"people": {"totalCount": FIT}}}, "nothing of the refused one was kept"
