"""Webhooks of roles: a payload has the fields that the role may read of a record that it may read, and no position."""

import asyncio
from dataclasses import replace
from typing import Any

import psycopg

from tests.apis import PRINCIPAL, WORKSPACE_ID
from tests.engine.metadata_api.roles import CREATE, UPDATE
from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import Received, Reply, TargetServer, take
from tests.older_zones import put_zone
from tests.waiting import until

BIND = "mutation ($id: UUID!, $input: UpdateWebhookInput!) { updateWebhook(id: $id, input: $input) { id } }"
REDELIVER = "mutation ($id: UUID!) { redeliver(id: $id) { id } }"
NEW_OBJECT = """mutation { createObject(input: {
    nameSingular: "project" namePlural: "projects" labelSingular: "Project" labelPlural: "Projects" }) { id } }"""
TO_THE_HISTORY = (
    "CREATE TABLE fieldstone.record_history_1_100 PARTITION OF fieldstone.record_history FOR VALUES FROM (1) TO (100)",
    "INSERT INTO fieldstone.record_history SELECT * FROM fieldstone.event_log",
    "DELETE FROM fieldstone.event_log",
)
"""As the retention of the log moves events."""
MINE = {"city": {"eq": "$principal.city"}}


async def make_role(sending: Sending, **person: Any) -> str:
    """A role with these rights on people alone, and a claim."""
    made = await sending.data(
        CREATE,
        input={
            "name": "rep",
            "label": "Rep",
            "claims": [{"name": "city", "type": "TEXT"}],
            "grants": [{"object": "person", **person}],
        },
    )
    return str(made["createRole"]["id"])


def events(target: TargetServer, path: str) -> list[Any]:
    return [one.event for one in target.received if one.path == f"/hook{path}"]


async def test_a_payload_has_the_records_and_fields_that_the_role_reads(sending: Sending, target: TargetServer) -> None:
    await make_role(sending, read={"rule": MINE, "fields": {"allBut": ["jobTitle"]}})
    await sending.webhook(f"{target.url}/whole", "*.*")
    for city in ("Berlin", "Rome"):
        await sending.webhook(f"{target.url}/{city}", "*.*", role="rep", claims={"city": city})
    ids = {
        city: await sending.person(f"{city}@x.org", city=city, jobTitle="secret")
        for city in ("Berlin", "Rome", "Paris")
    }
    await sending.update(ids["Berlin"], jobTitle="other")
    await sending.update(ids["Berlin"], firstName="Ada", jobTitle="more")
    await sending.data('mutation { createCompany(data: { name: "Acme" }) { id } }', metadata=False)
    await target.until_taken(6 + 2 + 1)
    assert len(events(target, "/whole")) == 6
    created, updated = events(target, "/Berlin")
    assert (created["event"], created["recordId"], created["position"]) == ("person.created", ids["Berlin"], None)
    assert created["record"]["city"] == "Berlin"
    assert "jobTitle" not in created["record"]
    assert "companyId" not in created["record"], "a company is hidden, and its key with it"
    assert (updated["event"], updated["updatedFields"]) == ("person.updated", ["firstName"])
    assert "secret" not in str(created) + str(updated)
    (only,) = events(target, "/Rome")
    assert only["recordId"] == ids["Rome"]
    assert sorted(one["position"] for one in events(target, "/whole")) == [1, 2, 3, 4, 5, 6]


async def test_a_field_that_a_role_reads_in_some_records_is_null_in_the_payloads_of_the_others(
    sending: Sending, target: TargetServer
) -> None:
    await make_role(sending, read=[{"rule": MINE}, {"fields": {"allBut": ["jobTitle"]}}])
    for city in ("Berlin", "Rome"):
        await sending.webhook(f"{target.url}/{city}", "person.*", role="rep", claims={"city": city})
    await sending.webhook(f"{target.url}/Bonn", "person.*", role="rep", claims={"city": "Rome"})
    id_ = await sending.person("a@x.org", city="Berlin", jobTitle="chief")
    await target.until_taken(3)
    await sending.update(id_, jobTitle="boss", firstName="Ada")
    await target.until_taken(6)
    await sending.update(id_, jobTitle="queen")
    await target.until_taken(7)
    seen = {path: [one["record"]["jobTitle"] for one in events(target, path)] for path in ("/Berlin", "/Rome", "/Bonn")}
    assert seen == {"/Berlin": ["chief", "boss", "queen"], "/Rome": [None, None], "/Bonn": [None, None]}
    updated = [[one["updatedFields"] for one in events(target, path)] for path in ("/Berlin", "/Rome")]
    assert updated == [[[], ["firstName", "jobTitle"], ["jobTitle"]], [[], ["firstName"]]]


