"""Changes of the model through the Metadata API, and the Core API that is served after each."""

from functools import partial
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.catalog.queries import QUERIES
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.online_ddl.builder import Builder
from tests.apis import WORKSPACE_ID, Apis, open_apis
from tests.engine.metadata_api.changing import field_id, object_id, refused
from tests.metadata.desk import whole_state
from tests.waiting import repeat_during


async def test_a_renamed_object_is_served_under_its_new_name_with_its_records(apis: Apis) -> None:
    await apis.data('mutation { createPerson(data: { email: "a@example.com" }) { id } }')
    renamed = await apis.change(
        """mutation ($id: UUID!) { updateObject(id: $id, input: { nameSingular: "contact", namePlural: "contacts",
        labelSingular: "Contact", description: null }) {
            nameSingular namePlural labelSingular description __typename } }
        """,
        id=await object_id(apis, "person"),
    )
    assert renamed["updateObject"] == {
        "nameSingular": "contact",
        "namePlural": "contacts",
        "labelSingular": "Contact",
        "description": None,
        "__typename": "Object",
    }
    answer = await apis.data("{ contacts { edges { node { __typename email } } } companies { totalCount } }")
    assert answer["contacts"]["edges"] == [{"node": {"__typename": "Contact", "email": "a@example.com"}}]
    gone = await apis.error("{ people { totalCount } }")
    assert gone["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"


async def test_the_aliases_do_the_same(apis: Apis) -> None:
    made = await apis.change(
        'mutation ($of: UUID!) { createOneField(input: { field: { objectMetadataId: $of, name: "badge", label: "Badge",'
        " type: TEXT } }) { id } }",
        of=await object_id(apis, "person"),
    )
    id_ = made["createOneField"]["id"]
    named = await apis.change(
        'mutation ($id: UUID!) { updateOneField(input: { id: $id, update: { name: "pass" } }) { id name } }', id=id_
    )
    assert named["updateOneField"] == {"id": id_, "name": "pass"}
    gone = await apis.change("mutation ($id: UUID!) { deleteOneField(input: { id: $id }) { id name label } }", id=id_)
    assert gone["deleteOneField"] == {"id": id_, "name": "pass", "label": "Badge"}
    company = await object_id(apis, "company")
    named = await apis.change(
        'mutation ($id: UUID!) { updateOneObject(input: { id: $id, update: { icon: "house" } }) { icon } }', id=company
    )
    assert named["updateOneObject"] == {"icon": "house"}


async def test_names_stand_in_the_place_of_ids(apis: Apis) -> None:
    made = await apis.change(
        """mutation { createObject(input: { nameSingular: "ticket", namePlural: "tickets", labelSingular: "Ticket",
            labelPlural: "Tickets" }) { id }
        hours: createField(input: { objectMetadataId: "ticket", name: "hours", label: "Hours", type: NUMBER }) { name }
        company: createField(input: { objectMetadataId: "ticket", name: "company", label: "Company", type: RELATION,
            relationCreationPayload: { targetObjectMetadataId: "company", targetFieldLabel: "Tickets" } }) { name }
        createIndex(input: { objectMetadataId: "ticket", fieldMetadataIds: ["ticket.hours"] }) { isUnique }
        updateField(id: "ticket.hours", input: { label: "Time" }) { label }
        updateOneField(input: { id: "ticket.hours", update: { name: "minutes" } }) { name }
        deleteField(id: "ticket.minutes") { name } deleteOneField(input: { id: "ticket.company" }) { name }
        updateObject(id: "ticket", input: { icon: "tag" }) { icon } }"""
    )
    assert made["updateField"] == {"label": "Time"}
    assert made["deleteField"] == made["updateOneField"] == {"name": "minutes"}
    assert made["deleteOneField"] == {"name": "company"}
    gone = await apis.change("mutation ($id: ID!) { deleteObject(id: $id) { id } }", id="ticket")
    assert gone["deleteObject"] == made["createObject"]


@pytest.mark.parametrize(
    ("text", "field", "message"),
    [
        ('deleteObject(id: "people")', "id", 'there is no object "people"; did you mean "person"?'),
        ('deleteObject(id: "nothing")', "id", 'there is no object "nothing".'),
        ('deleteField(id: "person.x")', "id", 'there is no field "person.x"; a field is named object.field.'),
        (
            'createField(input: { objectMetadataId: "people", name: "x", label: "X", type: TEXT })',
            "objectMetadataId",
            'there is no object "people"; did you mean "person"?',
        ),
        ('deleteRole(id: "nobody")', "id", 'there is no role "nobody".'),
    ],
    ids=lambda value: value if "(" in value else "",
)
async def test_a_name_that_nothing_has_is_not_found(apis: Apis, text: str, field: str, message: str) -> None:
    error = await refused(apis, f"mutation {{ {text} {{ id }} }}")
    assert error["extensions"] == {"code": "NOT_FOUND", "field": field}
    assert error["message"].lower() == message


async def test_a_deleted_object_is_answered_as_it_was(apis: Apis) -> None:
    made = await apis.change(
        'mutation { createObject(input: { nameSingular: "project", namePlural: "projects", labelSingular: "Project",'
        ' labelPlural: "Projects" }) { id } }'
    )
    gone = await apis.change(
        "mutation ($id: UUID!) { deleteObject(id: $id) { nameSingular fields { totalCount } } }",
        id=made["createObject"]["id"],
    )
    assert gone["deleteObject"] == {"nameSingular": "project", "fields": {"totalCount": 7}}
    error = await refused(
        apis, "mutation ($id: UUID!) { deleteOneObject(input: { id: $id }) { id } }", id=made["createObject"]["id"]
    )
    assert error["extensions"]["code"] == "NOT_FOUND"
    assert error["path"] == ["deleteOneObject"]


@pytest.mark.parametrize(
    ("values", "code", "words"),
    [
        ({"objectMetadataId": "x"}, "GRAPHQL_VALIDATION_FAILED", "objectMetadataId"),
        ({"name": "city"}, "CONFLICT", "city2 would pass"),
        ({"isUnique": True, "defaultValue": "x"}, "BAD_USER_INPUT", "two records would share"),
    ],
)
async def test_what_cannot_be_changed_is_refused(values: dict[str, Any], code: str, words: str, apis: Apis) -> None:
    inputs = ", ".join(
        f"{name}: {str(value).lower() if value is True else repr(value)}" for name, value in values.items()
    )
    error = await refused(
        apis,
        f"mutation ($id: UUID!) {{ updateField(id: $id, input: {{ {inputs} }}) {{ id }} }}".replace("'", '"'),
        id=await field_id(apis, "person", "phone"),
    )
    assert (error["extensions"]["code"], words in error["message"]) == (code, True), error


@pytest.mark.long
async def test_unknown_inputs_in_a_variable_are_refused(apis: Apis) -> None:
    error = await refused(
        apis,
        "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }",
        id=await field_id(apis, "person", "phone"),
        input={"label": "Phone", "objectMetadataId": "x"},
    )
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "objectMetadataId"}


