"""`applyChanges`: several changes as one version, and the report of a dry run about them."""

from hashlib import sha256
from typing import Any

import pytest

from fieldstone.metadata.json_text import loads
from tests.apis import Apis, open_apis
from tests.engine.metadata_api.changing import APPLY, refused
from tests.metadata.desk import whole_state

CHANGES: list[dict[str, Any]] = [
    {
        "createObject": {
            "nameSingular": "project", "namePlural": "projects", "labelSingular": "Project", "labelPlural": "Projects"
        }
    },
    {"createField": {"objectMetadataId": "project", "name": "budget", "label": "Budget", "type": "CURRENCY"}},
    {
        "createField": {
            "objectMetadataId": "person", "name": "project", "label": "Project", "type": "RELATION",
            "relationCreationPayload": {"targetObjectMetadataId": "project", "targetFieldLabel": "Members"},
        }
    },
    {
        "createField": {
            "objectMetadataId": "person", "name": "likes", "label": "Likes", "type": "MORPH_RELATION",
            "morphRelationsCreationPayload": [
                {"targetObjectMetadataId": "project", "targetFieldLabel": "Fans"},
                {"targetObjectMetadataId": "company", "targetFieldLabel": "Fans"},
            ],
        }
    },
    {"updateField": {"id": "project.budget", "update": {"name": "money"}}},
    {"updateField": {"id": "person.phone", "update": {"name": "mobile", "isNullable": False}}},
    {"createIndex": {"objectMetadataId": "person", "fieldMetadataIds": ["person.city"]}},
]  # fmt: skip


async def test_later_changes_name_what_earlier_ones_made(apis: Apis) -> None:
    version = (await apis.snapshot()).version
    plan = (await apis.change(APPLY, changes=CHANGES))["applyChanges"]
    assert plan["version"] == str(version + 1)
    await apis.data("{ people { edges { node { mobile likesProject { name } project { money { amountMicros } } } } } }")


async def test_a_dry_run_says_what_would_be_and_changes_nothing(apis: Apis, workspace_dsn: str) -> None:
    await apis.data('mutation { createPerson(data: { email: "a@example.com", phone: "1" }) { id } }')
    before, model = whole_state(workspace_dsn), await apis.snapshot()
    plan = (await apis.change(APPLY, changes=CHANGES, dryRun=True))["applyChanges"]
    assert whole_state(workspace_dsn) == before
    assert await apis.snapshot() is model
    assert plan["version"] == str(model.version)
    assert [step["action"] for step in plan["changes"]] == [next(iter(change)) for change in CHANGES]
    assert 'ALTER TABLE "workspace_default"."person" ALTER COLUMN "phone" SET NOT NULL' in plan["sql"]
    assert {"table": "person", "lock": "ACCESS EXCLUSIVE", "rowsWritten": 0} in plan["locks"]
    assert {"Project", "Query.projects", "Person.mobile", "Person.projectId", "Mutation.createProject"} <= set(
        plan["appears"]
    )
    assert plan["vanishes"] == ["Person.phone"]
    assert plan["breaking"] == ["Person.mobile becomes required", "Person.phone vanishes"]


async def test_related_objects_and_their_fields_take_each_others_names(apis: Apis) -> None:
    made = await apis.data('mutation { createCompany(data: { name: "A" }) { id } }')
    create = (
        'mutation ($id: UUID!) { createPerson(data: { email: "a", city: "Ulm", phone: "1", companyId: $id }) { id } }'
    )
    await apis.data(create, id=made["createCompany"]["id"])

    def renames(kind: str, *steps: tuple[str, dict[str, str]]) -> list[Any]:
        return [{kind: {"id": id_, "update": update}} for id_, update in steps]

    await apis.change(APPLY, changes=[
        *renames(
            "updateObject",
            ("person", {"nameSingular": "other", "namePlural": "others"}),
            ("company", {"nameSingular": "person", "namePlural": "people"}),
            ("other", {"nameSingular": "company", "namePlural": "companies"}),
        ),
        *renames(
            "updateField",
            ("company.city", {"name": "other"}), ("company.phone", {"name": "city"}),
            ("company.other", {"name": "phone"}),
            ("company.company", {"name": "person"}), ("person.people", {"name": "companies"}),
        ),
    ])  # fmt: skip
    found = await apis.data(
        "{ companies { edges { node { city phone person { name companies { edges { node { email } } } } } } } }"
    )
    person = {"name": "A", "companies": {"edges": [{"node": {"email": "a"}}]}}
    assert found["companies"]["edges"] == [{"node": {"city": "1", "phone": "Ulm", "person": person}}]


