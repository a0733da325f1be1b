"""`explainAccess`: yes or no, the way that says so, and the terms of its rule that hold or do not."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from tests.apis import PRINCIPAL, Apis
from tests.engine.metadata_api.changing import refused
from tests.engine.metadata_api.roles import create_role

ASK = "query ($input: ExplainAccessInput!) { explainAccess(input: $input) { allowed reason way } }"
MINE = {"city": {"eq": "$principal.city"}}
EITHER = {"or": [MINE, {"company": {"name": {"eq": "$principal.firm"}}}]}
CLAIMS = {"city": "Bonn", "firm": "Acme"}


@pytest.fixture
async def ids(apis: Apis) -> dict[str, str]:
    """People: one of the principal's city, one of its company, one of neither, a deleted one of its city."""
    company = (await apis.data('mutation { createCompany(data: { name: "Acme" }) { id } }'))["createCompany"]["id"]
    made = await apis.data(
        """mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }""",
        data=[
            {"email": "mine@x.org", "city": "Bonn"},
            {"email": "ours@x.org", "city": "Rome", "company": {"connect": company}},
            {"email": "theirs@x.org", "city": "Rome"},
            {"email": "gone@x.org", "city": "Bonn"},
        ],
    )
    found = dict(zip(("mine", "ours", "theirs", "gone"), (one["id"] for one in made["createPeople"]), strict=True))
    await apis.data("mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=found["gone"])
    await create_role(
        apis,
        name="clerk",
        claims=[{"name": "city", "type": "TEXT"}, {"name": "firm", "type": "TEXT"}],
        grants=[
            {
                "object": "person",
                "read": {"rule": EITHER, "fields": {"allBut": ["phone"]}},
                "create": {"check": MINE, "preset": {"jobTitle": "new"}},
                "update": [
                    {"rule": MINE, "fields": {"only": ["phone", "email"]}},
                    {"rule": EITHER, "fields": {"only": ["email"]}},
                ],
                "delete": {"rule": {**MINE, "jobTitle": {"is": "NULL"}}},
            },
            {"object": "company", "read": {}},
        ],
    )
    return found


async def ask(apis: Apis, action: str, record: str | None = None, **more: Any) -> tuple[bool, str, Any]:
    given = {"role": "clerk", "object": "person", "action": action, "principal": CLAIMS, **more}
    answer = (await apis.change(ASK, input={**given, **({"recordId": record} if record else {})}))["explainAccess"]
    return answer["allowed"], answer["reason"], answer["way"]


async def test_the_term_that_lets_a_record_through_is_named(apis: Apis, ids: dict[str, str]) -> None:
    allowed, reason, way = await ask(apis, "READ", ids["mine"])
    assert (allowed, reason) == (True, "The record fulfils the rule of a way to read person, by its term or[0].")
    assert way == {"role": "clerk", "rule": EITHER, "fields": {"allBut": ["phone"]}}
    allowed, reason, _ = await ask(apis, "READ", ids["ours"])
    assert (allowed, "by its term or[1]" in reason) == (True, True)


@pytest.mark.long
async def test_the_terms_that_keep_a_record_back_are_named(apis: Apis, ids: dict[str, str]) -> None:
    allowed, reason, way = await ask(apis, "READ", ids["theirs"])
    assert (allowed, way["rule"]) == (False, EITHER)
    assert reason == "The record is in no way of the role to read person: these terms do not hold: or[0], or[1]."
    allowed, reason, _ = await ask(apis, "DELETE", ids["ours"])
    assert (allowed, reason.endswith("these terms do not hold: city.")) == (False, True)
    assert (await ask(apis, "DELETE", ids["mine"]))[0]


async def test_a_write_needs_to_read_the_record_first(apis: Apis, ids: dict[str, str]) -> None:
    allowed, reason, _ = await ask(apis, "UPDATE", ids["theirs"])
    assert (allowed, reason.startswith("The role does not read the record: ")) == (False, True)


async def test_a_field_chooses_among_the_ways(apis: Apis, ids: dict[str, str]) -> None:
    assert (await ask(apis, "UPDATE", ids["ours"], field="email"))[0]
    allowed, _, way = await ask(apis, "UPDATE", ids["ours"], field="phone")
    assert (allowed, way["fields"]) == (False, {"only": ["email", "phone"]})
    assert (await ask(apis, "UPDATE", ids["mine"], field="phone"))[0]
    for action, name in (("READ", "phone"), ("CREATE", "jobTitle"), ("UPDATE", "city")):
        allowed, reason, way = await ask(apis, action, field=name)
        assert (allowed, way) == (False, None)
        assert f"has the field {name}" in reason
    assert (await ask(apis, "READ", field="id"))[0]
    assert (await ask(apis, "READ", ids["mine"], field="companyId"))[0]


async def test_a_field_that_no_client_gives_is_denied(apis: Apis, ids: dict[str, str]) -> None:
    """A regression: the fields of the role have it, and no input does."""
    for action, name, allowed in (
        ("UPDATE", "createdAt", False),
        ("CREATE", "updatedAt", False),
        ("UPDATE", "city", True),
        ("UPDATE", "id", False),
        ("CREATE", "id", True),
        ("READ", "createdAt", True),
    ):
        found, reason, _ = await ask(apis, action, ids["mine"], field=name, role="admin", principal={})
        assert (found, "No client gives" in reason) == (allowed, not allowed), (action, name)


async def test_without_a_record_the_condition_is_told(apis: Apis, ids: dict[str, str]) -> None:
    assert ids
    allowed, reason, way = await ask(apis, "READ")
    assert (allowed, reason, way["rule"]) == (
        True, "The role may read person that fulfils the rule of one of its ways.", EITHER,
    )  # fmt: skip
    assert await ask(apis, "READ", object="company") == (
        True, "The role may read company without a condition.", {"role": "clerk"},
    )  # fmt: skip
    allowed, reason, _ = await ask(apis, "CREATE")
    assert (allowed, "whose data fulfils the check" in reason) == (True, True)


async def test_a_check_is_held_against_a_record_as_it_is(apis: Apis, ids: dict[str, str]) -> None:
    assert (await ask(apis, "CREATE", ids["mine"]))[0]
    assert not (await ask(apis, "CREATE", ids["theirs"]))[0]


async def test_what_is_not_granted_is_denied(apis: Apis, ids: dict[str, str]) -> None:
    assert await ask(apis, "DESTROY", ids["mine"]) == (
        False,
        "No grant of the role 'clerk' allows to destroy person.",
        None,
    )
    allowed, reason, _ = await ask(apis, "READ", object="activity")
    assert (allowed, "which it does not see" in reason) == (False, True)


async def test_a_deleted_record_is_for_roles_that_may_restore_or_destroy(apis: Apis, ids: dict[str, str]) -> None:
    allowed, reason, _ = await ask(apis, "READ", ids["gone"])
    assert (allowed, reason.startswith("The record is deleted")) == (False, True)
    assert not (await ask(apis, "UPDATE", ids["gone"], role="admin"))[0]
    assert (await ask(apis, "READ", ids["gone"], role="admin"))[0]
    assert (await ask(apis, "RESTORE", ids["gone"], role="admin"))[0]
    assert not (await ask(apis, "RESTORE", ids["mine"], role="admin"))[0]


async def test_the_way_of_a_parent_names_the_parent(apis: Apis, ids: dict[str, str]) -> None:
    await create_role(apis, name="heir", parents=["clerk"])
    allowed, _, way = await ask(apis, "READ", ids["mine"], role="heir")
    assert (allowed, way["role"]) == (True, "clerk")


@pytest.mark.long
async def test_a_principal_without_a_value_may_nothing(apis: Apis, ids: dict[str, str]) -> None:
    allowed, reason, way = await ask(apis, "READ", ids["mine"], principal={"city": "Bonn"})
    assert (allowed, way) == (False, None)
    assert "'firm'" in reason


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "an unknown role": ({"role": "boss"}, "BAD_USER_INPUT", "role"),
    "an unknown object": ({"object": "persn"}, "BAD_USER_INPUT", "object"),
    "an unknown field": ({"field": "emial"}, "BAD_USER_INPUT", "field"),
    "a field of a removal": ({"field": "email", "action": "DELETE"}, "BAD_USER_INPUT", "field"),
    "a principal that is no object": ({"principal": ["x"]}, "BAD_USER_INPUT", "principal"),
    "an unknown record": ({"recordId": "00000000-0000-0000-0000-000000000000"}, "NOT_FOUND", "recordId"),
}


