"""Rights mint no rights: a key or a webhook gives, to a holder of the settings for these, nothing beyond its own."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.workspaces.key_store import KeyStore
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.roles import HOOK, KEY, READ_ALL, ask, data, forbidden, of_role


async def test_keys_and_webhooks_have_the_role_of_their_maker(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "API_KEYS", "WEBHOOKS", claims=[{"name": "userId", "type": "UUID"}])
    claims = {"userId": str(PRINCIPAL.subject_id)}
    clerk = replace(clerk, claims=claims)
    assert (await data(apis, clerk, HOOK))["createWebhook"]["role"] == "clerk"
    assert (await data(apis, replace(clerk, kind=SubjectKind.USER), KEY))["createApiKey"]["role"] == "clerk"
    keys = await data(apis, clerk, "{ apiKeys { edges { node { role claims } } } }")
    assert keys["apiKeys"]["edges"] == [{"node": {"role": "clerk", "claims": claims}}]
    listed = (await data(apis, clerk, "{ webhooks { edges { node { role claims } } } }"))["webhooks"]["edges"]
    assert listed == [{"node": {"role": "clerk", "claims": claims}}]


SHOWN = """{ apiKeys(orderBy: { createdAt: ASC }) { totalCount edges { node { role claims } } }
    apiKeysGroupBy(groupBy: [{ role: true }]) { groupByDimensionValues } }"""


async def test_keys_of_others_are_shown_with_the_setting_for_roles_alone(apis: Apis) -> None:
    """A partner that may make keys for itself was told the names, networks and values of all other partners."""
    user = replace(PRINCIPAL, kind=SubjectKind.USER)
    clerk = await of_role(apis, "clerk", "API_KEYS", claims=[{"name": "partner", "type": "TEXT"}])
    text = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { id } }"
    bound: list[dict[str, object]] = [{"role": "admin", "claims": {}}]
    bound += [{"role": "clerk", "claims": {"partner": name}} for name in ("ours", "theirs")]
    ids = [(await data(apis, user, text, input={"name": "k", **one}))["createApiKey"]["id"] for one in bound]
    listed = await data(apis, replace(clerk, claims={"partner": "ours"}), SHOWN)
    assert listed["apiKeys"] == {"totalCount": 1, "edges": [{"node": bound[1]}]}
    assert listed["apiKeysGroupBy"] == [{"groupByDimensionValues": ["clerk"]}]
    one = "query ($id: UUID!) { apiKey(id: $id) { role } }"
    for id_ in (ids[0], ids[2]):
        assert (await data(apis, replace(clerk, claims={"partner": "ours"}), one, id=id_))["apiKey"] is None
    seller = await of_role(apis, "seller", "API_KEYS", grants=[READ_ALL])
    assert (await data(apis, seller, SHOWN))["apiKeys"]["totalCount"] == 0
    every = await data(apis, user, SHOWN)
    assert [edge["node"] for edge in every["apiKeys"]["edges"]] == bound


MINTING = {
    "another role for a key": 'mutation { createApiKey(input: { name: "k" role: "admin" }) { id } }',
    "other claims for a key": 'mutation { createApiKey(input: { name: "k" claims: { userId: "x" } }) { id } }',
    "another role for a webhook": """mutation { createWebhook(input: {
        targetUrl: "https://example.com/x" operations: ["*.*"] role: "admin" }) { id } }""",
    "other claims for a webhook": """mutation { createWebhook(input: {
        targetUrl: "https://example.com/x" operations: ["*.*"] claims: { userId: "x" } }) { id } }""",
    "a role": 'mutation { createRole(input: { name: "x" settings: [ROLES] }) { id } }',
}


@pytest.mark.parametrize("text", MINTING.values(), ids=MINTING.keys())
async def test_rights_mint_no_rights(apis: Apis, text: str) -> None:
    clerk = await of_role(apis, "clerk", "API_KEYS", "WEBHOOKS", "DATA_MODEL")
    assert "'clerk' lacks the setting ROLES" in await forbidden(apis, clerk, text)


async def test_the_setting_for_roles_binds_any(apis: Apis) -> None:
    text = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { id role } }"
    user = replace(PRINCIPAL, kind=SubjectKind.USER)
    await of_role(apis, "clerk", claims=[{"name": "userId", "type": "TEXT"}])
    given = {"name": "k", "role": "clerk", "claims": {"userId": "7"}}
    assert (await data(apis, user, text, input=given))["createApiKey"]["role"] == "clerk"
    (key,) = (await apis.change("{ apiKeys { edges { node { role claims } } } }"))["apiKeys"]["edges"]
    assert key["node"] == {"role": "clerk", "claims": {"userId": "7"}}
    for wrong, field in (({"role": "boss"}, "role"), ({"claims": ["x"]}, "claims")):
        (error,) = (await ask(apis, user, text, {"input": {"name": "k", **wrong}}))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


WITHOUT_CLAIMS = {
    "a key": 'mutation ($c: JSON) { createApiKey(input: { name: "k" role: "clerk" claims: $c }) { id } }',
    "a webhook": """mutation ($c: JSON) { createWebhook(input: {
        targetUrl: "https://example.com/x" operations: ["*.*"] role: "clerk" claims: $c }) { id } }""",
}


@pytest.mark.parametrize("text", WITHOUT_CLAIMS.values(), ids=WITHOUT_CLAIMS.keys())
async def test_a_key_or_webhook_has_the_values_that_its_role_needs(apis: Apis, text: str) -> None:
    await of_role(apis, "clerk", claims=[{"name": "userId", "type": "UUID"}])
    for claims, reason in (({}, "is missing"), ({"userId": "7"}, "UUID")):
        (error,) = (await ask(apis, PRINCIPAL, text, {"c": claims}))["errors"]
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "claims")
        assert error["message"].startswith(
            "claims: The role needs the principal's value 'userId' of the type UUID, which"
        )
        assert reason in error["message"]
    user = replace(PRINCIPAL, kind=SubjectKind.USER)
    await data(apis, user, text, c={"userId": str(PRINCIPAL.subject_id)})


@pytest.mark.parametrize("text", WITHOUT_CLAIMS.values(), ids=WITHOUT_CLAIMS.keys())
async def test_a_value_that_the_role_does_not_declare_is_refused(apis: Apis, text: str) -> None:
    """A regression: a misspelled value that may be lacking was kept, and no rule ever saw it."""
    teams = {"name": "teamIds", "type": "UUID", "isList": True, "mayLack": True}
    clerk = await of_role(apis, "clerk", "API_KEYS", "WEBHOOKS", claims=[teams])
    (error,) = (await ask(apis, PRINCIPAL, text, {"c": {"teamids": []}}))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "claims")
    said = 'claims: the role clerk declares no value "teamids": it declares teamIds ([UUID]), did you mean teamIds?'
    assert error["message"] == said
    # A token may bring more than its role declares: whatever it makes has the values of its maker.
    user = replace(clerk, kind=SubjectKind.USER, claims={"teamIds": [], "email": "ada@x.example"})
    await data(apis, user, text, c=user.claims)
    admin = replace(PRINCIPAL, kind=SubjectKind.USER, claims={"teamids": []})
    (error,) = (await ask(apis, admin, text, {"c": admin.claims}))["errors"]
    assert error["message"] == said


@pytest.mark.parametrize(("own", "inherited"), [(False, True), (True, False), (True, True)])
async def test_a_value_may_lack_if_the_role_and_all_that_it_inherits_allow_it(
    apis: Apis, own: bool, inherited: bool
) -> None:
    """A parent's `mayLack` made [] of a list that the role itself demands, and its rule let everything through."""
    blocked = {"name": "blocked", "type": "TEXT", "isList": True}
    await of_role(apis, "base", claims=[{**blocked, "mayLack": inherited}])
    await of_role(apis, "clerk", parents=["base"], claims=[{**blocked, "mayLack": own}])
    answer = await ask(apis, replace(PRINCIPAL, kind=SubjectKind.USER), WITHOUT_CLAIMS["a key"], {"c": {}})
    assert ("errors" not in answer) == (own and inherited)
    reads = await ask(apis, replace(PRINCIPAL, role="clerk"), "{ me { role } }")
    assert ("errors" not in reads) == (own and inherited)


