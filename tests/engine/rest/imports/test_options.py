"""Cells that name options by their labels, as spreadsheets have them, and cells that name none."""

from typing import Any

import httpx
import pytest

from tests.engine.rest.asking import ask
from tests.engine.rest.exports.exporting import add_field, key_of_role

OPTIONS = [
    {"value": value, "label": label, "position": position}
    for position, (value, label) in enumerate(
        [("NEW_LEAD", "New lead"), ("WON", "Won"), ("OPEN", "Lost"), ("LOST", "Open"), ("RED", "Red, or so")]
    )
]
TAKES = "NEW_LEAD ('New lead'), WON, OPEN ('Lost'), LOST ('Open'), RED ('Red, or so')"


async def add_options(client: httpx.AsyncClient) -> None:
    await add_field(client, "person", "level", "SELECT", options=OPTIONS)
    await add_field(client, "person", "kinds", "MULTI_SELECT", options=OPTIONS)


async def import_cells(client: httpx.AsyncClient, column: str, *cells: str, **options: Any) -> Any:
    """The report of an import of people with these cells of a column."""
    lines = [f"email,{column}", *(f"{number}@x,{cell}" for number, cell in enumerate(cells))]
    answer = await client.post("/rest/people.csv", content="\n".join(lines), **options)
    return answer.json()["data"]["importPeople"]


async def values(client: httpx.AsyncClient, column: str) -> list[Any]:
    return [one[column] for one in (await ask(client, "GET", "people?order_by=email"))["data"]["people"]]


async def test_an_option_is_named_by_its_value_or_its_label(client: httpx.AsyncClient) -> None:
    await add_options(client)
    # A value goes before the label of another option: an export comes back as it was.
    cells = ["NEW_LEAD", "New lead", " new  LEAD ", "won", "OPEN", "LOST", "open", '"red, OR so"', ""]
    assert (await import_cells(client, "level", *cells))["errors"] == []
    found = ["NEW_LEAD", "NEW_LEAD", "NEW_LEAD", "WON", "OPEN", "LOST", "LOST", "RED", None]
    assert await values(client, "level") == found


async def test_several_options_are_named_in_one_cell(client: httpx.AsyncClient) -> None:
    await add_options(client)
    cells = ["New lead", '"New lead, won"', "WON; New lead", '"Red, or so"', '"[""New lead"",""RED""]"', "[]", ""]
    assert (await import_cells(client, "kinds", *cells))["errors"] == []
    found = [["NEW_LEAD"], ["NEW_LEAD", "WON"], ["WON", "NEW_LEAD"], ["RED"], ["NEW_LEAD", "RED"], [], None]
    assert await values(client, "kinds") == found


async def test_no_name_stands_before_the_first_separator_and_behind_the_last_one(client: httpx.AsyncClient) -> None:
    await add_options(client)
    cells = ["Won;", ";Won; New lead", '"Won, "', '",Won;New lead,"']
    assert (await import_cells(client, "kinds", *cells))["errors"] == []
    assert await values(client, "kinds") == [["WON"], ["WON", "NEW_LEAD"], ["WON"], ["WON", "NEW_LEAD"]]


async def test_a_line_of_json_names_an_option_by_its_value(client: httpx.AsyncClient) -> None:
    await add_options(client)
    lines = '{"email": "a@x", "level": "WON", "kinds": ["RED"]}\n{"email": "b@x", "level": "New lead"}'
    answer = await client.post("/rest/people.jsonl", content=lines, headers={"Content-Type": "application/jsonl"})
    (error,) = answer.json()["data"]["importPeople"]["errors"]
    assert error["row"] == 2
    assert await values(client, "kinds") == [["RED"]]


