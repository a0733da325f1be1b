"""Values within JSON documents: filters, orders and selections by a path."""

from collections.abc import Iterator
from typing import Any

import pytest

from fieldstone.metadata.json_text import dumps, loads
from tests.apis import Apis, Served, open_apis, serve, workspace_template
from tests.databases import Databases
from tests.engine.events.desk import open_desk
from tests.engine.records import check_refused

DOCUMENTS: dict[str, str] = {
    "one": '{"a": {"b": 1}, "tags": ["x", "y"], "on": true}',
    "two": '{"a": {"b": 2.0}, "tags": [], "on": false}',
    "ten": '{"a": {"b": 10}, "tags": ["X-ray"]}',
    "huge": '{"a": {"b": 1' + "0" * 300 + "}}",
    "tiny": '{"a": {"b": -0.' + "0" * 300 + "1}}",
    "text": '{"a": {"b": "10"}, "tags": "Xylophone"}',
    "big letter": '{"a": {"b": "Zoë"}}',
    "null": '{"a": {"b": null}}',
    "list": '{"a": [{"b": 7}, {"b": 8}]}',
    "object": '{"a": {"b": {"c": 1}}}',
    "no object": '"a"',
    "a number": "5",
    "empty": "{}",
    "empty list": "[]",
}
FIND = "query ($f: JSONFilter) { companies(filter: {meta: $f}, orderBy: {name: ASC}) { edges { node { name } } } }"
ADD = 'mutation { createField(input: { objectMetadataId: "%s" name: "meta" label: "Meta" type: RAW_JSON }) { id } }'


async def add_field(apis: Apis) -> None:
    await apis.change(ADD % (await apis.snapshot()).by_singular["company"].id)


