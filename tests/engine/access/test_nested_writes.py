"""Nested writes of a role: each verb needs its right on the records that it writes; checks of relations wait."""

from typing import Any
from uuid import uuid4

import pytest

from tests.engine.access.world import ALL, BERLIN, NOT_ROME, World
from tests.engine.records import NOBODY, take_events

SEEN: dict[str, Any] = {"read": {"rule": NOT_ROME}}
BERLINERS, ROMANS = {"people": {"some": BERLIN}}, {"city": {"eq": "Rome"}}
EMPTY: dict[str, Any] = {"check": {"people": {"isEmpty": True}}}
AT_ACME, NOT_ACME = {"name": {"eq": "Acme"}}, {"name": {"neq": "Acme"}}


def company(people: str, *, id_: str | None = None) -> str:
    """A mutation that creates a company, or changes one, with such people."""
    data = f"people: {{ {people} }}"
    if id_ is None:
        return f'mutation {{ createCompany(data: {{ name: "New" {data} }}) {{ id }} }}'
    return f'mutation {{ updateCompany(id: "{id_}" data: {{ {data} }}) {{ id }} }}'


@pytest.mark.parametrize(
    ("rights", "city", "allows"),
    [
        ({"create": ALL}, "Rome", True),
        ({"create": {"check": BERLIN}}, "Berlin", True),
        ({"create": {"check": BERLIN}}, "Rome", False),
        ({"create": {"only": ["email", "city", "company"]}}, "Rome", True),
        ({"create": {"only": ["email", "city"]}}, "Rome", False),
        ({"create": {"allBut": ["city"]}}, "Rome", False),
        ({"create": {"preset": {"city": "$principal.city"}}}, "Rome", False),
        ({"update": ALL}, "Rome", False),
    ],
)
async def test_a_record_that_is_created_beside_another(
    world: World, rights: dict[str, Any], city: str, allows: bool
) -> None:
    rep = await world.rep(person={**SEEN, **rights})
    text = company(f'create: [{{ email: "n@x.org" city: "{city}" }}]')
    if allows:
        await rep.write(text)
        assert len(await take_events(world.apis)) == 2
        return
    refused = await rep.refusal(text)
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert await take_events(world.apis) == []


async def test_presets_of_records_that_are_created_beside_another(world: World) -> None:
    rep = await world.rep(person={**SEEN, "create": {"preset": {"city": "$principal.city"}, "check": BERLIN}})
    text = company('create: [{ email: "n@x.org" }]').replace("{ id }", "{ people { edges { node { city } } } }")
    made = await rep.write(text)
    assert made == {"createCompany": {"people": {"edges": [{"node": {"city": "Berlin"}}]}}}


@pytest.mark.parametrize(
    ("verb", "needs"),
    [
        ('connect: ["{id}"]', "update"),
        ('set: ["{id}"]', "update"),
        ('disconnect: ["{id}"]', "update"),
        ('update: [{{ id: "{id}" data: {{ jobTitle: "x" }} }}]', "update"),
        ('delete: ["{id}"]', "delete"),
    ],
    ids=["connect", "set", "disconnect", "update", "delete"],
)
async def test_a_verb_needs_its_right_on_the_record(world: World, verb: str, needs: str) -> None:
    other = await world.apis.data('mutation { createCompany(data: { name: "Other" }) { id } }')
    holder = other["createCompany"]["id"] if "connect:" in verb and "dis" not in verb else world.company
    if "set" in verb:
        await world.apis.data(
            'mutation { updatePeople(filter: { city: { in: ["Paris", "Rome"] } } data: { companyId: null }) { id } }'
        )
    await take_events(world.apis)
    texts = {
        name: company(verb.format(id=id_), id_=holder)
        for name, id_ in [("own", world.own), ("read", world.read), ("hidden", world.hidden), ("absent", NOBODY)]
    }
    none = await world.rep(person=SEEN)
    assert (await none.refusal(texts["own"]))["extensions"]["code"] == "FORBIDDEN"
    rep = await world.rep(person={**SEEN, needs: {"rule": BERLIN}})
    hidden, absent = await rep.refusal(texts["hidden"]), await rep.refusal(texts["absent"])
    assert hidden["extensions"]["code"] == "NOT_FOUND"
    assert str(hidden).replace(world.hidden, NOBODY) == str(absent)
    refused = await rep.refusal(texts["read"])
    # A record that is not related is not found by verbs of related ones.
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert await take_events(world.apis) == []
    await rep.write(texts["own"])
    if "set" not in verb:
        assert world.own in [event.record_id for event in await take_events(world.apis)]


