"""Documents that would cost too much are refused before they cost it, and none exhausts the stack."""

from collections.abc import Iterator
from typing import Any

import pytest

from fieldstone.engine.documents.document import (
    CHARACTERS,
    COMPARISONS,
    FILTER_MEMBERS,
    FRAGMENTS,
    REPEATS,
    DocumentLimits,
    parse_operation,
)
from fieldstone.engine.errors import QueryTooComplex
from fieldstone.engine.planner.subscriptions import LARGEST_SET
from tests.apis import LIMITS, Served, serve, workspace_template
from tests.databases import Databases
from tests.engine.callback_lines import Longest
from tests.engine.long_documents import ONE, doubling

DEPTH = DocumentLimits().depth


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with databases.clone(workspace_template(databases)) as dsn:
        yield from serve(dsn)


def nested(levels: int, innermost: str = "id") -> str:
    """A selection on Company of so many levels, four to a turn."""
    text = innermost
    for _ in range(levels // 4):
        text = f"people(first: 1) {{ edges {{ node {{ company {{ {text} }} }} }} }}"
    return text


def nested_filter(levels: int) -> str:
    return "{not: " * levels + '{name: {eq: "x"}}' + "}" * levels


def chain(length: int, link: str) -> str:
    """Fragments that spread each other, one `link` each."""
    fragments = [f"fragment F{n} on Company {{ {link % f'...F{n + 1}'} }}" for n in range(length)]
    return " ".join([*fragments, f"fragment F{length} on Company {{ id }}"])


TOO_COMPLEX = {
    "levels": ONE % nested(DEPTH + 4),
    "levels that break the parser": "{a" * 30_000,
    "levels of a filter": f"{{ companies(filter: {nested_filter(DEPTH + 1)}) {{ totalCount }} }}",
    "levels of lists": "{ companies(filter: {and: %s}) { totalCount } }" % ("[" * 3_000 + "]" * 3_000),
    "levels through fragments": ONE % "...F0" + chain(150, nested(8, "%s")),
    "fragments one behind the other": ONE % "...F0" + chain(200, "%s"),
    "fragments": ONE % "id" + " ".join(f"fragment F{n} on Company {{ id }}" for n in range(FRAGMENTS + 1)),
    "one field again and again": ONE % ("id " * 2_000),
    "one spread again and again": ONE % ("...F " * 2_000) + "fragment F on Company { id }",
    "inline fragments": ONE % ("... { id } " * (REPEATS + 1)),
    "aliases": ONE % " ".join(f"a{n}: id" for n in range(DocumentLimits().aliases + 1)),
    "fields behind fragments": ONE % "...F0" + doubling(14),
    "levels of a variable's type": f"query ($f: {'[' * 150}Int{']' * 150}) {{ __typename }}",
    "operations that spread the same fragments": "query a { ...F } " * 400
    + " ".join(["fragment F on Query {", *(f"x{n}: companies(first: $n) {{ totalCount }}" for n in range(400)), "}"]),
    "characters of white space": "{ companies %s { totalCount } }" % (" " * CHARACTERS),
    "characters of a string": '{ companies(filter: {name: {eq: "%s"}}) { totalCount } }' % ("x" * CHARACTERS),
    "tokens": ONE % " ".join(f"x{n}" for n in range(DocumentLimits().tokens)),
}


@pytest.mark.parametrize("document", TOO_COMPLEX.values(), ids=TOO_COMPLEX)
def test_too_complex(served: Served, document: str) -> None:
    log = served.apis.database.log
    log.steps.clear()
    answer = served.ask(document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
    assert "data" not in answer
    assert not log


def test_a_document_that_the_parser_gives_up_is_refused_for_its_levels() -> None:
    for document in ("{a" * 250 + "}" * 250, "{a(b: " + "[" * 250 + "]" * 250 + ")}"):
        with pytest.raises(QueryTooComplex, match=f"nested deeper than {DEPTH} levels"):
            parse_operation(document, None, DocumentLimits())


INVALID = {
    "a fragment that spreads itself": ONE % "...F" + "fragment F on Company { ...F }",
    "fragments in a circle": ONE % "...F" + "fragment F on Company { ...G } fragment G on Company { people { edges {"
    " node { company { ...F } } } } }",
    "an unknown fragment": ONE % "...F",
    "a hundred unknown fields": ONE % " ".join(f"unknown{n}" for n in range(100)),
    "an integer that is none": "{ companies(first: 99999999999999999999) { totalCount } }",
    "an integer of many digits": "{ companies(first: %s) { totalCount } }" % ("9" * 50_000),
    "a number of many digits": "{ companies(filter: {employees: {eq: %s}}) { totalCount } }" % ("9" * 50_000),
    "conflicting fields": "{ a: companies { totalCount } a: people { totalCount } }",
}


@pytest.mark.parametrize("document", INVALID.values(), ids=INVALID)
def test_not_valid(served: Served, document: str) -> None:
    answer = served.ask(document)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"GRAPHQL_VALIDATION_FAILED"}
    assert 0 < len(answer["errors"]) <= 21
    assert "data" not in answer


WITHIN_LIMITS = {
    "three hundred fragments that select the same": ONE % " ".join(f"...F{n}" for n in range(FRAGMENTS))
    + " ".join(f"fragment F{n} on Company {{ {nested(4)} }}" for n in range(FRAGMENTS)),
    "levels": ONE % nested(DEPTH - 4),
    "levels of a filter": f"{{ companies(filter: {nested_filter(DEPTH - 4)}) {{ totalCount }} }}",
    "fragments one behind the other": ONE % "...F0" + chain(40, "%s"),
    "fields behind fragments": ONE % "...F0" + doubling(4),
    "one field again and again": ONE % ("id " * REPEATS),
    "aliases": ONE % " ".join(f"a{n}: id" for n in range(DocumentLimits().aliases)),
}


@pytest.mark.parametrize("document", WITHIN_LIMITS.values(), ids=WITHIN_LIMITS)
def test_within_limits(served: Served, document: str) -> None:
    assert "errors" not in served.ask(document)


@pytest.mark.parametrize("operator", ["not", "and", "or"])
def test_a_filter_in_variables_is_as_deep_as_one_in_the_document(served: Served, operator: str) -> None:
    document = "query ($f: CompanyFilterInput) { companies(filter: $f) { totalCount } }"
    levels = (DEPTH if operator == "not" else DEPTH // 2) - 4

    def ask(levels: int) -> Any:
        filter_: Any = {"name": {"eq": "Nowhere"}}
        for _ in range(levels):
            filter_ = {operator: filter_} if operator == "not" else {operator: [filter_, {"employees": {"eq": -1}}]}
        return served.ask(document, {"f": filter_})

    assert ask(levels) == {"data": {"companies": {"totalCount": 0}}}
    (error,) = ask(levels + 6)["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["message"] == "Variable '$f' is nested too deeply."


PAGE_SIZES = {
    "first": "'first' must be from 0 to 200, not 201.",
    "last": "'last' must be from 0 to 200, not 201.",
    "limit": "'limit' must be from 0 to 200, not 201.",
}


@pytest.mark.parametrize(("argument", "message"), PAGE_SIZES.items(), ids=PAGE_SIZES)
def test_a_page_past_the_limit_is_refused_and_not_cut(served: Served, argument: str, message: str) -> None:
    answer = served.ask(f"{{ companies({argument}: 201) {{ totalCount }} }}")
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert error == {
        "message": message,
        "locations": [{"line": 1, "column": 3}],
        "path": ["companies"],
        "extensions": {"code": "BAD_USER_INPUT", "field": argument},
    }


def test_the_limits_are_those_of_the_contract() -> None:
    assert (LIMITS.document.depth, LIMITS.document.aliases) == (100, 500)
    assert (LIMITS.records.default_page, LIMITS.records.largest_page, LIMITS.records.bulk) == (60, 200, 10_000)


FILTERED = {
    "records": "query ($f: PersonFilterInput) { people(filter: $f) { edges { node { id } } } }",
    "a total": "query ($f: PersonFilterInput) { people(filter: $f) { totalCount } }",
    "no records": "query ($f: PersonFilterInput) { people(filter: $f, first: 0) { edges { node { id } } } }",
    "an aggregate": "query ($f: PersonFilterInput) { peopleAggregate(filter: $f) { __typename } }",
    "groups": "query ($f: PersonFilterInput) { peopleGroupBy(filter: $f, groupBy: [{ city: true }]) { count } }",
    "no groups": "query ($f: PersonFilterInput) { peopleGroupBy(groupBy: [{id: true}] first: 0 filter: $f) { count } }",
    "a bulk update": 'mutation ($f: PersonFilterInput!) { updatePeople(filter: $f, data: {city: "x"}) { id } }',
    "a subscription": "subscription ($f: PersonFilterInput) { personCreated(filter: $f) { id } }",
}


def any_of(count: int) -> Any:
    """A filter of so many comparisons, which have two parameters each."""
    return {"or": [{"createdAt": {"between": ["2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"]}} for _ in range(count)]}


@pytest.mark.parametrize("document", FILTERED.values(), ids=FILTERED)
def test_the_comparisons_of_an_operation_are_limited_by_us_and_not_by_the_database(
    served: Served, document: str
) -> None:
    is_subscription = document.startswith("subscription")
    # A comparison here has two values, and a subscription's set has a limit of its own for these.
    within = served.ask(document, {"f": any_of(LARGEST_SET // 2 if is_subscription else COMPARISONS)})
    if is_subscription:
        assert within["errors"][0]["message"] == (
            "A subscription is served over WebSocket, or as an event stream: send it to this path with '/stream' behind"
            " it, or with 'Accept: text/event-stream'."
        )
    else:
        assert "errors" not in within
    log = served.apis.database.log
    log.steps.clear()
    (error,) = served.ask(document, {"f": any_of(COMPARISONS + 1)})["errors"]
    assert error["extensions"] == {"code": "QUERY_TOO_COMPLEX"}
    assert error["message"] == (
        "The filters of the operation have more than 1,000 comparisons. An 'in' with a list is one, whatever its"
        " length."
    )
    assert not log


def test_the_comparisons_of_all_filters_count_together(served: Served) -> None:
    document = (
        "query ($f: PersonFilterInput) { a: people(filter: $f) { totalCount } b: people(filter: $f) { totalCount } }"
    )
    assert "errors" not in served.ask(document, {"f": any_of(COMPARISONS // 2)})
    (error,) = served.ask(document, {"f": any_of(COMPARISONS // 2 + 1)})["errors"]
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


MANY_MEMBERS = {
    "comparisons": {"or": [{"email": {"eq": f"{n}"}} for n in range(100_000)]},
    "lists in lists": {"and": [{"or": [{"email": {"eq": f"{n}"}} for n in range(300)]} for _ in range(300)]},
    "filters that say nothing": {"or": [{}] * 100_000},
    "columns that say nothing": {"and": [{"company": {"name": {}}}] * 50_000},
}


@pytest.mark.parametrize("filter_", MANY_MEMBERS.values(), ids=MANY_MEMBERS)
def test_a_large_filter_is_refused_before_all_of_it_is_read(served: Served, longest: Longest, filter_: Any) -> None:
    document = FILTERED["records"]
    served.ask(document, {"f": any_of(1)})
    (error,) = served.ask(document, {"f": filter_})["errors"]
    # All of it would take millions.
    assert longest.lines < 300_000
    assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert error["message"].startswith(f"The filters in the variables have more than {FILTER_MEMBERS:,} members.")


def test_a_long_list_is_one_comparison(served: Served) -> None:
    listed = {"email": {"in": [f"{n}" for n in range(20_000)]}}
    assert served.ask(FILTERED["a total"], {"f": listed}) == {"data": {"people": {"totalCount": 0}}}


def test_records_to_be_written_are_no_filter(served: Served) -> None:
    document = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
    made = served.ask(document, {"data": [{"name": f"{n}", "employees": n} for n in range(FILTER_MEMBERS)]})
    assert len(made["data"]["createCompanies"]) == FILTER_MEMBERS
