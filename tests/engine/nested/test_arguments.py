"""Nested writes beside the other arguments of a mutation: where, filter, ifUpdatedAt, onConflict."""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.nested.writing import briefs, create, writes_of
from tests.engine.records import NOBODY, check_unchanged, take_events

FIELDS = "id email company { name } activities { totalCount }"


async def test_a_record_by_a_unique_key(apis: Apis) -> None:
    ada = await create(apis, "person", email="a")
    text = f'mutation ($d: PersonInput!) {{ updatePerson(where: {{ email: "a" }}, data: $d) {{ {FIELDS} }} }}'
    data: dict[str, Any] = {"company": {"create": {"name": "Acme"}}, "activities": {"create": [{"title": "t"}]}}
    await take_events(apis)
    apis.database.log.steps.clear()
    answer = await apis.data(text, d=data)
    assert answer["updatePerson"] == {
        "id": ada["id"], "email": "a", "company": {"name": "Acme"}, "activities": {"totalCount": 1},
    }  # fmt: skip
    assert writes_of(apis) == ["insert company", "update person", "insert activity", "read"]
    assert [(action, name) for action, name, _ in await briefs(apis)] == [
        ("created", "company"), ("updated", "person"), ("created", "activity"),
    ]  # fmt: skip
    changed = await apis.data(text, d={"company": {"update": {"name": "New"}}, "activities": {"set": []}})
    assert changed["updatePerson"]["company"] == {"name": "New"}
    assert changed["updatePerson"]["activities"] == {"totalCount": 0}
    async with check_unchanged(apis):
        error = await apis.error(text.replace('"a"', '"nobody"'), d=data)
    assert error["extensions"] == {"code": "NOT_FOUND", "field": "where"}


async def test_if_updated_at(apis: Apis) -> None:
    ada = await create(apis, "person", "id updatedAt", email="a")
    text = (
        "mutation ($id: UUID!, $at: DateTime!, $d: PersonInput!)"
        f" {{ updatePerson(id: $id, ifUpdatedAt: $at, data: $d) {{ {FIELDS} }} }}"
    )
    data = {"company": {"create": {"name": "Acme"}}}
    async with check_unchanged(apis):
        error = await apis.error(text, id=ada["id"], at="2020-01-01T00:00:00Z", d=data)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("CONFLICT", "ifUpdatedAt")
    assert error["extensions"]["current"] == {"updatedAt": ada["updatedAt"]}
    answer = await apis.data(text, id=ada["id"], at=ada["updatedAt"], d=data)
    assert answer["updatePerson"]["company"] == {"name": "Acme"}


async def test_many_records_share_the_one_that_is_made(apis: Apis) -> None:
    for email in "abc":
        await create(apis, "person", email=email)
    text = (
        f'mutation ($d: PersonInput!) {{ updatePeople(filter: {{ email: {{ lt: "c" }} }}, data: $d) {{ {FIELDS} }} }}'
    )
    await take_events(apis)
    for verb in (
        {"create": {"name": "Acme"}},
        {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"id": NOBODY, "name": "Blue"}}},
        {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"id": NOBODY, "name": "Corp"}}},
    ):
        answer = (await apis.data(text, d={"city": "x", "company": verb}))["updatePeople"]
        assert [row["email"] for row in answer] == ["a", "b"]
        assert {row["company"]["name"] for row in answer} == {"Acme" if "create" in verb else "Blue"}
    found = [(action, name) for action, name, _ in await briefs(apis)]
    people = [("updated", "person")] * 2
    assert found == [("created", "company"), *people, ("created", "company"), *people, *people]
    assert (await apis.data("{ companies { totalCount } }"))["companies"]["totalCount"] == 2


async def test_a_filter_that_means_no_record_makes_none(apis: Apis) -> None:
    await create(apis, "person", email="a")
    text = 'mutation ($d: PersonInput!) { updatePeople(filter: { email: { eq: "x" } }, data: $d) { id } }'
    async with check_unchanged(apis):
        assert await apis.data(text, d={"company": {"create": {"name": "x"}}}) == {"updatePeople": []}
    # The writes of other fields of the mutation are kept.
    two = (
        'mutation ($d: PersonInput!) { createPerson(data: { email: "b", company: { create: { name: "y" } } }) { email }'
        f" {text.partition('{')[2]}"
    )
    assert await apis.data(two, d={"company": {"create": {"name": "x"}}}) == {
        "createPerson": {"email": "b"}, "updatePeople": [],
    }  # fmt: skip
    assert (await apis.data("{ companies { totalCount } }"))["companies"]["totalCount"] == 1


async def test_one_plan_serves_rows_of_any_number_and_kind(apis: Apis) -> None:
    """A plan is made for the verbs of the relations, not for the records."""
    text = "mutation ($d: CompanyInput!) { createCompany(data: $d) { id } }"
    misses = apis.core.compiler.plans.counters
    before = misses.misses
    for number in range(4):
        rows = [{"email": f"{number}.{one}", **({"city": "x"} if one % 2 else {})} for one in range(number)]
        await apis.data(text, d={"name": f"{number}", "people": {"create": rows}})
    assert misses.misses == before + 1
    await apis.data(text, d={"people": {"create": [{"email": "x", "activities": {"create": [{"title": "t"}]}}]}})
    assert misses.misses == before + 2


async def test_statements_go_together_up_to_one_that_needs_an_answer(apis: Apis) -> None:
    log = apis.database.log

    async def messages(text: str, **variables: Any) -> int:
        log.messages = 0
        await apis.data(text, **variables)
        return log.messages

    people = {"create": [{"email": f"{n}"} for n in range(3)]}
    company = "mutation ($d: CompanyInput!) { createCompany(data: $d) { people { totalCount } } }"
    assert await messages(company, d={"name": "a", "people": people}) == 1
    person = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
    named = {"connectOrCreate": {"where": {"id": NOBODY}, "create": {"id": NOBODY}}}
    assert await messages(person, d={"email": "a", "company": named}) == 2
    change = 'mutation ($d: PersonInput!) { updatePerson(where: { email: "a" }, data: $d) { id } }'
    assert await messages(change, d={"activities": {"create": [{"title": "t"}]}}) == 3


@pytest.mark.parametrize(
    "data",
    [{"company": {"update": {"name": "x"}}}, {"activities": {"create": []}}, {"activities": {"set": []}}],
)
async def test_many_records_share_nothing_else(apis: Apis, data: dict[str, Any]) -> None:
    text = "mutation ($d: PersonInput!) { updatePeople(filter: { id: { is: NOT_NULL } }, data: $d) { id } }"
    error = await apis.error(text, d=data)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "data")
    assert error["message"].startswith("'updatePeople' changes many records alike")


@pytest.mark.parametrize(
    "text",
    [
        "mutation ($d: PersonInput!) { createPerson(data: $d, upsert: true) { id } }",
        "mutation ($d: PersonInput!) { upsertPerson(data: $d) { created } }",
    ],
)
async def test_a_nested_upsert_names_its_key(apis: Apis, text: str) -> None:
    data: dict[str, Any] = {"email": "a", "company": {"create": {"name": "x"}}}
    async with check_unchanged(apis):
        error = await apis.error(text, d=data)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "'onConflict' must have 'fields'" in error["message"]
    assert "data" in await apis.ask(text, d={"email": "a"})