async def test_a_webhook_whose_role_refuses_its_claims_gets_nothing(sending: Sending, target: TargetServer) -> None:
    role = await make_role(sending, read={"rule": MINE})
    await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await sending.webhook(f"{target.url}/whole", "person.*")
    await sending.data(UPDATE, id=role, input={"claims": [{"name": "city", "type": "UUID"}]})
    await sending.person("b@x.org", city="Berlin")
    await target.until_taken(1)
    await sending.data(UPDATE, id=role, input={"claims": [{"name": "city", "type": "TEXT"}]})
    id_ = await sending.person("c@x.org", city="Berlin")
    await target.until_taken(3)
    assert [one["recordId"] for one in events(target, "/rep")] == [id_]


async def test_claims_that_do_not_fit_into_a_rule_hold_up_no_other_webhook(
    sending: Sending, target: TargetServer
) -> None:
    await make_role(sending, read={"rule": {"city": {"like": "$principal.city"}}})
    for path, pattern in (("unfit", "Ber\\"), ("fit", "Ber%")):
        await sending.webhook(f"{target.url}/{path}", "person.*", role="rep", claims={"city": pattern})
    id_ = await sending.person("b@x.org", city="Berlin")
    await target.until_taken(1)
    assert [one["recordId"] for one in events(target, "/fit")] == [id_]
    assert events(target, "/unfit") == []


async def test_a_zone_that_an_older_release_took_holds_up_no_webhook(
    workspace_dsn: str, sending: Sending, target: TargetServer
) -> None:
    await make_role(
        sending, read={"rule": {"createdAt": {"within": {"last": 1, "unit": "DAY", "timeZone": "Europe/Berlin"}}}}
    )
    put_zone(workspace_dsn, "CET")
    sending.services.foundation.current.doubt(WORKSPACE_ID)
    await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await sending.webhook(f"{target.url}/whole", "person.*")
    id_ = await sending.person("a@x.org")
    await target.until_taken(2)
    assert [one["recordId"] for one in events(target, "/rep")] == [id_]


async def refuse(_: Received) -> Reply:
    """Take nothing."""
    return Reply(status=503)


async def reading(sending: Sending, role: str, *ways: Any) -> None:
    """Give the role this right to read people alone."""
    await sending.data(UPDATE, id=role, input={"grants": [{"object": "person", "read": list(ways)}]})


async def waiting(sending: Sending, target: TargetServer, **values: Any) -> str:
    """The id of a person whose creation no target takes yet."""
    target.behave = refuse
    id_ = await sending.person("a@x.org", **values)
    await target.until_received(1)
    return id_


async def ended(sending: Sending, count: int) -> list[Any]:
    """The deliveries, as soon as all of them have ended."""
    async with asyncio.timeout(60):
        while True:
            found = await sending.deliveries()
            if len(found) == count and all(one["status"] != "PENDING" for one in found):
                return found
            await asyncio.sleep(0.01)


async def test_a_waiting_delivery_has_the_fields_that_the_role_reads_by_now(
    sending: Sending, target: TargetServer
) -> None:
    role = await make_role(sending, read={"rule": MINE})
    await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await waiting(sending, target, city="Berlin", jobTitle="secret")
    assert target.received[0].event["record"]["jobTitle"] == "secret"
    await reading(sending, role, {"rule": MINE, "fields": {"allBut": ["jobTitle"]}})
    # The first of them may have been under way.
    await target.until_received(len(target.received) + 2)
    target.behave = take
    (event,) = await target.until_taken(1)
    assert event["id"] == target.received[0].event["id"]
    assert (event["record"]["city"], "jobTitle" in event["record"]) == ("Berlin", False)


