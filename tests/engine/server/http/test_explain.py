"""`X-Fieldstone-Explain`: the stages of a request, its statements, and PostgreSQL's plans."""

from typing import Any

import httpx

from tests.engine.server.conftest import StartApp

ASKS = {"X-Fieldstone-Explain": "1"}
PEOPLE = "query ($n: String) { people(filter: { city: { eq: $n } }, orderBy: { city: ASC }) { edges { node { id } } } }"
CREATE = 'mutation { createPerson(data: { email: "a@b.c" }) { id } }'
NESTED = 'mutation { createCompany(data: { people: { create: [{ email: "b@b.c" }] } }) { people { totalCount } } }'


async def ask(client: httpx.AsyncClient, query: str, path: str = "/graphql", **variables: Any) -> Any:
    sent = await client.post(path, json={"query": query, "variables": variables}, headers=ASKS)
    return sent.json()


async def test_a_read_is_explained_with_its_times(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        answer = await ask(client, PEOPLE, n="Ulm")
        assert answer["data"] == {"people": {"edges": []}}
        explained = answer["extensions"]["explain"]
        assert [stage["name"] for stage in explained["stages"]] == ["model", "document", "variables", "plan", "execute"]
        assert all(stage["ms"] >= 0 for stage in explained["stages"])
        (statement,) = explained["statements"]
        assert '"person"' in statement["sql"]
        assert statement["plan"][0]["Execution Time"] >= 0
        assert "Actual Rows" in statement["plan"][0]["Plan"]


async def test_a_text_order_without_an_index_is_named(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        by_title = "{ people(orderBy: { jobTitle: ASC }) { edges { node { id } } } }"
        (hint,) = (await ask(client, by_title))["extensions"]["explain"]["hints"]
        assert (
            hint == "PostgreSQL sorts the records by the text person.jobTitle without an index; createIndex makes one."
        )


async def test_a_search_without_an_index_is_named(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        search = '{ search(query: "a", objects: ["company", "person"]) { edges { node { object } } } }'
        hints = (await ask(client, search))["extensions"]["explain"]["hints"]
        assert hints == [
            f"No index serves the search in {name}; createIndex with the method search makes one."
            for name in ("company", "person")
        ]
        found = await ask(
            client, '{ objects(filter: { nameSingular: { eq: "company" } }) { edges { node { id fields {'
            " edges { node { id name } } } } } } }", "/metadata",
        )  # fmt: skip
        (company,) = [edge["node"] for edge in found["data"]["objects"]["edges"]]
        (name,) = [edge["node"]["id"] for edge in company["fields"]["edges"] if edge["node"]["name"] == "name"]
        index = f'objectMetadataId: "{company["id"]}" fieldMetadataIds: ["{name}"] method: "search"'
        await ask(client, f"mutation {{ createIndex(input: {{ {index} }}) {{ id }} }}", "/metadata")
        hints = (await ask(client, search))["extensions"]["explain"]["hints"]
        assert hints == ["No index serves the search in person; createIndex with the method search makes one."]


async def test_a_write_is_planned_and_executed_once(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        explained = (await ask(client, CREATE))["extensions"]["explain"]
        (statement,) = explained["statements"]
        assert "Execution Time" not in statement["plan"][0]
        count = await ask(client, "{ people { totalCount } }")
        assert count["data"]["people"]["totalCount"] == 1
        nested = await ask(client, NESTED)
        (statement,) = nested["extensions"]["explain"]["statements"]
        assert statement["plan"][0]["Plan"]["Node Type"]
        refused = await ask(client, CREATE)
        assert refused["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert refused["extensions"]["explain"]["statements"]


async def test_all_statements_of_a_merge_are_planned(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        rows = 'createPeople(data: [{ email: "a@b.c" }, { email: "d@e.f", city: "Ulm" }]) { id }'
        made = (await ask(client, f"mutation {{ {rows} }}"))["data"]["createPeople"]
        text = "mutation ($ids: [UUID!]!) { mergePeople(ids: $ids, conflictPriorityIndex: 0) { city } }"
        answer = await ask(client, text, ids=[one["id"] for one in made])
        assert answer["data"] == {"mergePeople": {"city": "Ulm"}}
        statements = answer["extensions"]["explain"]["statements"]
        # The people, the opportunities, the activities, and the answer.
        assert ["Execution Time" in one["plan"][0] for one in statements] == [False] * 4


async def test_refused_documents_and_the_model_are_explained_too(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        wrong = await ask(client, "{ nothing }")
        assert wrong["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
        assert [stage["name"] for stage in wrong["extensions"]["explain"]["stages"]] == ["model", "document", "execute"]
        plan = await ask(client, "{ planRollback(to: 1) { version } __schema { queryType { name } } }", "/metadata")
        assert plan["data"]["__schema"] == {"queryType": {"name": "Query"}}
        assert plan["extensions"]["explain"]["statements"] == []


async def test_each_answer_of_a_batch_is_explained_beside_its_cost(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        headers = {**ASKS, "X-Fieldstone-Cost": "1"}
        sent = await client.post("/graphql", json=[{"query": "{ __typename }"}, {"query": CREATE}], headers=headers)
        assert [set(answer["extensions"]) for answer in sent.json()] == [{"cost", "explain"}] * 2
        assert sent.headers["server-timing"].startswith("total;dur=")
        read = await client.get("/graphql", params={"query": "{ __typename }"}, headers=ASKS)
        assert "explain" in read.json()["extensions"]


async def test_a_role_without_the_setting_is_answered_without_a_plan(start_app: StartApp) -> None:
    async with start_app(environment="development") as (_, client):
        made = await client.post(
            "/metadata",
            json={"query": 'mutation { createApiKey(input: { name: "v", role: "viewer" }) { token } }'},
        )
        token = made.json()["data"]["createApiKey"]["token"]
        headers = {**ASKS, "Authorization": f"Bearer {token}"}
        answer = (await client.post("/graphql", json={"query": "{ people { totalCount } }"}, headers=headers)).json()
        assert answer["data"] == {"people": {"totalCount": 0}}
        assert set(answer["extensions"]["explain"]) == {"hint"}
        assert "setting EXPLAIN" in answer["extensions"]["explain"]["hint"]
        refused = await client.post("/metadata", json={"query": "{ objects { totalCount } }"}, headers=headers)
        assert set(refused.json()["extensions"]["explain"]) == {"hint"}


async def test_production_ignores_the_header_with_a_hint(client: httpx.AsyncClient) -> None:
    sent = await client.post("/graphql", json={"query": PEOPLE}, headers=ASKS)
    assert sent.json()["data"] == {"people": {"edges": []}}
    assert set(sent.json()["extensions"]["explain"]) == {"hint"}
    assert "development" in sent.json()["extensions"]["explain"]["hint"]
    assert "server-timing" not in sent.headers


async def test_a_time_is_told_to_those_that_ask_and_have_the_setting(start_app: StartApp) -> None:
    asks = {"X-Fieldstone-Timing": "1"}
    role = """mutation ($s: [RoleSetting!]) {
        createRole(input: { name: "timed" label: "T" settings: $s grants: [{ object: "*" read: {} }] }) { id }
        createApiKey(input: { name: "t" role: "timed" }) { token } }"""
    async with start_app() as (_, client):
        made = await client.post("/metadata", json={"query": role, "variables": {"s": []}})
        plain = {"Authorization": f"Bearer {made.json()['data']['createApiKey']['token']}"}
        for path, method in (("/graphql", "POST"), ("/rest/people", "GET"), ("/metadata", "POST")):
            body = {"query": "{ __typename }"} if method == "POST" else None
            told = await client.request(method, path, json=body, headers=asks)
            assert float(told.headers["server-timing"].removeprefix("total;dur=")) > 0, path
            assert "server-timing" not in (await client.request(method, path, json=body)).headers
            withheld = await client.request(method, path, json=body, headers={**asks, **plain})
            assert withheld.status_code == 200
            assert "server-timing" not in withheld.headers
