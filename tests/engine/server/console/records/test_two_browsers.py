"""Two people at one list: each sees the other's changes, and nothing that one types is lost."""

import asyncio

import pytest
from playwright.async_api import Page, WebSocketRoute, expect

from tests.engine.server.console.browsing import Serve, Served, Watched, hold_requests
from tests.engine.server.console.records.lists import (
    ask,
    assert_live,
    cell,
    count_shown,
    focused_text,
    open_list,
    press,
    until_answered,
)
from tests.waiting import until, until_true

pytestmark = pytest.mark.system

LOADED = (".js", ".css")


async def test_two_browsers_edit_one_record(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        mine = await open_list(watched, served, "people")
        theirs = await mine.context.new_page()
        await theirs.goto(f"{served.address}/console/records/people")
        for page in (mine, theirs):
            await count_shown(page, "3 records")
            await assert_live(page)
            await page.get_by_role("grid").focus()
            await press(page, "ArrowRight")

        # Another field: both changes are kept.
        await press(mine, "F2")
        await mine.keyboard.type("Mine")
        await press(theirs, "ArrowRight", "ArrowRight", "F2")
        await theirs.keyboard.type("+49 1")
        await press(theirs, "Enter")
        await expect(cell(mine, "+49 1")).to_be_visible()
        await press(mine, "Enter")
        await expect(cell(mine, "Mine")).to_be_visible()
        await expect(cell(theirs, "Mine")).to_be_visible()

        # The same field: the typed text stays, theirs is named, and one of both is chosen.
        await press(mine, "F2")
        await mine.keyboard.type(" too")
        await press(theirs, "ArrowLeft", "ArrowLeft", "F2")
        await theirs.keyboard.type(" theirs")
        await press(theirs, "Enter")
        await expect(
            mine.get_by_role("status").filter(has_text="Another has changed this to Mine theirs")
        ).to_be_visible()
        await expect(mine.get_by_role("textbox", name="Last name of Ada Mine")).to_have_value("Mine too")
        await watched.assert_accessible()
        await press(mine, "Enter")
        dialog = mine.get_by_role("alertdialog", name="Another has changed Last name")
        await expect(dialog).to_contain_text("Mine theirs")
        await expect(dialog).to_contain_text("Mine too")
        await watched.assert_accessible()
        await dialog.get_by_role("button", name="Keep theirs").click()
        await expect(dialog).to_be_hidden()
        await expect(cell(mine, "Mine theirs")).to_be_visible()

        # An undo of a value that another has changed since is refused.
        await mine.get_by_role("grid").focus()
        await press(mine, "Control+z")
        await expect(mine.get_by_role("alert")).to_contain_text("Another has changed a record since.")
        await mine.get_by_role("button", name="Close").click()

        # A record that is deleted stays in its place, marked; one that is created is announced.
        await press(theirs, "Shift+Space", "Delete")
        await count_shown(theirs, "2 records")
        await expect(mine.get_by_text("was deleted")).to_be_visible()
        await watched.assert_accessible()
        await ask(served, 'mutation { createPerson(data: { email: "new@example.com" }) { id } }')
        await mine.get_by_role("button", name="1 new record · show").click()
        await count_shown(mine, "3 records")
        await expect(mine.get_by_text("was deleted")).to_be_hidden()
        assert await focused_text(mine)
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_no_longer_matches_stays_until_it_is_left(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        await ask(served, 'mutation { updatePeople(filter: { id: { is: NOT_NULL } }, data: { city: "Bonn" }) { id } }')
        page = await open_list(watched, served, 'people?f={"city":{"eq":"Bonn"}}')
        await count_shown(page, "3 records")
        await assert_live(page)
        await page.get_by_role("grid").focus()
        await press(page, "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight")
        await page.keyboard.type("Ulm")
        await press(page, "Enter")
        await expect(page.get_by_text("no longer matches the filter")).to_be_visible()
        await expect(cell(page, "Ulm")).to_be_visible()
        await watched.assert_accessible()
        await press(page, "ArrowDown", "Home")
        left = await focused_text(page)
        await count_shown(page, "2 records")
        await expect(cell(page, "Ulm")).to_be_hidden()
        # The rows below have moved up, and the focus with its record.
        assert (left, await focused_text(page)) == ("Grace", "Grace")
        # A value of a field that another hides or deletes meanwhile is told, since no cell shows it any more.
        await press(page, *["ArrowRight"] * 5)
        await page.keyboard.type("Rom")
        apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
        hide = {"updateField": {"id": "person.city", "update": {"isActive": False}}}
        await served.ask("/metadata", apply, changes=[hide])
        await expect(page.get_by_role("columnheader", name="City")).to_have_count(0)
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("The field City is gone: your value was Rom.")
        await watched.assert_clean(served.address, LOADED)


async def hold_subscription(page: Page) -> asyncio.Event:
    """Hold the subscription of a list of people until the event that is returned is set."""
    released = asyncio.Event()

    def hold(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        async def pass_on(message: str | bytes) -> None:
            if "personChanged" in str(message):
                await released.wait()
            server.send(message)

        route.on_message(pass_on)

    await page.route_web_socket("**/metadata", hold)
    return released


async def test_the_focus_follows_its_record_while_the_list_is_read_again(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        released = await hold_subscription(watched.page)
        page = await open_list(watched, served, "people?sort=firstName")
        await count_shown(page, "3 records")
        await page.get_by_role("grid").focus()
        await press(page, "ArrowDown")
        assert await focused_text(page) == "Grace"
        # The list is read again behind a late begin of the live updates.
        await create_person(served, "Abby")
        released.set()
        await count_shown(page, "4 records")
        await expect(cell(page, "Abby")).to_be_visible()
        assert await focused_text(page) == "Grace"
        await assert_live(page)

        # Another changes the record before it is read again.
        held = await hold_requests(page, "/graphql", "query ConsoleRecords(")
        await create_person(served, "Abe")
        await page.get_by_role("button", name="1 new record · show").click()
        await until(lambda: bool(held.requests))
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Grace" } }, data: { city: "Ulm" }) { id } }'
        )
        await expect(cell(page, "Ulm")).to_be_visible()
        held.released.set()
        await expect(cell(page, "Abe")).to_be_visible()
        assert await focused_text(page) == "Grace"

        # A person moves on meanwhile.
        held.released.clear()
        held.requests.clear()
        await create_person(served, "Abel")
        await page.get_by_role("button", name="1 new record · show").click()
        await until(lambda: bool(held.requests))
        await page.get_by_role("grid").focus()
        await press(page, "ArrowDown")
        assert await focused_text(page) == "Łukasz"
        held.released.set()
        await expect(cell(page, "Abel")).to_be_visible()
        assert await focused_text(page) == "Łukasz"
        await watched.assert_clean(served.address, LOADED)


async def create_person(served: Served, name: str) -> None:
    await ask(
        served, f'mutation {{ createPerson(data: {{ firstName: "{name}", email: "{name}@b.example" }}) {{ id }} }}'
    )


async def test_a_late_subscription_misses_nothing_and_many_changes_are_told_as_one(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        released = await hold_subscription(watched.page)
        page = await open_list(watched, served, "people?sort=-createdAt")
        await expect(cell(page, "Ada")).to_be_visible()
        await ask(served, 'mutation { updatePeople(filter: { id: { is: NOT_NULL } }, data: { city: "Bonn" }) { id } }')
        await expect(cell(page, "Bonn")).to_have_count(0)
        released.set()
        await expect(cell(page, "Bonn")).to_have_count(3)
        await count_shown(page, "3 records")
        await assert_live(page)
        people = [{"email": f"{number}@example.com"} for number in range(90)]
        await ask(served, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", data=people)
        await page.get_by_role("button", name="Many changes · refresh").click()
        await count_shown(page, "93 records")
        await expect(cell(page, "Ada")).to_be_hidden()
        # The focus that nobody has moved is in the first row, which is seen: the records of before are far below.
        await expect(page.locator("[data-active]")).to_have_attribute("data-row", "0")
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_is_edited_in_its_panel_and_on_its_page(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        orion = '{ name: "Orion", people: { create: [{ email: "x@example.com" }] } }'
        await ask(served, f"mutation {{ createCompany(data: {orion}) {{ id }} }}")
        page = await open_list(watched, served, "people")
        await count_shown(page, "4 records")
        await expect(cell(page, "x@example.com")).to_be_visible()
        await page.get_by_role("grid").focus()
        await press(page, "Control+End", " ")
        panel = page.get_by_role("complementary", name="Person")
        await panel.get_by_role("button", name="Edit First name").click()
        await page.keyboard.type("Xenia")
        await press(page, "Enter")
        await expect(panel.get_by_role("heading", name="Xenia")).to_be_visible()
        await expect(cell(page, "Xenia")).to_be_visible()
        history = panel.get_by_role("region", name="History of")
        await expect(history.get_by_text("First name: — → Xenia")).to_be_visible()
        await history.get_by_role("button", name="Return First name to —").click()
        await expect(panel.get_by_role("button", name="Edit First name: —")).to_be_visible()
        await expect(history.get_by_text("First name: Xenia → —")).to_be_visible()
        await history.get_by_role("button", name="Return First name to Xenia").click()
        await expect(panel.get_by_role("heading", name="Xenia")).to_be_visible()
        await panel.get_by_role("link", name="Open Company").click()
        company = page.get_by_role("complementary", name="Company Orion")
        await expect(
            company.get_by_role("region", name="People of Orion").get_by_role("link", name="Xenia", exact=True)
        ).to_be_visible()
        await expect(panel).to_be_visible()
        await watched.assert_accessible()
        await company.get_by_role("link", name="Open as a page").click()
        await expect(page.get_by_role("heading", name="Orion", level=1)).to_be_visible()
        await page.get_by_role("button", name="Edit Employees").click()
        await page.keyboard.type("many")
        await press(page, "Enter")
        await expect(page.get_by_role("alert")).to_contain_text("whole numbers")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("12000")
        await press(page, "Enter")
        await expect(page.get_by_role("button", name="Edit Employees: 12,000")).to_be_visible()
        await watched.assert_accessible()
        await page.go_back()
        await expect(company).to_be_visible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_another_destroys_is_seen_in_its_list_and_on_its_page(
    watched: Watched, serve: Serve
) -> None:
    async with serve() as served:
        listed = await open_list(watched, served, "people")
        await count_shown(listed, "3 records")
        await assert_live(listed)
        found = await ask(served, '{ people(filter: { firstName: { eq: "Ada" } }) { edges { node { id } } } }')
        (ada,) = [edge["node"]["id"] for edge in found["people"]["edges"]]
        page = await listed.context.new_page()
        await page.goto(f"{served.address}/console/records/people/{ada}")
        await expect(page.get_by_role("heading", name="Ada", level=1)).to_be_visible()
        await ask(served, "mutation ($id: UUID!) { destroyPerson(id: $id) { id } }", id=ada)
        await expect(listed.get_by_text("was destroyed")).to_be_visible()
        await expect(page.get_by_text("There is no such record")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, LOADED)


async def test_a_record_that_came_back_by_an_undo_follows_the_changes_of_others(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await assert_live(page)
        await page.get_by_role("grid").focus()
        await press(page, "Shift+Space", "Delete")
        await count_shown(page, "2 records")
        await page.get_by_role("button", name="Undo").click()
        await count_shown(page, "3 records")
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } }, data: { city: "Ulm" }) { id } }'
        )
        await expect(cell(page, "Ulm")).to_be_visible()
        # The deletion and the restoration have come as events as well, and are no news.
        await expect(page.get_by_text("was deleted")).to_have_count(0)
        await expect(page.get_by_role("button", name="1 new record · show")).to_have_count(0)
        await watched.assert_clean(served.address, LOADED)


async def test_a_list_and_its_editor_outlive_new_names_of_their_object_and_fields(
    watched: Watched, serve: Serve
) -> None:
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    created = {"objectMetadataId": "person", "name": "nickname", "label": "Nickname", "type": "TEXT"}
    renamed = {"nameSingular": "contact", "namePlural": "contacts"}
    async with serve() as served:
        page = await open_list(watched, served, "people")
        await count_shown(page, "3 records")
        await assert_live(page)
        await page.get_by_role("grid").focus()
        await press(page, "Control+Home")
        await page.keyboard.type("Eve")
        changes = [
            {"createField": created},
            {"updateField": {"id": "person.city", "update": {"name": "town"}}},
            {"updateField": {"id": "person.firstName", "update": {"name": "givenName"}}},
            {"updateObject": {"id": "person", "update": renamed}},
        ]
        await served.ask("/metadata", apply, changes=changes)
        await expect(page.get_by_role("columnheader", name="Nickname", include_hidden=True)).to_be_attached()
        await press(page, "Enter")
        await until_answered(
            served,
            '{ contacts(filter: { givenName: { eq: "Eve" } }) { edges { node { givenName } } } }',
            {"contacts": {"edges": [{"node": {"givenName": "Eve"}}]}},
        )
        await assert_live(page)
        await ask(
            served, 'mutation { updateContacts(filter: { givenName: { eq: "Eve" } } data: { town: "Ulm" }) { id } }'
        )
        await expect(cell(page, "Ulm")).to_be_visible()


HOLD_FIRST_READ = """() => {
    const send = window.fetch;
    window.releaseRead = null;
    window.fetch = async (...request) => {
        const answer = await send(...request);
        if (window.releaseRead === null && String(request[1]?.body).includes("ConsoleRecord(")) {
            await new Promise((release) => { window.releaseRead = release; });
            const read = answer.text.bind(answer);
            answer.text = async () => {
                const text = await read();
                setTimeout(() => { window.isRead = true; }, 100);
                return text;
            };
        }
        return answer;
    };
}"""


async def test_a_read_that_is_late_does_not_take_the_place_of_an_own_write(watched: Watched, serve: Serve) -> None:
    async with serve() as served:
        found = await ask(served, '{ person(where: { email: "Ada@example.com" }) { id } }')
        page = await open_list(watched, served, f"people/{found['person']['id']}")
        await expect(page.get_by_role("button", name="Edit City: —")).to_be_visible()
        await page.evaluate(HOLD_FIRST_READ)
        await ask(
            served, 'mutation { updatePeople(filter: { firstName: { eq: "Ada" } } data: { lastName: "King" }) { id } }'
        )
        await until_true(lambda: page.evaluate("window.releaseRead !== null"))
        await page.get_by_role("button", name="Edit City: —").click()
        await page.keyboard.type("Ulm")
        await press(page, "Enter")
        await until_answered(
            served, '{ person(where: { email: "Ada@example.com" }) { city } }', {"person": {"city": "Ulm"}}
        )
        await expect(page.locator("[data-state=pending]")).to_have_count(0)
        await page.evaluate("window.releaseRead()")
        await until_true(lambda: page.evaluate("window.isRead === true"))
        await expect(page.get_by_role("button", name="Edit Last name: King")).to_be_visible()
        await expect(page.get_by_role("button", name="Edit City: Ulm")).to_be_visible()
