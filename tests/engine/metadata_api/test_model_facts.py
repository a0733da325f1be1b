"""Root fields about the model as a whole: its version, the types of fields, names from labels, sizes, builds."""

from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, SCHEMA, Apis, open_apis
from tests.engine.metadata_api.changing import refused
from tests.engine.metadata_api.roles import create_role


async def as_role(apis: Apis, role: str, text: str, **variables: Any) -> Any:
    request = GraphQLRequest(query=text, operation_name=None, variables=variables)
    answer = await apis.metadata.execute(replace(PRINCIPAL, role=role), request, allow_mutation=True)
    return loads(answer.body)


async def test_the_version_of_the_model_is_raised_by_each_change(apis: Apis) -> None:
    before = (await apis.change("{ v: modelVersion }"))["v"]
    await apis.change(
        'mutation { applyChanges(changes: [{ updateObject: { id: "person" update: { icon: "x" } } }]) { version } }'
    )
    assert int((await apis.change("{ modelVersion }"))["modelVersion"]) == int(before) + 1


FIELD_TYPES = """{ fieldTypes {
  type label description composite hasOptions fixedOptions canBeUnique canDefault functions conversions
  parts { name scalar filters identifies } settings { name values isFlag } } }"""


async def test_each_type_of_field_is_described(apis: Apis) -> None:
    found = {one["type"]: one for one in (await apis.change(FIELD_TYPES))["fieldTypes"]}
    assert list(found) == [type_.value for type_ in FieldType]
    assert len({one["label"] for one in found.values()}) == len(found)
    assert found["CURRENCY"]["composite"] == "CurrencyValue"
    assert [part["name"] for part in found["CURRENCY"]["parts"]] == ["amountMicros", "currencyCode"]
    assert found["CURRENCY"]["conversions"] == ["NUMBER", "NUMERIC"]
    assert found["RELATION"]["parts"] == found["RELATION"]["conversions"] == []
    assert found["NUMBER"]["settings"] == [
        {"name": "dataType", "values": ["decimal", "int", "bigint", "float"], "isFlag": False}
    ]
    flags = [(one["name"], one["isFlag"]) for one in found["TEXT"]["settings"]]
    assert flags == [("keepAccents", True), ("skipLabelIndex", True)]
    assert found["RATING"]["fixedOptions"] == [f"RATING_{stars}" for stars in range(1, 6)]
    assert found["DATE"]["functions"] == ["now"]
    assert "contains" in found["TEXT"]["parts"][0]["filters"]


@pytest.mark.long
@pytest.mark.parametrize("type_", ["TEXT", "NUMBER", "DATE_TIME", "ARRAY", "EMAILS"])
async def test_conversions_are_those_that_an_update_allows(type_: str, apis: Apis) -> None:
    found = {one["type"]: one["conversions"] for one in (await apis.change(FIELD_TYPES))["fieldTypes"]}
    field = f'{{ createField: {{ objectMetadataId: "person" name: "extra" label: "Extra" type: {type_} }} }}'
    for other in FieldType:
        if other.value == type_:
            continue
        options = ' options: [{ value: "A" }]' if other.value in {"SELECT", "MULTI_SELECT"} else ""
        change = f'{{ updateField: {{ id: "person.extra" update: {{ type: {other.value}{options} }} }} }}'
        plan = await apis.change(f"{{ planChanges(changes: [{field} {change}]) {{ problems {{ message }} }} }}")
        messages = [problem["message"] for problem in plan["planChanges"]["problems"]]
        assert (not any("cannot become" in one for one in messages)) == (other.value in found[type_]), messages


NAMES = "nameSingular namePlural labelSingular labelPlural isTaken fieldName"


