"""Writes of a role: it changes records that it may read and that a rule allows, and leaves no forbidden state."""

from typing import Any

import pytest

from tests.engine.access.world import ALL, BERLIN, NOT_ROME, World
from tests.engine.records import NOBODY, create, take_events

BY_ID = [
    ("update", "update", 'mutation {{ updatePerson(id: "{id}" data: {{ jobTitle: "x" }}) {{ id }} }}'),
    ("delete", "delete", 'mutation {{ deletePerson(id: "{id}") {{ id }} }}'),
    ("destroy", "destroy", 'mutation {{ destroyPerson(id: "{id}") {{ id }} }}'),
]


@pytest.mark.parametrize(("action", "verb", "text"), BY_ID, ids=[one[0] for one in BY_ID])
async def test_a_record_that_is_named_is_allowed_forbidden_or_not_there(
    world: World, action: str, verb: str, text: str
) -> None:
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, action: {"rule": BERLIN}})
    refused = await rep.refusal(text.format(id=world.read))
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert refused["message"] == f"The role 'rep' may not {verb} this Person."
    hidden, absent = await rep.refusal(text.format(id=world.hidden)), await rep.refusal(text.format(id=NOBODY))
    assert hidden["extensions"]["code"] == "NOT_FOUND"
    assert str(hidden).replace(world.hidden, NOBODY) == str(absent)
    assert await take_events(world.apis) == []
    await rep.write(text.format(id=world.own))
    assert [event.record_id for event in await take_events(world.apis)] == [world.own]


BY_FILTER = [
    ("update", 'mutation { updatePeople(filter: { email: { contains: "x" } } data: { jobTitle: "x" }) { id } }'),
    ("delete", 'mutation { deletePeople(filter: { email: { contains: "x" } }) { id } }'),
    ("destroy", 'mutation { destroyPeople(filter: { email: { contains: "x" } }) { id } }'),
    ("restore", "mutation { restorePeople(filter: { deletedAt: { is: NOT_NULL } }) { id } }"),
]


@pytest.mark.parametrize(("action", "text"), BY_FILTER, ids=[one[0] for one in BY_FILTER])
async def test_a_filter_means_no_record_that_may_not_be_written(world: World, action: str, text: str) -> None:
    if action == "restore":
        await world.apis.data('mutation { deletePeople(filter: { email: { contains: "x" } }) { id } }')
        await take_events(world.apis)
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, action: {"rule": BERLIN}})
    ((listed,),) = [(await rep.write(text)).values()]
    assert listed == [{"id": world.own}]
    assert [event.record_id for event in await take_events(world.apis)] == [world.own]


async def test_a_record_is_restored_by_its_own_right(world: World) -> None:
    await world.apis.data('mutation { deletePeople(filter: { email: { contains: "x" } }) { id } }')
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, "restore": {"rule": BERLIN}})
    text = 'mutation {{ restorePerson(id: "{id}") {{ id city }} }}'
    assert (await rep.refusal(text.format(id=world.read)))["extensions"]["code"] == "FORBIDDEN"
    assert (await rep.refusal(text.format(id=world.hidden)))["extensions"]["code"] == "NOT_FOUND"
    assert await rep.write(text.format(id=world.own)) == {"restorePerson": {"id": world.own, "city": "Berlin"}}
    none = await world.rep(person={"read": ALL, "update": ALL})
    refused = await none.refusal(text.format(id=world.read), is_valid=False)
    assert refused["extensions"]["code"] == "FORBIDDEN"


async def test_a_record_that_a_key_names(world: World) -> None:
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, "update": {"rule": BERLIN}})
    text = 'mutation {{ updatePerson(where: {{ email: "{name}@x.org" }} data: {{ jobTitle: "x" }}) {{ id }} }}'
    assert (await rep.refusal(text.format(name="Read")))["extensions"]["code"] == "FORBIDDEN"
    hidden, absent = await rep.refusal(text.format(name="Hidden")), await rep.refusal(text.format(name="Nobody"))
    assert hidden == absent
    assert hidden["extensions"]["code"] == "NOT_FOUND"
    assert await rep.write(text.format(name="Own")) == {"updatePerson": {"id": world.own}}