async def test_a_webhook_of_another_role_is_not_led_elsewhere(apis: Apis) -> None:
    id_ = (await apis.change(HOOK))["createWebhook"]["id"]
    clerk = replace(await of_role(apis, "clerk", "WEBHOOKS", claims=[{"name": "a", "type": "INT"}]), claims={"a": 2})
    text = "mutation ($id: UUID!, $i: UpdateWebhookInput!) { updateWebhook(id: $id, input: $i) { id role claims } }"
    assert "lacks the setting ROLES" in await forbidden(apis, clerk, text, id=id_, i={"description": "mine"})
    (error,) = (await ask(apis, PRINCIPAL, text, {"id": id_, "i": {"role": "clerk", "claims": {"a": 1, "b": 1}}}))[
        "errors"
    ]
    assert error["message"] == 'claims: the role clerk declares no value "b": it declares a (INT)'
    given = {"role": "clerk", "claims": {"a": 1}}
    assert (await data(apis, PRINCIPAL, text, id=id_, i=given))["updateWebhook"] == {"id": id_, **given}
    assert (await data(apis, PRINCIPAL, text, id=id_, i={"role": "viewer"}))["updateWebhook"]["claims"] == {}
    answer = await ask(apis, PRINCIPAL, text, {"id": str(PRINCIPAL.subject_id), "i": {"role": "clerk"}})
    assert answer["errors"][0]["extensions"]["code"] == "NOT_FOUND"