async def test_several_changes_in_one_request_are_all_or_nothing(apis: Apis) -> None:
    phone, city = await field_id(apis, "person", "phone"), await field_id(apis, "person", "city")
    before = await apis.snapshot()
    error = await refused(
        apis,
        'mutation ($a: UUID!, $b: UUID!) { one: updateField(id: $a, input: { name: "mobile" }) { id }'
        ' two: updateField(id: $b, input: { name: "mobile" }) { id } }',
        a=phone,
        b=city,
    )
    assert error["path"] == ["two"]
    assert await apis.snapshot() is before


READ = "{ people(first: 3, orderBy: [{ city: ASC }]) { edges { node { id email company { name } } } totalCount } }"
WRITE = "mutation ($data: PersonInput!) { createPerson(data: $data) { id email } }"
UPDATE = 'mutation { updatePeople(filter: { id: { is: NOT_NULL } }, data: { jobTitle: "x" }) { id } }'


@pytest.mark.long
async def test_requests_whose_document_stays_valid_do_not_fail_while_the_model_changes(
    apis: Apis, workspace_dsn: str
) -> None:
    """Two processes serve; fields come, are renamed and go through either; reads and writes go on at both."""
    async with open_apis(workspace_dsn) as other:
        processes = (apis, other)

        async def ask(process: Apis, number: int, turn: int) -> None:
            email = f"{number}.{turn}@example.com"
            for text, variables in ((READ, {}), (WRITE, {"data": {"email": email}}), (UPDATE, {})):
                answer = loads((await process.send(text, variables)).body)
                assert "errors" not in answer, answer

        async def alter() -> None:
            person = await object_id(apis, "person")
            for number in range(8):
                one, two = processes[number % 2], processes[(number + 1) % 2]
                made = await one.change(
                    'mutation ($of: UUID!) { createField(input: { objectMetadataId: $of, name: "extra", label: "Extra",'
                    ' type: TEXT, defaultValue: "none" }) { id } }',
                    of=person,
                )
                id_ = made["createField"]["id"]
                assert await two.data("{ people(first: 1) { edges { node { extra } } } }")
                await two.change(
                    'mutation ($id: UUID!) { updateField(id: $id, input: { name: "more" }) { id } }', id=id_
                )
                assert await one.data("{ people(first: 1) { edges { node { more } } } }")
                await one.change(
                    "mutation ($id: UUID!) { updateField(id: $id, input: { isNullable: false }) { id } }", id=id_
                )
                await two.change("mutation ($id: UUID!) { deleteField(id: $id) { id } }", id=id_)

        asks = (partial(ask, process, number) for number, process in enumerate(processes))
        assert await repeat_during(alter(), *asks) > 0


