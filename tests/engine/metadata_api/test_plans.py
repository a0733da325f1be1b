"""`planChanges` and `planRollback`: the plan of a change as a query, and the typed changes."""

from typing import Any

import pytest

from fieldstone.metadata.json_text import loads
from tests.apis import Apis
from tests.engine.metadata_api.changing import APPLY, object_id, refused
from tests.metadata.desk import whole_state

PLAN = """query ($changes: [Change!]!) {
  planChanges(changes: $changes) { problems { change code message field suggestion } sql } }"""
PROJECT = (
    '{ createObject: { nameSingular: "project" namePlural: "projects" labelSingular: "Project" labelPlural: "Projects" '
    "} }"
)


async def test_a_plan_has_selectable_members_and_changes_nothing(apis: Apis, workspace_dsn: str) -> None:
    await apis.data('mutation { createPerson(data: { email: "a@example.com", phone: "1" }) { id } }')
    before, model = whole_state(workspace_dsn), await apis.snapshot()
    found = await apis.change(
        f"""query ($no: Boolean = false) {{
          objects(filter: {{ nameSingular: {{ eq: "person" }} }}) {{ edges {{ node {{ nameSingular }} }} }}
          kind: __typename
          plan: planChanges(changes: [
            {PROJECT}
            {{ createField: {{ objectMetadataId: "project" name: "budget" label: "Budget" type: CURRENCY }} }}
            {{ deleteField: {{ id: "person.city" }} }}
            {{ updateField: {{ id: "person.phone" update: {{ isNullable: false }} }} }}
          ]) {{ __typename v: version ...Some changes @include(if: $no) }}
        }}
        fragment Some on Plan {{ breaking problems {{ change }} locks {{ t: __typename table }} lost {{ name }} }}"""
    )
    assert list(found) == ["objects", "kind", "plan"]
    assert found["objects"]["edges"] == [{"node": {"nameSingular": "person"}}]
    plan = found["plan"]
    assert list(plan) == ["__typename", "v", "breaking", "problems", "locks", "lost"]
    assert plan["v"] == str(model.version)
    assert plan["problems"] == [{"change": 2}]
    assert plan["breaking"] == ["Person.phone becomes required"]
    assert {"t": "PlannedLock", "table": "person"} in plan["locks"]
    assert whole_state(workspace_dsn) == before
    assert await apis.snapshot() is model


async def test_every_problem_is_named_with_its_change(apis: Apis) -> None:
    changes: list[dict[str, Any]] = [
        {"deleteField": {"id": "person.nothing"}},
        {"updateField": {"id": "person.phone", "update": {"label": "Mobile"}}},
        {"createField": {"objectMetadataId": "person", "name": "Bad Name", "label": "X", "type": "TEXT"}},
        {"deleteObject": {"id": "company"}},
    ]
    plan = (await apis.change(PLAN, changes=changes))["planChanges"]
    codes = [(problem["change"], problem["code"]) for problem in plan["problems"]]
    assert codes == [(0, "NOT_FOUND"), (2, "BAD_USER_INPUT"), (3, "BAD_USER_INPUT")]
    for dry in (True, False):
        error = await refused(apis, APPLY, changes=changes, dryRun=dry)
        assert error["message"] == plan["problems"][0]["message"]
        assert error["extensions"]["change"] == 0
        assert error["extensions"]["problems"] == plan["problems"]