@pytest.mark.parametrize(
    ("label", "names"),
    [
        ("Team member", ["teamMember", "teamMembers", "Team member", "Team members", False, "teamMember"]),
        ("  Category ", ["category", "categories", "Category", "Categories", False, "category"]),
        ("Categories", ["category", "categories", "Category", "Categories", False, "categories"]),
        ("Größe", ["grosse", "grosses", "Größe", "Grosses", False, "grosse"]),
        ("Person", ["person2", "people2", "Person", "People", True, "person"]),
        ("Email", ["email", "emails", "Email", "Emails", False, "email2"]),
    ],
)
async def test_names_are_derived_from_a_label(label: str, names: list[object], apis: Apis) -> None:
    found = await apis.change(
        f'query ($label: String!) {{ deriveNames(label: $label, object: "person") {{ {NAMES} }} }}', label=label
    )
    assert list(found["deriveNames"].values()) == names


async def test_a_derived_name_passes(apis: Apis) -> None:
    found = (await apis.change(f'{{ deriveNames(label: "Person") {{ {NAMES} }} }}'))["deriveNames"]
    given = {name: found[name] for name in ("nameSingular", "namePlural", "labelSingular", "labelPlural")}
    plan = await apis.change(
        "query ($change: Change!) { planChanges(changes: [$change]) { problems { message } } }",
        change={"createObject": given},
    )
    assert plan["planChanges"]["problems"] == []


@pytest.mark.long
@pytest.mark.parametrize(("letters", "longest"), [(62, None), (63, 64), (70, 70)])
async def test_a_label_of_too_many_letters_is_told_so(letters: int, longest: int | None, apis: Apis) -> None:
    query = f'{{ deriveNames(label: "{"n" * letters}") {{ {NAMES} }} }}'
    if longest is None:
        assert (await apis.change(query))["deriveNames"]["namePlural"] == "n" * letters + "s"
        return
    error = await refused(apis, query)
    assert (
        error["message"]
        == f"label gives a name of {longest} characters, and a name has at most 63: give a shorter one."
    )


@pytest.mark.parametrize(
    ("arguments", "field", "code"),
    [
        ('label: "§ 1"', "label", "BAD_USER_INPUT"),
        ('label: ""', "label", "BAD_USER_INPUT"),
        (f'label: "{"x" * 201}"', "label", "BAD_USER_INPUT"),
        ('label: "x" object: "nothing"', "object", "NOT_FOUND"),
    ],
)
async def test_no_names_are_made_of_nothing(arguments: str, field: str, code: str, apis: Apis) -> None:
    error = await refused(apis, f"{{ deriveNames({arguments}) {{ fieldName }} }}")
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)
    assert error["path"] == ["deriveNames"]


async def test_the_error_of_a_name_has_a_suggestion(apis: Apis) -> None:
    change = '{ createField: { objectMetadataId: "person" name: "%s" label: "X" type: TEXT } }'
    for name, suggestion in (("Due date", "dueDate"), ("email", "email2")):
        text = f"mutation {{ applyChanges(changes: [{change % name}]) {{ version }} }}"
        error = await refused(apis, text)
        assert error["extensions"]["suggestion"] == suggestion
        plan = await apis.change(f"{{ planChanges(changes: [{change % name}]) {{ problems {{ suggestion }} }} }}")
        assert plan["planChanges"]["problems"] == [{"suggestion": suggestion}]
    error = await refused(apis, f"mutation {{ applyChanges(changes: [{change % '1'}]) {{ version }} }}")
    assert "suggestion" not in error["extensions"]


STATS = "query ($of: [String!]!) { objectStats(objects: $of) { object records deleted bytes estimated } }"


async def test_the_records_of_small_objects_are_counted(apis: Apis) -> None:
    await apis.data('mutation { createPeople(data: [{ email: "a" }, { email: "b" }, { email: "c" }]) { id } }')
    await apis.data('mutation { deletePeople(filter: { email: { eq: "b" } }) { id } }')
    company = next(one for one in (await apis.snapshot()).objects.values() if one.name_singular == "company")
    found = (await apis.change(STATS, of=["person", str(company.id)]))["objectStats"]
    sizes = [one.pop("bytes") for one in found]
    assert found == [
        {"object": "person", "records": "2", "deleted": "1", "estimated": False},
        {"object": "company", "records": "0", "deleted": "0", "estimated": False},
    ]
    assert all(int(size) > 0 for size in sizes)
    assert (await apis.change(STATS, of=[]))["objectStats"] == []
    person = '{ objectStats(objects: ["person"]) { records deleted } }'
    assert (await as_role(apis, "viewer", person))["data"]["objectStats"] == [{"records": "2", "deleted": "0"}]
    assert (await as_role(apis, "editor", person))["data"]["objectStats"] == [{"records": "2", "deleted": "1"}]