HISTORY = """{ metadataHistory(orderBy: [{ version: DESC }], first: 1) {
        edges { node { version actor createdAt changes } } }
    metadataHistoryAggregate { count } }"""


async def test_the_history_says_who_changed_what_and_how_to_undo_it(apis: Apis) -> None:
    id_ = await field_id(apis, "person", "phone")
    await apis.change('mutation ($id: UUID!) { updateField(id: $id, input: { name: "mobile" }) { id } }', id=id_)
    answer = await apis.change(HISTORY)
    ((entry,),) = [[edge["node"] for edge in answer["metadataHistory"]["edges"]]]
    (step,) = entry["changes"]
    assert (entry["version"], entry["actor"]) == (str((await apis.snapshot()).version), "tester")
    assert (step["action"], step["name"], step["before"][0]["name"]) == ("updateField", "mobile", "phone")
    assert [(one["kind"], one["name"]) for one in step["after"]] == [("field", "mobile")]
    assert step["inverse"] == [
        {"action": "updateField", "fieldId": id_, "name": "phone", "optionMapping": None, "backfill": None}
        | {"allowDataLoss": False, "isRestored": False, "indexId": step["inverse"][0]["indexId"]}
    ]


async def test_a_rollback_makes_a_new_version_of_the_old_model(apis: Apis) -> None:
    version = (await apis.snapshot()).version
    id_ = await field_id(apis, "person", "phone")
    await apis.change('mutation ($id: UUID!) { updateField(id: $id, input: { name: "mobile" }) { id } }', id=id_)
    await apis.change('mutation ($id: UUID!) { updateField(id: $id, input: { name: "cell" }) { id } }', id=id_)
    done = await apis.change("mutation ($to: BigInt!) { rollback(to: $to) }", to=version)
    assert done["rollback"]["version"] == str(version + 3)
    await apis.data("{ people { edges { node { phone } } } }")
    again = await apis.change("mutation ($to: BigInt!) { rollback(to: $to) }", to=version + 3)
    assert (again["rollback"]["version"], again["rollback"]["changes"]) == (str(version + 3), [])
    error = await refused(apis, "mutation { rollback(to: -1) }")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "to"}