async def test_set_leaves_hidden_records_and_is_refused_because_of_readable_ones(world: World) -> None:
    rep = await world.rep(person={**SEEN, "update": {"rule": BERLIN}})
    refused = await rep.refusal(company("set: []", id_=world.company))
    assert refused["extensions"]["code"] == "FORBIDDEN"
    await world.apis.data(f'mutation {{ updatePerson(id: "{world.read}" data: {{ companyId: null }}) {{ id }} }}')
    rep = await world.rep(person={**SEEN, "update": {"rule": BERLIN, "check": {}}})
    await rep.write(company("set: []", id_=world.company))
    people = await world.people()
    assert people[world.own]["companyId"] is None
    assert people[world.hidden]["companyId"] == world.company


@pytest.mark.parametrize("verb", ["connect", "set"])
@pytest.mark.parametrize(
    "update",
    [{"rule": BERLIN}, {"check": {"company": {"people": {"some": {"email": {"eq": "none"}}}}}}],
    ids=["a rule", "a check that waits"],
)
async def test_a_record_that_hangs_there_already_needs_no_right(
    world: World, verb: str, update: dict[str, Any]
) -> None:
    rep = await world.rep(person={**SEEN, "update": update})
    await rep.write(company(f'{verb}: ["{world.own}" "{world.read}"]', id_=world.company))
    assert [event.record_id for event in await take_events(world.apis)] == [world.company]
    hidden = await rep.refusal(company(f'{verb}: ["{world.own}" "{world.read}" "{world.hidden}"]', id_=world.company))
    assert hidden["extensions"]["code"] == "NOT_FOUND"
    for id_ in (world.own, world.read):
        await world.apis.data(f'mutation {{ updatePerson(id: "{id_}" data: {{ companyId: null }}) {{ id }} }}')
    await take_events(world.apis)
    both = company(f'{verb}: ["{world.own}" "{world.read}"]', id_=world.company)
    assert (await rep.refusal(both))["extensions"]["code"] == "FORBIDDEN"
    assert await take_events(world.apis) == []


async def test_a_record_that_leaves_its_rule_is_refused(world: World) -> None:
    at_acme = {"company": {"name": {"eq": "Acme"}}}
    rep = await world.rep(person={**SEEN, "update": {"rule": at_acme}})
    refused = await rep.refusal(company(f'disconnect: ["{world.own}"]', id_=world.company))
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert (await world.people())[world.own]["companyId"] == world.company


def two_fields(city: str) -> str:
    """A mutation whose second field creates a person of the company that its first one creates."""
    person = f'createPerson(data: {{ email: "n@x.org" city: "{city}" companyId: "ID" }})'
    return f'mutation {{ a: createCompany(data: {{ id: "ID" name: "New" }}) {{ id }} b: {person} {{ id }} }}'


@pytest.mark.parametrize(
    ("text", "refused_at"),
    [
        (company('create: [{ email: "n@x.org" city: "Berlin" }]'), None),
        (company('create: [{ email: "n@x.org" city: "Rome" }]'), "createCompany"),
        ('mutation { createCompany(data: { name: "New" }) { id } }', "createCompany"),
        ('mutation { createCompanies(data: [{ name: "New" } { name: "Newer" }]) { id } }', "createCompanies"),
        (two_fields("Berlin"), None),
        (two_fields("Rome"), "a"),
    ],
    ids=["beside it", "another city", "alone", "many", "a later field", "a later field in another city"],
)
async def test_a_check_of_relations_is_made_before_the_commit(world: World, text: str, refused_at: str | None) -> None:
    rep = await world.rep(company={"read": ALL, "create": {"check": BERLINERS}})
    text = text.replace("ID", str(uuid4()))
    if refused_at is None:
        await rep.write(text)
        return
    refused = await rep.refusal(text)
    assert (refused["extensions"]["code"], refused["path"]) == ("FORBIDDEN", [refused_at])
    assert await take_events(world.apis) == []
    assert len(await world.people()) == 3