@pytest.mark.long
async def test_the_records_of_large_objects_are_estimated(apis: Apis, workspace_dsn: str) -> None:
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        table = sql.Identifier(SCHEMA, "company")
        connection.execute(
            sql.SQL(
                """INSERT INTO {} (id, name, "deletedAt")
                SELECT gen_random_uuid(), repeat('x', 20), CASE WHEN n % 4 = 0 THEN now() END
                FROM generate_series(1, 20000) AS n"""
            ).format(table)
        )
        unlooked = (await apis.change(STATS, of=["company"]))["objectStats"][0]
        assert (int(unlooked["records"]) + int(unlooked["deleted"]), unlooked["estimated"]) == (10_000, True)
        connection.execute(sql.SQL("ANALYZE {}").format(table))
    found = (await apis.change(STATS, of=["company"]))["objectStats"][0]
    assert found["estimated"] is True
    assert 14_500 < int(found["records"]) < 15_500
    assert 4_500 < int(found["deleted"]) < 5_500


async def test_sizes_are_for_roles_that_may_count(apis: Apis) -> None:
    grants = [
        {"object": "person", "read": {}, "aggregates": True},
        {"object": "company", "read": {"rule": {"name": {"eq": "x"}}}, "aggregates": True},
    ]
    await create_role(apis, name="clerk", grants=grants)
    text = "{ objectStats(objects: [%s]) { object records } }"
    assert (await as_role(apis, "clerk", text % '"person"'))["data"]["objectStats"] == [
        {"object": "person", "records": "0"}
    ]
    for name, code in (("company", "FORBIDDEN"), ("opportunity", "NOT_FOUND"), ("nothing", "NOT_FOUND")):
        (error,) = (await as_role(apis, "clerk", text % f'"{name}"'))["errors"]
        assert error["extensions"]["code"] == code
    for closed in ('{ deriveNames(label: "x") { fieldName } }', "{ builds { id } }"):
        (error,) = (await as_role(apis, "clerk", closed))["errors"]
        assert error["extensions"]["code"] == "FORBIDDEN"
    assert "errors" not in await as_role(apis, "clerk", "{ modelVersion fieldTypes { type } }")


RIGHTS = "query ($of: [String!]!) { fieldRights(objects: $of) { object read readInSome create update } }"


async def test_a_role_learns_which_fields_it_may_read_and_give(apis: Apis) -> None:
    """A client that builds a form had to find by refusals which fields its role may write."""
    person = {
        "object": "person",
        "read": {"fields": {"allBut": ["phone"]}},
        "create": {"fields": {"only": ["email", "city", "company"]}, "preset": {"city": "Bonn"}},
        "update": {"rule": {"city": {"eq": "Bonn"}}, "fields": {"only": ["jobTitle", "createdBy", "phone"]}},
    }
    await create_role(apis, name="clerk", grants=[person, {"object": "company", "read": {}}])
    (found, other) = (await as_role(apis, "clerk", RIGHTS, of=["person", "company"]))["data"]["fieldRights"]
    assert found["object"] == "person"
    assert {"id", "email", "company", "updatedAt"} < {*found["read"]}
    assert not {"phone", "opportunities"} & {*found["read"]}
    assert sorted(found["create"]) == ["company", "email"]
    # Nobody gives the author of a record again.
    assert sorted(found["update"]) == ["jobTitle", "phone"]
    assert (other["readInSome"], other["create"], other["update"]) == ([], [], [])
    for name in ("opportunity", ""):
        error = (await as_role(apis, "clerk", RIGHTS, of=["person", name]))["errors"][0]
        assert (error["extensions"]["code"], error["message"]) == ("NOT_FOUND", f'There is no object "{name}".')


