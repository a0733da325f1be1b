"""A process that nobody has told of a change answers as if it had been: two of them on one database, no messages."""

from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.json_text import loads
from fieldstone.sql.errors import StaleSchema
from tests.apis import SCHEMA, Apis, open_apis


@pytest.fixture
async def other(apis: Apis, workspace_dsn: str) -> AsyncIterator[Apis]:
    """The process that lags: it has loaded the model, and prepared statements of it, before the others change it."""
    async with open_apis(workspace_dsn) as opened:
        await opened.data("{ people { totalCount } companies { totalCount } }")
        yield opened


async def object_id(apis: Apis, name: str) -> str:
    return str((await apis.snapshot()).by_singular[name].id)


async def field_id(apis: Apis, object_: str, name: str) -> str:
    return str((await apis.snapshot()).by_singular[object_].by_name[name].id)


async def create_field(apis: Apis, object_: str, **values: Any) -> None:
    given = {"objectMetadataId": await object_id(apis, object_), "label": values["name"], **values}
    await apis.change("mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }", input=given)


async def update_field(apis: Apis, object_: str, field: str, **values: Any) -> None:
    await apis.change(
        "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }",
        id=await field_id(apis, object_, field),
        input=values,
    )


async def version_of(apis: Apis) -> int:
    return (await apis.snapshot()).version


async def test_a_new_object_is_served(apis: Apis, other: Apis) -> None:
    await apis.change(
        'mutation { createObject(input: { nameSingular: "project", namePlural: "projects", labelSingular: "Project",'
        ' labelPlural: "Projects" }) { id } }'
    )
    made = await other.data('mutation { createProject(data: { name: "X" }) { id name } }')
    assert made["createProject"]["name"] == "X"
    assert await version_of(other) == await version_of(apis)


async def test_a_new_field_is_served_in_each_place(apis: Apis, other: Apis) -> None:
    for number, document in enumerate(
        (
            "{{ people {{ edges {{ node {{ {0} }} }} }} }}",
            '{{ people(filter: {{ {0}: {{ eq: "x" }} }}) {{ totalCount }} }}',
            "{{ people(orderBy: {{ {0}: ASC }}) {{ totalCount }} }}",
            'mutation {{ createPerson(data: {{ email: "{0}@example.com", {0}: "x" }}) {{ {0} }} }}',
            'mutation {{ updatePeople(filter: {{ email: {{ eq: "a" }} }}, data: {{ {0}: "x" }}) {{ id }} }}',
        )
    ):
        await create_field(apis, "person", name=f"extra{number}", type="TEXT")
        await other.data(document.format(f"extra{number}"))


async def test_a_new_field_in_a_variable_is_served(apis: Apis, other: Apis) -> None:
    await create_field(apis, "person", name="nick", type="TEXT")
    made = await other.data(
        "mutation ($data: PersonInput!) { createPerson(data: $data) { email } }",
        data={"email": "a@example.com", "nick": "x"},
    )
    assert made == {"createPerson": {"email": "a@example.com"}}
    found = await apis.data('{ people(filter: { nick: { eq: "x" } }) { totalCount } }')
    assert found == {"people": {"totalCount": 1}}


@pytest.mark.parametrize(
    "query",
    [
        "query ($stage: OpportunityStageEnum!) { opportunities(filter: { stage: { eq: $stage } }) { totalCount } }",
        "query ($filter: OpportunityFilterInput!) { opportunities(filter: $filter) { totalCount } }",
        "{ opportunities(filter: { stage: { eq: WON } }) { totalCount } }",
    ],
)
async def test_a_new_option_is_served(apis: Apis, other: Apis, query: str) -> None:
    given: dict[str, Any] = {"stage": "WON"} if "$stage" in query else {"filter": {"stage": {"eq": "WON"}}}
    assert "WON" in (await other.error(query, **given))["message"]
    stages = ("NEW", "SCREENING", "MEETING", "PROPOSAL", "CUSTOMER", "WON")
    options = [{"value": value, "label": value, "position": place} for place, value in enumerate(stages)]
    await update_field(apis, "opportunity", "stage", options=options)
    assert await other.data(query, **given) == {"opportunities": {"totalCount": 0}}


@pytest.mark.parametrize(
    "write",
    [
        "mutation {{ createOpportunity(data: {{ stage: {0} }}) {{ stage }} }}",
        "mutation {{ updateOpportunities(filter: {{ id: {{ is: NOT_NULL }} }}, data: {{ stage: {0} }}) {{ stage }} }}",
    ],
    ids=["create", "update"],
)
async def test_an_option_that_is_gone_is_written_no_more(write: str, apis: Apis, other: Apis) -> None:
    await other.data(write.format("NEW"))
    await other.data(
        "mutation { updateOpportunities(filter: { id: { is: NOT_NULL } }, data: { stage: MEETING }) { id } }"
    )
    options = [{"value": value, "label": value} for value in ("SCREENING", "MEETING", "PROPOSAL", "CUSTOMER")]
    await update_field(apis, "opportunity", "stage", options=options)
    answer = await other.send(write.format("NEW"))
    assert "Value 'NEW' does not exist in 'OpportunityStageEnum' enum" in answer.body.decode()
    assert loads(answer.body).get("data") is None
    await other.data(write.format("CUSTOMER"))