@pytest.mark.parametrize(
    ("update", "city", "allows"),
    [
        ({"rule": BERLIN}, "Berlin", True),
        ({"rule": BERLIN}, "Paris", False),
        ({"rule": BERLIN}, None, False),
        ({"rule": BERLIN, "check": {}}, "Paris", True),
        ({"rule": BERLIN, "check": NOT_ROME}, "Paris", True),
        ({"rule": BERLIN, "check": NOT_ROME}, "Rome", False),
        ({"rule": BERLIN, "check": NOT_ROME}, None, False),
        ({"check": NOT_ROME}, "Rome", False),
    ],
)
async def test_the_result_of_an_update_is_held_against_its_check(
    world: World, update: dict[str, Any], city: str | None, allows: bool
) -> None:
    rep = await world.rep(person={"read": ALL, "update": update})
    value = "null" if city is None else f'"{city}"'
    text = f'mutation {{ updatePerson(id: "{world.own}" data: {{ city: {value} }}) {{ city }} }}'
    if allows:
        assert await rep.write(text) == {"updatePerson": {"city": city}}
        return
    refused = await rep.refusal(text)
    assert refused["extensions"]["code"] == "FORBIDDEN"
    assert refused["message"] == "The role 'rep' may not update this Person: it would not fulfil the role's check."
    assert (await world.people())[world.own]["city"] == "Berlin"
    assert await take_events(world.apis) == []


CREATES = {"rule": ALL, "check": {"and": [BERLIN, {"company": {"name": {"eq": "Acme"}}}]}}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ('email: "n@x.org" city: "Berlin" companyId: "{company}"', None),
        ('email: "n@x.org" city: "Rome" companyId: "{company}"', "FORBIDDEN"),
        ('email: "n@x.org" companyId: "{company}"', "FORBIDDEN"),
        ('email: "n@x.org" city: "Berlin"', "FORBIDDEN"),
        ('email: "Hidden@x.org" city: "Rome"', "FORBIDDEN"),
        ('email: "Hidden@x.org" city: "Berlin" companyId: "{company}"', "CONFLICT"),
        ('email: "n@x.org" city: "Rome" companyId: "{nobody}"', "NOT_FOUND"),
    ],
    ids=["allowed", "refused", "unknown", "no hop", "before its key", "its key", "no target"],
)
@pytest.mark.parametrize("many", [False, True])
async def test_a_new_record_is_held_against_its_check(world: World, data: str, code: str | None, many: bool) -> None:
    rep = await world.rep(person={"read": ALL, "create": CREATES})
    data = data.format(company=world.company, nobody=NOBODY)
    good = f'{{ email: "g@x.org" city: "Berlin" companyId: "{world.company}" }}'
    text = f"mutation {{ createPeople(data: [{good} {{ {data} }}]) {{ city }} }}"
    text = text if many else f"mutation {{ createPerson(data: {{ {data} }}) {{ city }} }}"
    if code is None:
        assert list((await rep.write(text)).values()) == [[{"city": "Berlin"}] * 2 if many else {"city": "Berlin"}]
        return
    refused = await rep.refusal(text)
    assert refused["extensions"]["code"] == code
    if many and code == "FORBIDDEN":
        assert refused["extensions"]["input"] == ["data", 1]
    assert len(await world.people()) == 3


@pytest.mark.parametrize("many", [False, True])
async def test_a_check_is_held_against_the_defaults_of_fields(world: World, many: bool) -> None:
    await world.apis.change(NEW_FIELD)
    rep = await world.rep(company={"read": ALL, "create": {"check": {"grade": {"eq": "fair"}}}})
    for given, allows in [("", True), ('grade: "fair"', True), ('grade: "good"', False), ("grade: null", False)]:
        data = f'{{ name: "a" {given} }}'
        text = f"createCompanies(data: [{data}])" if many else f"createCompany(data: {data})"
        outcome = await rep.outcome(f"mutation {{ {text} {{ id }} }}")
        assert (outcome != "FORBIDDEN") is allows, (given, outcome)


NEW_FIELD = """mutation { applyChanges(changes: [{ createField: {
    objectMetadataId: "company" name: "grade" label: "Grade" type: TEXT defaultValue: "fair" } }]) }"""
BEFORE_ITS_KEY = [
    'updatePerson(id: "{id}" data: {{ email: "Hidden@x.org" {more} }})',
    'updatePeople(filter: {{ id: {{ eq: "{id}" }} }} data: {{ email: "Hidden@x.org" {more} }})',
    'updatePeople(updates: [{{ id: "{id}" data: {{ email: "Hidden@x.org" {more} }} }}])',
]


@pytest.mark.parametrize("text", BEFORE_ITS_KEY, ids=["one", "by a filter", "each"])
async def test_an_update_is_held_against_its_check_before_its_key(world: World, text: str) -> None:
    rep = await world.rep(person={"read": {"rule": NOT_ROME}, "update": {"rule": BERLIN}})
    for more, code in [('city: "Paris"', "FORBIDDEN"), ("", "CONFLICT")]:
        refused = await rep.outcome(f"mutation {{ {text.format(id=world.own, more=more)} {{ id }} }}")
        assert refused == code