async def test_a_waiting_delivery_that_the_role_may_not_read_by_now_is_given_up_and_says_so(
    sending: Sending, target: TargetServer
) -> None:
    role = await make_role(sending, read={"rule": MINE})
    hook = await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await waiting(sending, target, city="Berlin")
    await reading(sending, role, {"rule": {"city": {"eq": "Rome"}}})
    (only,) = await ended(sending, 1)
    target.behave = take
    assert (only["status"], only["event"], only["responseStatus"]) == ("FAILED", "person.created", None)
    assert only["error"] == "Nothing was sent: the role of the webhook may not read the event any more."
    assert target.taken == []
    assert (await sending.shown(hook["id"]))["isActive"] is True
    received = len(target.received)
    await sending.data(REDELIVER, id=only["id"])
    assert (await ended(sending, 1))[0]["status"] == "FAILED"
    assert len(target.received) == received, "to send it again does not help"
    await reading(sending, role, {"rule": MINE})
    await sending.data(REDELIVER, id=only["id"])
    (event,) = await target.until_taken(1)
    assert (event["event"], event["record"]["city"]) == ("person.created", "Berlin")


async def test_a_role_with_restrictions_is_told_no_position_of_an_object_that_it_sees_whole(
    sending: Sending, target: TargetServer
) -> None:
    await sending.data(NEW_OBJECT)
    actions = ("read", "create", "update", "delete", "restore", "destroy")
    grants = [
        {"object": "*", "aggregates": True, **{action: {} for action in actions}},
        {"object": "project", **dict.fromkeys(actions)},
    ]
    await sending.data(CREATE, input={"name": "most", "label": "Most", "grants": grants})
    await sending.webhook(f"{target.url}/most", "person.*", role="most")
    hook = await sending.webhook(f"{target.url}/all", "person.*")
    await sending.person("a@x.org")
    await target.until_taken(2)
    (most,), (all_,) = events(target, "/most"), events(target, "/all")
    assert most["record"] == all_["record"]
    assert (most["position"], all_["position"]) == (None, 1)
    # A delivery that waits while its webhook gets such a role is built again.
    target.behave = refuse
    await sending.update(most["recordId"], city="Rome")
    await until(lambda: len(events(target, "/all")) > 1)
    assert events(target, "/all")[-1]["position"] == 2
    await sending.data(BIND, id=hook["id"], input={"role": "most"})
    await until(lambda: events(target, "/all")[-1]["position"] is None)


async def test_a_waiting_delivery_follows_the_role_and_the_claims_of_its_webhook(
    sending: Sending, target: TargetServer
) -> None:
    """A webhook that saw all gets another role; then its claims change."""
    await make_role(sending, read={"rule": MINE, "fields": {"allBut": ["jobTitle"]}})
    hook = await sending.webhook(f"{target.url}/hook", "person.*")
    await waiting(sending, target, city="Berlin", jobTitle="secret")
    await sending.data(BIND, id=hook["id"], input={"role": "rep", "claims": {"city": "Rome"}})
    (only,) = await ended(sending, 1)
    assert only["status"] == "FAILED"
    await sending.data(BIND, id=hook["id"], input={"claims": {"city": "Berlin"}})
    target.behave = take
    await sending.data(REDELIVER, id=only["id"])
    (event,) = await target.until_taken(1)
    assert ("jobTitle" in event["record"], event["position"]) == (False, None)