async def test_a_field_that_is_no_longer_required_may_be_left_out(apis: Apis, other: Apis) -> None:
    document = 'mutation { createPerson(data: { firstName: "A" }) { firstName } }'
    assert (await other.error(document))["message"] == "Field 'email' is required"
    await update_field(apis, "person", "email", isNullable=True)
    assert await other.data(document) == {"createPerson": {"firstName": "A"}}


async def test_a_field_that_has_become_required_is_named(apis: Apis, other: Apis) -> None:
    await update_field(apis, "person", "city", isNullable=False)
    error = await other.error('mutation { createPerson(data: { email: "a@example.com" }) { id } }')
    assert error["message"] == "Field 'city' is required"
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "city")
    await create_field(apis, "person", name="badge", type="TEXT", isNullable=False, defaultValue="none")
    made = await other.data('mutation { createPerson(data: { email: "a@example.com", city: "Ulm" }) { id } }')
    assert made["createPerson"]["id"]


async def test_a_field_that_is_being_made_required_is_named_and_no_other_write_is_refused(workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, big_table=0) as apis, open_apis(workspace_dsn) as other:
        made = await other.data('mutation { createPerson(data: { email: "a@example.com" }) { id } }')
        await update_field(apis, "person", "city", isNullable=False, backfillValue="Ulm")
        write = "mutation ($id: UUID!, $data: PersonInput!) { updatePerson(id: $id, data: $data) { phone } }"
        for api in (apis, other):
            written = await api.data(write, id=made["createPerson"]["id"], data={"phone": "1"})
            assert written == {"updatePerson": {"phone": "1"}}
        error = await apis.error(write, id=made["createPerson"]["id"], data={"city": None})
        assert error["extensions"]["field"] == "city"
        check = f"required_{(await field_id(apis, 'person', 'city')).replace('-', '')}"
        with psycopg.connect(workspace_dsn, autocommit=True) as connection:
            connection.execute(
                f"ALTER TABLE {SCHEMA}.person ADD CONSTRAINT {check} CHECK (city IS NOT NULL) NOT VALID".encode()
            )
        error = await other.error('mutation { createPerson(data: { email: "b@example.com" }) { id } }')
        assert error["message"] == "Field 'city' is required"
        assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "city")


async def test_a_field_that_has_become_unique_is_named(apis: Apis, other: Apis) -> None:
    await update_field(apis, "person", "city", isUnique=True)
    create = 'mutation {{ createPerson(data: {{ email: "{0}@example.com", city: "Ulm" }}) {{ id }} }}'
    await other.data(create.format("a"))
    error = await other.error(create.format("b"))
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("CONFLICT", "city")


async def test_a_deleted_field_is_no_longer_valid_and_the_rest_goes_on(apis: Apis, other: Apis) -> None:
    await create_field(apis, "person", name="nick", type="TEXT")
    query = "{ people { edges { node { nick } } } }"
    await other.data(query)
    id_ = await field_id(apis, "person", "nick")
    await apis.change("mutation ($id: UUID!) { deleteField(id: $id) { id } }", id=id_)
    answer = await other.send(query)
    assert (answer.status, loads(answer.body)["errors"][0]["extensions"]["code"]) == (400, "GRAPHQL_VALIDATION_FAILED")
    await other.data("{ people { edges { node { email } } } }")


async def test_a_column_that_was_dropped_by_hand_is_a_fault_of_nobodys_document(
    other: Apis, workspace_dsn: str
) -> None:
    query = "{ people { edges { node { city } } } }"
    await other.data(query)
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        connection.execute(f"ALTER TABLE {SCHEMA}.person DROP COLUMN city".encode())
    # The model has not moved, so a second try would say the same: it is reported as ours.
    with pytest.raises(StaleSchema, match="city"):
        await other.send(query)
    await other.data("{ people { edges { node { email } } } }")


async def test_a_mutation_that_is_tried_again_has_written_once(apis: Apis, other: Apis) -> None:
    await create_field(apis, "person", name="nick", type="TEXT")
    await other.data(
        'mutation { one: createPerson(data: { email: "a@example.com" }) { id }'
        ' two: createPerson(data: { email: "b@example.com", nick: "x" }) { id } }'
    )
    assert await other.data("{ people { totalCount } }") == {"people": {"totalCount": 2}}
