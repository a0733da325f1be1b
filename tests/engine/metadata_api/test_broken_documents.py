"""The plan of a change names the trusted documents that it breaks, by client."""

from typing import Any
from uuid import UUID

import psycopg
import pytest

from fieldstone.engine.documents import portions
from fieldstone.engine.metadata_api.plans import broken_documents
from fieldstone.metadata.workspaces.trusted_documents import NewDocument, import_documents
from tests.apis import WORKSPACE_ID, Apis
from tests.engine.metadata_api.changing import APPLY

PLAN = """query ($changes: [Change!]!) { planChanges(changes: $changes) {
  documents { client documentId operation reasons } documentsUnchecked problems { message } } }"""
HIDE_PHONE = [{"updateField": {"id": "person.phone", "update": {"isActive": False}}}]


async def trust(apis: Apis, client: str, **texts: str) -> None:
    documents = {id_: NewDocument(text=text, operation_name=id_.title()) for id_, text in texts.items()}
    async with apis.database.session() as connection, connection.transaction():
        await import_documents(connection, workspace_id=WORKSPACE_ID, client=client, documents=documents)


async def planned(apis: Apis, changes: list[dict[str, Any]]) -> dict[str, Any]:
    plan: dict[str, Any] = (await apis.change(PLAN, changes=changes))["planChanges"]
    assert plan["problems"] == []
    return plan


async def test_a_plan_names_the_documents_of_each_client(apis: Apis) -> None:
    phones = "{ people { edges { node { id phone } } } }"
    await trust(apis, "ios", phones=phones, titles="{ people { edges { node { jobTitle } } } }")
    await trust(apis, "web", phones=phones, old="{ people { edges { node { never } } } }")
    plan = await planned(apis, HIDE_PHONE)
    reasons = ["Cannot query field 'phone' on type 'Person'."]
    assert plan == {
        "documents": [
            {"client": "ios", "documentId": "phones", "operation": "Phones", "reasons": reasons},
            {"client": "web", "documentId": "phones", "operation": "Phones", "reasons": reasons},
        ],
        "documentsUnchecked": 0,
        "problems": [],
    }
    for dry in (True, False):
        applied = (await apis.change(APPLY, changes=HIDE_PHONE, dryRun=dry))["applyChanges"]
        assert applied["documents"] == plan["documents"]
    # They are broken already.
    assert (await planned(apis, [{"updateField": {"id": "person.city", "update": {"isActive": False}}}]))[
        "documents"
    ] == []


async def test_each_operation_of_a_document_counts(apis: Apis) -> None:
    await trust(apis, "web", two="query A { people { totalCount } } query B { people { edges { node { phone } } } }")
    assert [one["documentId"] for one in (await planned(apis, HIDE_PHONE))["documents"]] == ["two"]


async def test_the_reasons_quote_no_value(apis: Apis) -> None:
    text = 'query Secret { people(filter: { phone: { eq: "hidden" } }) { totalCount } }'
    await trust(apis, "web", secret=text)
    plan = await planned(apis, HIDE_PHONE)
    assert plan["documents"][0]["reasons"]
    assert "hidden" not in str(plan)


async def test_a_new_field_has_no_document_looked_at(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken_documents, "MOST_CHARACTERS", 0)
    await trust(apis, "web", all="{ people { totalCount } }")
    created = [
        {"createField": {"objectMetadataId": "person", "name": "badge", "label": "Badge", "type": "TEXT"}},
    ]
    assert (await planned(apis, created))["documentsUnchecked"] == 0
    assert (await planned(apis, HIDE_PHONE))["documentsUnchecked"] == 1


