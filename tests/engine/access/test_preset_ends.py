"""A preset of one end of a morph relation is one of the whole relation: no client gives another end beside it."""

from typing import Any

import pytest

from fieldstone.engine.metadata_api.roles.me import describe_field_rights
from tests.apis import Apis
from tests.engine.access.world import ALL
from tests.engine.records import create
from tests.views import RoleClient, granted, view


@pytest.fixture
async def owned(apis: Apis) -> tuple[Apis, dict[str, str]]:
    """Activities that a person or a company owns: one of each, one of nobody, and the ids of all."""
    targets = [
        {"targetObjectMetadataId": name, "targetFieldLabel": "Owned activities"} for name in ("person", "company")
    ]
    field = {"objectMetadataId": "activity", "name": "owner", "label": "Owner", "type": "MORPH_RELATION"}
    await apis.change(
        "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }",
        changes=[{"createField": field | {"morphRelationsCreationPayload": targets}}],
    )
    person, company = await create(apis, "person", email="a@x.org"), await create(apis, "company", name="Acme")
    hanging, loose = [await create(apis, "activity", title="x", **more) for more in ({"ownerCompanyId": company}, {})]
    return apis, {"$person": person, "$company": company, "$hanging": hanging, "$loose": loose}


async def rep(apis: Apis, person: str, *, hides: bool, **actions: Any) -> RoleClient:
    """A client of a role that presets the owner of an activity, and may do all else to it."""
    snapshot = await apis.snapshot()
    preset = {name: given | {"preset": {"ownerPersonId": person}} for name, given in actions.items()}
    rights = {
        "activity": {"read": {"allBut": ["ownerPerson"]} if hides else ALL, "create": ALL, "update": ALL} | preset,
        "company": {"read": ALL, "create": ALL, "update": ALL, "delete": ALL},
    }
    found = {
        snapshot.by_singular[name].id: granted(snapshot, snapshot.by_singular[name], **given)
        for name, given in rights.items()
    }
    return RoleClient(database=apis.database, seen=view(snapshot, found), claims={})


UPDATES = {
    "connect": 'updateCompany(id: "$company" data: { ownedActivities: { connect: ["$loose"] } }) { id }',
    "set": 'updateCompany(id: "$company" data: { ownedActivities: { set: ["$loose"] } }) { id }',
    "disconnect": 'updateCompany(id: "$company" data: { ownedActivities: { disconnect: ["$hanging"] } }) { id }',
    "connect of a create": 'createCompany(data: { name: "n" ownedActivities: { connect: ["$loose"] } }) { id }',
    "the key": 'updateActivity(id: "$loose" data: { ownerCompanyId: "$company" }) { id }',
}
CREATES = {
    "the key": 'createActivity(data: { title: "n" ownerCompanyId: "$company" }) { id }',
    "a connection": 'createActivity(data: { title: "n" ownerCompany: { connect: "$company" } }) { id }',
    "beside its company": 'updateCompany(id: "$company" data: { ownedActivities: { create: [{}] } }) { id }',
}


@pytest.mark.parametrize("hides", [False, True], ids=["seen", "hidden"])
@pytest.mark.parametrize(
    ("action", "text"),
    [("update", text) for text in UPDATES.values()] + [("create", text) for text in CREATES.values()],
    ids=[f"{action} {name}" for action, cases in (("update", UPDATES), ("create", CREATES)) for name in cases],
)
async def test_no_other_end_is_given(owned: tuple[Apis, dict[str, str]], action: str, text: str, hides: bool) -> None:
    apis, ids = owned
    client = await rep(apis, ids["$person"], hides=hides, **{action: {}})
    for name, id_ in ids.items():
        text = text.replace(name, id_)
    refused = await client.refusal(f"mutation {{ {text} }}")
    assert refused["extensions"]["code"] == "FORBIDDEN", refused
    assert "ownerPerson" not in str(refused)


async def test_no_form_is_told_to_ask_for_another_end(owned: tuple[Apis, dict[str, str]]) -> None:
    apis, ids = owned
    client = await rep(apis, ids["$person"], hides=False, create={})
    (found,) = describe_field_rights(client.seen, ["activity"])
    ends = {"ownerPerson", "ownerCompany"}
    assert ends & {*found["create"]} == set()
    assert ends <= {*found["update"]}


async def test_the_preset_is_written_and_leaves_the_other_end(owned: tuple[Apis, dict[str, str]]) -> None:
    apis, ids = owned
    client = await rep(apis, ids["$person"], hides=False, update={}, create={})
    fields = "{ ownerPersonId ownerCompanyId }"
    expected = {"ownerPersonId": ids["$person"], "ownerCompanyId": None}
    made = await client.write(f'mutation {{ createActivity(data: {{ title: "n" }}) {fields} }}')
    assert made == {"createActivity": expected}
    text = f'mutation {{ updateActivity(id: "{ids["$hanging"]}" data: {{ title: "n" }}) {fields} }}'
    assert await client.write(text) == {"updateActivity": expected}


async def test_a_merge_moves_no_record_whose_other_end_is_preset(owned: tuple[Apis, dict[str, str]]) -> None:
    apis, ids = owned
    other = await create(apis, "company", name="Other")
    client = await rep(apis, ids["$person"], hides=False, update={})
    text = f'mutation {{ mergeCompanies(ids: ["{other}" "{ids["$company"]}"] conflictPriorityIndex: 0) {{ id }} }}'
    refused = await client.refusal(text)
    assert refused["extensions"]["code"] == "FORBIDDEN", refused
