"""Saved views: their owners, the fields that they name, and fields that are renamed, hidden and deleted meanwhile."""

from typing import Any

import httpx
import pytest

from tests.engine.identity.browsers import key_of, signed_in
from tests.engine.server.conftest import StartApp, client_of

MEMBERS = """id object kind name columns { field width visible } filter orderBy boardField shared isMine ownerName
    missing createdAt updatedAt"""
CREATE = f"mutation ($input: CreateViewInput!) {{ createView(input: $input) {{ {MEMBERS} }} }}"
UPDATE = f"mutation ($id: UUID!, $input: UpdateViewInput!) {{ updateView(id: $id, input: $input) {{ {MEMBERS} }} }}"
DELETE = "mutation ($id: UUID!) { deleteView(id: $id) { name } }"


async def ask(client: httpx.AsyncClient, query: str, **variables: Any) -> Any:
    answer = (await client.post("/metadata", json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return next(iter(answer["data"].values()))


async def refusal(client: httpx.AsyncClient, query: str, **variables: Any) -> tuple[str, str | None]:
    """Return the code and the field of an error."""
    answer = (await client.post("/metadata", json={"query": query, "variables": variables})).json()
    extensions = answer["errors"][0]["extensions"]
    return extensions["code"], extensions.get("field")


async def views(client: httpx.AsyncClient, **variables: Any) -> list[Any]:
    found: list[Any] = await ask(
        client, f"query ($object: String) {{ views(object: $object) {{ {MEMBERS} }} }}", **variables
    )
    return found


async def key_with(app: Any, client: httpx.AsyncClient, role: str, name: str = "other") -> httpx.AsyncClient:
    """Return a client with a key of its own."""
    made = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
    token = (await ask(client, made, input={"name": name, "role": role}))["token"]
    return client_of(app, headers={"authorization": f"Bearer {token}"})


BERLIN: dict[str, Any] = {
    "object": "person",
    "name": " In Berlin ",
    "columns": [{"field": "lastName", "width": 180}, {"field": "email", "visible": False}, {"field": "company"}],
    "filter": {
        "or": [{"city": {"eq": "Berlin"}}, {"company": {"name": {"eq": "Orion"}}}, {"companyId": {"is": "NULL"}}]
    },
    "orderBy": [{"company": {"name": "ASC"}}, {"createdAt": "DESC"}],
}


@pytest.mark.long
async def test_a_view_is_saved_changed_and_deleted(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        assert await views(client) == []
        made = await ask(client, CREATE, input=BERLIN)
        assert made["columns"] == [
            {"field": "lastName", "width": 180, "visible": True},
            {"field": "email", "width": None, "visible": False},
            {"field": "company", "width": None, "visible": True},
        ]
        assert (made["name"], made["kind"], made["shared"], made["isMine"]) == ("In Berlin", "TABLE", False, True)
        assert (made["filter"], made["orderBy"]) == (BERLIN["filter"], BERLIN["orderBy"])
        assert (made["ownerName"], made["missing"], made["boardField"]) == ("test", [], None)
        assert await views(client, object="person") == [made] == await views(client)
        assert await views(client, object="company") == []
        changed = await ask(client, UPDATE, id=made["id"], input={"name": "All", "filter": None, "columns": None})
        assert (changed["name"], changed["filter"], changed["columns"]) == ("All", None, made["columns"])
        assert changed["orderBy"] == made["orderBy"]
        history = await ask(client, "{ metadataHistory(orderBy: { version: DESC }, first: 1) { totalCount } }")
        assert await ask(client, DELETE, id=made["id"]) == {"name": "All"}
        assert await refusal(client, DELETE, id=made["id"]) == ("NOT_FOUND", "id")
        # Nothing of it is a version of the model.
        assert history == await ask(client, "{ metadataHistory(orderBy: { version: DESC }, first: 1) { totalCount } }")


async def with_fields(client: httpx.AsyncClient, *names: str) -> dict[str, str]:
    """Create fields of `person` and return their ids."""
    found = await ask(client, "{ objects { edges { node { id nameSingular } } } }")
    (person,) = (edge["node"]["id"] for edge in found["edges"] if edge["node"]["nameSingular"] == "person")
    made = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": person, "type": "TEXT"}
    return {name: (await ask(client, made, input={**given, "name": name, "label": name}))["id"] for name in names}


GO = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"


@pytest.mark.long
async def test_a_renamed_field_keeps_its_place_and_a_deleted_one_leaves_and_comes_back(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        ids = await with_fields(client, "nick", "badge")
        conditions = [{"nick": {"eq": "x"}}, {"company": {"name": {"eq": "Orion"}}}]
        columns = [{"field": "badge"}, {"field": "nick"}, {"field": "city"}]
        given = {"object": "person", "name": "x", "columns": columns, "filter": {"or": conditions}}
        made = await ask(client, CREATE, input=given)
        rename = 'mutation ($id: UUID!) { updateField(id: $id, input: { name: "alias" }) { name } }'
        await ask(client, rename, id=ids["nick"])
        (view,) = await views(client)
        assert view["filter"]["or"][0] == {"alias": {"eq": "x"}}
        version = await ask(client, "{ modelVersion }")
        for id_ in ids.values():
            await ask(client, GO, id=id_)
        (view,) = await views(client)
        assert [column["field"] for column in view["columns"]] == ["city"]
        assert view["filter"] == {"or": conditions[1:]}
        # The names of the time when it was saved.
        assert sorted(view["missing"]) == ["badge", "nick"]
        # To save other members of it keeps those that are gone.
        changed = await ask(client, UPDATE, id=made["id"], input={"name": "Later"})
        assert sorted(changed["missing"]) == ["badge", "nick"]
        await ask(client, "mutation ($to: Int!) { rollback(to: $to) { __typename } }", to=int(version))
        (view,) = await views(client)
        assert (view["name"], view["missing"], len(view["columns"])) == ("Later", [], 3)


async def test_a_filter_of_which_nothing_is_left_is_none(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        ids = await with_fields(client, "nick")
        only = {"not": {"and": [{"nick": {"eq": "x"}}]}}
        given = {"object": "person", "name": "x", "filter": only, "orderBy": {"nick": "ASC"}}
        await ask(client, CREATE, input=given)
        await ask(client, GO, id=ids["nick"])
        (view,) = await views(client)
        assert (view["filter"], view["orderBy"], view["missing"]) == (None, None, ["nick"])


APPLY = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"


async def change_fields(client: httpx.AsyncClient, *updates: tuple[str, dict[str, Any]]) -> None:
    await ask(client, APPLY, changes=[{"updateField": {"id": id_, "update": update}} for id_, update in updates])


@pytest.mark.long
async def test_a_condition_on_an_option_that_went_leaves_and_comes_back(start_app: StartApp) -> None:
    options = [{"value": value, "label": value, "color": "gray"} for value in ("HIGH", "LOW")]
    field = {"type": "SELECT", "name": "priority", "label": "Priority", "objectMetadataId": "person"}
    kept = {"city": {"eq": "Berlin"}, "position": {"gt": 1.25}, "createdAt": {"within": {"last": 1, "unit": "DAY"}}}
    gone: list[dict[str, Any]] = [
        {"priority": {"in": ["LOW", "HIGH"]}},
        {"company": {"people": {"some": {"priority": {"eq": "HIGH"}}}}},
        {"company": {"peopleAggregate": {"filter": {"priority": {"eq": "HIGH"}}, "count": {"gt": 1}}}},
    ]
    async with start_app() as (_, client):
        await ask(client, APPLY, changes=[{"createField": {**field, "options": options}}])
        given = {"object": "person", "name": "x", "filter": {"or": [*gone, kept, {"priority": {"eq": "LOW"}}]}}
        made = await ask(client, CREATE, input=given)
        assert (made["filter"], made["missing"]) == (given["filter"], [])
        version = await ask(client, "{ modelVersion }")
        top = {**options[0], "value": "TOP"}
        await change_fields(
            client, ("person.priority", {"options": [top, options[1]], "optionMapping": {"HIGH": "TOP"}})
        )
        (view,) = await views(client)
        assert view["filter"] == {"or": [kept, {"priority": {"eq": "LOW"}}]}
        # The third condition is one on the aggregate of the relation.
        assert view["missing"] == ["priority", "people"]
        changed = await ask(client, UPDATE, id=made["id"], input={"name": "Later"})
        assert changed["filter"] == view["filter"]
        await ask(client, "mutation ($to: Int!) { rollback(to: $to) { __typename } }", to=int(version))
        (view,) = await views(client)
        assert (view["name"], view["filter"], view["missing"]) == ("Later", given["filter"], [])


@pytest.mark.long
async def test_conditions_that_another_type_does_not_take_leave(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        await with_fields(client, "nick", "badge")
        conditions = [{"nick": {"contains": "x"}}, {"nick": {"is": "NULL"}}, {"badge": {"contains": "x"}}]
        order = [{"nick": "ASC"}, {"badge": "DESC"}]
        await ask(
            client,
            CREATE,
            input={"object": "person", "name": "x", "filter": {"or": conditions}, "orderBy": order},
        )
        await change_fields(client, ("person.nick", {"type": "NUMBER"}), ("person.badge", {"type": "RAW_JSON"}))
        (view,) = await views(client)
        assert view["filter"] == {"or": conditions[1:]}
        assert (view["orderBy"], view["missing"]) == ([{"nick": "ASC"}], ["nick", "badge"])
        read = (
            "query ($f: PersonFilterInput, $o: [PersonOrderByInput]) { people(filter: $f, orderBy: $o) { __typename } }"
        )
        variables = {"f": view["filter"], "o": view["orderBy"]}
        answer = await client.post("/graphql", json={"query": read, "variables": variables})
        assert "errors" not in answer.json(), answer.text


async def test_a_board_whose_select_became_a_text_has_no_field(start_app: StartApp) -> None:
    options = [{"value": "NEW", "label": "New", "color": "gray"}]
    field = {"type": "SELECT", "name": "state", "label": "State", "objectMetadataId": "person", "options": options}
    async with start_app() as (_, client):
        await ask(client, APPLY, changes=[{"createField": field}])
        await ask(client, CREATE, input={"object": "person", "name": "x", "kind": "KANBAN", "boardField": "state"})
        await change_fields(client, ("person.state", {"type": "TEXT"}))
        (view,) = await views(client)
        assert (view["boardField"], view["missing"]) == (None, ["state"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"object": "nothing"}, "object"),
        ({"name": " "}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"columns": [{"field": "nothing"}]}, "columns.0.field"),
        ({"columns": [{"field": "city"}, {"field": "city"}]}, "columns.1.field"),
        ({"columns": [{"field": "city", "width": 0}]}, "columns.0.width"),
        ({"columns": [{"field": "city"}] * 501}, "columns.1.field"),
        ({"filter": {"nothing": {"eq": 1}}}, "filter"),
        ({"filter": {"city": {"eq": 1}}}, "filter.city.eq"),
        ({"filter": {"city": {"eq": "$principal.x"}}}, "filter"),
        (
            {"filter": {"createdAt": {"within": {"last": 1, "unit": "DAY", "timeZone": "CET"}}}},
            "filter.createdAt.within.timeZone",
        ),
        ({"filter": []}, "filter"),
        ({"filter": {"not": {"not": {"not": {"city": {"eq": "x" * 20_001}}}}}}, "filter"),
        ({"orderBy": {"nothing": "ASC"}}, "orderBy.nothing"),
        ({"orderBy": {"city": "UP"}}, "orderBy.city"),
        ({"orderBy": {"company": "ASC"}}, "orderBy.company"),
        ({"orderBy": [{"city": "ASC"}] * 21}, "orderBy"),
        ({"orderBy": 7}, "orderBy"),
        ({"kind": "KANBAN"}, "boardField"),
        ({"boardField": "city"}, "boardField"),
    ],
)
async def test_a_view_that_is_wrong_is_refused(client: httpx.AsyncClient, change: dict[str, Any], field: str) -> None:
    given = {"object": "person", "name": "x", **change}
    assert await refusal(client, CREATE, input=given) == ("BAD_USER_INPUT", field)
    assert await views(client) == []


async def test_a_board_has_the_options_of_a_select(start_app: StartApp) -> None:
    async with start_app() as (_, client):
        made = await ask(
            client, CREATE, input={"object": "opportunity", "name": "Deals", "kind": "KANBAN", "boardField": "stage"}
        )
        assert (made["kind"], made["boardField"]) == ("KANBAN", "stage")
        cleared = {"id": made["id"], "input": {"boardField": None}}
        assert await refusal(client, UPDATE, **cleared) == ("BAD_USER_INPUT", "boardField")
        changed = await ask(client, UPDATE, id=made["id"], input={"boardField": None, "kind": "TABLE"})
        assert (changed["kind"], changed["boardField"]) == ("TABLE", None)


async def test_others_see_shared_views_and_change_none(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        private = await ask(client, CREATE, input=BERLIN)
        shared = await ask(client, CREATE, input={**BERLIN, "name": "Ours", "shared": True})
        viewer = await key_with(app, client, "viewer")
        (seen,) = await views(viewer)
        assert (seen["id"], seen["isMine"], seen["ownerName"]) == (shared["id"], False, "test")
        rename = {"input": {"name": "Mine"}}
        assert await refusal(viewer, UPDATE, id=private["id"], **rename) == ("NOT_FOUND", "id")
        assert await refusal(viewer, UPDATE, id=shared["id"], **rename) == ("FORBIDDEN", "id")
        assert await refusal(viewer, DELETE, id=shared["id"]) == ("FORBIDDEN", "id")
        own = await ask(viewer, CREATE, input={**BERLIN, "name": "Viewer's", "shared": True})
        # The setting ROLES tidies up; the owner stays.
        changed = await ask(client, UPDATE, id=own["id"], input={"name": "Tidied"})
        assert (changed["name"], changed["isMine"], changed["ownerName"]) == ("Tidied", False, "other")
        # The sessions of a key have its views.
        browser = await signed_in(app, key_of(client))
        assert [view["id"] for view in await views(browser)] == [private["id"], shared["id"], own["id"]]


async def test_a_role_sees_of_a_shared_view_the_fields_that_it_reads(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        await ask(client, CREATE, input={**BERLIN, "shared": True})
        await ask(client, CREATE, input={"object": "company", "name": "Hidden", "shared": True})
        grants = [{"object": "person", "read": {"fields": {"allBut": ["city", "email"]}}}]
        role = {"name": "half", "label": "Half", "grants": grants}
        await ask(client, "mutation ($input: CreateRoleInput!) { createRole(input: $input) { id } }", input=role)
        half = await key_with(app, client, "half")
        (seen,) = await views(half)
        assert [column["field"] for column in seen["columns"]] == ["lastName"]
        # Neither hidden fields nor the hidden object behind a relation are named.
        assert (seen["filter"], seen["orderBy"], seen["missing"]) == (None, [{"createdAt": "DESC"}], [])
        hidden = {"object": "person", "name": "x", "filter": {"city": {"eq": "x"}}}
        assert await refusal(half, CREATE, input=hidden) == await refusal(
            half, CREATE, input={**hidden, "filter": {"never": {"eq": "x"}}}
        )
        assert await refusal(half, '{ views(object: "company") { id } }') == ("NOT_FOUND", "object")


async def test_the_number_of_views_is_bounded(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.metadata.saved_views.store.MOST_OF_OWNER", 2)
    monkeypatch.setattr("fieldstone.metadata.saved_views.store.MOST_SHARED", 3)
    ours = {**BERLIN, "shared": True}
    async with start_app() as (app, client):
        for _ in range(2):
            await ask(client, CREATE, input=ours)
        assert await refusal(client, CREATE, input=BERLIN) == ("BAD_USER_INPUT", None)
        other, third = [await key_with(app, client, "viewer", name) for name in ("other", "third")]
        await ask(other, CREATE, input=ours)
        assert await refusal(third, CREATE, input=ours) == ("BAD_USER_INPUT", None)
        assert len(await views(client)) == 3
        # A private one is in nobody's way, until it is shared.
        private = await ask(third, CREATE, input=BERLIN)
        assert await refusal(third, UPDATE, id=private["id"], input={"shared": True}) == ("BAD_USER_INPUT", None)
        (*_, last) = await views(other)
        assert (await ask(other, UPDATE, id=last["id"], input={"shared": True, "name": "y"}))["name"] == "y"


async def test_views_of_revoked_keys_are_in_nobodys_way(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fieldstone.metadata.saved_views.store.MOST_SHARED", 1)
    async with start_app() as (app, client):
        for place in range(2):
            key = await key_with(app, client, "viewer", str(place))
            await ask(key, CREATE, input=BERLIN)
        query = '{ apiKeys(filter: { name: { in: ["0", "1"] } }) { edges { node { id } } } }'
        for edge in (await ask(client, query))["edges"]:
            await ask(client, "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }", id=edge["node"]["id"])
        await ask(client, CREATE, input={**BERLIN, "shared": True})


async def test_views_of_objects_that_are_hidden_or_gone_do_not_count(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("MOST_OF_OWNER", "MOST_SHARED"):
        monkeypatch.setattr(f"fieldstone.metadata.saved_views.store.{limit}", 1)
    role = {"name": "half", "label": "Half", "grants": [{"object": "*", "read": {}}]}
    narrower = {"grants": [{"object": "company", "read": {}}]}
    made = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
    given = {"nameSingular": "trip", "namePlural": "trips", "labelSingular": "Trip", "labelPlural": "Trips"}
    async with start_app() as (app, client):
        trip = await ask(client, made, input=given)
        version = await ask(client, "{ modelVersion }")
        on_trip = {"object": "trip", "name": "x", "shared": True}
        on_company = {"object": "company", "name": "y", "shared": True}
        await ask(client, CREATE, input=on_trip)
        assert await refusal(client, CREATE, input=on_company) == ("BAD_USER_INPUT", None)
        await ask(client, "mutation ($id: UUID!) { deleteObject(id: $id) { id } }", id=trip["id"])
        kept = await ask(client, CREATE, input=on_company)
        await ask(client, DELETE, id=kept["id"])
        await ask(client, "mutation ($to: Int!) { rollback(to: $to) { __typename } }", to=int(version))
        assert await refusal(client, CREATE, input=on_company) == ("BAD_USER_INPUT", None)
        id_ = (await ask(client, "mutation ($r: CreateRoleInput!) { createRole(input: $r) { id } }", r=role))["id"]
        half = await key_with(app, client, "half")
        await ask(half, CREATE, input=BERLIN)
        private = {**on_company, "shared": False}
        assert await refusal(half, CREATE, input=private) == ("BAD_USER_INPUT", None)
        change = "mutation ($id: UUID!, $r: UpdateRoleInput!) { updateRole(id: $id, input: $r) { id } }"
        await ask(client, change, id=id_, r=narrower)
        await ask(half, CREATE, input=private)


GET = "query ($scope: PreferenceScope) { preferences(scope: $scope) }"
SET = "mutation ($patch: JSON!, $scope: PreferenceScope) { setPreferences(patch: $patch, scope: $scope) }"


async def test_preferences_are_merged_and_belong_to_a_principal_or_all(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        other = await key_with(app, client, "viewer")
        assert await ask(client, "{ preferences }") == {}
        patch = {"theme": "dark", "grid": {"rows": 24, "wide": 1.50}}
        assert await ask(client, SET, patch=patch) == patch
        assert await ask(client, SET, patch={"theme": None, "grid": {"rows": 32}}) == {
            "grid": {"rows": 32, "wide": 1.5}
        }
        assert await ask(other, "{ preferences }") == {}
        await ask(client, SET, patch={"model": {"layout": {"person": [1, 2]}}}, scope="WORKSPACE")
        assert await ask(other, GET, scope="WORKSPACE") == {"model": {"layout": {"person": [1, 2]}}}
        assert await ask(client, "{ preferences }") == {"grid": {"rows": 32, "wide": 1.5}}
        assert await refusal(other, SET, patch={"a": 1}, scope="WORKSPACE") == ("FORBIDDEN", None)
        assert await refusal(client, SET, patch=[]) == ("BAD_USER_INPUT", "patch")
        assert await refusal(client, SET, patch={"a": "x" * 65_536}) == ("BAD_USER_INPUT", "patch")
        assert await ask(client, SET, patch={"grid": None}) == {}


async def test_a_visitor_keeps_nothing(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (app, client):
        await ask(client, CREATE, input={**BERLIN, "shared": True})
        visitor = client_of(app)
        assert len(await views(visitor)) == 1
        assert (await refusal(visitor, CREATE, input=BERLIN))[0] == "FORBIDDEN"
        assert (await refusal(visitor, SET, patch={"a": 1}))[0] == "FORBIDDEN"
