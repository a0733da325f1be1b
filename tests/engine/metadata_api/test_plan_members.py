"""The members of a plan: pages of its lists, lost values, builds, and the clients of operations that it breaks."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import MOST_CLIENTS
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.roles.principal import SubjectKind
from tests.apis import PRINCIPAL, Apis, open_apis
from tests.engine.metadata_api.changing import refused

NICK = '{ createField: { objectMetadataId: "person" name: "nick" label: "Nick" type: TEXT } }'


def field(name: str, **members: Any) -> dict[str, Any]:
    return {
        "createField": {"objectMetadataId": "person", "name": name, "label": name.title(), "type": "TEXT", **members}
    }


PAGED = """query ($changes: [Change!]!, $first: Int, $offset: Int) {
  planChanges(changes: $changes) {
    appears(first: $first, offset: $offset) all: appears
    problems(first: 1) { change } none: problems(first: 0) { change } rest: problems(offset: 1) { change }
    counts { appears problems sql lost }
  } }"""


async def test_the_lists_of_a_plan_are_read_in_pages(apis: Apis) -> None:
    refused_ = [{"deleteField": {"id": f"person.no{n}"}} for n in range(3)]
    changes = [field("alpha"), field("beta"), field("gamma"), *refused_]
    for first, offset in ((2, 1), (None, 2), (2, None), (5, 50), (None, None)):
        plan = (await apis.change(PAGED, changes=changes, first=first, offset=offset))["planChanges"]
        start = offset or 0
        assert plan["appears"] == plan["all"][start : None if first is None else start + first]
        assert plan["problems"] == [{"change": 3}]
        assert plan["none"] == []
        assert plan["rest"] == [{"change": 4}, {"change": 5}]
        counts = plan["counts"]
        assert (counts["appears"], counts["problems"], counts["lost"]) == (len(plan["all"]), 3, 0)
        assert counts["sql"] >= 1


async def test_pages_without_their_variables_are_whole(apis: Apis) -> None:
    plan = (await apis.change(PAGED, changes=[field("alpha"), field("beta")]))["planChanges"]
    assert plan["appears"] == plan["all"]
    assert plan["problems"] == []


@pytest.mark.parametrize("argument", ["first", "offset"])
async def test_a_page_is_not_negative(argument: str, apis: Apis) -> None:
    text = f"{{ planChanges(changes: [{NICK}]) {{ sql({argument}: -1) }} }}"
    error = await refused(apis, text)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == f"{argument} must be 0 or more, not -1."
    assert error["path"] == ["planChanges"]


async def test_a_plan_shows_the_commonest_values_that_go(apis: Apis) -> None:
    changes = [field("nick"), field("notes", type="RAW_JSON"), field("fee", type="CURRENCY"), field("unused")]
    await apis.change("mutation ($c: [Change!]!) { applyChanges(changes: $c) { version } }", c=changes)
    long = "x" * 300
    people = [
        {
            "email": f"{place}",
            "nick": nick,
            "notes": {"secret": nick},
            "fee": {"amountMicros": 5, "currencyCode": "EUR"},
        }
        for place, nick in enumerate(["A", "A", "B", "C", "D", "A", "D", long, "", None])
    ]
    await apis.data("mutation ($data: [PersonCreateInput!]!) { createPeople(data: $data) { id } }", data=people)
    await apis.data('mutation { deletePeople(filter: { nick: { eq: "B" } }) { id } }')
    gone = [{"deleteField": {"id": f"person.{name}"}} for name in ("nick", "notes", "fee", "unused")]
    text = "query ($c: [Change!]!) { planChanges(changes: $c) { lost { name records total examples { value rows } } } }"
    lost = (await apis.change(text, c=gone))["planChanges"]["lost"]
    found = {loss["name"]: (loss["records"], loss["total"], loss["examples"]) for loss in lost}
    examples = [{"value": "A", "rows": 3}, {"value": "D", "rows": 2}, {"value": "", "rows": 1}]
    assert found == {
        "person.nick": (9, 10, examples),
        "person.notes": (10, 10, []),
        "person.fee": (10, 10, [{"value": "5 EUR", "rows": 10}]),
        "person.unused": (0, 10, []),
    }
    await apis.data('mutation { destroyPeople(filter: { nick: { in: ["A", "D", "", "C"] } }) { id } }')
    (loss,) = (await apis.change(text, c=gone[:1]))["planChanges"]["lost"]
    assert [one["value"] for one in loss["examples"]] == ["B", "x" * 100]


async def test_a_plan_names_the_work_after_the_commit(workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, big_table=-1) as apis:
        company = '{ createField: { objectMetadataId: "person" name: "boss" label: "Boss" type: RELATION'
        company += ' relationCreationPayload: { targetObjectMetadataId: "company" targetFieldLabel: "Staff"'
        company += ' targetFieldIcon: "x" type: MANY_TO_ONE } } }'
        found = await apis.change(
            f"""{{ planChanges(changes: [
              {{ createIndex: {{ objectMetadataId: "person" fieldMetadataIds: ["person.city", "person.phone"] }} }}
              {company}
              {{ updateField: {{ id: "person.phone" update: {{ isNullable: false }} }} }}
            ]) {{ problems {{ message }} later builds {{ kind name table statement }} counts {{ builds }} }} }}"""
        )
    plan = found["planChanges"]
    assert plan["problems"] == []
    assert [build["statement"] for build in plan["builds"]] == plan["later"]
    assert sorted((build["kind"], build["name"], build["table"]) for build in plan["builds"]) == [
        ("FOREIGN_KEY", "person.boss", "person"),
        ("INDEX", "person(boss, deletedAt)", "person"),
        ("INDEX", "person(city, phone)", "person"),
        ("REQUIRED", "person.phone", "person"),
    ]
    assert plan["counts"] == {"builds": len(plan["later"])}


BROKEN = """{ planChanges(changes: [{ updateField: { id: "person.phone" update: { name: "mobile" } } }]) {
  operations { operation role clients { name requests perMinute } } } }"""
PHONES = "query Phones { people(first: 1) { edges { node { phone } } } }"


async def _ask(apis: Apis, query: str = PHONES, **members: Any) -> None:
    request = GraphQLRequest(query=query, operation_name=None, variables={})
    principal = replace(PRINCIPAL, **members)
    assert "errors" not in loads((await apis.core.execute(principal, request, allow_mutation=True)).body)


async def test_a_broken_operation_has_its_clients_with_their_rates(apis: Apis) -> None:
    for name, times in (("web", 3), ("app", 2)):
        for _ in range(times):
            await _ask(apis, name=name)
    for kind in (SubjectKind.USER, SubjectKind.ANONYMOUS):
        await _ask(apis, name="ada@example.com", kind=kind)
    await apis.send_warm(PHONES, {})
    (operation,) = (await apis.change(BROKEN))["planChanges"]["operations"]
    assert (operation["operation"], operation["role"]) == ("Phones", None)
    clients = [(client["name"], client["requests"]) for client in operation["clients"]]
    assert clients == [("web", 3), ("app", 2), (None, 2), (PRINCIPAL.name, 1)]
    assert [client["perMinute"] for client in operation["clients"]] == [3, 2, 2, 1]


async def test_clients_of_an_operation_are_counted_by_name_up_to_a_limit(apis: Apis) -> None:
    for place in range(MOST_CLIENTS + 5):
        await _ask(apis, name=f"key {place}")
    (operation,) = (await apis.change(BROKEN))["planChanges"]["operations"]
    counted = {client["name"]: client["requests"] for client in operation["clients"]}
    assert len(counted) == MOST_CLIENTS + 1
    assert counted[None] == 5


async def test_operations_of_the_console_are_left_out_until_another_client_sends_them(apis: Apis) -> None:
    console = PHONES.replace("Phones", "ConsolePhones")
    session: dict[str, Any] = {"session_id": uuid4()}
    await _ask(apis, console, **session)
    assert (await apis.change(BROKEN))["planChanges"]["operations"] == []
    # A person's own operation, in GraphiQL for instance, is shown.
    await _ask(apis, **session)
    await _ask(apis, kind=SubjectKind.USER)
    (operation,) = (await apis.change(BROKEN))["planChanges"]["operations"]
    assert operation["operation"] == "Phones"
    assert [(client["name"], client["requests"]) for client in operation["clients"]] == [(None, 2)]
    await _ask(apis, console, name="web")
    operations = (await apis.change(BROKEN))["planChanges"]["operations"]
    clients = {one["operation"]: [client["name"] for client in one["clients"]] for one in operations}
    assert clients == {"Phones": [None], "ConsolePhones": [None, "web"]}


async def test_a_renewed_operation_keeps_its_clients(apis: Apis) -> None:
    await _ask(apis, name="web")
    await apis.change(f"mutation {{ applyChanges(changes: [{NICK}]) {{ version }} }}")
    await _ask(apis, name="web")
    (operation,) = (await apis.change(BROKEN))["planChanges"]["operations"]
    assert [(client["name"], client["requests"]) for client in operation["clients"]] == [("web", 2)]
