"""The pages of the model in a real browser: objects, fields, plans, and the way back."""

import asyncio
import re

import pytest
from playwright.async_api import WebSocketRoute, expect

from tests.engine.server.console.browsing import WHILE_A_LIST_IS_OPEN, Serve, Served, Watched
from tests.engine.server.console.forms import apply_plan, choose
from tests.engine.server.console.records.lists import create_object

pytestmark = pytest.mark.system


async def test_an_object_gets_fields_a_relation_and_options(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model")
        await expect(page.get_by_role("status").filter(has_text="4 of 4")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Object", exact=True).click()
        await page.get_by_label("Label of one").fill("Team member")
        await expect(page.get_by_label("Name of several in the API")).to_have_value("teamMembers")
        await expect(page.get_by_label("Label of several")).to_have_value("Team members")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_role("region", name="Appears")).to_contain_text("TeamMember")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Apply", exact=True).click()
        await expect(page).to_have_url(f"{served.address}/console/model/teamMember")

        add = page.get_by_role("button", name="Field", exact=True)
        await add.click()
        await page.get_by_label("Label", exact=True).fill("Job title")
        await expect(page.get_by_label("Name in the API")).to_have_value("jobTitle")
        await page.get_by_role("combobox", name="Type").click()
        await watched.assert_accessible(without=WHILE_A_LIST_IS_OPEN)
        await page.keyboard.press("Escape")
        await apply_plan(page, "New field of Team member")
        fields = page.get_by_role("table", name="Fields of Team members")
        await expect(fields.get_by_role("link", name="Job title")).to_be_visible()

        await add.click()
        await page.get_by_label("Label", exact=True).fill("Stage")
        await choose(page, "Type", "Select")
        for label in ("New", "In review"):
            await page.get_by_role("button", name="Option", exact=True).click()
            await page.get_by_placeholder("Label").last.fill(label)
        await expect(page.get_by_label("Value of In review")).to_have_value("IN_REVIEW")
        await page.get_by_role("button", name="Move In review up").click()
        await watched.assert_accessible()
        await apply_plan(page, "New field of Team member")
        await expect(fields).to_contain_text("In review, New")

        await add.click()
        await page.get_by_label("Label", exact=True).fill("Employer")
        await choose(page, "Type", "Relation")
        await choose(page, "To the object", "Companies")
        await apply_plan(page, "New field of Team member")
        await expect(fields.get_by_role("link", name="Employer")).to_be_visible()
        await expect(page.get_by_role("navigation").get_by_role("link", name="Team members")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_default_value_is_typed_in_the_editor_of_its_type(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/company")
        add = page.get_by_role("button", name="Field", exact=True)
        await add.click()
        await page.get_by_label("Label", exact=True).fill("Fee")
        await choose(page, "Type", "Currency")
        await page.get_by_label("Amount", exact=True).fill("many")
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_text("An amount looks like 12500.50")).to_be_visible()
        await expect(page.get_by_label("Amount", exact=True)).to_be_focused()
        await page.get_by_label("Amount", exact=True).fill("12.50")
        await page.get_by_label("Currency", exact=True).fill("EUR")
        await watched.assert_accessible()
        await apply_plan(page, "New field of Company")

        await add.click()
        await page.get_by_label("Label", exact=True).fill("Since")
        await choose(page, "Type", "Date")
        await page.get_by_label("Default value").select_option("For each record: the present time")
        await apply_plan(page, "New field of Company")

        await add.click()
        await page.get_by_label("Label", exact=True).fill("Active")
        await choose(page, "Type", "True or false")
        await page.get_by_label("Default value").select_option("Yes")
        await apply_plan(page, "New field of Company")

        await add.click()
        await page.get_by_label("Label", exact=True).fill("Note")
        await page.get_by_label("Default value").select_option("This value")
        await page.get_by_label("The value").fill("none yet")
        await apply_plan(page, "New field of Company")
        names = ["fee", "since", "active", "note"]
        read = (
            "query ($names: [String!]) { fields(filter: { name: { in: $names } }) { edges { node { name defaultValue }"
            " } } }"
        )

        async def find_defaults() -> dict[str, object]:
            edges = (await served.ask("/metadata", read, names=names))["fields"]["edges"]
            return {edge["node"]["name"]: edge["node"]["defaultValue"] for edge in edges}

        assert await find_defaults() == {
            "fee": {"amountMicros": "12500000", "currencyCode": "EUR"},
            "since": "now",
            "active": True,
            "note": "none yet",
        }

        await page.get_by_role("link", name="Note").click()
        await expect(page.get_by_label("The value")).to_have_value("none yet")
        await page.get_by_label("Default value").select_option("None")
        await apply_plan(page, "Field company.note")
        assert (await find_defaults())["note"] is None
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_refusal_stands_beside_its_field_and_the_form_is_kept(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model")
        await page.get_by_role("main").get_by_role("link", name="People", exact=True).click()
        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("City too")
        # Back would leave the form as the page behind it.
        await page.go_back()
        question = page.get_by_role("alertdialog", name="Leave the form as you filled it in?")
        await question.get_by_role("button", name="Stay").click()
        await expect(page.get_by_label("Label", exact=True)).to_have_value("City too")
        await page.get_by_role("button", name="Type the name yourself").click()
        await page.get_by_label("Name in the API").fill("city")
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_label("Name in the API")).to_have_attribute("aria-invalid", "true")
        await watched.assert_accessible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_text("Discard the form")).to_be_visible()
        await page.get_by_role("button", name="Keep").click()
        await expect(page.get_by_label("Label", exact=True)).to_have_value("City too")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Discard").click()
        await expect(page.get_by_role("dialog")).to_be_hidden()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_another_type_and_a_deletion_count_their_losses_and_the_history_undoes(
    watched: Watched, serve: Serve
) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/person/firstName")
        await choose(page, "Type", "Number")
        await page.get_by_role("button", name="Show the plan").click()
        await expect(page.get_by_role("region", name="Loses")).to_contain_text("3 values do not fit")
        await expect(page.get_by_role("button", name="Apply", exact=True)).to_be_disabled()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Back").click()
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Discard").click()

        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("Rank")
        await apply_plan(page, "New field of Person")
        await page.get_by_role("button", name="Delete field Rank").click()
        await page.get_by_role("button", name="Show the plan").click()
        apply = page.get_by_role("button", name="Apply", exact=True)
        await expect(apply).to_be_disabled()
        await page.get_by_label("Type rank to confirm").fill("rank")
        await watched.assert_accessible()
        await apply.click()
        await expect(page.get_by_role("button", name="Delete field Rank")).to_be_hidden()

        await page.keyboard.press("g")
        await page.keyboard.press("h")
        await expect(page.get_by_role("heading", name="History of the model")).to_be_visible()
        await expect(page.get_by_role("row", name="Deleted field person.rank")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_role("button", name="Roll back to version 2").click()
        await expect(page.get_by_role("region", name="Appears")).to_contain_text("rank")
        await watched.assert_accessible()
        await page.get_by_role("button", name="Apply", exact=True).click()
        await expect(page.get_by_role("row").nth(1)).to_contain_text("4")
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_label_without_latin_letters_asks_for_a_name(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model")
        await page.get_by_role("button", name="Object", exact=True).click()
        await page.get_by_label("Label of one").fill("Билет")
        await expect(page.get_by_text("No name follows from this label")).to_be_visible()
        await watched.assert_accessible()
        await page.get_by_label("Label of several").fill("Билеты")
        await page.get_by_label("Name of one in the API").press_sequentially("ticket")
        await page.get_by_label("Name of several in the API").press_sequentially("tickets")
        await page.get_by_label("Label of one").fill("Билетик")
        await expect(page.get_by_label("Name of one in the API")).to_have_value("ticket")
        await apply_plan(page, "New object")
        await expect(page).to_have_url(f"{served.address}/console/model/ticket")
        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("状态")
        await expect(page.get_by_text("No name follows from this label")).to_be_visible()
        await page.get_by_label("Name in the API").press_sequentially("state")
        await apply_plan(page, re.compile("New field of"))
        fields = page.get_by_role("table", name="Fields of Билеты")
        await expect(fields.get_by_role("link", name="状态")).to_be_visible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_an_object_that_is_not_there_says_so(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/nobody")
        await expect(page.get_by_role("heading", name="There is no object nobody")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_change_by_another_is_seen_without_loading_the_page_again(watched: Watched, serve: Serve) -> None:
    page = watched.page
    released = asyncio.Event()

    def hold(route: WebSocketRoute) -> None:
        server = route.connect_to_server()

        async def pass_on(message: str | bytes) -> None:
            if "modelChanged" in str(message):
                await released.wait()
            server.send(message)

        route.on_message(pass_on)

    async def add_object(served: Served, name: str) -> None:
        names = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"All {name}s"}
        create = "mutation ($input: CreateObjectInput!) { createObject(input: $input) { id } }"
        await served.ask("/metadata", create, input=names)

    async with serve() as served:
        await page.route_web_socket("**/metadata", hold)
        await watched.sign_in(served, "/console/model")
        side = page.get_by_role("navigation", name="Main")
        await expect(side.get_by_role("link", name="People")).to_be_visible()
        await add_object(served, "early")
        await expect(side.get_by_role("link", name="All earlys")).to_have_count(0)
        # A change between the read of the page and the begin of its subscription is seen as well.
        released.set()
        await expect(side.get_by_role("link", name="All earlys")).to_be_visible()
        await add_object(served, "late")
        await expect(side.get_by_role("link", name="All lates")).to_be_visible()
        await watched.assert_accessible()
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_other_rights_are_held_without_loading_the_page_again(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        create = """mutation { createRole(input: {
            name: "modeller", label: "Modeller", settings: [DATA_MODEL], grants: [{ object: "*", read: {} }]
        }) { id } createApiKey(input: { name: "modeller", role: "modeller" }) { token } }"""
        made = await served.ask("/metadata", create)
        modeller = Served(address=served.address, key=made["createApiKey"]["token"], code="")
        await watched.sign_in(modeller, "/console/model")
        await expect(page.get_by_role("button", name="Object", exact=True)).to_be_visible()
        update = "mutation ($id: UUID!) { updateRole(id: $id, input: { settings: [] }) { id } }"
        await served.ask("/metadata", update, id=made["createRole"]["id"])
        await expect(page.get_by_text("Your role does not open this page")).to_be_visible()
        await watched.assert_accessible()


async def test_a_change_by_another_is_kept_beside_that_of_an_open_form(watched: Watched, serve: Serve) -> None:
    page = watched.page
    apply = "mutation ($changes: [JSON!]!) { applyChanges(changes: $changes) { version } }"
    new, blocked = (
        {"value": label.upper(), "label": label, "position": at} for at, label in enumerate(("New", "Blocked"))
    )
    status = {"type": "SELECT", "name": "status", "label": "Status", "options": [new], "defaultValue": "NEW"}
    described = """{ objects(filter: { namePlural: { eq: "tickets" } }) { edges { node {
        nameSingular labelPlural description fields { edges { node { name label isNullable options description } } }
    } } } }"""
    async with serve() as served:
        await create_object(served, "ticket", [{**status, "isNullable": False}])
        await watched.sign_in(served, "/console/model/ticket/status")
        form = page.get_by_role("dialog", name="Field ticket.status")
        await form.get_by_label("Description").fill("As the desk sees it")
        field = {"name": "state", "label": "State", "isNullable": True, "options": [new, blocked]}
        changes = [
            {"updateField": {"id": "ticket.status", "update": field}},
            {"updateObject": {"id": "ticket", "update": {"nameSingular": "incident"}}},
        ]
        await served.ask("/metadata", apply, changes=changes)
        fields = page.get_by_role("table", name="Fields of Tickets", include_hidden=True)
        await expect(fields).to_contain_text("New, Blocked")
        await apply_plan(page, "Field ticket.status")
        await expect(page).to_have_url(f"{served.address}/console/model/incident")
        await expect(fields).to_contain_text("As the desk sees it")

        await page.get_by_role("button", name="Edit object").click()
        await page.get_by_label("Description").fill("Requests of customers")
        update = {"labelPlural": "All incidents", "nameSingular": "request"}
        await served.ask("/metadata", apply, changes=[{"updateObject": {"id": "incident", "update": update}}])
        await expect(page.get_by_role("table", name="Fields of All incidents", include_hidden=True)).to_be_attached()
        await apply_plan(page, "Object Ticket")
        await expect(page).to_have_url(f"{served.address}/console/model/request")

        (edge,) = (await served.ask("/metadata", described))["objects"]["edges"]
        node = edge["node"]
        assert (node["nameSingular"], node["labelPlural"]) == ("request", "All incidents")
        assert node["description"] == "Requests of customers"
        (state,) = [edge["node"] for edge in node["fields"]["edges"] if edge["node"]["name"] == "state"]
        assert (state["label"], state["isNullable"]) == ("State", True)
        assert [option["value"] for option in state["options"]] == ["NEW", "BLOCKED"]
        assert state["description"] == "As the desk sees it"
        await watched.assert_clean(served.address, (".js", ".css"))


async def test_a_relation_to_one_of_several_objects_is_made_and_used(watched: Watched, serve: Serve) -> None:
    page = watched.page
    async with serve() as served:
        await watched.sign_in(served, "/console/model/activity")
        await page.get_by_role("button", name="Field", exact=True).click()
        await page.get_by_label("Label", exact=True).fill("Topic")
        await page.get_by_role("checkbox", name="Required").check()
        await choose(page, "Type", "Relation to one of several objects")
        await expect(page.get_by_role("checkbox", name="Required")).to_have_count(0)
        # A relation that leads to no object is refused beside its objects.
        await page.get_by_role("button", name="Show the plan").click()
        objects = page.get_by_role("group", name="To one record of these objects")
        await expect(page.get_by_role("alert").filter(has_text="Choose an object at least.")).to_be_visible()
        await watched.assert_accessible()
        for name in ("Companies", "People"):
            await objects.get_by_role("checkbox", name=name).check()
        await expect(objects).to_contain_text("Its field in the API is topicCompany.")
        await page.get_by_label("Label of the other ends").fill("Mentions")
        await apply_plan(page, "New field of Activity")
        for name in ("topicCompany", "topicPerson"):
            await expect(page.get_by_role("table").get_by_text(name, exact=True)).to_be_visible()
        found = "fields(first: 100) { edges { node { name type } } }"
        query = f'{{ objects(filter: {{ nameSingular: {{ eq: "activity" }} }}) {{ edges {{ node {{ {found} }} }} }} }}'
        fields = (await served.ask("/metadata", query))["objects"]["edges"][0]["node"]["fields"]["edges"]
        types = {one["node"]["name"]: one["node"]["type"] for one in fields}
        assert {types["topicCompany"], types["topicPerson"]} == {"MORPH_RELATION"}
        await watched.assert_clean(served.address, (".js", ".css"))