async def test_a_dry_run_counts_the_rows_that_would_be_written(apis: Apis) -> None:
    await apis.data(
        "mutation { createOpportunities(data: [{ stage: NEW }, { stage: NEW }, { stage: MEETING }]) { id } }"
    )
    options = [{"value": value} for value in ("FIRST", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")]
    update = {"options": options, "optionMapping": {"NEW": "FIRST"}}
    changes = [{"updateField": {"id": "opportunity.stage", "update": update}}]
    plan = (await apis.change(APPLY, changes=changes, dryRun=True))["applyChanges"]
    assert {"table": "opportunity", "lock": "SHARE ROW EXCLUSIVE", "rowsWritten": 2} in plan["locks"]
    assert plan["breaking"] == ["OpportunityStageEnum.NEW vanishes"]


def field(**more: Any) -> dict[str, Any]:
    """A change that makes a field of a person."""
    return {"createField": {"objectMetadataId": "person", "name": "extra", "label": "Extra", **more}}


def relation(type_: str = "RELATION", **more: Any) -> dict[str, Any]:
    payload = {"targetObjectMetadataId": "company", "targetFieldLabel": "Extras", **more}
    return field(type=type_, relationCreationPayload=payload)


def morph(**more: Any) -> dict[str, Any]:
    payload = {"targetObjectMetadataId": "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "targetFieldLabel": "Extras", **more}
    return field(type="MORPH_RELATION", morphRelationsCreationPayload=[payload])


PAYLOADS = [
    (relation("TEXT"), "BAD_USER_INPUT", "A field of type TEXT takes no relationCreationPayload"),
    (field(type="RELATION"), "BAD_USER_INPUT", "A RELATION takes a relationCreationPayload {"),
    (relation(colour="red"), "BAD_USER_INPUT", "has no member 'colour'; it has"),
    (relation(targetObjectMetadataId=1), "BAD_USER_INPUT", "targetObjectMetadataId must be a UUID"),
    (relation(targetObjectMetadataId="nothing"), "NOT_FOUND", 'There is no object "nothing"'),
    (relation(type="SOME"), "BAD_USER_INPUT", "type must be one of"),
    (relation(targetFieldLabel=1), "BAD_USER_INPUT", "targetFieldLabel must be text, not 1"),
    (relation(junctionNamePlural="x"), "BAD_USER_INPUT", "is for a relation of the type MANY_TO_MANY"),
    ({"createField": {**morph()["createField"], "type": "TEXT"}}, "BAD_USER_INPUT", "takes no morphRelationsCreation"),
    (morph(type="ONE_TO_MANY"), "BAD_USER_INPUT", "are all MANY_TO_ONE; leave type out"),
    (morph(), "NOT_FOUND", "There is no object 0191d2a4"),
    (morph(targetObjectMetadataId="nothing"), "NOT_FOUND", 'There is no object "nothing"'),
]


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"makeThing": {}}, "BAD_USER_INPUT", 'unknown member "makeThing": it must be one of createObject'),
        ({"createFeild": {}}, "BAD_USER_INPUT", 'unknown member "createFeild": did you mean createField?'),
        ({}, "BAD_USER_INPUT", "changes[1] must be an object with one member, one of createObject"),
        ({"createField": None}, "BAD_USER_INPUT", "'changes[1].createField' must not be null"),
        ({"createField": {"name": "extra"}}, "BAD_USER_INPUT", "'changes[1].createField' lacks the field"),
        (field(type="TEXT", name={"a": None}), "BAD_USER_INPUT", "createField.name' must be text, not an object"),
        (field(type="TEXT", isNullable=[True]), "BAD_USER_INPUT", "isNullable' must be true or false, not a list"),
        (field(type="CAR"), "BAD_USER_INPUT", "createField.type' must be one of"),
        ({"deleteObject": {"id": "nothing"}}, "NOT_FOUND", 'There is no object "nothing"'),
        ({"deleteField": {"id": "person.nothing"}}, "NOT_FOUND", 'There is no field "person.nothing"'),
        ({"deleteField": {"id": "person.city"}}, "BAD_USER_INPUT", "City is a standard field"),
        ({"updateField": {"id": "person.city", "update": {"type": "CURRENCY"}}}, "BAD_USER_INPUT", "cannot become"),
        ({"updateField": {"id": "person.city", "update": {"objectMetadataId": "x"}}}, "BAD_USER_INPUT", "objectM"),
        ({"updateField": {"id": "person.city", "update": {"label": 1}}}, "BAD_USER_INPUT", "changes[1].updateField"),
        ({"createObject": {"nameSingular": "x"}}, "BAD_USER_INPUT", "namePlural"),
        *PAYLOADS,
    ],
)
@pytest.mark.parametrize("dry", [True, False])
async def test_what_is_refused_leaves_nothing_behind(
    change: dict[str, Any], code: str, words: str, dry: bool, apis: Apis, workspace_dsn: str
) -> None:
    before = whole_state(workspace_dsn)
    first = {"updateField": {"id": "person.phone", "update": {"label": "Mobile"}}}
    error = await refused(apis, APPLY, changes=[first, change], dryRun=dry)
    assert (error["extensions"]["code"], words.lower() in error["message"].lower()) == (code, True), error
    assert whole_state(workspace_dsn) == before