ROTATE = "mutation ($id: UUID!) { rotateApiKey(id: $id) { id token } }"
LEADING = {
    "updateWebhook": "mutation ($id: UUID!) { updateWebhook(id: $id, input: { isActive: false }) { id } }",
    "testWebhook": "mutation ($id: UUID!) { testWebhook(id: $id) { responseBody } }",
    "redeliverFailed": "mutation ($id: UUID!) { redeliverFailed(webhookId: $id) }",
    "deleteWebhook": "mutation ($id: UUID!) { deleteWebhook(id: $id) { id role } }",
}


@pytest.mark.long
async def test_a_webhook_of_another_role_is_neither_changed_nor_ended(apis: Apis) -> None:
    id_ = (await apis.change(HOOK))["createWebhook"]["id"]
    clerk = await of_role(apis, "clerk", "WEBHOOKS", grants=[{"object": "person", "read": {}}])
    for text in LEADING.values():
        assert "lacks the setting ROLES" in await forbidden(apis, clerk, text, id=id_)
    own = (await data(apis, clerk, HOOK))["createWebhook"]["id"]
    assert (await data(apis, clerk, LEADING["deleteWebhook"], id=own))["deleteWebhook"] == {"id": own, "role": "clerk"}


MAKE_HOOK = """mutation ($o: [String!]! $role: String) { createWebhook(input: {
    targetUrl: "https://example.com/x" operations: $o role: $role }) { id operations } }"""
LISTEN = """mutation ($id: UUID! $o: [String!] $role: String) {
    updateWebhook(id: $id, input: { operations: $o role: $role }) { operations } }"""
HOOK_URLS = ["https://a.example/", "https://b.example/"]
HOOKS = "{ webhooks { totalCount edges { node { role operations } } } }"