async def test_presets_are_written_whatever_the_client_gives(world: World) -> None:
    create_ = {"preset": {"city": "$principal.city", "companyId": world.company}, "check": BERLIN}
    rep = await world.rep(person={"read": ALL, "create": create_, "update": {"preset": {"jobTitle": "seen"}}})
    made = await rep.write('mutation { createPerson(data: { email: "n@x.org" }) { city company { name } } }')
    assert made == {"createPerson": {"city": "Berlin", "company": {"name": "Acme"}}}
    made = await rep.write('mutation { createPeople(data: [{ email: "m@x.org" }]) { city company { name } } }')
    assert made == {"createPeople": [{"city": "Berlin", "company": {"name": "Acme"}}]}
    changed = await rep.write(
        f'mutation {{ updatePerson(id: "{world.hidden}" data: {{ city: "Oslo" }}) {{ jobTitle }} }}'
    )
    assert changed == {"updatePerson": {"jobTitle": "seen"}}
    changed = await rep.write('mutation { updatePeople(filter: { city: { eq: "Oslo" } } data: {}) { jobTitle } }')
    assert changed == {"updatePeople": [{"jobTitle": "seen"}]}
    for text, field in [
        ('createPerson(data: { email: "o@x.org" city: "Rome" })', "city"),
        (f'createPerson(data: {{ email: "o@x.org" company: {{ connect: "{world.company}" }} }})', "company"),
        (f'updatePerson(id: "{world.own}" data: {{ jobTitle: "x" }})', "jobTitle"),
    ]:
        refused = await rep.refusal(f"mutation {{ {text} {{ id }} }}")
        assert (refused["extensions"]["code"], refused["extensions"]["field"]) == ("FORBIDDEN", field)


async def test_fields_are_written_by_those_who_may_write_them(world: World) -> None:
    rep = await world.rep(
        person={"read": ALL, "create": {"only": ["email", "firstName"]}, "update": {"allBut": ["email", "city"]}}
    )
    assert await rep.write('mutation { createPerson(data: { email: "n@x.org" firstName: "N" }) { firstName } }')
    for text, field in [
        ('createPerson(data: { email: "o@x.org" city: "Rome" })', "city"),
        (f'createPerson(data: {{ email: "o@x.org" id: "{NOBODY}" }})', "id"),
        (f'updatePerson(id: "{world.own}" data: {{ city: "Rome" }})', "city"),
        ('updatePeople(filter: { city: { is: NOT_NULL } } data: { email: "x" })', "email"),
        (f'updatePerson(id: "{world.own}" data: {{ jobTitle: "x" }})', None),
    ]:
        full = f"mutation {{ {text} {{ id }} }}"
        if field is None:
            await rep.write(full)
            continue
        refused = await rep.refusal(full)
        assert (refused["extensions"]["code"], refused["extensions"]["field"]) == ("FORBIDDEN", field)
        assert "rep" in refused["message"]
    many = await rep.refusal(
        'mutation { createPeople(data: [{ email: "a@x.org" } { email: "b@x.org" city: "x" }]) { id } }'
    )
    assert (many["extensions"]["code"], many["extensions"]["field"]) == ("FORBIDDEN", "data[1].city")


async def test_one_way_allows_a_record_before_and_after_and_all_that_is_given(world: World) -> None:
    """In Berlin all is written, elsewhere the job title alone: nobody carries a right across."""
    ways = [{"rule": BERLIN}, {"rule": NOT_ROME, "only": ["jobTitle"], "check": {}}]
    rep = await world.rep(person={"read": ALL, "update": ways})
    text = 'mutation {{ updatePerson(id: "{id}" data: {{ {data} }}) {{ id }} }}'
    await rep.write(text.format(id=world.own, data='jobTitle: "x" firstName: "y"'))
    await rep.write(text.format(id=world.read, data='jobTitle: "x"'))
    for id_, data in [
        (world.read, 'firstName: "y"'),
        (world.own, 'city: "Paris"'),
        (world.hidden, 'jobTitle: "x"'),
    ]:
        assert (await rep.refusal(text.format(id=id_, data=data)))["extensions"]["code"] == "FORBIDDEN"