@pytest.mark.parametrize(
    ("column", "cell", "given", "hint"),
    [
        ("level", "New laed", "New laed", " Did you mean 'New lead'?"),
        ("level", "zzz", "zzz", ""),
        ("level", '""', "", ""),
        ("kinds", '"won, Lots"', "Lots", " Did you mean 'Lost'?"),
        ("kinds", ";", ";", ""),
        ("kinds", '"Won,,New lead"', "", ""),
        ("kinds", "Won; ;", "", ""),
        ("kinds", '"[""won"",""zzz""]"', "zzz", ""),
    ],
)
async def test_a_cell_that_names_no_option(
    client: httpx.AsyncClient, column: str, cell: str, given: str, hint: str
) -> None:
    await add_options(client)
    report = await import_cells(client, column, "Won", cell)
    message = f"""'{column}' must be an option by its value or its label, not "{given}"; it takes {TAKES}.{hint}"""
    shown = {"row": 2, "line": 3, "field": column, "message": message, "code": "BAD_USER_INPUT"}
    assert (report["created"], report["errors"]) == (1, [shown])


async def test_the_first_wrong_cells_of_a_column_get_a_hint(client: httpx.AsyncClient) -> None:
    await add_options(client)
    report = await import_cells(client, "level", *["Wonn"] * 150)
    assert [one["message"].endswith("Did you mean 'Won'?") for one in report["errors"]] == [True] * 100 + [False] * 50


async def test_a_label_of_several_options_is_refused_with_their_values(client: httpx.AsyncClient) -> None:
    twice = [{"value": value, "label": label, "position": 0} for value, label in [("A", "Hot"), ("B", "HOT")]]
    await add_field(client, "person", "level", "SELECT", options=twice)
    report = await import_cells(client, "level", "A", "hot", "HOT", "Hot")
    message = "'level' has several options with the label \"hot\": A ('Hot'), B ('HOT'). Give the value of one."
    assert [(one["row"], one["field"], one["message"]) for one in report["errors"]] == [(2, "level", message)]
    # A label as it stands is that of one alone.
    assert await values(client, "level") == ["A", "B", "A"]


async def test_a_rating_takes_its_values_and_of_many_options_a_message_lists_the_first(
    client: httpx.AsyncClient,
) -> None:
    await add_field(client, "person", "stars", "RATING")
    many = [{"value": f"V{number}", "label": f"Value {number}", "position": number} for number in range(20)]
    await add_field(client, "person", "level", "SELECT", options=many)
    assert (await import_cells(client, "stars", "RATING_3"))["created"] == 1
    (error,) = (await import_cells(client, "level", "zzz"))["errors"]
    assert "V11 ('Value 11') and 8 more." in error["message"]
    assert "V12" not in error["message"]


async def test_a_role_learns_nothing_of_records_that_it_may_not_read(client: httpx.AsyncClient) -> None:
    await add_field(client, "company", "code", "TEXT", isUnique=True)
    made = (await ask(client, "POST", "companies", 201, json={"name": "Acme", "code": "known"}))["data"]
    known, absent = made["createCompany"]["id"], "0197a3c2-0000-7000-8000-000000000000"
    person = {"object": "person", "read": {}, "create": {}}
    blind = await key_of_role(client, name="blind", grants=[person])
    for title in ("company.code", "companyId"):
        refused = await ask(client, "POST", "people.csv", 400, content=f"email,{title}\na@x,1\n", headers=blind)
        message = f"'{title}' is no column of People: columns are named as in an export, or by 'mapping'."
        assert refused["messages"] == [message]
    ruled = {"object": "company", "read": {"rule": {"name": {"eq": "Other"}}}}
    clerk = await key_of_role(client, name="clerk", grants=[person, ruled])
    for title, cells in [("company.code", ["known", "absent"]), ("companyId", [known, absent])]:
        report = await import_cells(client, title, *cells, headers=clerk)
        assert [(one["row"], one["code"], one["message"]) for one in report["errors"]] == [
            (row, "NOT_FOUND", f"There is no Company to connect 'company' to. The row has \"{cell}\" in '{title}'.")
            for row, cell in enumerate(cells, 1)
        ]