async def test_the_rule_of_an_update_holds_for_its_end(world: World) -> None:
    """The company keeps its rule, which reads the people that the same mutation takes from it."""
    rep = await world.rep(company={"read": ALL, "update": {"rule": BERLINERS}})
    kept = company(f'disconnect: ["{world.read}"]', id_=world.company).replace("data: {", 'data: { name: "A"')
    await rep.write(kept)
    left = company(f'disconnect: ["{world.own}"]', id_=world.company).replace("data: {", 'data: { name: "B"')
    assert (await rep.refusal(left))["extensions"]["code"] == "FORBIDDEN"
    answer = await world.apis.data(f'{{ company(id: "{world.company}") {{ name people {{ totalCount }} }} }}')
    assert answer == {"company": {"name": "A", "people": {"totalCount": 2}}}


async def test_each_of_several_updates_has_its_right(world: World) -> None:
    rep = await world.rep(person={**SEEN, "update": {"rule": BERLIN, "allBut": ["email"]}})
    text = 'mutation {{ updatePeople(updates: [{{ id: "{id}" data: {{ {data} }} }}]) {{ jobTitle }} }}'
    done = await rep.write(text.format(id=world.own, data='jobTitle: "x"'))
    assert done == {"updatePeople": [{"jobTitle": "x"}]}
    for id_, data, code in [
        (world.own, 'email: "x"', "FORBIDDEN"),
        (world.own, 'city: "Rome"', "FORBIDDEN"),
        (world.read, 'jobTitle: "x"', "FORBIDDEN"),
        (world.hidden, 'jobTitle: "x"', "NOT_FOUND"),
        (NOBODY, 'jobTitle: "x"', "NOT_FOUND"),
    ]:
        assert (await rep.refusal(text.format(id=id_, data=data)))["extensions"]["code"] == code


async def test_a_record_that_no_way_of_its_data_allows_is_told_before_others_that_are_absent(world: World) -> None:
    """The other way allows the record, and not the data: the statement locks the record all the same."""
    ways = [{"rule": BERLIN}, {"rule": {"city": {"eq": "Paris"}}, "only": ["jobTitle", "company"]}]
    rep = await world.rep(person={**SEEN, "update": ways})

    async def code(*rows: tuple[str, str]) -> Any:
        listed = " ".join(f'{{ id: "{id_}" data: {{ {data} }} }}' for id_, data in rows)
        refused = await rep.refusal(f"mutation {{ updatePeople(updates: [{listed}]) {{ id }} }}")
        return refused["extensions"]["code"]

    barred = (world.read, 'city: "Berlin"')
    absent, astray = (NOBODY, 'jobTitle: "x"'), (world.own, f'companyId: "{NOBODY}"')
    for others in ([absent], [astray], [absent, astray]):
        assert await code(*others) == "NOT_FOUND"
        assert await code(*others, barred) == await code(barred, *others) == "FORBIDDEN"
    assert await code((world.hidden, 'city: "Berlin"')) == "NOT_FOUND"
    assert await code((world.read, f'city: "Berlin" companyId: "{NOBODY}"')) == "FORBIDDEN"
    assert await code((world.read, f'companyId: "{NOBODY}"')) == "NOT_FOUND"
    assert await take_events(world.apis) == []


