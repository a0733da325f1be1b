"""The rules of a role in a real browser: its values, ways, checks, presets and limits, made without JSON."""

from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.engine.server.console.records.writes.roles import as_role

pytestmark = pytest.mark.system

ROLE = '{ role(name: "rep") { claims limits parents grants } }'


async def find_role(served: Served) -> dict[str, Any]:
    """Return the role rep as the API shows it."""
    found: dict[str, Any] = (await served.ask("/metadata", ROLE))["role"]
    return found


async def open_ways(page: Page, action: str, objects: str) -> Locator:
    """Open the ways of an action, and return their dialog."""
    await page.get_by_role("button", name=f"conditions of {action} {objects}").click()
    return page.get_by_role("dialog", name=f"Ways to {action}: {objects}")


async def test_rules_checks_and_presets_are_made_as_rows(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/access/roles")
        await page.get_by_role("button", name="Role", exact=True).click()
        form = page.get_by_role("dialog", name="New role")
        await form.get_by_label("Label", exact=True).fill("Rep")
        await form.get_by_role("button", name="Value", exact=True).click()
        await form.get_by_label("Name of value 1").fill("city")
        await form.get_by_label("Type of city").select_option("TEXT")
        await form.get_by_label("Largest page").fill("many")
        await form.get_by_label("Largest page").fill("50")
        await choose(page, "An object with rights of its own", "People")
        await form.get_by_role("checkbox", name="create People").check()
        await form.get_by_role("checkbox", name="update People").check()
        await form.get_by_role("checkbox", name="count People").uncheck()

        ways = await open_ways(page, "read", "People")
        rule = ways.get_by_role("region", name="Records of way 1")
        await rule.get_by_role("button", name="Condition").click()
        await rule.get_by_label("Field", exact=True).select_option("City")
        await rule.get_by_label("Operator").select_option("is")
        await ways.get_by_role("button", name="Done").click()
        await expect(ways.get_by_role("alert")).to_contain_text("A condition has no value yet")
        await rule.get_by_label("Kind of value").select_option("$principal.city")
        await watched.assert_accessible()
        await ways.get_by_role("button", name="Done").click()

        ways = await open_ways(page, "create", "People")
        await ways.get_by_label("Fields of way 1", exact=True).select_option("These fields alone")
        for name in ("Email", "First name"):
            await ways.get_by_role("checkbox", name=name).check()
        await ways.get_by_label("Another preset").select_option("City")
        await ways.get_by_label("Kind of City").select_option("$principal.city")
        await ways.get_by_label("Another preset").select_option("Job title")
        await ways.get_by_label("Job title", exact=True).last.fill("Trainee")
        await page.emulate_media(color_scheme="dark")
        await watched.assert_accessible()
        await ways.get_by_role("button", name="Done").click()

        ways = await open_ways(page, "update", "People")
        await ways.get_by_label("Check of way 1").select_option("The record fulfils conditions as it is written")
        check = ways.get_by_role("region", name="Conditions of the check of way 1")
        await ways.get_by_role("button", name="Done").click()
        await expect(ways.get_by_role("alert")).to_contain_text("A condition has no value yet")
        await check.get_by_role("button", name="Condition").click()
        await check.get_by_label("Field", exact=True).select_option("Job title")
        await check.get_by_label("Value", exact=True).fill("Trainee")
        await ways.get_by_role("button", name="As JSON").click()
        await expect(ways.get_by_label("JSON of the ways")).to_have_value(
            '{\n  "check": {\n    "jobTitle": {\n      "contains": "Trainee"\n    }\n  }\n}'
        )
        await watched.assert_accessible()
        await ways.get_by_label("JSON of the ways").fill('{"rul": {}}')
        await ways.get_by_role("button", name="As a form").click()
        await expect(ways.get_by_role("alert")).to_contain_text("The form has no place for all of this JSON.")
        await ways.get_by_label("JSON of the ways").fill('[{"check": {}}, {"fields": {"allBut": ["phone"]}}]')
        await ways.get_by_role("button", name="As a form").click()
        await expect(ways.get_by_role("group", name="Way 2", exact=True)).to_be_visible()
        await ways.get_by_role("button", name="Remove way 1").click()
        await ways.get_by_role("button", name="Done").click()
        await apply_plan(page, "New role")

        assert await find_role(served) == {
            "claims": [{"name": "city", "type": "TEXT"}],
            "limits": {"maxPage": 50},
            "parents": [],
            "grants": [
                {"object": "*", "read": {}, "aggregates": True},
                {
                    "object": "person",
                    "aggregates": False,
                    "read": {"rule": {"city": {"eq": "$principal.city"}}},
                    "create": {
                        "fields": {"only": ["firstName", "email"]},
                        "preset": {"city": "$principal.city", "jobTitle": "Trainee"},
                    },
                    "update": {"fields": {"allBut": ["phone"]}},
                },
            ],
        }

        await page.get_by_role("button", name="Rep", exact=True).click()
        form = page.get_by_role("dialog", name="Role Rep")
        await expect(form.get_by_label("Largest page")).to_have_value("50")
        ways = await open_ways(page, "read", "People")
        await expect(ways.get_by_label("Kind of value")).to_have_value("$principal.city")
        await ways.get_by_role("button", name="Done").click()
        await form.get_by_role("button", name="Cancel").click()
        await expect(form).to_be_hidden()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_the_rules_of_an_object_that_is_not_active_are_shown(watched: Watched, serve: Serve) -> None:
    """No role writes its fields, and the form did not open."""
    async with serve() as served:
        await as_role(served, {"object": "activity", "read": {}})
        change = '{ updateObject: { id: "activity" update: { isActive: false } } }'
        await served.ask("/metadata", f"mutation {{ applyChanges(changes: [{change}]) {{ version }} }}")
        await watched.sign_in(served, "/console/access/roles")
        await watched.page.get_by_role("button", name="Partial", exact=True).click()
        await expect(await open_ways(watched.page, "read", "Activities")).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))