@pytest.mark.long
async def test_a_dry_run_of_a_rollback_says_what_is_lost_and_changes_nothing(apis: Apis, workspace_dsn: str) -> None:
    await apis.data(
        'mutation { createPeople(data: [{ email: "a", phone: "12" }, { email: "b", phone: "x" }]) { id }'
        " createOpportunities(data: [{ stage: NEW }, { stage: MEETING }]) { id } }"
    )
    gone = {"nameSingular": "boat", "namePlural": "boats", "labelSingular": "Boat", "labelPlural": "Boats"}
    extra = {"objectMetadataId": "person", "name": "nick", "label": "Nick", "type": "TEXT"}
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) }"
    await apis.change(apply, changes=[{"createObject": gone}, {"createField": extra}])
    version = (await apis.snapshot()).version
    kept = [{"value": value} for value in ("SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")]
    number = {"type": "NUMBER", "allowDataLoss": True}
    late = {"nameSingular": "ship", "namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships"}
    await apis.change(
        apply,
        changes=[
            {"deleteObject": {"id": "boat"}},
            {"deleteField": {"id": "person.nick"}},
            {"updateField": {"id": "person.phone", "update": number}},
            {
                "updateField": {
                    "id": "opportunity.stage",
                    "update": {"options": kept, "optionMapping": {"NEW": "MEETING"}},
                }
            },
            {"createObject": late},
            {"createField": {**extra, "name": "late"}},
            {"createField": {**extra, "name": "passing"}},
            {"deleteField": {"id": "person.passing"}},
        ],
    )
    await apis.data('mutation { createShip(data: { name: "Ark" }) { id } updatePeople('
                    'filter: { email: { eq: "a" } }, data: { late: "x" }) { id } }')  # fmt: skip
    before = whole_state(workspace_dsn)
    text = "mutation ($to: BigInt!, $dry: Boolean) { rollback(to: $to, dryRun: $dry) }"
    plan = (await apis.change(text, to=version, dry=True))["rollback"]
    assert whole_state(workspace_dsn) == before
    assert {(one["kind"], one["name"], one.get("records")) for one in plan["lost"]} == {
        ("DELETED", "ship", 1),
        ("DELETED", "person.late", 1),
        ("COMES_BACK_EMPTY", "boat", None),
        ("COMES_BACK_EMPTY", "person.nick", None),
        ("STAYS_LOST", "person.phone", None),
        ("STAYS_LOST", "opportunity.stage", None),
    }
    assert {"Ship", "Person.late"} <= set(plan["vanishes"])
    assert "Boat" in plan["appears"]
    done = (await apis.change(text, to=version))["rollback"]
    assert (done["lost"], done["changes"]) == (plan["lost"], plan["changes"])
    assert done["version"] == str(int(plan["version"]) + 1)
    await apis.data("{ boats { totalCount } people { edges { node { nick phone } } } }")


async def test_an_index_is_created_shown_and_deleted(apis: Apis) -> None:
    made = await apis.change(
        "mutation ($of: UUID!, $fields: [UUID!]!) { createIndex(input: { objectMetadataId: $of,"
        " fieldMetadataIds: $fields, isPartial: true }) { id name status method isPartial fieldMetadataIds } }",
        of=await object_id(apis, "person"),
        fields=[await field_id(apis, "person", "city")],
    )
    index = made["createIndex"]
    assert (index["name"], index["status"], index["isPartial"]) == ("person_city_livesort", "READY", True)
    gone = await apis.change("mutation ($id: UUID!) { deleteIndex(id: $id) { name } }", id=index["id"])
    assert gone == {"deleteIndex": {"name": "person_city_livesort"}}