@pytest.mark.long
@pytest.mark.parametrize(("given", "code", "field"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_question_is_refused(
    apis: Apis, ids: dict[str, str], given: dict[str, Any], code: str, field: str
) -> None:
    assert ids
    question = {"role": "clerk", "object": "person", "action": "READ", "principal": CLAIMS, **given}
    error = await refused(apis, ASK, input=question)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, field)
    assert error["path"] == ["explainAccess"]


async def test_values_of_the_record_are_parameters(apis: Apis, ids: dict[str, str]) -> None:
    hostile = {"city": "x' OR true --", "firm": "%"}
    assert not (await ask(apis, "READ", ids["mine"], principal=hostile))[0]


@pytest.mark.long
async def test_a_value_that_a_rule_cannot_use_is_the_reason(apis: Apis, ids: dict[str, str]) -> None:
    """The question itself was FORBIDDEN, as if the role of the asking principal lacked a value."""
    grants = [{"object": "person", "read": {"rule": {"city": {"like": "$principal.city"}}}}]
    await create_role(apis, name="careless", claims=[{"name": "city", "type": "TEXT"}], grants=grants)
    allowed, reason, way = await ask(apis, "READ", ids["mine"], role="careless", principal={"city": "a\\"})
    assert (allowed, way) == (False, None)
    assert reason.startswith("The rules or presets of the role cannot use the principal's value 'city'")
    assert "must not end with a backslash" in reason


OWN_NAME = {"rule": {"name": {"is": "NOT_NULL"}}, "check": {}}
WAITING = {"rule": {"employees": {"gte": 0}}, "check": {"people": {"some": {"email": {"eq": "nobody@x"}}}}}
WRITE = 'mutation ($id: UUID!) { updateCompany(id: $id, data: { website: "w" }) { id } }'


async def test_a_check_that_waits_takes_no_right_of_another_way_away(apis: Apis, ids: dict[str, str]) -> None:
    """A regression: a check over to-many relations was demanded of records that another way takes."""
    assert ids
    made = 'mutation { createCompany(data: { name: "Birch", employees: 1 }) { id } }'
    company = (await apis.data(made))["createCompany"]["id"]
    people = {"object": "person", "read": {}}
    for name, way in (("plain", OWN_NAME), ("waiting", WAITING)):
        await create_role(apis, name=name, grants=[people, {"object": "company", "read": {}, "update": way}])
    await create_role(apis, name="heir", parents=["plain", "waiting"])
    for name, source, is_refused in (("plain", "plain", False), ("waiting", "waiting", True), ("heir", "plain", False)):
        allowed, reason, way = await ask(apis, "UPDATE", company, role=name, object="company", principal={})
        assert (allowed, way["role"]) == (True, source)
        assert reason == "The record fulfils the rule of a way to update company."
        request = GraphQLRequest(query=WRITE, operation_name=None, variables={"id": company})
        answer = await apis.core.execute(replace(PRINCIPAL, role=name), request, allow_mutation=True)
        assert bool(answer.errors) == is_refused


async def test_a_way_with_other_presets_does_not_count_for_data_that_an_earlier_one_admits(
    apis: Apis, ids: dict[str, str]
) -> None:
    """A regression: the answer was yes of each record under any rule, and the update of one was refused."""
    ways = [
        {"rule": {"city": {"eq": "Bonn"}}, "fields": {"only": ["email"]}, "preset": {"jobTitle": "a"}},
        {"rule": {"city": {"eq": "Rome"}}, "fields": {"only": ["email", "phone"]}, "preset": {"lastName": "b"}},
    ]
    await create_role(apis, name="rep", grants=[{"object": "person", "read": {}, "update": ways}])
    text = (
        "mutation ($id: UUID!, $data: PersonUpdateInput!) { updatePerson(id: $id, data: $data) { jobTitle lastName } }"
    )
    for name, field, allowed in (
        ("mine", "email", True),
        ("mine", "phone", False),
        ("ours", "email", False),
        ("ours", "phone", True),
    ):
        answer = await ask(apis, "UPDATE", ids[name], field=field, role="rep")
        assert answer[0] == allowed
        assert ("a way with other presets" in answer[1]) == ((name, field) == ("ours", "email"))
        given = {"email": f"{field}@x.org"} if field == "email" else {"phone": "+49 30 1234567"}
        request = GraphQLRequest(query=text, operation_name=None, variables={"id": ids[name], "data": given})
        written = await apis.core.execute(replace(PRINCIPAL, role="rep"), request, allow_mutation=True)
        assert bool(written.errors) != allowed, written
    # Some data is admitted by each of them: without a field the record needs any.
    assert [(await ask(apis, "UPDATE", ids[name], role="rep"))[0] for name in ("mine", "ours")] == [True, True]


async def test_a_way_counts_for_the_creation_of_records_that_have_the_fields_they_need(
    apis: Apis, ids: dict[str, str]
) -> None:
    """A regression: the data of a field alone was asked about, which another way admits that presets the needed one."""
    ways = [
        {
            "check": {"city": {"eq": "Bonn"}},
            "fields": {"only": ["phone"]},
            "preset": {"email": "a@x.org", "jobTitle": "a"},
        },
        {"fields": {"only": ["phone", "email"]}},
    ]
    await create_role(apis, name="rep", grants=[{"object": "person", "read": {}, "create": ways}])
    assert (await ask(apis, "CREATE", ids["ours"], field="phone", role="rep"))[0]
    given = {"email": "b@x.org", "phone": "+49 30 1234567"}
    text = "mutation ($data: PersonInput!) { createPerson(data: $data) { id } }"
    request = GraphQLRequest(query=text, operation_name=None, variables={"data": given})
    assert not (await apis.core.execute(replace(PRINCIPAL, role="rep"), request, allow_mutation=True)).errors