async def test_a_delivery_without_known_rights_is_built_again_if_its_event_is_kept(
    workspace_dsn: str, sending: Sending, target: TargetServer
) -> None:
    """Servers from before the rights were kept make such deliveries."""
    await make_role(sending, read={"rule": MINE, "fields": {"allBut": ["jobTitle"]}})
    await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await sending.webhook(f"{target.url}/whole", "person.*")
    forget = "UPDATE fieldstone.webhook_delivery SET rights = NULL, object_id = NULL, payload = '{\"record\": 7}'"
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        await sending.person("a@x.org", city="Berlin", jobTitle="secret")
        await target.until_taken(2)
        sent = await ended(sending, 2)
        await connection.execute(forget)
        for one in sent:
            await sending.data(REDELIVER, id=one["id"])
        await target.until_taken(4)
        assert "jobTitle" not in events(target, "/rep")[-1]["record"]
        assert events(target, "/whole")[-1]["record"] == 7, "a role that sees all gets the payload as it is"
        await ended(sending, 2)
        await connection.execute(forget)
        for statement in TO_THE_HISTORY:
            await connection.execute(statement)
        (one,) = [one for one in await sending.deliveries() if one["id"] == events(target, "/rep")[-1]["id"]]
        await sending.data(REDELIVER, id=one["id"])
        await target.until_taken(5)
        assert events(target, "/rep")[-1]["record"]["city"] == "Berlin", (
            "the event has left the log and is kept behind it"
        )
        await ended(sending, 2)
        await connection.execute(forget)
        await connection.execute("DELETE FROM fieldstone.record_history")
        await sending.data(REDELIVER, id=one["id"])
        (error,) = [one["error"] for one in await ended(sending, 2) if one["status"] == "FAILED"]
        assert error == "Nothing was sent: the rights of the webhook have changed, and the event is not kept any more."


async def test_a_change_of_other_rights_leaves_waiting_deliveries_as_they_are(
    sending: Sending, target: TargetServer
) -> None:
    role = await make_role(sending, read={"rule": MINE})
    await sending.webhook(f"{target.url}/rep", "person.*", role="rep", claims={"city": "Berlin"})
    await waiting(sending, target, city="Berlin")
    grants = [{"object": "person", "read": {"rule": MINE}, "update": {}}, {"object": "company", "delete": {}}]
    await sending.data(UPDATE, id=role, input={"grants": grants})
    target.behave = take
    (event,) = await target.until_taken(1)
    assert event["record"]["city"] == "Berlin"


async def test_a_rule_over_relations_decides_about_deliveries(sending: Sending, target: TargetServer) -> None:
    rule = {"company": {"people": {"some": {"jobTitle": {"eq": "$principal.city"}}}}}
    await make_role(sending, read={"rule": rule})
    for city in ("Berlin", "Rome"):
        await sending.webhook(f"{target.url}/{city}", "person.*", role="rep", claims={"city": city})
    made = await sending.data('mutation { createCompany(data: { name: "Acme" }) { id } }', metadata=False)
    company = made["createCompany"]["id"]
    lead = await sending.person("a@x.org", jobTitle="Berlin", companyId=company)
    await target.until_taken(1)
    one = await sending.person("b@x.org", companyId=company)
    await target.until_taken(2)
    await sending.update(lead, jobTitle="Rome")
    await target.until_taken(3)
    await sending.update(one, companyId=None)
    last = await sending.person("c@x.org", companyId=company)
    await target.until_taken(4)
    assert [[one["recordId"], one["event"]] for one in events(target, "/Berlin")] == [
        [lead, "person.created"],
        [one, "person.created"],
    ]
    assert [[one["recordId"], one["event"]] for one in events(target, "/Rome")] == [
        [lead, "person.updated"],
        [last, "person.created"],
    ]


SHOWN = "{ webhookDeliveries(first: 60) { totalCount edges { node { id position recordId webhook { targetUrl } } } } }"