async def test_a_build_that_failed_says_why_and_is_tried_again(workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, big_table=-1) as apis:
        await apis.data(
            'mutation ($city: String) { createPerson(data: { email: "a", city: $city }) { id } }',
            city="".join(chr(0x4E00 + 7919 * n % 20_000) for n in range(2_000)),
        )
        builder = Builder(apis.database, apis.writer, trigram=None)
        await apis.change(
            "mutation ($of: UUID!, $fields: [UUID!]!) {"
            " createIndex(input: { objectMetadataId: $of, fieldMetadataIds: $fields, isUnique: true }) { id } }",
            of=await object_id(apis, "person"),
            fields=[await field_id(apis, "person", name) for name in ("city", "email")],
        )
        await builder.build_all()
        failed = await apis.change(
            "{ indexes(filter: { status: { eq: FAILED } }) { edges { node { id failure object { status } } } } }"
        )
        ((index,),) = ([edge["node"] for edge in failed["indexes"]["edges"]],)
        assert index["object"] == {"status": "FAILED"}
        assert index["failure"].startswith("a value of city, email is too long for an index")
        planned = await apis.change(
            "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes, dryRun: true) }",
            changes=[{"retryBuild": {"id": index["id"]}}],
        )
        assert planned["applyChanges"]["changes"] == [{"action": "retryBuild", "id": index["id"]}]
        (later,) = planned["applyChanges"]["later"]
        assert later.startswith('CREATE UNIQUE INDEX CONCURRENTLY "person_city_email_key"')
        retried = await apis.change(
            "mutation ($id: UUID!) { retryBuild(id: $id) { nameSingular status } }", id=index["id"]
        )
        assert retried == {"retryBuild": {"nameSingular": "person", "status": "BUILDING"}}
        await apis.data('mutation { updatePeople(filter: { id: { is: NOT_NULL } }, data: { city: "x" }) { id } }')
        await builder.build_all()
        assert (await apis.change("{ objects(filter: { status: { neq: READY } }) { totalCount } }"))["objects"] == {
            "totalCount": 0
        }


async def test_what_postgresql_refuses_is_the_error_of_its_field(apis: Apis, workspace_dsn: str) -> None:
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as connection:
        await connection.execute("ALTER TABLE workspace_default.person ADD COLUMN taken text")
    before = whole_state(workspace_dsn)
    create = "createField(input: { objectMetadataId: $of, name: %s, label: %s, type: TEXT }) { id }"
    taken, free = create % ('"taken"', '"Taken"'), create % ('"free"', '"Free"')
    for fields, path in ((f"a: {taken} b: {free}", "a"), (f"a: {free} b: {taken}", "b")):
        error = await refused(apis, f"mutation ($of: UUID!) {{ {fields} }}", of=await object_id(apis, "person"))
        assert error["path"] == [path]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert "nothing was changed: column" in error["message"]
    assert whole_state(workspace_dsn) == before


async def test_a_change_that_waits_too_long_for_another_is_told_since_when(workspace_dsn: str) -> None:
    async with (
        open_apis(workspace_dsn, turn=0.1) as apis,
        await psycopg.AsyncConnection.connect(workspace_dsn) as other,
    ):
        person = await object_id(apis, "person")
        await other.execute(QUERIES["lock_workspace"], {"workspace_id": WORKSPACE_ID})
        text = """mutation ($of: UUID!) { createField(input: {
            objectMetadataId: $of, name: "late", label: "Late", type: TEXT }) { id } }"""
        error = await refused(apis, text, of=person)
    assert (error["extensions"]["code"], error["path"]) == ("SERVICE_UNAVAILABLE", ["createField"])
    assert "has been under way since 20" in error["message"]


async def test_a_change_that_others_keep_from_its_table_is_told_so(workspace_dsn: str) -> None:
    async with (
        open_apis(workspace_dsn, waits=(10,)) as apis,
        await psycopg.AsyncConnection.connect(workspace_dsn) as other,
    ):
        person = await object_id(apis, "person")
        await other.execute("LOCK TABLE workspace_default.person IN ACCESS SHARE MODE")
        text = """mutation ($of: UUID!) { createField(input: {
            objectMetadataId: $of, name: "late", label: "Late", type: TEXT }) { id } }"""
        error = await refused(apis, text, of=person)
    assert (error["extensions"]["code"], error["path"]) == ("TIMEOUT", ["createField"])
