"""Writes of many records: nothing widens the meaning of a filter, and too many records are refused beforehand."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.apis import LIMITS, Apis, open_apis
from tests.engine.records import NOBODY, check_refused, count, create, take_events
from tests.engine.removing import make_object, relate

VERBS = ("update", "delete", "restore", "destroy")
HINT = "The filter says nothing; to mean all records write { id: { is: NOT_NULL } }."


@pytest.fixture
async def limited(workspace_dsn: str) -> AsyncIterator[Apis]:
    """The APIs where five records are the most."""
    limits = replace(LIMITS, records=replace(LIMITS.records, bulk=5))
    async with open_apis(workspace_dsn, limits=limits) as opened:
        yield opened


def write(verb: str, filter_: str) -> str:
    data = ', data: {city: "changed"}' if verb == "update" else ""
    return f"{verb}People(filter: {filter_}{data}) {{ id email city }}"


async def people(apis: Apis, number: int = 4) -> list[str]:
    """The ids of people, the second and the fourth of which have no first name."""
    rows = [{"email": f"{n}", "firstName": None if n % 2 else f"f{n}", "lastName": f"l{n}"} for n in range(number)]
    answer = await apis.data("mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id } }", d=rows)
    return [row["id"] for row in answer["createPeople"]]


async def test_create_answers_in_the_order_given(apis: Apis) -> None:
    rows = [{"email": f"{number * 7919 % 100:03}"} for number in range(100)]
    answer = await apis.data("mutation ($d: [PersonInput!]!) { createPeople(data: $d) { email } }", d=rows)
    assert answer["createPeople"] == rows
    literal = ", ".join(f'{{email: "x{row["email"]}"}}' for row in rows)
    answer = await apis.data(f"mutation {{ createPeople(data: [{literal}]) {{ email }} }}")
    assert answer["createPeople"] == [{"email": f"x{row['email']}"} for row in rows]
    assert [event.after and event.after["email"] for event in await take_events(apis)][:100] == [
        row["email"] for row in rows
    ]


async def test_create_of_none_and_of_one_that_is_no_list(apis: Apis) -> None:
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { email } }"
    for data, expected in (([], []), ({"email": "a"}, [{"email": "a"}]), ([{"email": "b"}], [{"email": "b"}])):
        assert await apis.data(text, d=data) == {"createPeople": expected}
    assert await count(apis, "people") == 2


@pytest.mark.long
async def test_create_ten_thousand(apis: Apis) -> None:
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { email } }"
    rows = [{"email": f"{number:05}", "company": {"connect": {"where": {"id": NOBODY}}}} for number in range(10_000)]
    await create(apis, "company", id=NOBODY)
    answer = await apis.data(text, d=rows)
    assert [row["email"] for row in answer["createPeople"]] == [row["email"] for row in rows]
    assert await count(apis, "people") == 10_000
    assert len(await take_events(apis)) == 10_001
    message = "A request may write at most 10000 records, not 10001."
    rows = [{"email": f"more{number}"} for number in range(10_001)]
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="data", d=rows)


async def test_one_document_creates_as_many_as_it_is_given(apis: Apis) -> None:
    """A plan must know nothing of the data that it was made with."""
    text = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { email city firstName } }"
    made: list[list[dict[str, Any]]] = [
        [{"email": "1"}],
        [{"email": "2", "city": "x"}, {"email": "3", "firstName": "y"}],
        [],
        [{"email": "4"}, {"email": "5"}, {"email": "6", "city": None}],
    ]
    for rows in made:
        expected = [{"email": None, "city": None, "firstName": None, **row} for row in rows]
        assert (await apis.data(text, d=rows))["createPeople"] == expected


async def test_the_row_that_is_wrong_is_the_end_of_all(apis: Apis) -> None:
    text = 'mutation { createPeople(data: [{email: "a"}, {firstName: "x"}]) { id } }'
    await check_refused(apis, text, "BAD_USER_INPUT", "Field 'email' is required", field="email", index=1)


async def test_update_delete_restore_and_destroy_by_a_filter(apis: Apis) -> None:
    await people(apis)
    await take_events(apis)
    some = '{email: {in: ["1", "2"]}}'
    emails = {"1", "2"}
    for verb, action in zip(VERBS, ("updated", "deleted", "restored", "destroyed"), strict=True):
        answer = await apis.data(f"mutation {{ {write(verb, some)} }}")
        assert {row["email"] for row in answer[f"{verb}People"]} == emails
        assert {row["city"] for row in answer[f"{verb}People"]} == {"changed"}
        events = await take_events(apis)
        assert [event.action for event in events] == [action] * 2
        states = [event.after or event.before or {} for event in events]
        assert {state["email"] for state in states} == emails
    assert await count(apis, "people") == 2


async def test_only_the_live_are_updated_deleted_and_destroyed_and_only_the_deleted_restored(apis: Apis) -> None:
    ids = await people(apis)
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ids[0])
    all_of_them = "{id: {is: NOT_NULL}}"
    answer = await apis.data(f"mutation {{ {write('update', all_of_them)} }}")
    assert sorted(row["id"] for row in answer["updatePeople"]) == ids[1:]
    answer = await apis.data(f"mutation {{ {write('restore', all_of_them)} }}")
    assert [row["id"] for row in answer["restorePeople"]] == ids[:1]
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ids[0])
    answer = await apis.data(f"mutation {{ {write('destroy', all_of_them)} }}")
    assert sorted(row["id"] for row in answer["destroyPeople"]) == ids[1:]
    assert await count(apis, "people", deleted=True) == 1
    answer = await apis.data(f"mutation {{ {write('destroy', '{deletedAt: {is: NOT_NULL}}')} }}")
    assert [row["id"] for row in answer["destroyPeople"]] == ids[:1]


async def test_eq_null_means_null_and_no_more(apis: Apis) -> None:
    ids = await people(apis)
    for filter_ in ("{firstName: {eq: null}}", "{firstName: {is: NULL}}", "{not: {firstName: {neq: null}}}"):
        answer = await apis.data(f"mutation {{ {write('update', filter_)} }}")
        assert sorted(row["id"] for row in answer["updatePeople"]) == [ids[1], ids[3]]
    text = "mutation ($v: String) { updatePeople(filter: {firstName: {eq: $v}}, data: {}) { id } }"
    assert len((await apis.data(text, v=None))["updatePeople"]) == 2
    assert len((await apis.data(text, v="f0"))["updatePeople"]) == 1
    assert await apis.data(text, v="nobody") == {"updatePeople": []}
    assert await apis.data("mutation { deletePeople(filter: {id: {in: []}}) { id } }") == {"deletePeople": []}


SILENT = {
    "{}": "{}",
    "an empty and": "{and: []}",
    "an empty or": "{or: []}",
    "an empty not": "{not: {}}",
    "empty disjuncts": "{or: [{}, {and: [{}]}]}",
    "a field without operators": "{firstName: {}}",
    "a relation without conditions": "{company: {}}",
    "a composite without conditions": "{createdBy: {name: {}}}",
}


@pytest.mark.parametrize("verb", VERBS)
async def test_a_filter_that_says_nothing_is_refused(apis: Apis, verb: str) -> None:
    await people(apis)
    for filter_ in SILENT.values():
        await check_refused(apis, f"mutation {{ {write(verb, filter_)} }}", "BAD_USER_INPUT", HINT, field="filter")


ABSENT = {
    "an operand": "{firstName: {eq: $v}}",
    "beside an operand": '{email: {eq: "0"}, firstName: {eq: $v}}',
    "in a disjunction": '{or: [{email: {eq: "0"}}, {firstName: {eq: $v}}]}',
    "in a relation": "{company: {name: {eq: $v}}}",
    "in a composite": "{createdBy: {name: {contains: $v}}}",
    "in a whole list": "{and: $f}",
}


@pytest.mark.parametrize("filter_", ABSENT.values(), ids=ABSENT)
@pytest.mark.parametrize("verb", VERBS)
async def test_an_absent_variable_is_refused(apis: Apis, verb: str, filter_: str) -> None:
    await people(apis, 1)
    name = "v" if "$v" in filter_ else "f"
    declared = "String" if name == "v" else "[PersonFilterInput!]"
    text = f"mutation (${name}: {declared}) {{ {write(verb, filter_)} }}"
    message = f"The variable '${name}' is absent: every variable in a bulk write's filter must have a value."
    await check_refused(apis, text, "BAD_USER_INPUT", message, field="filter")


async def test_past_the_limit_nothing_is_touched(limited: Apis) -> None:
    await people(limited, 5)
    await create(limited, "person", email="one more")
    message = "The filter means more than the 5 records that a request may write; nothing was written."
    for verb in ("update", "delete", "destroy"):
        text = f"mutation {{ {write(verb, '{id: {is: NOT_NULL}}')} }}"
        await check_refused(limited, text, "BAD_USER_INPUT", message, field="filter")
    some = '{email: {lt: "9"}}'
    answer = await limited.data(f"mutation {{ {write('delete', some)} }}")
    assert len(answer["deletePeople"]) == 5
    text = f"mutation {{ {write('restore', '{id: {is: NOT_NULL}}')} }}"
    assert len((await limited.data(text))["restorePeople"]) == 5


async def test_a_filter_across_a_relation(apis: Apis) -> None:
    acme = await create(apis, "company", name="Acme")
    await create(apis, "person", email="a", companyId=acme)
    await create(apis, "person", email="b")
    text = 'mutation { updatePeople(filter: {company: {name: {eq: "Acme"}}}, data: {city: "c"}) { email city } }'
    answer = await apis.data(text)
    assert answer == {"updatePeople": [{"email": "a", "city": "c"}]}
    await apis.data("mutation ($id: UUID!) { deleteCompany(id: $id) { id } }", id=acme)
    text = 'mutation { deletePeople(filter: {company: {name: {eq: "Acme"}}}) { email } }'
    assert await apis.data(text) == {"deletePeople": []}


@pytest.mark.parametrize("on_delete", ["SET_NULL", "CASCADE"])
@pytest.mark.parametrize("verb", ['destroyThing(id: "ROOT")', 'destroyThing(where: {name: "root"})', "destroyThings"])
async def test_the_records_that_depend_on_those_destroyed_count(limited: Apis, on_delete: str, verb: str) -> None:
    thing = await make_object(limited, "thing")
    await relate(limited, thing, "parent", thing, on_delete)
    unique = "mutation ($id: UUID!) { updateField(id: $id, input: {isUnique: true}) { id } }"
    await limited.change(unique, id=str((await limited.snapshot()).by_singular["thing"].active["name"].id))
    root = await create(limited, "thing", name="root")
    for name in "abcde":
        await create(limited, "thing", name=name, parentId=root)
    given = verb.replace("ROOT", root) if "(" in verb else f'{verb}(filter: {{id: {{eq: "{root}"}}}})'
    text = f"mutation {{ {given} {{ id }} }}"
    message = (
        "More than 5 records would be written, among them things that point to records that would be destroyed, by"
        " 'parent': connect them to another record, or destroy them, first; nothing was written."
    )
    await check_refused(limited, text, "BAD_USER_INPUT", message)
    await create(limited, "thing", name="f", parentId=root)
    await check_refused(limited, text, "BAD_USER_INPUT", message)
    await limited.data('mutation { destroyThings(filter: {name: {in: ["e", "f"]}}) { id } }')
    await limited.data(text)
    assert await count(limited, "things") == (4 if on_delete == "SET_NULL" else 0)


async def test_the_levels_of_a_cascade_count_together(limited: Apis) -> None:
    thing = await make_object(limited, "thing")
    await relate(limited, thing, "parent", thing, "CASCADE")
    first = last = await create(limited, "thing")
    for _ in range(5):
        last = await create(limited, "thing", parentId=last)
    error = await limited.error(f'mutation {{ destroyThing(id: "{first}") {{ id }} }}')
    assert error["message"].startswith("More than 5 records would be written, among them things that point")
    await limited.data(f'mutation {{ destroyThing(id: "{last}") {{ id }} }}')
    await limited.data(f'mutation {{ destroyThing(id: "{first}") {{ id }} }}')
    assert await count(limited, "things") == 0
