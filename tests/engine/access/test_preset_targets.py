"""Presets that lead to no record: the refusal names the role and the principal's value, and nothing that is hidden."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.roles import add_owner, create_role
from tests.engine.records import NOBODY, create, take_events

CLAIMED: tuple[str, str, dict[str, str]] = (
    "$principal.mine",
    "The role 'clerk' presets the record that the principal's value 'mine' names, which is not there.",
    {"code": "FORBIDDEN", "reason": "PRINCIPAL_VALUE", "name": "mine"},
)
CONSTANT: tuple[str, str, dict[str, str]] = (
    NOBODY, "The role 'clerk' presets a record that is not there, and needs to be changed.", {"code": "FORBIDDEN"}
)  # fmt: skip

WRITES = {
    "a create": ("person", 'createPerson(data: { email: "a" }) { id }'),
    "creates": ("person", 'createPeople(data: [{ email: "a" } { email: "b" }]) { id }'),
    "an upsert": ("person", 'upsertPerson(data: { email: "a" }) { created }'),
    "upserts": ("person", 'upsertPeople(data: [{ email: "a" }] onConflict: { fields: [email] }) { created }'),
    "an update": ("person", 'updatePerson(id: "$person" data: { city: "x" }) { id }'),
    "an update by a filter": ("person", 'updatePeople(filter: { email: { eq: "there" } } data: { city: "x" }) { id }'),
    "updates": ("person", 'updatePeople(updates: [{ id: "$person" data: { city: "x" } }]) { id }'),
    "a nested create": ("person", 'createOpportunity(data: { name: "x" owner: { create: { email: "a" } } }) { id }'),
    "a record made for want of one": (
        "person",
        'createOpportunity(data: { owner: { connectOrCreate: { where: {email: "a"} create: {email: "a"} } } }) { id }',
    ),
    "a nested update": (
        "person", 'updateOpportunity(id: "$opportunity" data: { owner: { update: { city: "x" } } }) { id }',
    ),
    "nested creates": (
        "opportunity", 'createPerson(data: { email: "a" owned: { create: [{ name: "x" } { name: "y" }] } }) { id }',
    ),
    "a root around others": (
        "person", 'createPerson(data: { email: "a" owned: { create: [{ name: "x" }] } }) { id }',
    ),
    "an updated root around others": (
        "person", 'updatePerson(id: "$person" data: { city: "x" owned: { create: [{ name: "x" }] } }) { id }',
    ),
    "an upsert around others": (
        "person",
        'upsertPerson(data: { email: "a" owned: { create: [{}] } } onConflict: { fields: [email] }) { created }',
    ),
}  # fmt: skip


async def send(apis: Apis, text: str, mine: str = NOBODY) -> Any:
    """The whole answer to a mutation of a clerk with this company."""
    principal = replace(PRINCIPAL, role="clerk", claims={"mine": mine})
    request = GraphQLRequest(query=f"mutation {{ {text} }}", operation_name=None, variables={})
    return loads((await apis.core.execute(principal, request, allow_mutation=True)).body)


async def add_clerk(apis: Apis, *others: Any, **grants: Any) -> None:
    """Make the role `clerk`: it may do all to people and opportunities, but for the actions in the grants."""
    every: Any = {action: {} for action in ("read", "create", "update", "delete")}
    objects = [{"object": name, **every, **grants.get(name, {})} for name in ("person", "opportunity")]
    claims = [{"name": "mine", "type": "UUID"}]
    await create_role(apis, name="clerk", label="Clerk", claims=claims, grants=[*objects, *others])


@pytest.fixture
async def owned(apis: Apis) -> tuple[Apis, dict[str, str]]:
    """A person with an opportunity, and the ids of the two."""
    await add_owner(apis)
    person = await create(apis, "person", email="there")
    opportunity = await create(apis, "opportunity", name="old", ownerId=person)
    await take_events(apis)
    return apis, {"$person": person, "$opportunity": opportunity}


@pytest.mark.parametrize(("preset", "message", "extensions"), [CLAIMED, CONSTANT], ids=["claimed", "constant"])
@pytest.mark.parametrize(("object_", "text"), WRITES.values(), ids=WRITES.keys())
async def test_a_preset_that_leads_to_no_record(
    owned: tuple[Apis, dict[str, str]], object_: str, text: str, preset: str, message: str, extensions: dict[str, str]
) -> None:
    """It was NOT_FOUND with the field and the object, which the role does not see."""
    apis, ids = owned
    way = {"preset": {"companyId": preset}}
    await add_clerk(apis, **{object_: {"create": way, "update": way}})
    for name, id_ in ids.items():
        text = text.replace(name, id_)
    (error,) = (await send(apis, text))["errors"]
    assert (error["message"], error["extensions"]) == (message, extensions)
    assert await take_events(apis) == []


async def test_a_record_that_is_deleted_is_not_there(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    await add_clerk(apis, person={"create": {"preset": {"companyId": "$principal.mine"}}})
    text = 'createPerson(data: { email: "a" }) { id }'
    assert "errors" not in await send(apis, text, company)
    await apis.data(f'mutation {{ deleteCompany(id: "{company}") {{ id }} }}')
    (error,) = (await send(apis, text.replace('"a"', '"b"'), company))["errors"]
    assert (error["message"], error["extensions"]) == CLAIMED[1:]


WAYS = [
    {"preset": {"companyId": "$principal.mine"}, "fields": {"only": ["email", "company"]}},
    {"fields": {"only": ["email", "city", "company"]}},
]
"""A record whose company the client does not give is admitted by the first way, any other by the second one."""


async def test_each_record_of_a_list_has_its_own_presets(apis: Apis) -> None:
    """A preset of some of the ways led only to records that the role reads."""
    hidden, seen = await create(apis, "company", name="Hidden"), await create(apis, "company", name="Seen")
    await add_clerk(apis, {"object": "company", "read": {"rule": {"name": {"eq": "Seen"}}}}, person={"create": WAYS})
    text = 'createPeople(data: [{{ email: "a" }} {{ email: "b" companyId: "{given}" }}]) {{ id }}'
    (error,) = (await send(apis, text.format(given=hidden), hidden))["errors"]
    assert error["message"] == "There is no Company to connect 'company' to."
    assert error["extensions"]["rows"] == [{"index": 1, "field": "company"}]
    (error,) = (await send(apis, text.format(given=seen)))["errors"]
    assert (error["message"], error["extensions"]) == CLAIMED[1:]
    assert "errors" not in await send(apis, text.format(given=seen), hidden)
    people = await apis.data("{ people(orderBy: [{ email: ASC }]) { edges { node { companyId } } } }")
    assert [edge["node"]["companyId"] for edge in people["people"]["edges"]] == [hidden, seen]


async def test_the_rows_to_blame_for_a_record_that_is_not_there_are_those_that_name_it(apis: Apis) -> None:
    await add_clerk(apis, {"object": "company", "read": {}}, person={"create": WAYS})
    other = NOBODY.replace("9d2e", "9d2f")
    text = f'createPeople(data: [{{ email: "a" companyId: "{other}" }} {{ email: "b" }}]) {{ id }}'
    (error,) = (await send(apis, text))["errors"]
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["extensions"]["rows"] == [{"index": 0, "field": "company", "value": other}]


async def test_some_ways_preset_a_relation_to_an_object_that_is_hidden(apis: Apis) -> None:
    """It was refused because the object were not active, by the name of the relation."""
    company = await create(apis, "company", name="Acme")
    await add_clerk(apis, person={"create": [WAYS[0], {"fields": {"only": ["email", "city"]}}]})
    assert "errors" not in await send(
        apis, 'createPeople(data: [{ email: "a" } { email: "b" city: "x" }]) { id }', company
    )
    people = await apis.data("{ people(orderBy: [{ email: ASC }]) { edges { node { companyId } } } }")
    assert [edge["node"]["companyId"] for edge in people["people"]["edges"]] == [company, None]


async def test_a_change_connects_records_that_the_role_reads_though_a_creation_presets_others(apis: Apis) -> None:
    """An upsert connected a record that was there to any other, read or not."""
    hidden = await create(apis, "company", name="Hidden")
    await create(apis, "person", email="there")
    seen = {"object": "company", "read": {"rule": {"name": {"eq": "Seen"}}}}
    await add_clerk(apis, seen, person={"create": {"preset": {"companyId": "$principal.mine"}}})
    data = f'{{ email: "there" companyId: "{hidden}" }}'
    (error,) = (await send(apis, f"upsertPerson(data: {data} onConflict: {{ fields: [email] }}) {{ created }}"))[
        "errors"
    ]
    assert error["message"] == "There is no Company to connect 'company' to."
