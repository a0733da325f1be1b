"""A record goes to the trash on its page, and comes back or ends there, as far as the role may do it."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import Serve, Served, Watched
from tests.engine.server.console.records.lists import (
    ask,
    cell,
    count_shown,
    create_object,
    open_list,
    press,
    until_answered,
)
from tests.engine.server.console.records.writes.roles import as_role

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
DELETED = "{ people(filter: { deletedAt: { is: NOT_NULL } }) { edges { node { firstName } } } }"
IN_THE_TRASH = "This Person is in the trash."


async def find_ada(served: Served) -> str:
    found = await ask(served, '{ people(filter: { firstName: { eq: "Ada" } }) { edges { node { id } } } }')
    id_: str = found["people"]["edges"][0]["node"]["id"]
    return id_


def deleted(*names: str) -> dict[str, Any]:
    """Return the data of `DELETED` for these people."""
    return {"people": {"edges": [{"node": {"firstName": name}} for name in names]}}


async def test_a_record_is_deleted_restored_and_destroyed_on_its_page(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = watched.page
        await watched.sign_in(served, f"/console/records/people/{await find_ada(served)}")
        trash, undo = page.get_by_text(IN_THE_TRASH), page.get_by_role("button", name="Undo")
        delete, restore = (page.get_by_role("button", name=name, exact=True) for name in ("Delete", "Restore"))

        # The second press finds nothing to delete.
        await delete.dblclick()
        await expect(trash).to_be_visible()
        await expect(page.get_by_role("alert")).to_have_count(1)
        await until_answered(served, DELETED, deleted("Ada"))
        await expect(page.get_by_text("Moved 1 record to the trash")).to_be_visible()
        # Nothing of a record in the trash can be changed, and its focus is not lost.
        await expect(page.get_by_role("button", name="Edit")).to_have_count(0)
        await expect(page.get_by_text("Ada@example.com")).to_be_visible()
        await expect(delete).to_have_count(0)
        assert await page.evaluate("document.activeElement !== document.body")
        await watched.assert_accessible()
        await undo.click()
        await expect(trash).to_have_count(0)
        await until_answered(served, DELETED, deleted())
        await expect(page.get_by_role("button", name="Edit City: —")).to_be_visible()

        await delete.click()
        await expect(trash).to_be_visible()
        await page.reload()
        await restore.click()
        await expect(trash).to_have_count(0)
        await until_answered(served, DELETED, deleted())
        await expect(page.get_by_text("Moved 1 record out of the trash")).to_be_visible()
        assert await page.evaluate("document.activeElement !== document.body")
        await undo.click()
        await until_answered(served, DELETED, deleted("Ada"))

        await page.get_by_role("button", name="Destroy…").click()
        dialog = page.get_by_role("alertdialog", name="Destroy: 1 record")
        await expect(dialog.get_by_role("button", name="Destroy")).to_be_disabled()
        await dialog.get_by_role("textbox", name="Type people to confirm").fill("people")
        await dialog.get_by_role("button", name="Destroy").click()
        await expect(page.get_by_text("There is no such record")).to_be_visible()
        await expect(page.get_by_text("Destroyed: 1 record")).to_be_visible()
        await until_answered(served, DELETED, deleted())
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_is_deleted_in_its_panel_leaves_the_list(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await cell(page, "Ada").click()
        await press(page, "Space")
        panel = page.get_by_role("complementary", name="Person Ada")
        await panel.get_by_role("button", name="Delete", exact=True).click()
        await count_shown(page, "2 records")
        await expect(panel.get_by_text(IN_THE_TRASH)).to_be_visible()
        await expect(cell(page, "Ada")).to_have_count(0)
        await panel.get_by_role("button", name="Undo").click()
        await count_shown(page, "3 records")
        await expect(cell(page, "Ada")).to_be_visible()
        await expect(panel.get_by_text(IN_THE_TRASH)).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_is_deleted_beside_others_leaves_their_relations(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        linked = 'mutation { createCompany(data: { name: "Orion", people: { connect: ["%s"] } }) { id } }'
        await ask(served, linked % await find_ada(served))
        page = await open_list(watched, served, "companies")
        await cell(page, "Orion").click()
        await press(page, "Space")
        section = page.get_by_role("region", name="People of Orion")
        ada = section.get_by_role("link", name="Ada", exact=True)
        await ada.click()
        panel = page.get_by_role("complementary", name="Person Ada")
        await panel.get_by_role("button", name="Delete", exact=True).click()
        await expect(section.get_by_role("heading", name="People 0")).to_be_visible()
        await panel.get_by_role("button", name="Undo").click()
        await expect(ada).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_deletes_restores_and_destroys_what_it_may(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        ada = await find_ada(served)
        path, page = f"/console/records/people/{ada}", watched.page
        delete, restore, destroy = (
            page.get_by_role("button", name=name, exact=True) for name in ("Delete", "Restore", "Destroy…")
        )
        await watched.sign_in(await as_role(served, {"object": "*", "read": {}}, name="reader"), path)
        await expect(page.get_by_text("Ada@example.com")).to_be_visible()
        await expect(delete).to_have_count(0)

        # The role deletes some people, and this one is none of them.
        rule = {"rule": {"city": {"eq": "Bonn"}}}
        some = {"object": "person", "read": {}, "delete": rule, "restore": {}}
        await watched.sign_in(await as_role(served, some, name="some"), path)
        await delete.click()
        await expect(page.get_by_role("alert")).to_contain_text("Your role may not do this")
        await expect(page.get_by_text("to the trash")).to_have_count(0)

        await ask(served, "mutation ($id: UUID!) { deletePerson(id: $id) { id } }", id=ada)
        await expect(page.get_by_text(IN_THE_TRASH)).to_be_visible()
        await expect(restore).to_be_visible()
        await expect(destroy).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_others_need_is_not_destroyed_and_the_dialog_says_why(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        about = {
            "type": "RELATION",
            "name": "about",
            "label": "About",
            "settings": {"onDelete": "RESTRICT"},
            "relationCreationPayload": {"targetObjectMetadataId": "person", "targetFieldLabel": "Notes"},
        }
        await create_object(served, "note", [about])
        ada = await find_ada(served)
        await ask(served, "mutation ($id: UUID!) { createNote(data: { aboutId: $id }) { id } }", id=ada)
        await watched.sign_in(served, f"/console/records/people/{ada}")
        page = watched.page
        await page.get_by_role("button", name="Delete", exact=True).click()
        await page.get_by_role("button", name="Destroy…").click()
        dialog = page.get_by_role("alertdialog", name="Destroy: 1 record")
        await dialog.get_by_role("textbox", name="Type people to confirm").fill("people")
        await dialog.get_by_role("button", name="Destroy").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("Nothing was written.")
        await dialog.get_by_role("button", name="Cancel").click()
        await expect(page.get_by_text(IN_THE_TRASH)).to_be_visible()
        assert await ask(served, DELETED) == deleted("Ada")
        await watched.assert_clean(served.address, LOADED)