async def test_the_ways_of_a_creation(world: World) -> None:
    ways = [{"check": BERLIN}, {"only": ["email", "city"], "check": {"city": {"eq": "Paris"}}}]
    rep = await world.rep(person={"read": ALL, "create": ways})
    await rep.write('mutation { createPerson(data: { email: "a@x.org" city: "Paris" }) { id } }')
    await rep.write('mutation { createPerson(data: { email: "b@x.org" city: "Berlin" jobTitle: "x" }) { id } }')
    text = 'mutation { createPeople(data: [{ email: "c@x.org" city: "Paris" } %s]) { id } }'
    refused = await rep.refusal(text % '{ email: "d@x.org" city: "Paris" jobTitle: "x" }')
    assert (refused["extensions"]["code"], refused["extensions"]["input"]) == ("FORBIDDEN", ["data", 1])
    await rep.write(text % '{ email: "d@x.org" city: "Berlin" jobTitle: "x" }')


async def test_a_target_to_connect_must_be_readable(world: World) -> None:
    hidden = await create(world.apis, "company", name="Hidden")
    rep = await world.rep(company={"read": {"rule": {"name": {"neq": "Hidden"}}}})
    texts = [
        'createPerson(data: { email: "n@x.org" companyId: "ID" })',
        'createPeople(data: [{ email: "n@x.org" company: { connect: "ID" } }])',
        f'updatePerson(id: "{world.own}" data: {{ companyId: "ID" }})',
        'updatePeople(filter: { city: { eq: "Berlin" } } data: { company: { connect: "ID" } })',
    ]
    for text in texts:
        full = f"mutation {{ {text} {{ id }} }}"
        refused = await rep.refusal(full.replace("ID", hidden))
        absent = await rep.refusal(full.replace("ID", NOBODY))
        assert refused["extensions"]["code"] == "NOT_FOUND"
        assert str(refused).replace(hidden, NOBODY) == str(absent)
    await rep.write(f'mutation {{ updatePerson(id: "{world.own}" data: {{ companyId: "{world.company}" }}) {{ id }} }}')


async def test_the_answer_is_the_record_that_was_written_though_it_may_not_be_read(world: World) -> None:
    rep = await world.rep(
        person={"read": {"rule": NOT_ROME}, "create": ALL, "update": {"check": {}}},
        company={"read": {"rule": {"name": {"neq": "Acme"}}}},
    )
    made = await rep.write(
        'mutation { createPerson(data: { email: "n@x.org" city: "Rome" }) { city company { name } } }'
    )
    assert made == {"createPerson": {"city": "Rome", "company": None}}
    moved = await rep.write(
        f'mutation {{ updatePerson(id: "{world.own}" data: {{ city: "Rome" }}) {{ city company {{ name }} }} }}'
    )
    assert moved == {"updatePerson": {"city": "Rome", "company": None}}


async def test_an_action_without_a_right_is_forbidden(world: World) -> None:
    rep = await world.rep(person={"read": ALL})
    for text, action in [
        ('createPerson(data: { email: "n@x.org" })', "create"),
        ('createPeople(data: [{ email: "n@x.org" }])', "create"),
        (f'updatePerson(id: "{world.own}" data: {{ city: "x" }})', "update"),
        ('updatePeople(filter: { city: { is: NOT_NULL } } data: { city: "x" })', "update"),
        (f'deletePerson(id: "{world.own}")', "delete"),
        (f'restorePerson(id: "{world.own}")', "restore"),
        (f'destroyPerson(id: "{world.own}")', "destroy"),
    ]:
        refused = await rep.refusal(f"mutation {{ {text} {{ id }} }}", is_valid=False)
        assert refused["extensions"]["code"] == "FORBIDDEN"
        assert f"'rep' may not {action}" in refused["message"]
    assert await take_events(world.apis) == []


JOBS = 'mutation { updatePeople(filter: { id: { is: NOT_NULL } } data: { jobTitle: "dev" }) { id } }'
GUARDED: dict[str, Any] = {
    "read": [{"rule": BERLIN}, {"rule": NOT_ROME, "allBut": ["jobTitle"]}],
    "create": ALL,
    "update": {"check": {}},
    "delete": ALL,
    "restore": ALL,
    "destroy": ALL,
}
"""Jobs are read in the role's city alone."""