async def fill(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        await add_field(apis)
        rows: list[Any] = [{"name": name, "meta": loads(document)} for name, document in DOCUMENTS.items()]
        text = "mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { id } }"
        await apis.data(text, d=[*rows, {"name": "none"}])


@pytest.fixture(scope="module")
def documents(databases: Databases) -> Iterator[Served]:
    """The APIs over companies with these documents, and one without."""
    with databases.clone(workspace_template(databases)) as dsn:
        for served in serve(dsn):
            served.run(fill(dsn))
            yield served


def names(served: Served, condition: Any) -> set[str]:
    answer = served.ask(FIND, {"f": condition})
    assert "errors" not in answer, answer
    found = {edge["node"]["name"] for edge in answer["data"]["companies"]["edges"]}
    text = FIND.replace("query ($f: JSONFilter) ", "").replace("$f", _literal(condition))
    assert served.ask(text) == answer
    return found


def _literal(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + " ".join(f"{name}: {_literal(item)}" for name, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + " ".join(map(_literal, value)) + "]"
    return value if value in {"NULL", "NOT_NULL"} else dumps(value)


NUMBERS = {"one", "two", "ten", "huge", "tiny"}
OTHERS = {"text", "big letter", "object"}
AT_B: dict[str, tuple[dict[str, Any], set[str]]] = {
    "a number": ({"eq": 2}, {"two"}),
    "a number in other digits": ({"eq": 1.0}, {"one"}),
    "a text": ({"eq": "10"}, {"text"}),
    "an object": ({"eq": {"c": 1}}, {"object"}),
    "not equal": ({"neq": 2}, (NUMBERS | OTHERS) - {"two"}),
    "in": ({"in": [1, "10", {"c": 1}]}, {"one", "text", "object"}),
    "in nothing": ({"in": []}, set()),
    "not in": ({"notIn": [1, "10"]}, (NUMBERS | OTHERS) - {"one", "text"}),
    "not in nothing": ({"notIn": []}, NUMBERS | OTHERS),
    "greater": ({"gt": 1}, {"two", "ten", "huge"}),
    "less": ({"lte": 1}, {"one", "tiny"}),
    "greater than a text": ({"gt": "2"}, {"big letter"}),
    "less than a text": ({"lt": "2"}, {"text"}),
    "between": ({"between": [1, 10]}, {"one", "two", "ten"}),
    "between texts": ({"between": ["1", "2"]}, {"text"}),
    "between a number and a text": ({"between": [1, "2"]}, set()),
    "part of a text": ({"contains": "ZO"}, {"big letter"}),
    "part of an object": ({"contains": {"c": 1}}, {"object"}),
    "the start of a text": ({"startsWith": "1"}, {"text"}),
    "the end of a text": ({"endsWith": "ë"}, {"big letter"}),
    "a pattern": ({"like": "Z%"}, {"big letter"}),
    "a pattern of another case": ({"ilike": "z__"}, {"big letter"}),
    "a text of another case": ({"ieq": "zoë"}, {"big letter"}),
    "a key": ({"hasKey": "c"}, {"object"}),
    "any key": ({"hasAnyKeys": ["d", "c"]}, {"object"}),
    "all keys": ({"hasAllKeys": ["d", "c"]}, set()),
    "no keys": ({"hasAnyKeys": []}, set()),
    "null": ({"is": "NULL"}, {"null", "list", "no object", "a number", "empty", "empty list", "none"}),
    "equal to null": ({"eq": None}, {"null", "list", "no object", "a number", "empty", "empty list", "none"}),
    "a value": ({"isNot": "NULL"}, NUMBERS | OTHERS),
    "not equal to null": ({"neq": None}, NUMBERS | OTHERS),
    "not empty": ({"isEmpty": False}, NUMBERS | OTHERS),
    "several": ({"gt": 1, "lt": 5}, {"two"}),
}


@pytest.mark.parametrize(("condition", "expected"), AT_B.values(), ids=AT_B)
def test_operators_at_a_path(documents: Served, condition: dict[str, Any], expected: set[str]) -> None:
    assert names(documents, {"path": [{"path": ["a", "b"], **condition}]}) == expected
    assert names(documents, {"path": {"path": ["a", "b"], **condition}}) == expected


def test_paths(documents: Served) -> None:
    assert names(documents, {"path": {"path": ["a", "1", "b"], "eq": 8}}) == {"list"}
    assert names(documents, {"path": {"path": ["a", "-1", "b"], "eq": 8}}) == {"list"}
    assert names(documents, {"path": {"path": [], "eq": 5}}) == {"a number"}
    assert names(documents, {"path": {"path": "on", "eq": True}}) == {"one"}
    assert names(documents, {"path": {"path": "on", "gt": False}}) == {"one"}
    assert names(documents, {"path": {"path": ["tags"], "contains": "x"}}) == {"one", "text"}
    assert names(documents, {"path": {"path": ["tags"], "isEmpty": True}}) == {"two"}
    both = [{"path": ["a", "b"], "gte": 1}, {"path": ["tags", "0"], "startsWith": "x"}]
    assert names(documents, {"path": both}) == {"one", "ten"}


@pytest.mark.parametrize("condition", [{"hasKey": "a"}, {"hasAnyKeys": ["a", "b"]}, {"hasAllKeys": ["a"]}], ids=str)
def test_a_text_has_no_keys(documents: Served, condition: Any) -> None:
    """The document "a" was found by the key a."""
    found = names(documents, condition)
    assert "no object" not in found
    assert names(documents, {"path": {"path": [], **condition}}) == found
    assert found | names(documents, {"path": {"path": ["a"], "is": "NULL"}}) == DOCUMENTS.keys() | {"none"}
    assert names(documents, {"path": {"path": ["tags"], "hasKey": "Xylophone"}}) == set()


def test_operators_of_the_whole(documents: Served) -> None:
    assert names(documents, {"hasKey": "on"}) == {"one", "two"}
    assert names(documents, {"hasAllKeys": ["on", "tags"]}) == {"one", "two"}
    assert names(documents, {"hasAnyKeys": ["on", "tags"]}) == {"one", "two", "ten", "text"}
    assert names(documents, {"hasAllKeys": []}) == DOCUMENTS.keys()
    assert names(documents, {"path": {"path": [], "hasAllKeys": []}}) == DOCUMENTS.keys()
    assert names(documents, {"path": {"path": ["tags"], "hasAllKeys": []}}) == {"one", "two", "ten", "text"}
    assert names(documents, {"isEmpty": True}) == {"empty", "empty list"}
    assert names(documents, {"isEmpty": False}) == DOCUMENTS.keys() - {"empty", "empty list"}


def test_a_null_is_neither_one_nor_the_other(documents: Served) -> None:
    text = "query ($f: JSONFilter) { companies(filter: {not: {meta: $f}}) { totalCount } }"
    answer = documents.ask(text, {"f": {"path": {"path": ["a", "b"], "gt": 1}}})
    assert answer["data"]["companies"]["totalCount"] == 2
    answer = documents.ask(text, {"f": {"path": {"path": ["a", "b"], "eq": 1}}})
    assert answer["data"]["companies"]["totalCount"] == 7


def test_an_empty_condition(documents: Served) -> None:
    everything = {*DOCUMENTS, "none"}
    conditions: list[Any] = [{"path": []}, {"path": [{"path": ["a"]}]}, {}]
    for condition in conditions:
        assert names(documents, condition) == everything
    text = 'query ($v: JSON) { companies(filter: {meta: {path: [{path: ["a"] eq: $v}]}}) { totalCount } }'
    assert documents.ask(text)["data"]["companies"]["totalCount"] == len(everything)


@pytest.mark.parametrize("declared", ["JSON", "Int", "Float"])
def test_a_variable_may_be_of_another_type(documents: Served, declared: str) -> None:
    text = """query ($v: TYPE) { companies(filter: {meta: {path: [{path: ["on"] eq: $v}]}}) { totalCount } }"""
    text = text.replace("TYPE", declared)
    assert documents.ask(text, {"v": 3})["data"]["companies"]["totalCount"] == 0
    text = text.replace('"on"', '"a" "b"')
    assert documents.ask(text, {"v": 2})["data"]["companies"]["totalCount"] == 1


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "an object for gt": (
        {"path": ["a"], "gt": {"b": 1}},
        "gt",
        "Field 'gt' must be text, a number or a boolean, not an object.",
    ),
    "one end": (
        {"path": ["a"], "between": [1]},
        "between",
        "Field 'between' must have a list of two values for between.",
    ),
    "null for gt": ({"path": ["a"], "gt": None}, "gt", "The operator 'gt' at a path must not be null."),
    "a long path": ({"path": ["a"] * 51, "eq": 1}, "path", "Field 'path' must have at most 50 steps."),
    "an open pattern": (
        {"path": ["a"], "like": "a\\"},
        "like",
        "Field 'like' must not end with a backslash that escapes nothing.",
    ),
}


@pytest.mark.parametrize(("condition", "field", "message"), REFUSED.values(), ids=REFUSED)
def test_refusals(documents: Served, condition: Any, field: str, message: str) -> None:
    (error,) = documents.ask(FIND, {"f": {"path": [condition]}})["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "BAD_USER_INPUT", "field": field})


async def test_bulk_writes(apis: Apis) -> None:
    await add_field(apis)
    rows = [{"name": "a", "meta": {"n": 1}}, {"name": "b", "meta": {"n": 2}}]
    await apis.data("mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { id } }", d=rows)
    text = "mutation ($f: CompanyFilterInput!) { deleteCompanies(filter: $f) { name } }"
    says_nothing = "The filter says nothing; to mean all records write { id: { is: NOT_NULL } }."
    conditions: list[Any] = [{"path": []}, {"path": [{"path": ["n"]}]}]
    for condition in conditions:
        await check_refused(apis, text, "BAD_USER_INPUT", says_nothing, field="filter", f={"meta": condition})
    within = 'mutation ($v: JSON) { deleteCompanies(filter: {meta: {path: [{path: ["n"] eq: $v}]}}) { name } }'
    message = "The variable '$v' is absent: every variable in a bulk write's filter must have a value."
    await check_refused(apis, within, "BAD_USER_INPUT", message, field="filter")
    assert await apis.data(within, v=2) == {"deleteCompanies": [{"name": "b"}]}


ORDERS = {
    "numbers": ({"type": "NUMBER", "direction": "ASC"}, ["tiny", "one", "two", "ten", "huge"]),
    "numbers down": ({"type": "NUMBER", "direction": "DescNullsLast"}, ["huge", "ten", "two", "one", "tiny"]),
    "texts": ({"direction": "ASC"}, ["tiny", "one", "text", "ten"]),
}


@pytest.mark.parametrize(("order", "first"), ORDERS.values(), ids=ORDERS)
def test_an_order_and_its_pages(documents: Served, order: dict[str, str], first: list[str]) -> None:
    text = """query ($o: [CompanyOrderByInput], $a: String, $n: Int) {
        companies(orderBy: $o, first: $n, after: $a) { edges { cursor node { name } } pageInfo { hasNextPage } } }"""
    values: dict[str, Any] = {"o": [{"meta": {"path": ["a", "b"], **order}}, {"name": "ASC"}], "n": 200}
    whole = [edge["node"]["name"] for edge in documents.ask(text, values)["data"]["companies"]["edges"]]
    assert sorted(whole) == sorted([*DOCUMENTS, "none"])
    assert whole[: len(first)] == first or order.get("type") is None
    values["n"] = 2
    walked: list[str] = []
    while True:
        page = documents.ask(text, values)["data"]["companies"]
        walked += [edge["node"]["name"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        values["a"] = page["edges"][-1]["cursor"]
    assert walked == whole
    # A cursor of another path, or of another type, is none of this order.
    for other in ({"path": ["a"], **order}, {"path": ["a", "b"], **order, "type": "BOOLEAN"}):
        (error,) = documents.ask(text, values | {"o": [{"meta": other}, {"name": "ASC"}]})["errors"]
        assert "belongs to another connection or another order" in error["message"]


def test_a_path_in_a_variable_is_part_of_the_plan(documents: Served) -> None:
    """Another path was read by the plan of the first."""
    text = """query ($p: [String!]!, $t: JSONOrderType) {
        companies(orderBy: [{meta: {path: $p direction: ASC type: $t}} {name: ASC}], first: 1) {
            edges { node { name } } } }"""
    found = [
        [edge["node"]["name"] for edge in documents.ask(text, values)["data"]["companies"]["edges"]]
        for values in ({"p": ["a", "b"], "t": "NUMBER"}, {"p": ["on"], "t": "BOOLEAN"}, {"p": [], "t": "NUMBER"})
    ]
    assert found == [["tiny"], ["two"], ["a number"]]


def test_orders_that_are_refused(documents: Served) -> None:
    text = "query ($o: [CompanyOrderByInput]) { companies(orderBy: $o) { totalCount } }"
    for order, field in (({"direction": "ASC", "path": ["a"], "type": None}, "type"),):
        (error,) = documents.ask(text, {"o": [{"meta": order}]})["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": field}
    (error,) = documents.ask(text, {"o": [{"meta": {"direction": "ASC", "path": ["a"] * 51}}]})["errors"]
    assert error["message"] == "Field 'path' must have at most 50 steps."
    (error,) = documents.ask(text, {"o": [{"meta": {"path": ["a"]}}]})["errors"]
    assert "lacks the field 'direction', which is required" in error["message"]


def test_a_selection(documents: Served) -> None:
    text = """query ($p: [String!]) { company(filter: {name: {eq: "list"}}) {
        meta b: meta(path: ["a", "0", "b"]) c: meta(path: "nothing") d: meta(path: $p) e: meta(path: []) } }"""
    whole = {"a": [{"b": 7}, {"b": 8}]}
    found = documents.ask(text, {"p": ["a", "-1"]})["data"]["company"]
    assert found == {"meta": whole, "b": 7, "c": None, "d": {"b": 8}, "e": whole}
    assert documents.ask(text)["data"]["company"]["d"] == whole
    assert documents.ask(text, {"p": None})["data"]["company"]["d"] == whole
    assert documents.ask_warm(text, {"p": ["a", "-1"]})["data"]["company"] == found


async def test_a_subscription_and_a_write_that_answers_a_part(workspace_dsn: str) -> None:
    text = """subscription { companyCreated(filter: { meta: { path: [{ path: ["n"] gt: 1 }] } }) {
        name meta(path: ["n"]) } }"""
    async with open_apis(workspace_dsn) as apis:
        await add_field(apis)
    async with open_desk(workspace_dsn) as desk:
        listener = await desk.subscribe(text)
        for name, meta in (("a", {"n": 1}), ("b", {"n": "2"}), ("c", {"n": 2})):
            create = 'mutation ($d: CompanyInput!) { createCompany(data: $d) { meta(path: ["n"]) } }'
            made = await desk.data(create, d={"name": name, "meta": meta})
            assert made == {"createCompany": {"meta": meta["n"]}}
        await desk.delivered(3)
        assert listener.results == [{"name": "c", "meta": 2}]
