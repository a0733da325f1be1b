"""Records are linked, and unlinked, on the page of the record that has many of them."""

from typing import Any

import pytest
from playwright.async_api import expect

from tests.engine.server.console.browsing import WHILE_A_LIST_IS_OPEN, Serve, Served, Watched, hold_requests
from tests.engine.server.console.records.lists import ask, create_object, press, until_answered
from tests.engine.server.console.records.writes.roles import as_role

pytestmark = pytest.mark.system

LOADED = (".js", ".css")
CREATE = 'mutation { createCompany(data: { name: "Orion" }) { id } }'
MOVE = """mutation ($id: UUID!) {
    updatePeople(filter: { firstName: { eq: "Ada" } }, data: { companyId: $id }) { id }
}"""
PEOPLE = "{ companies { edges { node { people { edges { node { firstName } } } } } } }"
HOLDERS = '{ people(filter: { firstName: { eq: "Grace" } }) { edges { node { company { name } } } } }'
NOTES = "{ notes { edges { node { topicCompany { name } topicPerson { firstName } } } } }"
ABOUT_ADA = """mutation { updateNotes(
    filter: { name: { eq: "Saw" } }, data: { topicPerson: { connect: { where: { email: "Ada@example.com" } } } }
) { id } }"""
ADVISERS = "{ companies { edges { node { advisers { edges { node { note person { firstName } } } } } } } }"
APPLY = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
ADVISER = {
    "objectMetadataId": "company",
    "type": "RELATION",
    "name": "advisers",
    "label": "Advisers",
    "relationCreationPayload": {
        "type": "MANY_TO_MANY",
        "targetObjectMetadataId": "person",
        "targetFieldLabel": "Advised",
        "junctionNameSingular": "advice",
        "junctionNamePlural": "advices",
    },
}
NOTE = {"objectMetadataId": "advice", "type": "TEXT", "name": "note", "label": "Note"}


LINK_AGAIN = """mutation ($id: UUID!) {
    deleteAdvices(filter: { id: { is: NOT_NULL } }) { id }
    updateCompany(
        id: $id, data: { advisers: { connect: [{ where: { email: "Ada@example.com" } }] } }
    ) { id }
}"""


async def create_notes(served: Served, company: str | None) -> None:
    """Create notes, each about a company or a person, and one of them, which is about that company."""
    targets = [{"targetObjectMetadataId": name, "targetFieldLabel": "Notes"} for name in ("company", "person")]
    topic = {"type": "MORPH_RELATION", "name": "topic", "label": "Topic", "morphRelationsCreationPayload": targets}
    await create_object(served, "note", [topic])
    saw = 'mutation ($id: UUID) { createNote(data: { name: "Saw", topicCompanyId: $id }) { id } }'
    await ask(served, saw, id=company)


async def create_company(served: Served) -> str:
    """Create Orion and return the path of its page."""
    return f"/console/records/companies/{(await ask(served, CREATE))['createCompany']['id']}"


def related(name: str, *nodes: dict[str, Any]) -> dict[str, Any]:
    """Return the data of a query for the records of a relation of the only company."""
    return {"companies": {"edges": [{"node": {name: {"edges": [{"node": node} for node in nodes]}}}]}}