async def test_a_record_that_hangs_elsewhere_is_not_found_whichever_way_allows_it(world: World) -> None:
    made = await world.apis.data('mutation { createCompany(data: { name: "Other" }) { id } }')
    ways = [{"rule": BERLIN}, {"rule": {"city": {"eq": "Paris"}}, "only": ["jobTitle"]}]
    rep = await world.rep(person={**SEEN, "update": ways})
    verb = f'update: [{{ id: "{world.read}" data: {{ city: "Berlin" }} }}]'
    here = await rep.refusal(company(verb, id_=world.company))
    elsewhere = await rep.refusal(company(verb, id_=made["createCompany"]["id"]))
    assert [one["extensions"]["code"] for one in (here, elsewhere)] == ["FORBIDDEN", "NOT_FOUND"]


async def test_changes_by_the_values_before_have_the_rights_of_an_update(world: World) -> None:
    made = await world.apis.data('mutation { createOpportunity(data: { name: "O" amount: 5 }) { id } }')
    id_ = made["createOpportunity"]["id"]
    text = f'mutation {{ updateOpportunity(id: "{id_}" increment: {{ amount: 3 }}) {{ amount }} }}'
    rep = await world.rep(opportunity={"read": ALL, "update": {"only": ["name"]}})
    assert (await rep.refusal(text, is_valid=False))["extensions"]["code"] in {"FORBIDDEN", "GRAPHQL_VALIDATION_FAILED"}
    rep = await world.rep(opportunity={"read": ALL, "update": {"check": {"amount": {"lte": 10}}}})
    assert await rep.write(text) == {"updateOpportunity": {"amount": 8}}
    assert (await rep.refusal(text))["extensions"]["code"] == "FORBIDDEN"


async def test_a_target_of_a_nested_write_must_be_readable(world: World) -> None:
    rep = await world.rep(company={"read": {"rule": {"name": {"neq": "Acme"}}}, "update": ALL, "create": ALL})
    text = 'mutation {{ updatePerson(id: "{person}" data: {{ company: {{ {verb} }} }}) {{ company {{ name }} }} }}'
    refused = await rep.refusal(text.format(person=world.own, verb='update: { name: "x" }'))
    assert refused["extensions"]["code"] == "NOT_FOUND"
    refused = await rep.refusal(text.format(person=world.own, verb=f'connect: "{world.company}"'))
    assert refused["extensions"]["code"] == "NOT_FOUND"
    made = await rep.write(text.format(person=world.own, verb='create: { name: "Own" }'))
    assert made == {"updatePerson": {"company": {"name": "Own"}}}


async def test_two_ways_of_a_nested_update(world: World) -> None:
    ways = [{"rule": BERLIN}, {"rule": NOT_ROME, "only": ["jobTitle"], "check": {}}]
    rep = await world.rep(person={"read": ALL, "update": ways})
    for id_, data, allows in [
        (world.own, 'firstName: "x"', True),
        (world.read, 'jobTitle: "x"', True),
        (world.read, 'firstName: "x"', False),
        (world.own, 'city: "Paris"', False),
    ]:
        full = company(f'update: [{{ id: "{id_}" data: {{ {data} }} }}]', id_=world.company)
        if allows:
            await rep.write(full)
        else:
            assert (await rep.refusal(full))["extensions"]["code"] == "FORBIDDEN", data


