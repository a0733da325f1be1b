"""Subscriptions and live queries of roles: an event is told if its image may be read."""

from typing import Any

import pytest

from tests.engine.access.subscribers import rep
from tests.engine.events.desk import Desk
from tests.waiting import until

MINE = {"city": {"eq": "$principal.city"}}
ALL: dict[str, Any] = {"read": {}}


async def test_an_event_is_told_if_the_record_may_be_read_as_it_shows_it(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {"rule": MINE}})
    created = await one.subscribe("subscription { personCreated { firstName } }")
    updated = await one.subscribe("subscription { personUpdated { firstName city } }")
    deleted = await one.subscribe("subscription { personDeleted { id } }")
    destroyed = await one.subscribe("subscription { personDestroyed { firstName } }")
    await desk.person("a@x.org", firstName="Rome", city="Rome")
    mover = await desk.person("b@x.org", firstName="Berlin", city="Berlin")
    assert await created.until(1) == [{"firstName": "Berlin"}]
    await desk.update(mover, city="Rome")
    await desk.update(mover, city=None)
    await desk.update(mover, city="Berlin")
    assert await updated.until(1) == [{"firstName": "Berlin", "city": "Berlin"}], "no event of a record that leaves"
    other = await desk.person("c@x.org", firstName="Gone", city="Berlin")
    await desk.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=mover)
    await desk.data("mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=other)
    assert await destroyed.until(1) == [{"firstName": "Gone"}]
    await desk.delivered(8)
    assert (len(created.results), len(updated.results), deleted.results) == (2, 1, [])


async def test_a_role_that_may_restore_is_told_of_deletions(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {"rule": MINE}, "restore": {}})
    deleted = await one.subscribe("subscription { personDeleted { firstName } }")
    for city in ("Rome", "Berlin"):
        id_ = await desk.person(f"{city}@x.org", firstName=city, city=city)
        await desk.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=id_)
    assert await deleted.until(1) == [{"firstName": "Berlin"}]


async def test_the_principals_of_a_role_share_a_statement_and_get_their_own(desk: Desk) -> None:
    berlin = await rep(desk, {"object": "person", "read": {"rule": MINE}})
    text = 'subscription { personCreated(filter: { firstName: { neq: "skip" } }) { firstName } }'
    first, second = await berlin.subscribe(text), await berlin.of("Rome").subscribe(text)
    assert desk.events.hub.groups == 1
    for name, city in (("skip", "Rome"), ("r", "Rome"), ("p", "Paris"), ("b", "Berlin")):
        await desk.person(f"{name}@x.org", firstName=name, city=city)
    assert await first.until(1) == [{"firstName": "b"}]
    assert await second.until(1) == [{"firstName": "r"}]
    await desk.delivered(4)
    assert (len(first.results), len(second.results)) == (1, 1)


async def test_a_rule_over_a_relation(desk: Desk) -> None:
    made = await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    company = made["createCompany"]["id"]
    one = await rep(
        desk, {"object": "*", **ALL}, {"object": "person", "read": {"rule": {"company": {"name": {"eq": "Acme"}}}}}
    )
    created = await one.subscribe("subscription { personCreated { firstName company { name } } }")
    await desk.person("a@x.org", firstName="Alone")
    await desk.person("b@x.org", firstName="Acme", companyId=company)
    assert await created.until(1) == [{"firstName": "Acme", "company": {"name": "Acme"}}]


