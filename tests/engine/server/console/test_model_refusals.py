"""The refusals of a change of the model, each beside the control that it is about or above the form."""

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Watched
from tests.engine.server.console.forms import apply_plan
from tests.engine.server.console.records.lists import create_object

pytestmark = pytest.mark.system


async def test_a_field_becomes_required_with_a_value_for_the_records_that_have_none(
    watched: Watched, serve: Serve
) -> None:
    page = watched.page
    async with serve() as served:
        ada = 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } }, data: { city: "Bonn" }) { id } }'
        await served.ask("/graphql", ada)
        await watched.sign_in(served, "/console/model/person/city")
        form = page.get_by_role("dialog", name="Field person.city")
        await expect(form.get_by_text("Existing records get it too.")).to_have_count(0)
        await form.get_by_label("Required").check()
        await form.get_by_role("button", name="Show the plan").click()
        await expect(form.get_by_label("Required")).to_have_attribute("aria-invalid", "true")
        await expect(form.get_by_label("Required")).to_be_focused()
        await expect(form.get_by_text("city cannot be required")).to_be_visible()
        await watched.assert_accessible()
        await form.get_by_label("Records without a value get").fill("Berlin")
        await apply_plan(page, "Field person.city")
        (*cities,) = (await served.ask("/graphql", "{ people { edges { node { city } } } }"))["people"]["edges"]
        assert sorted(edge["node"]["city"] for edge in cities) == ["Berlin", "Berlin", "Bonn"]

        await page.get_by_role("link", name="City").click()
        await form.get_by_label("Unique").check()
        await form.get_by_role("button", name="Show the plan").click()
        await expect(form.get_by_label("Unique")).to_have_attribute("aria-invalid", "true")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_refusal_without_a_control_stands_above_the_form(watched: Watched, serve: Serve) -> None:
    page = watched.page
    note = {"type": "TEXT", "name": "note", "label": "Note"}
    async with serve() as served:
        await create_object(served, "part", [note, {"type": "NUMBER", "name": "size", "label": "Size"}])
        await watched.sign_in(served, "/console/model/part")
        await page.get_by_role("button", name="Delete field Note").click()
        apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
        await served.ask("/metadata", apply, changes=[{"deleteField": {"id": "part.note"}}])
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_role("alert").filter(has_text="part.note")).to_be_visible()
        # A form names the field, of which the change has the id.
        await page.goto(f"{served.address}/console/model/part/size")
        await page.get_by_label("Label", exact=True).fill("Volume")
        await served.ask("/metadata", apply, changes=[{"deleteField": {"id": "part.size"}}])
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_role("alert").filter(has_text="there is no field part.size.")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))