@pytest.mark.parametrize(
    ("ways", "name", "city", "allows"),
    [
        # One check suffices, whichever of them waits for the end of the mutation.
        ([{"check": BERLINERS}, {"check": {"name": {"eq": "New"}}}], "New", "Rome", True),
        ([{"check": BERLINERS}, {"check": {"name": {"eq": "New"}}}], "Other", "Berlin", True),
        ([{"check": BERLINERS}, {"check": {"name": {"eq": "New"}}}], "Other", "Rome", False),
        ([{"check": BERLINERS}, {"check": {"people": {"isEmpty": True}}}], "New", "Berlin", True),
        ([{"check": BERLINERS}, {"check": {"people": {"isEmpty": True}}}], "New", "Rome", False),
        ([{"check": BERLINERS}, {}], "Other", "Rome", True),
        # The data is admitted by both ways, and then by the second one alone.
        ([{"check": BERLINERS, "only": ["name", "people"]}, EMPTY], "New", "Berlin", True),
        ([{"check": BERLINERS, "only": ["name", "people"]}, EMPTY], "New", "Rome", False),
        ([{"check": BERLINERS, "only": ["people"]}, EMPTY], "New", "Berlin", False),
        ([{"check": BERLINERS, "only": ["people"]}, {"check": {"people": {"some": ROMANS}}}], "New", "Rome", True),
        # The check of the second way held when the statement wrote the record, or did not.
        ([EMPTY | {"only": ["name", "people"]}, {"check": {"name": {"eq": "New"}}}], "New", "Rome", True),
        ([EMPTY | {"only": ["name", "people"]}, {"check": {"name": {"eq": "New"}}}], "Other", "Rome", False),
    ],
)
async def test_checks_of_several_ways_that_wait(
    world: World, ways: list[Any], name: str, city: str, allows: bool
) -> None:
    rep = await world.rep(company={"read": ALL, "create": ways}, person={**SEEN, "create": ALL})
    text = company(f'create: [{{ email: "n@x.org" city: "{city}" }}]').replace('"New"', f'"{name}"')
    if allows:
        await rep.write(text)
        assert len(await take_events(world.apis)) == 2
        return
    assert (await rep.refusal(text))["extensions"]["code"] == "FORBIDDEN"
    assert await take_events(world.apis) == []


@pytest.mark.parametrize(
    ("ways", "city", "allows"),
    [
        ([{"check": BERLINERS}, {"check": {"website": {"is": "NOT_NULL"}}}], "Berlin", True),
        ([{"check": BERLINERS}, {"check": {"website": {"is": "NOT_NULL"}}}], "Rome", False),
        ([{"check": BERLINERS}, {"check": {}}], "Rome", True),
        # The rules differ: those count that held for the record before.
        ([{"check": BERLINERS}, {"rule": AT_ACME} | EMPTY], "Berlin", True),
        ([{"check": BERLINERS}, {"rule": AT_ACME} | EMPTY], "Rome", False),
        ([{"rule": NOT_ACME, "check": BERLINERS}, {"rule": AT_ACME} | EMPTY], "Berlin", False),
        ([{"rule": NOT_ACME} | EMPTY, {"rule": AT_ACME, "check": BERLINERS}], "Berlin", True),
        ([{"rule": NOT_ACME} | EMPTY, {"rule": AT_ACME, "check": BERLINERS}], "Rome", False),
        # A check that waits for nothing has held.
        ([{"rule": AT_ACME, "check": AT_ACME}, {"check": BERLINERS}], "Rome", True),
        ([{"rule": AT_ACME, "check": NOT_ACME}, {"check": BERLINERS}], "Rome", False),
        ([{"rule": AT_ACME, "check": NOT_ACME}, {"check": BERLINERS}], "Berlin", True),
    ],
)
async def test_checks_of_several_ways_to_update_that_wait(
    world: World, ways: list[Any], city: str, allows: bool
) -> None:
    await world.apis.data('mutation { destroyPeople(filter: { city: { eq: "Berlin" } }) { id } }')
    await take_events(world.apis)
    rep = await world.rep(company={"read": ALL, "update": ways}, person={**SEEN, "create": ALL})
    text = company(f'create: [{{ email: "n@x.org" city: "{city}" }}]', id_=world.company)
    if allows:
        await rep.write(text)
        return
    assert (await rep.refusal(text))["extensions"]["code"] == "FORBIDDEN"
    assert await take_events(world.apis) == []


async def test_a_check_that_waits_lets_a_unique_key_answer_first(world: World) -> None:
    """The exemption: such a check is about records that the mutation writes after the one with the key."""
    waiting = {"company": {"people": {"some": {"email": {"eq": "lead@x.org"}}}}}
    rep = await world.rep(person={**SEEN, "create": {"check": waiting}})
    for email, code in [("Hidden@x.org", "CONFLICT"), ("free@x.org", "FORBIDDEN")]:
        text = f'mutation {{ createPerson(data: {{ email: "{email}" companyId: "{world.company}" }}) {{ id }} }}'
        assert await rep.outcome(text) == code
    assert len(await world.people()) == 3