async def test_a_write_of_hidden_fields_is_none(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {"fields": {"allBut": ["jobTitle"]}}})
    updated = await one.subscribe("subscription { personUpdated { firstName city } }")
    id_ = await desk.person("a@x.org", firstName="Ada")
    await desk.update(id_, jobTitle="secret")
    await desk.update(id_, city="Rome", jobTitle="more")
    assert await updated.until(1) == [{"firstName": "Ada", "city": "Rome"}]
    await desk.delivered(3)
    assert len(updated.results) == 1
    refused = await one.refusal("subscription { personUpdated { jobTitle } }")
    assert refused["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


GUARDED = [{"fields": {"allBut": ["jobTitle"]}}, {"rule": MINE}]
"""Rights that have the job titles in the principal's own city."""


async def test_a_field_that_is_read_in_some_records_is_null_in_the_events_of_the_others(desk: Desk) -> None:
    berlin = await rep(desk, {"object": "person", "read": GUARDED})
    text = "subscription { personCreated { firstName jobTitle } }"
    chiefs = 'subscription { personCreated(filter: { jobTitle: { eq: "chief" } }) { firstName } }'
    first, second = await berlin.subscribe(text), await berlin.of("Rome").subscribe(text)
    found = await berlin.subscribe(chiefs)
    for city in ("Rome", "Berlin"):
        await desk.person(f"{city}@x.org", firstName=city, jobTitle="chief", city=city)
    assert await first.until(2) == [
        {"firstName": "Rome", "jobTitle": None},
        {"firstName": "Berlin", "jobTitle": "chief"},
    ]
    assert await second.until(2) == [
        {"firstName": "Rome", "jobTitle": "chief"},
        {"firstName": "Berlin", "jobTitle": None},
    ]
    assert await found.until(1) == [{"firstName": "Berlin"}]
    await desk.delivered(2)
    assert len(found.results) == 1


async def test_an_update_of_a_field_that_is_hidden_in_its_record_is_none(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": GUARDED})
    updated = await one.subscribe("subscription { personUpdated { firstName jobTitle } }")
    titles = await one.subscribe("subscription { personUpdated(changed: [jobTitle]) { firstName jobTitle } }")
    rome, berlin = [await desk.person(f"{city}@x.org", firstName=city, city=city) for city in ("Rome", "Berlin")]
    await desk.update(rome, jobTitle="secret")
    await desk.update(rome, jobTitle="more", lastName="Lovelace")
    await desk.update(berlin, jobTitle="chief")
    seen = [{"firstName": "Rome", "jobTitle": None}, {"firstName": "Berlin", "jobTitle": "chief"}]
    assert await updated.until(2) == seen
    assert await titles.until(1) == seen[1:]
    await desk.delivered(5)
    assert (len(updated.results), len(titles.results)) == (2, 1)


@pytest.mark.parametrize("changed", [None, "absent"])
async def test_a_null_for_the_changed_fields_is_no_way_around(desk: Desk, changed: str | None) -> None:
    one = await rep(desk, {"object": "person", "read": {"fields": {"allBut": ["jobTitle"]}}})
    text = "subscription ($changed: [PersonField!]) { personUpdated(changed: $changed) { firstName } }"
    updated = await one.subscribe(text, **({} if changed else {"changed": None}))
    id_ = await desk.person("a@x.org", firstName="Ada")
    await desk.update(id_, jobTitle="secret")
    await desk.update(id_, firstName="Eve")
    assert await updated.until(1) == [{"firstName": "Eve"}]


async def test_roles_with_equal_rights_share_groups_until_one_of_them_changes(desk: Desk) -> None:
    one, two = [await rep(desk, {"object": "person", "read": {"rule": MINE}}, name=name) for name in ("one", "two")]
    other = await rep(desk, {"object": "person", "read": {}}, name="other")
    events = "subscription { personCreated { firstName } }"
    live = "subscription { people(orderBy: { firstName: ASC }) { edges { node { firstName } } } }"
    told = [await role.subscribe(events) for role in (one, two, other)]
    shown = [await role.subscribe(live) for role in (one, two, other)]
    hub = desk.events.hub
    assert (hub.groups, len(hub.live.registry)) == (2, 2)
    await desk.person("b@x.org", firstName="b", city="Berlin")
    for listener in told:
        assert await listener.until(1) == [{"firstName": "b"}]
    await until(lambda: all(len(one.results[-1:]) and one.results[-1]["edges"] for one in shown))
    assert shown[0].results == shown[1].results

    await two.change([{"object": "person", "read": {"rule": {"city": {"eq": "Rome"}}}}])
    await until(lambda: (hub.groups, len(hub.live.registry)) == (3, 3))
    for name, city in (("c", "Berlin"), ("r", "Rome")):
        await desk.person(f"{name}@x.org", firstName=name, city=city)
    assert await told[0].until(2) == [{"firstName": "b"}, {"firstName": "c"}]
    assert await told[1].until(2) == [{"firstName": "b"}, {"firstName": "r"}]
    expected = [["b", "c"], ["r"], ["b", "c", "r"]]

    def names() -> list[list[str]]:
        return [[edge["node"]["firstName"] for edge in one.results[-1]["edges"]] for one in shown]

    await until(lambda: names() == expected)
    await desk.delivered(3)
    assert [len(listener.results) for listener in told] == [2, 2, 3]


async def test_a_live_query_follows_the_fields_that_are_read_in_some_records(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": GUARDED})
    live = await one.subscribe(
        "subscription { people(orderBy: [{ firstName: AscNullsLast }]) { edges { node { firstName jobTitle } } } }"
    )
    await live.until(1)
    id_ = await desk.person("a@x.org", firstName="Ada", jobTitle="chief", city="Rome")
    await until(lambda: live.results[-1] == {"edges": [{"node": {"firstName": "Ada", "jobTitle": None}}]})
    await desk.update(id_, city="Berlin")
    await until(lambda: live.results[-1] == {"edges": [{"node": {"firstName": "Ada", "jobTitle": "chief"}}]})


async def test_a_live_query_follows_the_records_that_a_rule_looks_at(desk: Desk) -> None:
    """The query names companies alone; a new person lets the role see one."""
    made = await desk.data('mutation { createCompany(data: { name: "Acme" }) { id } }')
    one = await rep(desk, {"object": "company", "read": {"rule": {"people": {"some": MINE}}}})
    berlin, rome = (
        await one.subscribe("subscription { companies { edges { node { name } } } }"),
        await one.of("Rome").subscribe("subscription { companies { edges { node { name } } } }"),
    )
    assert await berlin.until(1) == await rome.until(1) == [{"edges": []}]
    id_ = await desk.person("a@x.org", city="Berlin", companyId=made["createCompany"]["id"])
    await until(lambda: berlin.results[-1] == {"edges": [{"node": {"name": "Acme"}}]})
    await desk.update(id_, city="Rome")
    await until(lambda: berlin.results[-1] == {"edges": []})
    await until(lambda: rome.results[-1] == {"edges": [{"node": {"name": "Acme"}}]})


async def test_a_changed_role_holds_for_open_subscriptions(desk: Desk) -> None:
    one = await rep(desk, {"object": "person", "read": {"rule": MINE}})
    created = await one.subscribe("subscription { personCreated { firstName city } }")
    live = await one.subscribe("subscription { people { edges { node { city } } } }")
    await live.until(1)
    await one.change([{"object": "person", "read": {"rule": {"city": {"eq": "Rome"}}}}])
    await desk.person("a@x.org", firstName="Berlin", city="Berlin")
    await desk.person("b@x.org", firstName="Rome", city="Rome")
    assert await created.until(1) == [{"firstName": "Rome", "city": "Rome"}]
    await until(lambda: live.results[-1] == {"edges": [{"node": {"city": "Rome"}}]})
    await one.change([{"object": "person", "read": {"fields": {"allBut": ["city"]}}}])
    assert (await created.until_failed())["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert (await live.until_failed())["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