async def test_deliveries_are_shown_to_roles_that_read_all_that_their_webhooks_do(
    sending: Sending, target: TargetServer
) -> None:
    """A delivery names a record, and may have the target's answer about it."""
    everything = {"object": "person", "read": {}}
    claims = [{"name": "city", "type": "TEXT"}, {"name": "more", "type": "TEXT", "isList": True, "mayLack": True}]
    common = {"label": "Rep", "settings": ["WEBHOOKS"], "claims": claims}
    await sending.data(CREATE, input={"name": "plain", "label": "Plain", "grants": [everything]})
    mine = {"object": "person", "read": {"rule": {"or": [MINE, {"city": {"in": "$principal.more"}}]}}}
    await sending.data(CREATE, input={"name": "rep", "grants": [mine], **common})
    await sending.data(CREATE, input={"name": "lead", "grants": [], "parents": ["plain", "rep"], **common})
    all_but = sorted({"DATA_MODEL", "ROLES", "API_KEYS", "WEBHOOKS", "HISTORY", "METRICS", "AUDIT", "IMPERSONATE"})
    await sending.data(CREATE, input={"name": "boss", "label": "Boss", "parents": ["admin"], "settings": all_but})
    berlin, bonn = {"city": "Berlin"}, {"city": "Bonn"}
    bindings: dict[str, dict[str, Any]] = {
        "admin": {},
        "plain": {"role": "plain"},
        "berlin": {"role": "rep", "claims": berlin},
        "bonn": {"role": "rep", "claims": bonn},
        "both": {"role": "rep", "claims": {**berlin, "more": ["Bonn"]}},
        "lead": {"role": "lead", "claims": berlin},
    }
    for path, more in bindings.items():
        await sending.webhook(f"{target.url}/{path}", "person.created", **more)
    await sending.person("a@x.org", city="Berlin")
    await target.until_taken(5)

    async def shown(role: str, **values: Any) -> tuple[set[str], set[Any]]:
        one = replace(sending, principal=replace(PRINCIPAL, role=role, claims=values))
        found = (await one.data(SHOWN))["webhookDeliveries"]
        nodes = [edge["node"] for edge in found["edges"]]
        assert found["totalCount"] == len(nodes)
        paths = {node["webhook"]["targetUrl"].rpartition("/")[2] for node in nodes}
        return paths, {node["position"] for node in nodes}

    everywhere = {"admin", "plain", "berlin", "both", "lead"}
    assert await shown("admin") == (everywhere, {"1"})
    assert (await shown("boss"))[0] >= everywhere, "a role that sees the model reads as much as any of them"
    assert await shown("rep", **berlin) == ({"berlin"}, {None}), "another's values may read more"
    assert await shown("rep", **bonn) == (set(), set())
    assert await shown("rep", **berlin, more=["Bonn", "Rome"]) == (set(), set()), "a list may be longer or shorter"
    assert await shown("lead", **berlin) == ({"plain", "berlin", "lead"}, {None})
    assert await shown("lead", **bonn) == ({"plain"}, {None})

    rep = replace(sending, principal=replace(PRINCIPAL, role="rep", claims=berlin))
    nested = await rep.data("{ webhooks { edges { node { deliveries { totalCount } } } } }")
    counts = [edge["node"]["deliveries"]["totalCount"] for edge in nested["webhooks"]["edges"]]
    assert counts == [1], "those of its role with its values alone are shown"
    (own,) = (await rep.data(SHOWN))["webhookDeliveries"]["edges"]
    others = [one for one in await sending.deliveries() if one["id"] != own["node"]["id"]]
    for one in others:
        assert (await rep.error(REDELIVER, id=one["id"]))["extensions"]["code"] == "FORBIDDEN"
    assert (await rep.data(REDELIVER, id=own["node"]["id"]))["redeliver"] == {"id": own["node"]["id"]}


async def test_operations_are_listed_as_long_as_the_role_reads_their_object(
    sending: Sending, target: TargetServer
) -> None:
    async def listed() -> Any:
        found = await sending.data("{ webhooks { edges { node { operations } } } }")
        return found["webhooks"]["edges"][0]["node"]["operations"]

    every, none = {"object": "*", "read": {}}, {"object": "company"}
    person = {"object": "person", "read": {}}
    base, rep = [
        (await sending.data(CREATE, input={"name": name, "label": name, "parents": parents, "grants": grants}))[
            "createRole"
        ]["id"]
        for name, parents, grants in (("base", [], []), ("rep", ["base"], [every]))
    ]
    await sending.webhook(f"{target.url}/rep", "person.created", "company.*", "*.deleted", role="rep")
    assert await listed() == ["person.created", "company.*", "*.deleted"]
    for grants, inherited, operations in (
        ([every, none], [], ["person.created", "*.deleted"]),
        ([], [], ["*.deleted"]),
        ([person], [], ["person.created", "*.deleted"]),
        ([none], [every], ["person.created", "company.*", "*.deleted"]),
    ):
        await sending.data(UPDATE, id=base, input={"grants": inherited})
        await sending.data(UPDATE, id=rep, input={"grants": grants})
        assert await listed() == operations
