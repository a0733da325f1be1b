"""Another type for a field through the Metadata API, and the Core API that is served after it."""

from functools import partial
from typing import Any

import pytest

from fieldstone.metadata.json_text import loads
from tests.apis import Apis, open_apis
from tests.engine.metadata_api.changing import APPLY, field_id, refused
from tests.metadata.desk import whole_state
from tests.waiting import repeat_during

UPDATE = """mutation ($id: UUID!, $input: UpdateFieldInput!) {
    updateOneField(input: { id: $id, update: $input }) { id type options settings } }"""
READ = "{ people(orderBy: [{ email: ASC }]) { edges { node { city } } } }"
OPTIONS = [{"value": "PARIS", "label": "Paris"}, {"value": "ROME", "label": "Rome"}]


async def add_people(apis: Apis, *cities: str | None) -> None:
    people = [{"email": f"{place}@example.com", "city": city} for place, city in enumerate(cities)]
    await apis.data("mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)


async def cities(apis: Apis) -> list[Any]:
    return [edge["node"]["city"] for edge in (await apis.data(READ))["people"]["edges"]]


async def test_text_becomes_a_choice_by_value_and_text_again(apis: Apis) -> None:
    await add_people(apis, "PARIS", "ROME", None)
    assert await cities(apis) == ["PARIS", "ROME", None]
    id_ = await field_id(apis, "person", "city")
    made = await apis.change(UPDATE, id=id_, input={"type": "SELECT", "options": OPTIONS})
    assert (made["updateOneField"]["id"], made["updateOneField"]["type"]) == (id_, "SELECT")
    assert await cities(apis) == ["PARIS", "ROME", None]
    found = await apis.data("{ people(filter: { city: { eq: PARIS } }) { totalCount } }")
    assert found == {"people": {"totalCount": 1}}
    error = await apis.error('mutation { createPerson(data: { email: "x", city: "OSLO" }) { id } }')
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    await apis.change(UPDATE, id=id_, input={"type": "TEXT"})
    await apis.data('mutation { createPerson(data: { email: "x", city: "Oslo" }) { id } }')
    assert await cities(apis) == ["PARIS", "ROME", None, "Oslo"]


async def test_text_becomes_a_composite_and_text_again(apis: Apis, workspace_dsn: str) -> None:
    await add_people(apis, "a@example.com", None)
    async with open_apis(workspace_dsn) as other:
        assert await cities(other) == ["a@example.com", None]
        id_ = await field_id(apis, "person", "city")
        await apis.change(UPDATE, id=id_, input={"type": "EMAILS", "isUnique": True})
        made = await other.data(
            'mutation { createPerson(data: { email: "x", city: { primaryEmail: "b@example.com" } })'
            " { city { primaryEmail additionalEmails } } }"
        )
        assert made["createPerson"]["city"] == {"primaryEmail": "b@example.com", "additionalEmails": None}
        found = await other.data('{ people(filter: { city: { primaryEmail: { startsWith: "a" } } }) { totalCount } }')
        assert found == {"people": {"totalCount": 1}}
        await apis.change(UPDATE, id=id_, input={"type": "TEXT", "isUnique": False})
        assert await cities(other) == ["a@example.com", None, "b@example.com"]


async def test_numbers_become_amounts_of_a_currency(apis: Apis) -> None:
    await apis.data('mutation { createCompany(data: { name: "A", annualRevenue: null, employees: 12 }) { id } }')
    id_ = await field_id(apis, "company", "employees")
    await apis.change(UPDATE, id=id_, input={"type": "CURRENCY", "defaultValue": {"currencyCode": "EUR"}})
    found = await apis.data("{ companies { edges { node { employees { amountMicros currencyCode } } } } }")
    assert found["companies"]["edges"][0]["node"]["employees"] == {"amountMicros": "12000000", "currencyCode": "EUR"}
    error = await refused(apis, UPDATE, id=id_, input={"type": "NUMBER", "defaultValue": None})
    assert '"12000000 EUR" (1 records)' in error["message"]


async def test_what_is_no_option_is_shown_in_a_refusal(apis: Apis, workspace_dsn: str) -> None:
    await add_people(apis, "PARIS", "Oslo", "Oslo", "Bonn")
    before = whole_state(workspace_dsn)
    id_ = await field_id(apis, "person", "city")
    error = await refused(apis, UPDATE, id=id_, input={"type": "SELECT", "options": OPTIONS})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "type"}
    assert '"Oslo" (2 records), "Bonn" (1 records); optionMapping gives' in error["message"]
    assert whole_state(workspace_dsn) == before
    mapping = {"Oslo": "ROME", "Bonn": None}
    await apis.change(UPDATE, id=id_, input={"type": "SELECT", "options": OPTIONS, "optionMapping": mapping})
    assert await cities(apis) == ["PARIS", "ROME", "ROME", None]