@pytest.mark.parametrize(
    "text",
    [
        'updatePerson(id: "ID" data: { firstName: "x" })',
        'updatePeople(filter: { id: { eq: "ID" } } data: { firstName: "x" })',
        'updatePeople(updates: [{ id: "ID" data: { firstName: "x" } }])',
        'updatePerson(id: "ID" data: { company: { create: { name: "x" } } })',
        'deletePerson(id: "ID")',
        'deletePeople(filter: { id: { eq: "ID" } })',
        'destroyPerson(id: "ID")',
        'destroyPeople(filter: { id: { eq: "ID" } })',
    ],
)
async def test_a_field_that_is_read_in_some_records_is_null_in_the_answers_of_others(world: World, text: str) -> None:
    await world.apis.data(
        'mutation { updatePeople(filter: { id: { is: NOT_NULL } } data: { jobTitle: "dev" }) { id } }'
    )
    rep = await world.rep(person=GUARDED)
    for id_, job in [(world.own, "dev"), (world.read, None)]:
        (answer,) = (await rep.write(f"mutation {{ {text.replace('ID', id_)} {{ id jobTitle }} }}")).values()
        assert answer in ({"id": id_, "jobTitle": job}, [{"id": id_, "jobTitle": job}])


async def test_a_field_that_is_read_in_some_records_is_null_in_new_ones(world: World) -> None:
    rep = await world.rep(person=GUARDED)
    for city, job in [("Berlin", "dev"), ("Paris", None)]:
        data = f'email: "{city}" city: "{city}" jobTitle: "dev"'
        made = await rep.write(f"mutation {{ createPerson(data: {{ {data} }}) {{ jobTitle }} }}")
        assert made == {"createPerson": {"jobTitle": job}}
        data = data.replace("email: ", "email: ")
        upserted = await rep.write(
            f"mutation {{ upsertPerson(data: {{ {data} }}) {{ created record {{ jobTitle }} }} }}"
        )
        assert upserted == {"upsertPerson": {"created": False, "record": {"jobTitle": job}}}


@pytest.mark.parametrize("verb", ["update", "delete", "destroy"])
async def test_a_filter_of_a_write_reads_fields_where_the_role_does(world: World, verb: str) -> None:
    await world.apis.data(
        'mutation { updatePeople(filter: { id: { is: NOT_NULL } } data: { jobTitle: "dev" }) { id } }'
    )
    rep = await world.rep(person=GUARDED)
    more = 'data: { firstName: "x" }' if verb == "update" else ""
    text = f'mutation {{ {verb}People(filter: {{ jobTitle: {{ eq: "dev" }} }} {more}) {{ id jobTitle }} }}'
    assert await rep.write(text) == {f"{verb}People": [{"id": world.own, "jobTitle": "dev"}]}
    none = f"mutation {{ {verb}People(filter: {{ jobTitle: {{ is: NULL }} }} {more}) {{ id jobTitle }} }}"
    assert await rep.write(none) == {f"{verb}People": [{"id": world.read, "jobTitle": None}]}


@pytest.mark.parametrize(
    "read",
    [[{"rule": {"name": {"eq": "b"}}}, {"allBut": ["amount"]}], {"allBut": ["amount"]}],
    ids=["read in some records", "hidden"],
)
async def test_a_field_that_is_not_read_is_not_changed_by_its_value(world: World, read: Any) -> None:
    """Whether the sum is in the range would tell the value."""
    id_ = await create(world.apis, "opportunity", name="a", amount=5)
    rep = await world.rep(opportunity={"read": read, "update": ALL})
    for verb in (f'updateOpportunity(id: "{id_}"', "updateOpportunities(filter: {}"):
        refused = await rep.refusal(f"mutation {{ {verb} increment: {{ amount: 3 }}) {{ id }} }}", is_valid=False)
        assert refused["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    text = f'mutation {{ updateOpportunity(id: "{id_}" data: {{ amount: 3 }}) {{ name }} }}'
    assert await rep.write(text) == {"updateOpportunity": {"name": "a"}}


@pytest.mark.parametrize(
    "read", [{"allBut": ["email"]}, [{"rule": BERLIN}, {"allBut": ["email"]}]], ids=["hidden", "read in some records"]
)
async def test_a_field_that_a_role_does_not_read_names_no_record_to_connect(world: World, read: Any) -> None:
    rep = await world.rep(person={"read": read})
    text = 'createOpportunity(data: { name: "o" person: { connect: { where: { email: "Own@x.org" } } } })'
    refused = await rep.refusal(f"mutation {{ {text} {{ id }} }}")
    assert refused["extensions"]["code"] == "BAD_USER_INPUT"
    assert "'email' is no unique key" in refused["message"]
    named = text.replace('email: "Own@x.org"', f'id: "{world.own}"')
    made = await rep.write(f"mutation {{ {named} {{ id }} }}")
    assert made["createOpportunity"]["id"]