async def test_a_plan_counts_the_records_and_values_that_go(apis: Apis) -> None:
    await apis.change(
        f"""mutation {{ applyChanges(changes: [
          {PROJECT}
          {{ createField: {{ objectMetadataId: "person" name: "nick" label: "Nick" type: TEXT }} }}
        ]) {{ version }} }}"""
    )
    await apis.data(
        'mutation { createPeople(data: [{ email: "a", nick: "A" }, { email: "b" }]) { id }'
        ' createProjects(data: [{ name: "a" }, { name: "b" }, { name: "c" }]) { id } }'
    )
    plan = "{ lost { kind name records } problems { message } }"
    found = await apis.change(
        f"""{{
        planChanges(changes: [
          {{ deleteField: {{ id: "person.nick" }} }}
          {{ deleteObject: {{ id: "project" }} }}
        ]) {plan}
        planRollback(to: 1) {plan} }}"""
    )
    lost = [
        {"kind": "DELETED", "name": "person.nick", "records": 1},
        {"kind": "DELETED", "name": "project", "records": 3},
    ]
    versions = {"Int": 1, "BigInt": "1"}
    for type_, to in versions.items():
        text = f"query ($to: {type_}!) {{ {type_}: planRollback(to: $to) {plan} }}"
        found |= await apis.change(text, to=to)
    for planned in found.values():
        assert sorted(planned["lost"], key=lambda loss: str(loss["name"])) == lost
        assert planned["problems"] == []
    rolled = await apis.change("mutation ($to: Int!) { rollback(to: $to) { version lost { records } } }", to=1)
    assert {loss["records"] for loss in rolled["rollback"]["lost"]} == {1, 3}


async def test_changes_are_written_as_they_were_as_json(apis: Apis) -> None:
    """Quoted enum values, variables of JSON in any place, and no selection: all of it was valid before."""
    text = """mutation ($phone: JSON!, $person: UUID!) { applyChanges(dryRun: true, changes: [
      { createField: { objectMetadataId: $person, name: "nick", label: "Nick", type: "TEXT" } }
      { updateField: { id: "person.phone", update: $phone } }
    ]) }"""
    phone, person = {"label": "Mobile", "isNullable": True}, await object_id(apis, "person")
    plan = (await apis.change(text, phone=phone, person=person))["applyChanges"]
    assert [step["action"] for step in plan["changes"]] == ["createField", "updateField"]
    assert {"problems", "locks", "conversions", "operations", "version", "lost"} <= plan.keys()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("{}", "GRAPHQL_VALIDATION_FAILED"),
        (
            '{ deleteField: { id: "person.phone" } deleteObject: { id: "person" } }',
            "GRAPHQL_VALIDATION_FAILED",
        ),
        ("{ createThing: {} }", "GRAPHQL_VALIDATION_FAILED"),
        ('{ updateField: { id: "person.phone" } }', "GRAPHQL_VALIDATION_FAILED"),
    ],
)
async def test_a_change_has_one_member(change: str, code: str, apis: Apis) -> None:
    answer = loads((await apis.send(f"{{ planChanges(changes: [{change}]) {{ sql }} }}", api=apis.metadata)).body)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {code}


@pytest.mark.parametrize("change", [{}, {"deleteField": {"id": "person.phone"}, "deleteObject": {"id": "person"}}])
async def test_a_variable_of_the_type_has_one_member(change: dict[str, Any], apis: Apis) -> None:
    answer = loads((await apis.send(PLAN, {"changes": [change]}, api=apis.metadata)).body)
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "exactly one" in error["message"]


async def test_introspection_shows_that_a_change_has_one_member(apis: Apis) -> None:
    found = await apis.change('{ __type(name: "Change") { isOneOf inputFields { name } } }')
    assert found["__type"]["isOneOf"] is True
    names = {field["name"] for field in found["__type"]["inputFields"]}
    assert {"createObject", "updateField", "deleteIndex", "retryBuild"} <= names


async def test_a_plan_quotes_no_value_of_a_document_that_it_breaks(apis: Apis) -> None:
    await apis.data(
        'query Secret { people(filter: { city: { in: ["hidden"] }, phone: { eq: "hidden" } }) '
        "{ edges { node { id } } } }"
    )
    changes = [
        {"updateField": {"id": "person.city", "update": {"type": "SELECT", "options": [{"value": "PARIS"}]}}},
        {"updateField": {"id": "person.phone", "update": {"name": "mobile"}}},
    ]
    text = (
        "query ($c: [Change!]!) { planChanges(changes: $c) { operations { operation reasons } problems { message } } }"
    )
    plan = (await apis.change(text, c=changes))["planChanges"]
    assert plan["problems"] == []
    ((broken),) = plan["operations"]
    assert broken["operation"] == "Secret"
    assert broken["reasons"]
    assert "hidden" not in str(broken)
    assert "The value of the field 'phone' in the argument 'filter' of 'people' does not fit." in broken["reasons"]