@pytest.mark.parametrize("wanted", ["SELECT", "MULTI_SELECT"])
async def test_each_text_gets_the_option_of_its_own(apis: Apis, wanted: str) -> None:
    await add_people(apis, "PARIS", "ROME", "open", "Oslo", None)
    mapping = {"PARIS": "ROME", "ROME": "PARIS", "open": "PARIS", "Oslo": "ROME"}
    id_ = await field_id(apis, "person", "city")
    await apis.change(UPDATE, id=id_, input={"type": wanted, "options": OPTIONS, "optionMapping": mapping})
    expected = ["ROME", "PARIS", "PARIS", "ROME"]
    assert await cities(apis) == [*(expected if wanted == "SELECT" else [[one] for one in expected]), None]


async def test_a_dry_run_counts_what_would_be_lost_and_changes_nothing(apis: Apis, workspace_dsn: str) -> None:
    await add_people(apis, "1", "2", "two", "two", None)
    before = whole_state(workspace_dsn)
    update: dict[str, Any] = {"type": "NUMBER"}
    change = {"updateField": {"id": "person.city", "update": update}}
    plan = (await apis.change(APPLY, changes=[change], dryRun=True))["applyChanges"]
    assert whole_state(workspace_dsn) == before
    assert plan["conversions"] == [
        {
            "field": "person.city",
            "from": "TEXT",
            "to": "NUMBER",
            "rowsLosing": 2,
            "examples": [{"value": "two", "rows": 2}],
            "needs": "allowDataLoss",
        }
    ]
    assert {"table": "person", "lock": "ACCESS EXCLUSIVE", "rowsWritten": 5} in plan["locks"]
    assert any(statement.startswith("ALTER TABLE") and " TYPE numeric USING" in statement for statement in plan["sql"])
    error = await refused(apis, APPLY, changes=[change])
    assert "allowDataLoss: true" in error["message"]
    assert whole_state(workspace_dsn) == before
    update["allowDataLoss"] = True
    assert (await apis.change(APPLY, changes=[change]))["applyChanges"]["conversions"][0]["needs"] is None
    assert await cities(apis) == [1, 2, None, None, None]


async def test_a_way_back_is_as_honest(apis: Apis) -> None:
    version = (await apis.snapshot()).version
    await add_people(apis, "1")
    await apis.change(UPDATE, id=await field_id(apis, "person", "city"), input={"type": "ARRAY"})
    await apis.data('mutation { createPerson(data: { email: "x", city: ["a", "b"] }) { id } }')
    error = await refused(apis, "mutation ($to: BigInt!) { rollback(to: $to) }", to=version)
    assert "1 records of person" in error["message"]
    await apis.data('mutation { updatePeople(filter: { email: { eq: "x" } }, data: { city: ["a"] }) { id } }')
    await apis.change("mutation ($to: BigInt!) { rollback(to: $to) }", to=version)
    assert await cities(apis) == ["1", "a"]


WRITE = "mutation ($data: PersonInput!) { createPerson(data: $data) { id city } }"


async def test_requests_whose_document_stays_valid_do_not_fail_while_types_change(
    apis: Apis, workspace_dsn: str
) -> None:
    """Two processes serve, and either has plans of the type before."""
    async with open_apis(workspace_dsn) as other:
        processes = (apis, other)

        async def ask(process: Apis, number: int, turn: int) -> None:
            data = {"email": f"{number}.{turn}@example.com", "city": "PARIS"}
            for text, variables in ((READ, {}), (WRITE, {"data": data})):
                answer = loads((await process.send(text, variables)).body)
                assert "errors" not in answer, answer
                assert "PARIS" in str(answer) or text is READ

        async def alter() -> None:
            id_ = await field_id(apis, "person", "city")
            for number in range(6):
                wanted = {"type": "TEXT"} if number % 2 else {"type": "SELECT", "options": OPTIONS}
                await processes[number // 2 % 2].change(UPDATE, id=id_, input=wanted)

        asks = (partial(ask, process, number) for number, process in enumerate(processes))
        assert await repeat_during(alter(), *asks) > 0