async def test_a_hidden_object_is_to_operations_as_one_that_is_not_there(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "WEBHOOKS", grants=[{"object": "person", "read": {}}])
    made = (await data(apis, clerk, MAKE_HOOK, o=["person.*"]))["createWebhook"]
    for text in (MAKE_HOOK, LISTEN):
        hidden, absent = [
            (await ask(apis, clerk, text, {"id": made["id"], "o": [f"{name}.created"]}))["errors"]
            for name in ("company", "kompany")
        ]
        assert dumps(hidden).replace("company", "kompany") == dumps(absent)
        assert hidden[0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.long
async def test_webhooks_are_shown_to_roles_that_inherit_theirs_or_may_bind_it(apis: Apis) -> None:
    person = {"object": "person", "read": {}}
    clerk = await of_role(apis, "clerk", "WEBHOOKS", grants=[person])
    heir = await of_role(apis, "heir", "WEBHOOKS", grants=[], parents=["clerk"])
    lead = await of_role(apis, "lead", "WEBHOOKS", "ROLES", grants=[person])
    for principal in (clerk, heir, PRINCIPAL):
        await data(apis, principal, MAKE_HOOK, o=["*.created" if principal is PRINCIPAL else "person.*"])
    for principal, roles in ((clerk, {"clerk"}), (heir, {"clerk", "heir"}), (lead, {"clerk", "heir", "admin"})):
        shown = (await data(apis, principal, HOOKS))["webhooks"]
        assert {edge["node"]["role"] for edge in shown["edges"]} == roles
        assert shown["totalCount"] == len(roles)


@pytest.mark.long
@pytest.mark.parametrize(("settings", "shown"), [([], ["https://a.example/"]), (["ROLES"], HOOK_URLS)])
async def test_webhooks_with_other_values_are_for_those_who_may_bind_them(
    apis: Apis, settings: list[str], shown: list[str]
) -> None:
    rule = {"name": {"eq": "$principal.tenant"}}
    grants = [{"object": "company", "read": {"rule": rule}}]
    claims = [{"name": "tenant", "type": "TEXT"}]
    clerk = await of_role(apis, "clerk", "WEBHOOKS", *settings, grants=grants, claims=claims)
    text = 'mutation ($url: String!) { createWebhook(input: { targetUrl: $url operations: ["*.*"] }) { targetUrl } }'
    one, other = (replace(clerk, claims={"tenant": tenant}) for tenant in ("a", "b"))
    for principal, url in zip((one, other), HOOK_URLS, strict=True):
        assert (await data(apis, principal, text, url=url))["createWebhook"] == {"targetUrl": url}
    found = await data(apis, one, "{ webhooks(orderBy: { targetUrl: ASC }) { edges { node { targetUrl } } } }")
    assert [edge["node"]["targetUrl"] for edge in found["webhooks"]["edges"]] == shown


async def test_a_webhook_has_no_operations_of_objects_that_its_role_does_not_see(apis: Apis) -> None:
    await of_role(apis, "clerk", grants=[{"object": "person", "read": {}}])
    (error,) = (await ask(apis, PRINCIPAL, MAKE_HOOK, {"o": ["company.*"], "role": "clerk"}))["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "operations")
    assert 'the role "clerk" of the webhook does not see the object "company"' in error["message"]
    id_ = (await data(apis, PRINCIPAL, MAKE_HOOK, o=["company.*", "*.*"]))["createWebhook"]["id"]
    assert "errors" in await ask(apis, PRINCIPAL, LISTEN, {"id": id_, "role": "clerk"})
    both = {"id": id_, "role": "clerk", "o": ["*.*"]}
    assert (await data(apis, PRINCIPAL, LISTEN, **both))["updateWebhook"] == {"operations": ["*.*"]}


async def test_the_names_of_roles_are_for_those_who_may_bind_them(apis: Apis) -> None:
    clerk = await of_role(apis, "clerk", "API_KEYS")
    text = 'mutation ($role: String) { createApiKey(input: { name: "k" role: $role }) { id } }'
    assert await forbidden(apis, clerk, text, role="nobody") == await forbidden(apis, clerk, text, role="viewer")
    assert "admin" in (await ask(apis, PRINCIPAL, text, {"role": "nobody"}))["errors"][0]["message"]


async def test_a_key_of_another_role_is_not_revoked(apis: Apis) -> None:
    keys = KeyStore(apis.database)
    clerk = await of_role(apis, "clerk", "API_KEYS")
    boss, own = [await keys.create(PRINCIPAL.workspace_id, role, role=role) for role in ("admin", "clerk")]
    text = "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }"
    assert "lacks the setting ROLES" in await forbidden(apis, clerk, text, id=str(boss.key.id))
    assert (await data(apis, clerk, text, id=str(own.key.id)))["revokeApiKey"] == {"id": str(own.key.id)}


async def test_a_key_of_another_role_is_not_rotated(apis: Apis) -> None:
    made = await KeyStore(apis.database).create(PRINCIPAL.workspace_id, "boss's")
    clerk = await of_role(apis, "clerk", "API_KEYS")
    own = await KeyStore(apis.database).create(PRINCIPAL.workspace_id, "clerk's", role="clerk")
    assert "lacks the setting ROLES" in await forbidden(apis, clerk, ROTATE, id=str(made.key.id))
    assert (await data(apis, clerk, ROTATE, id=str(own.key.id)))["rotateApiKey"]["token"].startswith("fs_")
    assert (await data(apis, PRINCIPAL, ROTATE, id=str(made.key.id)))["rotateApiKey"]["id"] == str(made.key.id)


MAKE = 'mutation ($end: DateTime) { createApiKey(input: { name: "k" expiresAt: $end }) { id expiresAt } }'


async def ending(apis: Apis, end: datetime | None) -> Principal:
    """Return the principal of a key that ends at a time."""
    made = await KeyStore(apis.database).create(PRINCIPAL.workspace_id, "held", expires_at=end)
    return replace(PRINCIPAL, subject_id=made.key.id)


async def test_a_key_with_an_end_makes_none_that_outlives_it(apis: Apis) -> None:
    end = datetime(2098, 5, 6, tzinfo=UTC)
    held = await ending(apis, end)
    assert (await data(apis, held, MAKE))["createApiKey"]["expiresAt"] == "2098-05-06T00:00:00Z"
    for given in (end, end - timedelta(days=1)):
        made = (await data(apis, held, MAKE, end=given.isoformat()))["createApiKey"]
        assert datetime.fromisoformat(made["expiresAt"]) == given
    message = "The key that asks ends at 2098-05-06T00:00:00Z: another's expiresAt must be no later."
    assert await forbidden(apis, held, MAKE, end="2098-05-06T00:00:01Z") == message
    assert len(await KeyStore(apis.database).list(PRINCIPAL.workspace_id)) == 4


async def test_a_key_with_an_end_rotates_none_that_outlives_it(apis: Apis) -> None:
    end = datetime(2098, 5, 6, tzinfo=UTC)
    held, lasting = await ending(apis, end), await ending(apis, None)
    assert "another's expiresAt must be no later" in await forbidden(apis, held, ROTATE, id=str(lasting.subject_id))
    await data(apis, held, ROTATE, id=str(held.subject_id))
    await data(apis, lasting, ROTATE, id=str(held.subject_id))


async def test_a_key_of_a_user_may_outlive_the_token(apis: Apis) -> None:
    user = replace(PRINCIPAL, kind=SubjectKind.USER, expires_at=datetime.now(UTC).timestamp() + 60)
    assert (await data(apis, user, MAKE))["createApiKey"]["expiresAt"] is None