async def test_documents_past_the_limit_are_counted(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "{ people { edges { node { phone } } } }"
    monkeypatch.setattr(broken_documents, "MOST_CHARACTERS", 3 * len(text))
    monkeypatch.setattr(portions, "_PORTION", len(text))
    await trust(apis, "web", a=text, b=text, c=text, d=text)
    plan = await planned(apis, HIDE_PHONE)
    assert [one["documentId"] for one in plan["documents"]] == ["a", "b", "c"]
    assert plan["documentsUnchecked"] == 1


async def test_documents_are_held_against_the_model_as_their_role_sees_it(apis: Apis) -> None:
    made = await apis.change(
        'mutation { createRole(input: { name: "rep" label: "Rep" grants: ['
        ' { object: "*" read: {} } { object: "person" read: { fields: { allBut: [] } } }] }) { id } }'
    )
    role_id = made["createRole"]["id"]
    text = "{ people { edges { node { phone } } } }"
    document = {"phones": NewDocument(text=text, operation_name=None)}
    async with apis.database.session() as connection, connection.transaction():
        for client, role in (("rep's", UUID(role_id)), ("admin's", None)):
            await import_documents(
                connection, workspace_id=WORKSPACE_ID, client=client, documents=document, role_id=role
            )
    narrower = {
        "updateRole": {
            "id": role_id,
            "update": {
                "grants": [{"object": "*", "read": {}}, {"object": "person", "read": {"fields": {"allBut": ["phone"]}}}]
            },
        }
    }
    plan = await planned(apis, [narrower])
    assert [(one["client"], one["reasons"]) for one in plan["documents"]] == [
        ("rep's", ["Cannot query field 'phone' on type 'Person'."])
    ]
    # A change of the model concerns both.
    assert [one["client"] for one in (await planned(apis, HIDE_PHONE))["documents"]] == ["admin's", "rep's"]
    gone = await planned(apis, [{"deleteRole": {"id": role_id}}])
    assert [(one["client"], one["reasons"]) for one in gone["documents"]] == [
        ("rep's", ["The role of its client does not exist."])
    ]


BROKEN = (
    "query ($client: String) { brokenDocuments(client: $client) { unchecked documents { client documentId reasons } } }"
)


async def test_the_documents_that_the_model_refuses_are_listed_by_client(apis: Apis) -> None:
    await trust(apis, "ios", phones="{ people { edges { node { id phone } } } }")
    await trust(apis, "web", old="{ people { edges { node { never } } } }", good="{ people { totalCount } }")
    assert (await apis.change(BROKEN, client="ios"))["brokenDocuments"] == {"documents": [], "unchecked": 0}
    old = {"client": "web", "documentId": "old", "reasons": ["Cannot query field 'never' on type 'Person'."]}
    assert (await apis.change(BROKEN))["brokenDocuments"] == {"documents": [old], "unchecked": 0}
    await apis.change(APPLY, changes=HIDE_PHONE, dryRun=False)
    found = (await apis.change(BROKEN))["brokenDocuments"]["documents"]
    assert [(one["client"], one["documentId"]) for one in found] == [("ios", "phones"), ("web", "old")]
    assert (await apis.change(BROKEN, client="none"))["brokenDocuments"] == {"documents": [], "unchecked": 0}


async def test_no_session_is_held_while_documents_are_validated(
    apis: Apis, workspace_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[Any] = []

    def look(*_: object) -> list[Any]:
        with psycopg.connect(workspace_dsn) as connection:
            query = "SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in %'"
            held.append(connection.execute(query).fetchall())
        return []

    monkeypatch.setattr(broken_documents.DocumentSearch, "_check", look)
    await trust(apis, "web", good="{ people { totalCount } }")
    assert (await apis.change(BROKEN))["brokenDocuments"] == {"documents": [], "unchecked": 0}
    assert held == [[]]


async def test_documents_that_are_too_many_are_counted(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(broken_documents, "MOST_CHARACTERS", 0)
    await trust(apis, "web", old="{ people { edges { node { never } } } }", good="{ people { totalCount } }")
    assert (await apis.change(BROKEN))["brokenDocuments"] == {"documents": [], "unchecked": 2}


REQUIRE_NAME = [{"updateField": {"id": "company.name", "update": {"isNullable": False}}}]
FREE_EMAIL = [{"updateField": {"id": "person.email", "update": {"isUnique": False}}}]
UPSERT = "mutation ($data: [PersonInput!]!) { createPeople(data: $data, onConflict: { fields: [email] }) { id } }"


@pytest.mark.parametrize(
    ("changes", "text", "reasons"),
    [
        pytest.param(
            REQUIRE_NAME,
            'mutation { createCompany(data: { website: "w" }) { id } }',
            ["Field 'name' is required"],
            id="a literal without a field that is required",
        ),
        pytest.param(
            REQUIRE_NAME,
            "mutation ($w: String) { createCompany(data: { website: $w }) { id } }",
            ["Field 'name' is required"],
            id="a variable for another field",
        ),
        pytest.param(
            REQUIRE_NAME,
            "mutation ($n: String) { createCompany(data: { name: $n }) { id } }",
            [],
            id="a variable for the field",
        ),
        pytest.param(
            REQUIRE_NAME, "mutation ($d: CompanyInput!) { createCompany(data: $d) { id } }", [], id="a whole variable"
        ),
        pytest.param(
            FREE_EMAIL,
            'mutation { createPerson(data: { email: "a@b.example" } onConflict: { fields: [email] }) { id } }',
            ["The value of the argument 'onConflict' of 'createPerson' does not fit."],
            id="a key that is none",
        ),
        pytest.param(
            FREE_EMAIL,
            UPSERT,
            ["The value of the argument 'onConflict' of 'createPeople' does not fit."],
            id="beside it",
        ),
        pytest.param(
            FREE_EMAIL,
            UPSERT.replace("($data", "($by: [PersonInsertField!] $data").replace("[email]", "$by"),
            [],
            id="the key is a variable",
        ),
    ],
)
async def test_a_document_that_no_variables_mend_is_broken(
    apis: Apis, changes: list[dict[str, Any]], text: str, reasons: list[str]
) -> None:
    await trust(apis, "web", one=text)
    assert (await planned(apis, changes))["documents"] == [
        {"client": "web", "documentId": "one", "operation": "One", "reasons": reasons} for _ in reasons[:1]
    ]


async def test_the_limits_of_a_role_refuse_its_documents(apis: Apis) -> None:
    own = {"rule": {"id": {"eq": "$principal.userId"}}}
    company = {"object": "company", "read": own, "update": own | {"check": {"name": {"is": "NOT_NULL"}}}}
    rep = {
        "name": "rep",
        "label": "Rep",
        "claims": [{"name": "userId", "type": "UUID"}],
        "grants": [{"object": "*", "read": {}}, company],
    }
    made = await apis.change("mutation ($r: CreateRoleInput!) { createRole(input: $r) { id } }", r=rep)
    role_id = made["createRole"]["id"]
    texts = {
        "write": "mutation ($id: UUID! $d: CompanyInput!) { updateCompany(id: $id data: $d) { name } }",
        "small": "{ companies(first: 5) { totalCount } }",
        "chosen": "query ($n: Int $f: CompanyFilterInput $b: Boolean!) {"
        " companies(first: $n filter: $f) { edges { node { people(first: 20) @include(if: $b) { totalCount } } } } }",
        "large": "query ($after: String) { companies(first: 100 after: $after) { edges { node { id } } } }",
        "dear": "query ($f: CompanyFilterInput) { companies(first: 20 filter: $f) { edges { node {"
        " people(first: 20) { edges { node { id } } } } } } }",
    }
    documents = {id_: NewDocument(text=text, operation_name=None) for id_, text in texts.items()}
    async with apis.database.session() as connection, connection.transaction():
        for client, role in (("rep's", UUID(role_id)), ("admin's", None)):
            await import_documents(
                connection, workspace_id=WORKSPACE_ID, client=client, documents=documents, role_id=role
            )
    assert (await apis.change(BROKEN))["brokenDocuments"]["documents"] == []
    change = {"updateRole": {"id": role_id, "update": {"limits": {"maxCost": 100, "maxPage": 20}}}}
    found = {one["documentId"]: one["reasons"][0] for one in (await planned(apis, [change]))["documents"]}
    assert found.keys() == {"large", "dear"}
    assert found["large"] == "The value of the argument 'first' of 'companies' does not fit."
    assert "and at most 100 is allowed" in found["dear"]