async def test_a_role_learns_which_fields_it_reads_in_some_records_only(apis: Apis) -> None:
    """`ifUpdatedAt` is refused for a time that is null in some records, which a client could not know before."""
    read = [{"rule": {"city": {"eq": "Bonn"}}}, {"fields": {"only": ["firstName", "city"]}}]
    await create_role(apis, name="clerk", grants=[{"object": "person", "read": read}])
    (found,) = (await as_role(apis, "clerk", RIGHTS, of=["person"]))["data"]["fieldRights"]
    assert {"email", "updatedAt"} <= {*found["readInSome"]} < {*found["read"]}
    assert not {"id", "firstName", "city"} & {*found["readInSome"]}
    hide = '{ updateField: { id: "person.email" update: { isActive: false } } }'
    await apis.change(f"mutation {{ applyChanges(changes: [{hide}]) {{ version }} }}")
    (found,) = (await as_role(apis, "clerk", RIGHTS, of=["person"]))["data"]["fieldRights"]
    assert "email" not in found["read"]
    assert "email" not in found["readInSome"]


async def test_a_role_gives_no_fields_at_an_update_of_records_that_it_does_not_read(apis: Apis) -> None:
    """A form asked for values that no mutation of the role takes."""
    await create_role(apis, name="clerk", grants=[{"object": "person", "create": {}, "update": {}}])
    (found,) = (await as_role(apis, "clerk", RIGHTS, of=["person"]))["data"]["fieldRights"]
    assert "email" in found["create"]
    assert (found["read"], found["update"]) == ([], [])


async def test_a_relation_that_leads_to_no_object_is_none_to_read(apis: Apis) -> None:
    hide = '{ updateObject: { id: "opportunity" update: { isActive: false } } }'
    await apis.change(f"mutation {{ applyChanges(changes: [{hide}]) {{ version }} }}")
    (found,) = (await apis.change(RIGHTS, of=["company"]))["fieldRights"]
    assert "people" in found["read"]
    assert "opportunities" not in found["read"]


async def test_the_fields_of_a_role_without_restrictions_are_those_that_a_client_gives(apis: Apis) -> None:
    (found,) = (await apis.change(RIGHTS, of=["company"]))["fieldRights"]
    late = {"id", "createdAt", "createdBy", "position"}
    assert {*found["create"]} - {*found["update"]} <= late
    assert {"name", "people", "employees"} <= {*found["update"]} <= {*found["read"]}
    assert not {"updatedAt", "deletedAt"} & {*found["create"]}
    error = await refused(apis, RIGHTS, of=["person"] * 201)
    assert error["message"] == "objects must have at most 200 items, not 201."


async def test_a_question_about_sizes_is_bounded(apis: Apis) -> None:
    error = await refused(apis, STATS, of=["person"] * 201)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert error["message"] == "objects must have at most 200 items, not 201."


@pytest.mark.long
async def test_builds_are_listed_while_they_wait(workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, big_table=-1) as apis:
        assert (await apis.change("{ builds { id } }"))["builds"] == []
        await apis.change(
            """mutation { applyChanges(changes: [
              { createIndex: { objectMetadataId: "person" fieldMetadataIds: ["person.city", "person.phone"] } }
              { updateField: { id: "person.phone" update: { isNullable: false backfillValue: "-" } } }
            ]) { version } }"""
        )
        found = (await apis.change("{ builds { kind object fields phase done total } }"))["builds"]
    waiting = {"object": "person", "phase": "waiting or checking records", "done": None, "total": None}
    assert sorted(found, key=lambda one: str(one["kind"])) == [
        {"kind": "FIELD", "fields": ["phone"], **waiting},
        {"kind": "INDEX", "fields": ["city", "phone"], **waiting},
    ]
