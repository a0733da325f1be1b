"""increment, append, remove, setPath, deletePath: an update changes values by the values before."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.apis import Apis, filled_template, open_apis
from tests.databases import Databases
from tests.engine.records import Event, take_events

SHOWN = "id count big ratio exact tags colors meta"


async def fill(apis: Apis) -> None:
    made = await apis.change(
        'mutation { createObject(input: {nameSingular: "item", namePlural: "items", labelSingular: "Item",'
        ' labelPlural: "Items"}) { id } }'
    )
    for name, type_, more in (
        ("count", "NUMBER", {"settings": {"dataType": "int"}}),
        ("big", "NUMBER", {"settings": {"dataType": "bigint"}}),
        ("ratio", "NUMBER", {"settings": {"dataType": "float"}}),
        ("exact", "NUMERIC", {}),
        ("tags", "ARRAY", {}),
        ("colors", "MULTI_SELECT", {"options": [{"value": v, "label": v, "position": n} for n, v in enumerate("RGB")]}),
        ("meta", "RAW_JSON", {}),
    ):
        given = {"objectMetadataId": made["createObject"]["id"], "name": name, "label": name, "type": type_, **more}
        await apis.change("mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }", i=given)


@pytest.fixture
def items_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(filled_template(databases, "objects of items", fill))


@pytest.fixture
async def items(items_dsn: str) -> AsyncIterator[Apis]:
    """The APIs over a workspace that has an object with numbers, lists and a JSON document."""
    async with open_apis(items_dsn) as opened:
        yield opened


async def create(apis: Apis, **data: Any) -> str:
    answer = await apis.data("mutation ($d: ItemInput!) { createItem(data: $d) { id } }", d=data)
    return str(answer["createItem"]["id"])


async def update(apis: Apis, id_: str, arguments: str, **variables: Any) -> dict[str, Any]:
    declared = "".join(
        f", ${name}: {variables.pop(name + '_type')}" for name in [*variables] if name + "_type" in variables
    )
    text = f"mutation ($id: UUID!{declared}) {{ updateItem(id: $id, {arguments}) {{ {SHOWN} }} }}"
    answer = await apis.data(text, id=id_, **variables)
    return dict(answer["updateItem"])


async def refusal(apis: Apis, id_: str, arguments: str) -> tuple[str, dict[str, Any]]:
    """The message and the extensions of a refused update, which has written nothing."""
    await take_events(apis)
    error = await apis.error(f"mutation ($id: UUID!) {{ updateItem(id: $id, {arguments}) {{ id }} }}", id=id_)
    assert await take_events(apis) == []
    return error["message"], error["extensions"]


async def test_increment(items: Apis) -> None:
    id_ = await create(items, count=1, big="9007199254740993", ratio=0.5, exact="0.1")
    found = await update(items, id_, 'increment: {count: 2, big: "1", ratio: -1.25, exact: "0.2"}')
    assert (found["count"], found["big"], found["ratio"], found["exact"]) == (3, "9007199254740994", -0.75, "0.3")
    # NULL stays NULL.
    id_ = await create(items, count=1)
    found = await update(items, id_, 'increment: {count: -3, big: 1, ratio: 1, exact: 1}, data: {name: "x"}')
    assert [found[name] for name in ("count", "big", "ratio", "exact")] == [-2, None, None, None]


async def test_append_and_remove(items: Apis) -> None:
    id_ = await create(items, tags=["a", "b", "a"], colors=["G"])
    found = await update(items, id_, 'append: {tags: ["c", "a"], colors: [R, G, B]}')
    assert (found["tags"], found["colors"]) == (["a", "b", "a", "c", "a"], ["G", "R", "B"])
    found = await update(items, id_, 'remove: {tags: ["a", "z"], colors: [R]}')
    assert (found["tags"], found["colors"]) == (["b", "c"], ["G", "B"])
    found = await update(items, id_, 'remove: {tags: ["b", "c"]}, append: {colors: []}')
    assert (found["tags"], found["colors"]) == ([], ["G", "B"])
    id_ = await create(items)
    found = await update(items, id_, 'remove: {tags: ["a"], colors: [R]}')
    assert (found["tags"], found["colors"]) == (None, None)
    found = await update(items, id_, 'append: {tags: "a", colors: R}')
    assert (found["tags"], found["colors"]) == (["a"], ["R"])


SETTINGS = {
    "a new key": ({"a": 1}, [{"path": ["b"], "value": 2}], {"a": 1, "b": 2}),
    "a key that is there": ({"a": 1}, [{"path": ["a"], "value": [1]}], {"a": [1]}),
    "a deep key": ({}, [{"path": ["a", "b", "c"], "value": {"d": None}}], {"a": {"b": {"c": {"d": None}}}}),
    "beside another": ({"a": {"x": 1}}, [{"path": ["a", "b"], "value": 2}], {"a": {"x": 1, "b": 2}}),
    "null on the way": ({"a": None}, [{"path": ["a", "b"], "value": 2}], {"a": {"b": 2}}),
    "no document": (None, [{"path": ["a"], "value": 1}], {"a": 1}),
    "null as the value": ({"a": 1}, [{"path": ["a"], "value": None}], {"a": None}),
    "an item of a list": ({"a": [1, 2]}, [{"path": ["a", "1"], "value": 3}], {"a": [1, 3]}),
    "behind a list": ({"a": [1]}, [{"path": ["a", "7"], "value": 2}], {"a": [1, 2]}),
    "inside a list": ({"a": [{"b": 1}]}, [{"path": ["a", "0", "b"], "value": 2}], {"a": [{"b": 2}]}),
    "a list as the document": ([1], [{"path": ["0"], "value": 2}], [2]),
    "one after the other": ({}, [{"path": ["a"], "value": {}}, {"path": ["a", "b"], "value": 1}], {"a": {"b": 1}}),
    "a key with a quote": ({}, [{"path": ["a'\"\\"], "value": "x"}], {"a'\"\\": "x"}),
}


@pytest.mark.parametrize(("before", "settings", "after"), SETTINGS.values(), ids=SETTINGS)
async def test_set_path(items: Apis, before: Any, settings: Any, after: Any) -> None:
    id_ = await create(items, meta=before)
    found = await update(items, id_, "setPath: {meta: $s}", s=settings, s_type="[JSONPathValueInput!]!")
    assert found["meta"] == after


THROUGH = {
    "a number": ({"a": 1}, ["a", "b"]),
    "a text": ({"a": "x"}, ["a", "0"]),
    "a list by no number": ({"a": [1]}, ["a", "b"]),
    "a number as the document": (5, ["a"]),
}


@pytest.mark.parametrize(("before", "path"), THROUGH.values(), ids=THROUGH)
async def test_a_path_that_leads_through_another_value(items: Apis, before: Any, path: list[str]) -> None:
    id_ = await create(items, meta=before)
    steps = ", ".join(f'"{step}"' for step in path)
    message, extensions = await refusal(items, id_, f"setPath: {{meta: [{{path: [{steps}], value: 1}}]}}")
    assert extensions == {"code": "BAD_USER_INPUT", "field": "setPath"}
    assert message.startswith("'setPath' cannot follow a path: ")
    assert "has no member" in message


REMOVALS = {
    "a key": ({"a": 1, "b": 2}, [["a"]], {"b": 2}),
    "a deep key": ({"a": {"b": 1, "c": 2}}, [["a", "b"]], {"a": {"c": 2}}),
    "two": ({"a": 1, "b": 2, "c": 3}, [["a"], ["b"]], {"c": 3}),
    "an item": ({"a": [1, 2, 3]}, [["a", "1"]], {"a": [1, 3]}),
    "nowhere": ({"a": 1}, [["b"], ["a", "b"], ["c", "d"]], {"a": 1}),
    "no number in a list": ({"a": [1]}, [["a", "x"]], {"a": [1]}),
    "in a number": (5, [["a"]], 5),
    "in no document": (None, [["a"]], None),
    "none": ({"a": 1}, [], {"a": 1}),
}


@pytest.mark.parametrize(("before", "paths", "after"), REMOVALS.values(), ids=REMOVALS)
async def test_delete_path(items: Apis, before: Any, paths: Any, after: Any) -> None:
    id_ = await create(items, meta=before)
    found = await update(items, id_, "deletePath: {meta: $p}", p=paths, p_type="[[String!]!]!")
    assert found["meta"] == after


@pytest.mark.parametrize("step", ["1", "+1", "01", "-02", "+0000000000001", " 1", "\t+1", "\v\f\r\n1"])
async def test_a_step_that_reads_an_item_of_a_list_changes_it(items: Apis, step: str) -> None:
    """Of these, `setPath` and `deletePath` knew `1` alone."""
    id_ = await create(items, meta={"a": [1, 2, 3]})
    text = "query ($i: UUID!, $p: [String!]!) { item(filter: { id: { eq: $i } }) { meta(path: $p) } }"
    path = ["a", step]
    assert await items.data(text, i=id_, p=path) == {"item": {"meta": 2}}
    found = await update(items, id_, "setPath: {meta: {path: $p, value: 5}}", p=path, p_type="[String!]!")
    assert found["meta"] == {"a": [1, 5, 3]}
    found = await update(items, id_, "deletePath: {meta: [$p]}", p=path, p_type="[String!]!")
    assert found["meta"] == {"a": [1, 3]}


@pytest.mark.parametrize("step", ["", " ", "+", "1 ", "+ 1", "++1", "1.0", "0x1", "\u00a01", "\u0661"])
async def test_a_step_that_reads_no_item_of_a_list_changes_none(items: Apis, step: str) -> None:
    id_ = await create(items, meta={"a": [1, 2, 3]})
    text = "query ($i: UUID!, $p: [String!]!) { item(filter: { id: { eq: $i } }) { meta(path: $p) } }"
    path = ["a", step]
    assert await items.data(text, i=id_, p=path) == {"item": {"meta": None}}
    found = await update(items, id_, "deletePath: {meta: [$p]}", p=path, p_type="[String!]!")
    assert found["meta"] == {"a": [1, 2, 3]}
    change = "mutation ($i: UUID!, $p: [String!]!) { updateItem(id: $i, setPath: {meta: {path: $p, value: 5}}) { id } }"
    assert "has no member" in (await items.error(change, i=id_, p=path))["message"]


async def test_one_path_is_a_list_of_one(items: Apis) -> None:
    id_ = await create(items, meta={"a": {"b": 1}, "c": 2})
    assert (await update(items, id_, 'deletePath: {meta: ["c"]}'))["meta"] == {"a": {"b": 1}}
    assert (await update(items, id_, 'deletePath: {meta: [["a", "b"]]}'))["meta"] == {"a": {}}
    assert (await update(items, id_, 'setPath: {meta: {path: "x", value: 1}}'))["meta"] == {"a": {}, "x": 1}


@pytest.mark.parametrize(
    ("name", "value", "by"),
    [
        ("count", 2**31 - 1, 1),
        ("count", -(2**31), -1),
        ("big", str(2**63 - 1), '"1"'),
        ("ratio", 1.7e308, "1.7e308"),
        ("exact", "9" * 1_000, '"1"'),
        ("exact", str(10**999), '"0.1"'),
    ],
)
async def test_a_sum_that_is_out_of_range_names_the_record(items: Apis, name: str, value: Any, by: Any) -> None:
    other, id_ = await create(items, **{name: 1}), await create(items, **{name: value})
    message, extensions = await refusal(items, id_, f"increment: {{{name}: {by}}}")
    assert message == f"'{name}' of the Item {id_} would be out of range."
    assert extensions == {
        "code": "BAD_USER_INPUT",
        "field": name,
        "input": ["increment", name],
        "rows": [{"id": id_, "field": name}],
    }
    text = f"mutation {{ updateItems(filter: {{id: {{is: NOT_NULL}}}}, increment: {{{name}: {by}}}) {{ id }} }}"
    error = await items.error(text)
    assert error["extensions"]["rows"] == [{"id": id_, "field": name}]
    assert other


async def test_in_bulk(items: Apis) -> None:
    for number in range(5):
        await create(items, name=f"{number}", count=number, tags=["a"])
    await take_events(items)
    text = """mutation ($by: Int!) {
      updateItems(filter: {count: {gte: 2}}, increment: {count: $by}, append: {tags: ["b"]}, data: {name: "x"}) {
        count tags name } }"""
    answer = await items.data(text, by=10)
    assert sorted(row["count"] for row in answer["updateItems"]) == [12, 13, 14]
    assert all((row["tags"], row["name"]) == (["a", "b"], "x") for row in answer["updateItems"])
    events: list[Event] = await take_events(items)
    assert [event.action for event in events] == ["updated"] * 3
    assert all((event.after or {})["count"] == (event.before or {})["count"] + 10 for event in events)
    answer = await items.data("mutation { updateItems(filter: {count: {eq: 0}}, increment: {count: 7}) { count } }")
    assert answer == {"updateItems": [{"count": 7}]}


TWICE = {
    "data": ("increment: {count: 1}, data: {count: 2}", "'count' of Item stands in 'data' and in 'increment'"),
    "two changes": (
        'append: {tags: ["a"]}, remove: {tags: ["b"]}',
        "'tags' of Item stands in 'append' and in 'remove'",
    ),
    "both of a document": (
        'setPath: {meta: [{path: ["a"], value: 1}]}, deletePath: {meta: [["b"]]}',
        "'meta' of Item stands in 'setPath' and in 'deletePath'",
    ),
}


@pytest.mark.parametrize(("arguments", "expected"), TWICE.values(), ids=TWICE)
async def test_a_field_is_changed_in_one_way(items: Apis, arguments: str, expected: str) -> None:
    message, extensions = await refusal(items, await create(items), arguments)
    assert message == f"{expected}: a field is changed in one way."
    assert extensions["code"] == "BAD_USER_INPUT"


REFUSED = {
    "null": "increment: {count: null}",
    "nothing": "increment: {}",
    "null as a whole": "increment: null",
    "an empty path": "setPath: {meta: [{path: [], value: 1}]}",
    "a path without a value": 'setPath: {meta: [{path: ["a"], value: 1}, {path: ["b"]}]}',
    "an empty path to delete": "deletePath: {meta: [[]]}",
    "an option twice": "append: {colors: [R, R]}",
}


@pytest.mark.parametrize("arguments", REFUSED.values(), ids=REFUSED)
async def test_refused_values(items: Apis, arguments: str) -> None:
    _, extensions = await refusal(items, await create(items, count=1), arguments)
    assert extensions["code"] == "BAD_USER_INPUT"


async def test_a_path_whose_value_is_absent_is_refused(items: Apis) -> None:
    """The value that was there became null."""
    id_ = await create(items, meta={"a": 1})
    change = 'updateItem(id: $id, setPath: {meta: [{path: ["a"], value: $v}]}) { meta }'
    text = f"mutation ($id: UUID!, $v: JSON) {{ {change} }}"
    (error,) = (await items.send(text, {"id": id_})).errors
    assert error.message == "Field 'meta' must have a 'value' for each path: null is JSON's null."
    given = "mutation ($id: UUID!, $s: ItemSetPathInput) { updateItem(id: $id, setPath: $s) { meta } }"
    (error,) = (await items.send(given, {"id": id_, "s": {"meta": [{"path": ["a"]}]}})).errors
    assert error.field == "meta"
    assert (await items.data(text, id=id_, v=None))["updateItem"] == {"meta": {"a": None}}


async def test_absent_variables_change_nothing(items: Apis) -> None:
    id_ = await create(items, count=1, big=1)
    text = """mutation ($id: UUID!, $n: Int, $i: ItemIncrementInput) {
      a: updateItem(id: $id, increment: {count: $n, big: 1}) { count big }
      b: updateItem(id: $id, increment: $i, data: {name: "x"}) { count big } }"""
    answer = await items.data(text, id=id_)
    assert answer == {"a": {"count": 1, "big": "2"}, "b": {"count": 1, "big": "2"}}
    answer = await items.data(text, id=id_, n=5, i={"count": 1})
    assert answer == {"a": {"count": 6, "big": "3"}, "b": {"count": 7, "big": "3"}}


async def test_increments_of_many_clients_add_up(items: Apis) -> None:
    id_ = await create(items, count=0)
    text = "mutation ($id: UUID!) { updateItem(id: $id, increment: {count: 1}) { count } }"
    answers = await asyncio.gather(*[items.data(text, id=id_) for _ in range(40)])
    assert sorted(answer["updateItem"]["count"] for answer in answers) == list(range(1, 41))


async def test_it_is_one_statement_and_warm(items: Apis) -> None:
    id_ = await create(items, count=1)
    text = "mutation ($id: UUID!, $n: Int!) { updateItem(id: $id, increment: {count: $n}) { count } }"
    items.database.log.steps.clear()
    assert await items.data(text, id=id_, n=2) == {"updateItem": {"count": 3}}
    assert len(items.database.log) == 1
    assert await items.send_warm(text, {"id": id_, "n": 4}) == b'{"data":{"updateItem":{"count":7}}}'


async def test_beside_nested_writes(apis: Apis) -> None:
    made = await apis.data("mutation { createCompany(data: {employees: 1}) { id } }")
    text = """mutation ($id: UUID!, $by: Int!, $email: String!) {
      updateCompany(id: $id, increment: {employees: $by}, data: {people: {create: [{email: $email}]}}) {
        employees people { totalCount } } }"""
    id_ = made["createCompany"]["id"]
    answer = await apis.data(text, id=id_, by=2, email="a")
    assert answer == {"updateCompany": {"employees": 3, "people": {"totalCount": 1}}}
    error = await apis.error(text, id=id_, by=2**31 - 1, email="b")
    assert error["message"] == f"'employees' of the Company {id_} would be out of range."
    answer = await apis.data(text, id=id_, by=0, email="c")
    assert answer == {"updateCompany": {"employees": 3, "people": {"totalCount": 2}}}
    only = "mutation ($id: UUID!) { updateCompany(id: $id, increment: {employees: 1}) { employees } }"
    assert await apis.data(only, id=id_) == {"updateCompany": {"employees": 4}}
