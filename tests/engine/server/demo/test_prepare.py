"""The demo in a workspace: its objects, roles and records, its views, and a webhook that the server answers itself."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.server.app import Fieldstone
from fieldstone.engine.server.demo import prepare
from fieldstone.engine.server.demo.campaigns import DEMO_TOTAL
from fieldstone.engine.server.demo.prepare import bring_demo
from fieldstone.engine.server.demo.sample import TOTAL
from tests.engine.server.conftest import StartApp

pytestmark = pytest.mark.long

ECHO = "http://echo.fieldstone.invalid/demo"
MODEL = """{
  objects { edges { node { nameSingular isCustom } } }
  roles { edges { node { name isSystem } } }
  views { name object missing }
  webhooks { edges { node { id targetUrl } } }
}"""
RELATIONS = """{
  campaigns(first: 3, filter: { lead: { is: NOT_NULL } }) {
    totalCount
    edges { node { lead { ledCampaign { name } } members { totalCount edges { node { person { email } } } } } }
  }
  people(filter: { campaigns: { some: { response: { eq: ACCEPTED } } } }) { totalCount }
  reminders { totalCount }
  about: reminders(filter: { aboutCompany: { people: { some: { id: { is: NOT_NULL } } } } }) { totalCount }
  companies(filter: { reminders: { some: { isDone: { eq: false } } } }) { totalCount }
}"""


async def bring(app: Fieldstone) -> tuple[bool, list[tuple[int, int]]]:
    steps: list[tuple[int, int]] = []
    foundation = (await app.runtime.ready()).foundation
    is_filled = await bring_demo(foundation, app.settings, lambda done, total: steps.append((done, total)))
    return is_filled, steps


async def ask(client: httpx.AsyncClient, path: str, query: str) -> Any:
    answer = (await client.post(path, json={"query": query})).json()
    assert "errors" not in answer, answer
    return answer["data"]


def nodes(connection: Any) -> list[Any]:
    return [edge["node"] for edge in connection["edges"]]


async def test_it_has_relations_of_each_kind_three_roles_views_and_a_webhook(start_app: StartApp) -> None:
    async with start_app(environment="development") as (app, client):
        is_filled, steps = await bring(app)
        assert is_filled
        assert steps[-1] == (TOTAL + DEMO_TOTAL, TOTAL + DEMO_TOTAL)
        assert await bring(app) == (False, [])

        model = await ask(client, "/metadata", MODEL)
        own = [one["nameSingular"] for one in nodes(model["objects"]) if one["isCustom"]]
        assert sorted(own) == ["campaign", "campaignMember", "reminder"]
        roles = [one["name"] for one in nodes(model["roles"]) if not one["isSystem"]]
        assert sorted(roles) == ["marketing", "sales", "support"]
        assert {view["object"] for view in model["views"]} >= {"company", "opportunity", "campaign", "reminder"}
        assert [view["missing"] for view in model["views"]] == [[]] * len(model["views"])

        found = await ask(client, "/graphql", RELATIONS)
        campaign = found["campaigns"]["edges"][0]["node"]
        assert campaign["lead"]["ledCampaign"]["name"]
        assert campaign["members"]["totalCount"] == 20
        assert campaign["members"]["edges"][0]["node"]["person"]["email"]
        counts = [found[name]["totalCount"] for name in ("campaigns", "people", "about", "companies")]
        assert all(counts), counts
        assert found["reminders"]["totalCount"] > found["about"]["totalCount"]

        (webhook,) = nodes(model["webhooks"])
        assert webhook["targetUrl"] == ECHO
        tested = await ask(
            client,
            "/metadata",
            f'mutation {{ testWebhook(id: "{webhook["id"]}") {{ succeeded responseStatus responseBody }} }}',
        )
        assert tested["testWebhook"]["succeeded"]
        assert '"event"' in tested["testWebhook"]["responseBody"]


@pytest.mark.long
async def test_a_server_that_was_killed_between_model_and_records_fills_all_at_its_next_start(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: object, **__: object) -> bool:
        raise ConnectionResetError

    async with start_app(environment="development") as (app, client):
        for name in ("fill_demo", "_add_webhook"):
            with monkeypatch.context() as patched:
                patched.setattr(prepare, name, killed)
                with pytest.raises(ConnectionResetError):
                    await bring(app)
            assert nodes((await ask(client, "/metadata", MODEL))["webhooks"]) == []
            assert (await ask(client, "/graphql", "{ people { totalCount } }"))["people"]["totalCount"] == 0
        is_filled, steps = await bring(app)
        assert is_filled
        assert steps[-1] == (TOTAL + DEMO_TOTAL, TOTAL + DEMO_TOTAL)
        model = await ask(client, "/metadata", MODEL)
        assert [one["targetUrl"] for one in nodes(model["webhooks"])] == [ECHO]
        assert {view["object"] for view in model["views"]} >= {"campaign", "reminder"}


@pytest.mark.long
async def test_in_production_it_has_no_webhook_and_nothing_answers_for_it(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        assert (await bring(app))[0]
        assert nodes((await ask(client, "/metadata", MODEL))["webhooks"]) == []
        webhook = f'{{ targetUrl: "{ECHO}", operations: ["person.*"] }}'
        made = await ask(client, "/metadata", f"mutation {{ createWebhook(input: {webhook}) {{ id }} }}")
        test = f'mutation {{ testWebhook(id: "{made["createWebhook"]["id"]}") {{ succeeded error }} }}'
        tested = (await ask(client, "/metadata", test))["testWebhook"]
        assert not tested["succeeded"]
        assert "cannot be resolved" in tested["error"]


async def test_a_model_that_lacks_a_standard_object_gets_no_sample(
    start_app: StartApp, caplog: pytest.LogCaptureFixture
) -> None:
    """A server whose filled workspace had renamed one did not start again."""
    found = "{ objects { edges { node { id nameSingular } } } }"
    async with start_app(environment="development") as (app, client):
        for is_filled_first in (False, True):
            if is_filled_first:
                await ask(client, "/graphql", 'mutation { createCompany(data: { name: "Acme" }) { id } }')
            else:
                objects = nodes((await ask(client, "/metadata", found))["objects"])
                id_ = next(one["id"] for one in objects if one["nameSingular"] == "activity")
                names = 'nameSingular: "task", namePlural: "tasks"'
                await ask(
                    client, "/metadata", f'mutation {{ updateObject(id: "{id_}", input: {{ {names} }}) {{ id }} }}'
                )
            with caplog.at_level("INFO", logger="fieldstone.engine.server.demo"):
                caplog.clear()
                assert await bring(app) == (False, [])
            assert ("needs the objects activity, which" in caplog.text) is not is_filled_first


@pytest.mark.parametrize("name", ["campaign", "ship"])
async def test_a_model_with_objects_of_others_stays_as_it_is(start_app: StartApp, name: str) -> None:
    labels = 'labelSingular: "One", labelPlural: "Several"'
    names = f'nameSingular: "{name}", namePlural: "{name}s"'
    create = f"mutation {{ createObject(input: {{ {names}, {labels} }}) {{ id }} }}"
    async with start_app(environment="development") as (app, client):
        await ask(client, "/metadata", create)
        is_filled, steps = await bring(app)
        assert is_filled
        assert steps[-1] == (TOTAL, TOTAL)
        model = await ask(client, "/metadata", MODEL)
        assert [one["nameSingular"] for one in nodes(model["objects"]) if one["isCustom"]] == [name]
        assert all(one["isSystem"] for one in nodes(model["roles"]))
        assert nodes(model["webhooks"]) == []