@pytest.mark.parametrize(
    "changes",
    [
        [{"updateField": {"id": "person.phone", "update": {"isNullable": False}}}],
        [field(type="TEXT", isNullable=False)],
        [field(type="TEXT"), {"updateField": {"id": "person.extra", "update": {"isNullable": False}}}],
    ],
    ids=["of a field", "of a new field", "of a field that another change makes"],
)
async def test_the_rows_are_asked_in_a_dry_run_too(changes: list[Any], apis: Apis) -> None:
    await apis.data('mutation { createPerson(data: { email: "a@example.com" }) { id } }')
    answer = loads((await apis.send(APPLY, {"changes": changes, "dryRun": True}, api=apis.metadata)).body)
    assert "cannot be required: " in answer["errors"][0]["message"]


async def test_a_plan_names_the_operations_that_it_breaks(apis: Apis) -> None:
    broken = "query Phones { people { edges { node { phone } } } }"
    await apis.data(broken)
    await apis.data("query Cities { people { edges { node { city } } } }")
    changes: list[dict[str, Any]] = [{"updateField": {"id": "person.phone", "update": {"name": "mobile"}}}]
    plan = (await apis.change(APPLY, changes=changes, dryRun=True))["applyChanges"]
    ((operation),) = plan["operations"]
    assert operation.pop("clients")
    assert operation == {
        "operation": "Phones",
        "hash": sha256(broken.encode()).hexdigest(),
        "reasons": ["Cannot query field 'phone' on type 'Person'."],
        "role": None,
    }
    changes[0]["updateField"]["update"] = {"label": "Mobile"}
    assert (await apis.change(APPLY, changes=changes, dryRun=True))["applyChanges"]["operations"] == []


async def test_a_plan_says_which_types_become_others(apis: Apis) -> None:
    options = [{"value": "PARIS"}]
    changes = [
        {"updateField": {"id": "person.city", "update": {"type": "SELECT", "options": options}}},
        {"updateField": {"id": "person.phone", "update": {"isNullable": False}}},
    ]
    plan = (await apis.change(APPLY, changes=changes, dryRun=True))["applyChanges"]
    assert plan["alters"] == ["Person.city: String -> PersonCityEnum", "Person.phone: String -> String!"]
    assert plan["breaking"] == ["Person.city becomes PersonCityEnum", "Person.phone becomes required"]
    assert "PersonCityEnum.PARIS" in plan["appears"]


async def test_a_plan_for_a_big_table_says_what_comes_later(workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, big_table=0) as apis:
        await apis.data('mutation { createPerson(data: { email: "a@example.com" }) { id } }')
        before = whole_state(workspace_dsn)
        changes = [
            {"createIndex": {"objectMetadataId": "person", "fieldMetadataIds": ["person.city"]}},
            {"updateField": {"id": "person.phone", "update": {"isNullable": False, "backfillValue": "none"}}},
        ]
        plan = (await apis.change(APPLY, changes=changes, dryRun=True))["applyChanges"]
        assert whole_state(workspace_dsn) == before
    assert [step.split(" ON ")[0].split(' "required')[0] for step in plan["later"]] == [
        'CREATE INDEX CONCURRENTLY "person_city_sort"',
        'ALTER TABLE "workspace_default"."person" ADD CONSTRAINT',
        'ALTER TABLE "workspace_default"."person" VALIDATE CONSTRAINT',
    ]
    assert plan["sql"] == []
    assert 'CHECK ("phone" IS NOT NULL) NOT VALID' in plan["later"][1]
    when = {"when": "after the commit"}
    shared = {"table": "person", "lock": "SHARE UPDATE EXCLUSIVE", "rowsWritten": 0, **when}
    assert plan["locks"] == [
        shared,
        {"table": "person", "lock": "ROW EXCLUSIVE", "rowsWritten": 1, **when},
        shared,
        {"table": "person", "lock": "ACCESS EXCLUSIVE", "rowsWritten": 0, **when},
    ]