async def test_a_record_is_linked_by_the_picker_and_unlinked(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await watched.sign_in(served, await create_company(served))
        page = watched.page
        section = page.get_by_role("region", name="People of Orion")
        link = section.get_by_role("button", name="Link People")

        await link.click()
        await page.get_by_role("combobox", name="Link People").fill("Gra")
        await expect(page.get_by_role("option")).to_have_text(["Grace"])
        await watched.assert_accessible(WHILE_A_LIST_IS_OPEN)
        await press(page, "Enter")
        await until_answered(served, PEOPLE, related("people", {"firstName": "Grace"}))
        await expect(section.get_by_text("Linked Grace")).to_be_visible()
        await expect(section.get_by_role("heading", name="People 1")).to_be_visible()
        await expect(link).to_be_focused()
        # Escape and a click elsewhere leave the picker without a link.
        await press(page, "Enter", "Escape")
        await expect(link).to_be_focused()
        await link.click()
        await page.get_by_role("heading", level=1).click()
        await expect(page.get_by_role("combobox")).to_have_count(0)

        await section.get_by_role("button", name="Unlink Grace").dblclick()
        await until_answered(served, PEOPLE, related("people"))
        await expect(section.get_by_text("Unlinked Grace")).to_be_visible()
        await expect(section.get_by_role("heading", name="People 0")).to_be_visible()
        await expect(section.get_by_role("alert")).to_have_count(0)
        await watched.assert_accessible()
        await section.get_by_role("button", name="Undo").click()
        await until_answered(served, PEOPLE, related("people", {"firstName": "Grace"}))
        await expect(section.get_by_role("link", name="Grace", exact=True)).to_be_visible()
        await expect(section.get_by_role("button", name="Undo")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_an_undone_unlinking_leaves_a_record_that_another_has_linked(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        path, page = await create_company(served), watched.page
        other = (await ask(served, CREATE.replace("Orion", "Zeta")))["createCompany"]["id"]
        await ask(served, MOVE, id=path.rpartition("/")[2])
        await watched.sign_in(served, path)
        section = page.get_by_role("region", name="People of Orion")
        # The focus of a button that is gone is not lost.
        await section.get_by_role("button", name="Unlink Ada").press("Enter")
        await expect(section.get_by_role("heading", name="People 0")).to_be_visible()
        await expect(section).to_be_focused()
        await ask(served, MOVE, id=other)
        await section.get_by_role("button", name="Undo").press("Enter")
        await expect(section.get_by_role("alert")).to_contain_text("Ada was deleted since, or linked")
        await expect(section.get_by_role("button", name="Undo")).to_have_count(0)
        await expect(section).to_be_focused()
        await watched.assert_accessible()
        found = await ask(served, '{ people(filter: { firstName: { eq: "Ada" } }) { edges { node { companyId } } } }')
        assert found == {"people": {"edges": [{"node": {"companyId": other}}]}}
        await watched.assert_clean(served.address, LOADED)


async def test_an_undone_link_leads_back_to_the_record_before(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        path, page = await create_company(served), watched.page
        zeta = (await ask(served, CREATE.replace("Orion", "Zeta")))["createCompany"]["id"]
        await ask(served, MOVE.replace("Ada", "Grace"), id=zeta)
        await watched.sign_in(served, path)
        section = page.get_by_role("region", name="People of Orion")

        def held(name: str | None) -> dict[str, Any]:
            return {"people": {"edges": [{"node": {"company": name and {"name": name}}}]}}

        async def link() -> None:
            await section.get_by_role("button", name="Link People").click()
            await page.get_by_role("option", name="Grace").click()
            await expect(section.get_by_role("status")).to_have_text("Linked GraceUndo")

        await link()
        assert await ask(served, HOLDERS) == held("Orion")
        await section.get_by_role("button", name="Undo").press("Enter")
        await expect(section.get_by_text("Undone: Linked Grace")).to_be_visible()
        await expect(section.get_by_role("heading", name="People 0")).to_be_visible()
        await expect(section).to_be_focused()
        assert await ask(served, HOLDERS) == held("Zeta")
        # A link that another has made meanwhile stays.
        await link()
        await ask(served, MOVE.replace("Ada", "Grace"), id=zeta)
        await section.get_by_role("button", name="Undo").click()
        await expect(section.get_by_role("alert")).to_contain_text("Grace was deleted since, or linked")
        assert await ask(served, HOLDERS) == held("Zeta")
        # A second link of a linked record has changed nothing, so that nothing is undone.
        await link()
        await section.get_by_role("button", name="Link People").click()
        await page.get_by_role("option", name="Grace").click()
        await expect(section.get_by_role("status")).to_have_text("Linked Grace")
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_an_undo_knows_all_objects_that_a_record_can_be_linked_to(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        path, page = await create_company(served), watched.page
        await create_notes(served, path.rpartition("/")[2])
        await watched.sign_in(served, path)
        section = page.get_by_role("region", name="Notes of Orion")

        def about(company: str | None, person: str | None) -> dict[str, Any]:
            node = {"topicCompany": company and {"name": company}, "topicPerson": person and {"firstName": person}}
            return {"notes": {"edges": [{"node": node}]}}

        await section.get_by_role("button", name="Unlink Saw").click()
        await expect(section.get_by_text("Unlinked Saw")).to_be_visible()
        await ask(served, ABOUT_ADA)
        await section.get_by_role("button", name="Undo").click()
        await expect(section.get_by_role("alert")).to_contain_text("Saw was deleted since, or linked")
        assert await ask(served, NOTES) == about(None, "Ada")
        # A link that is undone leads back to a record of the other object.
        await section.get_by_role("button", name="Link Notes").click()
        await page.get_by_role("option", name="Saw").click()
        await expect(section.get_by_role("status")).to_have_text("Linked SawUndo")
        assert await ask(served, NOTES) == about("Orion", None)
        await section.get_by_role("button", name="Undo").click()
        await expect(section.get_by_text("Undone: Linked Saw")).to_be_visible()
        assert await ask(served, NOTES) == about(None, "Ada")
        await watched.assert_clean(served.address, LOADED)


async def test_a_relation_of_many_to_many_is_linked_to_its_other_end(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await served.ask("/metadata", APPLY, changes=[{"createField": ADVISER}])
        await served.ask("/metadata", APPLY, changes=[{"createField": NOTE}])
        await watched.sign_in(served, await create_company(served))
        page = watched.page
        section = page.get_by_role("region", name="Advisers of Orion")
        await section.get_by_role("button", name="Link Advisers").click()
        await page.get_by_role("option", name="Ada").click()
        ada = {"note": None, "person": {"firstName": "Ada"}}
        await until_answered(served, ADVISERS, related("advisers", ada))
        await section.get_by_role("button", name="Undo").click()
        await until_answered(served, ADVISERS, related("advisers"))
        await expect(section.get_by_text("Undone: Linked Ada")).to_be_visible()
        await section.get_by_role("button", name="Link Advisers").click()
        await page.get_by_role("option", name="Ada").click()
        await until_answered(served, ADVISERS, related("advisers", ada))
        law = 'mutation { updateAdvices(filter: { id: { is: NOT_NULL } }, data: { note: "law" }) { id } }'
        await ask(served, law)
        await page.reload()
        await section.get_by_role("button", name="Unlink law").click()
        await until_answered(served, ADVISERS, related("advisers"))
        # The link comes back with all that it has.
        await section.get_by_role("button", name="Undo").click()
        await until_answered(served, ADVISERS, related("advisers", {**ada, "note": "law"}))
        await expect(section.get_by_role("link", name="law", exact=True)).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_must_be_linked_is_moved_and_not_unlinked(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        maker = {
            "type": "RELATION",
            "name": "maker",
            "label": "Maker",
            "isNullable": False,
            "settings": {"onDelete": "CASCADE"},
            "relationCreationPayload": {"targetObjectMetadataId": "company", "targetFieldLabel": "Tools"},
        }
        await create_object(served, "tool", [maker])
        other = 'mutation { createTool(data: { name: "Saw", maker: { create: { name: "Zeta" } } }) { id } }'
        await ask(served, other)
        await watched.sign_in(served, await create_company(served))
        page = watched.page
        section = page.get_by_role("region", name="Tools of Orion")
        await section.get_by_role("button", name="Link Tools").click()
        await page.get_by_role("option", name="Saw").click()
        await until_answered(
            served,
            "{ tools { edges { node { maker { name } } } } }",
            {"tools": {"edges": [{"node": {"maker": {"name": "Orion"}}}]}},
        )
        await expect(section.get_by_role("link", name="Saw", exact=True)).to_be_visible()
        await expect(section.get_by_role("button", name="Unlink Saw")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_role_links_what_it_may_and_a_refusal_is_shown(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        path, page = await create_company(served), watched.page
        section = page.get_by_role("region", name="People of Orion")
        link = section.get_by_role("button", name="Link People")
        read = {"object": "*", "read": {}}
        company = {"object": "company", "read": {}, "update": {}}
        await watched.sign_in(await as_role(served, read, company, name="writer"), path)
        await expect(section).to_be_visible()
        await expect(page.get_by_role("button", name="Edit Name: Orion")).to_be_visible()
        await expect(link).to_have_count(0)
        # The role updates people, but for the key of the relation.
        person = {"object": "person", "read": {}, "update": {"fields": {"only": ["city"]}}}
        await watched.sign_in(await as_role(served, read, company, person, name="some"), path)
        await link.click()
        await page.get_by_role("option", name="Ada").click()
        await expect(section.get_by_role("alert")).to_contain_text("Nothing was written.")
        await watched.assert_accessible()
        await section.get_by_role("button", name="Close").click()
        await expect(section.get_by_role("alert")).to_have_count(0)
        assert await ask(served, PEOPLE) == related("people")
        await watched.assert_clean(served.address, LOADED)


async def test_an_undo_writes_no_key_that_its_role_may_not_write(watched: Watched, serve: Serve) -> None:
    own = {"fields": {"only": ["name", "topicCompany"]}}
    grants = [
        {"object": "*", "read": {}},
        {"object": "company", "read": {}, "update": {}},
        {"object": "note", "read": {}, "update": own},
    ]
    async with serve() as served:
        path, page = await create_company(served), watched.page
        await create_notes(served, None)
        await watched.sign_in(await as_role(served, *grants), path)
        section = page.get_by_role("region", name="Notes of Orion")
        await section.get_by_role("button", name="Link Notes").click()
        await page.get_by_role("option", name="Saw").click()
        await expect(section.get_by_role("status")).to_have_text("Linked SawUndo")
        await section.get_by_role("button", name="Undo").click()
        await expect(section.get_by_role("status")).to_have_text("Undone: Linked Saw")
        assert (await ask(served, NOTES))["notes"]["edges"][0]["node"] == {"topicCompany": None, "topicPerson": None}
        await watched.assert_clean(served.address, LOADED)


async def test_an_undone_link_of_many_to_many_leaves_a_link_that_another_has_made(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        await served.ask("/metadata", APPLY, changes=[{"createField": ADVISER}])
        path, page = await create_company(served), watched.page
        await watched.sign_in(served, path)
        section = page.get_by_role("region", name="Advisers of Orion")
        await section.get_by_role("button", name="Link Advisers").click()
        await page.get_by_role("option", name="Ada").click()
        await expect(section.get_by_role("status")).to_have_text("Linked AdaUndo")
        await ask(served, LINK_AGAIN, id=path.rpartition("/")[2])
        await section.get_by_role("button", name="Undo").click()
        await expect(section.get_by_role("alert")).to_contain_text("The link was deleted since.")
        nodes = "{ companies { edges { node { advisers { edges { node { person { firstName } } } } } } } }"
        assert await ask(served, nodes) == related("advisers", {"person": {"firstName": "Ada"}})
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_is_linked_while_the_list_is_read_again(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await watched.sign_in(served, await create_company(served))
        page = watched.page
        section = page.get_by_role("region", name="People of Orion")
        await expect(section.get_by_role("heading", name="People 0")).to_be_visible()
        held = await hold_requests(page, "/graphql", "ConsoleRelated")
        for name in ("Ada", "Grace"):
            await section.get_by_role("button", name="Link People").click()
            await page.get_by_role("option", name=name).click()
            await expect(section.get_by_role("status")).to_have_text(f"Linked {name}Undo")
        held.released.set()
        await expect(section.get_by_role("heading", name="People 2")).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_link_without_a_network_is_told_and_not_made_later(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await watched.sign_in(served, await create_company(served))
        page = watched.page
        section = page.get_by_role("region", name="People of Orion")
        await section.get_by_role("button", name="Link People").click()
        await expect(page.get_by_role("option", name="Ada")).to_be_visible()
        await page.context.set_offline(True)
        await page.get_by_role("option", name="Ada").click()
        await expect(section.get_by_role("alert")).to_contain_text("The server cannot be reached.")
        await page.context.set_offline(False)
        await section.get_by_role("button", name="Close").click()
        await section.get_by_role("button", name="Link People").click()
        await page.get_by_role("option", name="Grace").click()
        await expect(section.get_by_role("status")).to_have_text("Linked GraceUndo")
        assert await ask(served, PEOPLE) == related("people", {"firstName": "Grace"})
