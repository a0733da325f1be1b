"""`fieldstone schema apply` refused on the way: the changes before the refused one leave no trace."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import typer

from fieldstone.engine.server.cli.schema import apply_file
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.errors import ChangeFailed, InvalidChange, MetadataError, NameTaken
from fieldstone.metadata.schema_file import export_model
from fieldstone.metadata.schema_file.text import write_document
from tests.apis import Apis
from tests.metadata.desk import whole_state

Edit = Callable[[Any], None]


def unique(document: Any) -> None:
    document["objects"]["person"]["fields"]["city"]["isUnique"] = True


def unique_together(document: Any) -> None:
    document["objects"]["person"]["indexes"] = [{"fields": ["city", "phone"], "isUnique": True}]


def required(document: Any) -> None:
    document["objects"]["person"]["fields"]["jobTitle"]["isNullable"] = False


def converted(document: Any) -> None:
    document["objects"]["person"]["fields"]["city"]["type"] = "NUMBER"


def required_from_the_start(document: Any) -> None:
    document["objects"]["person"]["fields"]["badge"] = {"type": "TEXT", "isNullable": False}


def option_in_use(document: Any) -> None:
    document["objects"]["opportunity"]["fields"]["stage"]["options"].pop(0)


def name_taken(document: Any) -> None:
    document["objects"]["person"]["fields"]["createdAtX"] = {"type": "TEXT"}
    document["objects"]["person"]["fields"]["companyId"] = {"type": "TEXT"}


def table_taken(document: Any) -> None:
    document["objects"]["zebra"] = {"namePlural": "zebras", "labelSingular": "Zebra", "labelPlural": "Zebras"}


REFUSALS: dict[str, tuple[Edit, type[MetadataError], str]] = {
    "unique over duplicates": (unique, InvalidChange, 'share a value: "Paris" (2 records)'),
    "an index over duplicates": (unique_together, InvalidChange, "share a value"),
    "required without values": (required, InvalidChange, "2 records of person"),
    "a new field without values": (required_from_the_start, InvalidChange, "2 records (deleted ones included)"),
    "an option in use": (option_in_use, InvalidChange, "NEW (1 records)"),
    "values that would be lost": (converted, InvalidChange, '"Paris" (2 records)'),
    "a name taken": (name_taken, NameTaken, "the field company of person comes with companyId"),
    "a table that PostgreSQL has": (table_taken, ChangeFailed, "PostgreSQL refused the change, and nothing was"),
}


def execute(dsn: str, *statements: str) -> list[Any]:
    """Run statements on the workspace's tables; the rows of the last."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = workspace_default")
        for statement in statements:
            cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


PEOPLE = "INSERT INTO person (email, city, phone) VALUES ('a', 'Paris', '1'), ('b', 'Paris', '1')"
DEALS = "INSERT INTO opportunity (name, stage) VALUES ('a', 'NEW')"


@pytest.mark.parametrize(("edit", "kind", "says"), REFUSALS.values(), ids=REFUSALS)
async def test_what_is_refused_on_the_way_leaves_no_trace(
    edit: Edit, kind: type[MetadataError], says: str, apis: Apis, workspace_dsn: str, tmp_path: Path
) -> None:
    execute(workspace_dsn, PEOPLE, DEALS, "CREATE TABLE zebra ()")
    document: Any = export_model(await apis.snapshot())
    # These come first and would pass.
    document["objects"]["project"] = {
        "namePlural": "projects", "labelSingular": "Project", "labelPlural": "Projects",
        "fields": {"size": {"type": "NUMBER"}},
    }  # fmt: skip
    document["objects"]["person"]["labelPlural"] = "Persons"
    document["objects"]["company"]["fields"]["website"]["label"] = "Site"
    edit(document)
    file = tmp_path / "model.yaml"
    file.write_text(write_document(document))
    before = whole_state(workspace_dsn)
    settings = load_settings(database_url=workspace_dsn, log_level="error")
    # A comparison refuses changes that PostgreSQL alone does not.
    for check in (False, True)[: 1 if kind is ChangeFailed else 2]:
        with pytest.raises(kind) as caught:
            await apply_file(settings, workspace="default", path=file, yes=True, check=check)
        assert says in caught.value.message
        assert whole_state(workspace_dsn) == before


async def test_what_is_said_of_one_step_is_used_by_it_and_harmless_after(
    apis: Apis, workspace_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(workspace_dsn, PEOPLE, DEALS, "UPDATE person SET \"jobTitle\" = 'CTO' WHERE email = 'a'")
    document: Any = export_model(await apis.snapshot())
    person, stage = document["objects"]["person"]["fields"], document["objects"]["opportunity"]["fields"]["stage"]
    stage["options"].pop(0)
    stage.pop("defaultValue", None)
    stage["optionMapping"] = {"NEW": stage["options"][0]["value"], "EARLIER": "NEW"}
    person["jobTitle"] |= {"isNullable": False, "backfillValue": "None yet"}
    person["badge"] = {"type": "TEXT", "isNullable": False, "backfillValue": "A1"}
    person["city"] |= {"type": "NUMBER", "allowDataLoss": True}
    person["phone"] |= {"type": "NUMBER", "isNullable": False, "backfillValue": 7}
    document["objects"]["task"] = {
        "namePlural": "tasks", "labelSingular": "Task", "labelPlural": "Tasks",
        "fields": {"size": {"type": "NUMBER", "isNullable": False, "backfillValue": 1}},
    }  # fmt: skip
    file = tmp_path / "model.yaml"
    file.write_text(write_document(document))
    settings = load_settings(database_url=workspace_dsn, log_level="error")
    await apply_file(settings, workspace="default", path=file, yes=True)
    shown = capsys.readouterr().out.splitlines()
    assert 'createField  task.size  name: "size"  type: "NUMBER"' in shown
    assert 'updateField  person.badge  isNullable: false  backfillValue: "A1"' in shown
    assert 'lost in 2 records: person.city to NUMBER, such as "Paris" (2 records)' in shown

    made = await apis.current.refresh((await apis.snapshot()).workspace.id)
    columns = [made.by_singular["person"].by_name[name].column for name in ("jobTitle", "badge", "city", "phone")]
    rows = execute(workspace_dsn, "SELECT to_jsonb(person) FROM person ORDER BY email")
    assert [[row[name] for name in columns] for (row,) in rows] == [["CTO", "A1", None, 1], ["None yet", "A1", None, 1]]
    assert execute(workspace_dsn, "SELECT stage2 FROM opportunity") == [(stage["options"][0]["value"],)]
    assert all(
        not made.by_singular[object_].by_name[name].is_nullable
        for object_, names in {"person": ("jobTitle", "badge", "phone"), "task": ("size",)}.items()
        for name in names
    )
    # Nothing is left to do, and a later change is not held up by the message of the step before.
    await apply_file(settings, workspace="default", path=file, check=True)
    for field in (stage, person["jobTitle"], person["badge"], person["city"], person["phone"]):
        field["label"] = "Another"
    file.write_text(write_document(document))
    await apply_file(settings, workspace="default", path=file, yes=True)
    await apply_file(settings, workspace="default", path=file, check=True)
    exported = write_document(export_model(await apis.current.refresh(made.workspace.id)))
    assert not {"optionMapping", "backfillValue", "allowDataLoss"} & set(exported.replace(":", " ").split())


SHIP = {"namePlural": "ships", "labelSingular": "Ship", "labelPlural": "Ships"}


@pytest.mark.parametrize("check", [True, False])
async def test_the_records_that_go_are_counted_before_the_question(
    check: bool, apis: Apis, workspace_dsn: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "model.yaml"
    whole: Any = export_model(await apis.snapshot())
    file.write_text(write_document({**whole, "objects": {**whole["objects"], "ship": SHIP}}))
    settings = load_settings(database_url=workspace_dsn, log_level="error")
    await apply_file(settings, workspace="default", path=file, yes=True)
    execute(workspace_dsn, PEOPLE, "INSERT INTO ship (name) SELECT 'a' FROM generate_series(1, 1234)")
    badge = {"type": "TEXT"}
    whole["objects"]["person"]["fields"]["badge"] = badge
    file.write_text(write_document(whole))
    await apply_file(settings, workspace="default", path=file, yes=True)
    execute(workspace_dsn, "UPDATE person SET badge = 'A1' WHERE email = 'a'")
    del whole["objects"]["person"]["fields"]["badge"]
    file.write_text(write_document(whole))
    capsys.readouterr()
    if check:
        with pytest.raises(typer.Exit):
            await apply_file(settings, workspace="default", path=file, check=True, prune=True)
    else:
        await apply_file(settings, workspace="default", path=file, yes=True, prune=True)
    shown = capsys.readouterr().out.splitlines()
    assert [line for line in shown if line.startswith("lost")] == [
        "lost: person.badge goes, with 1 values",
        "lost: ship goes, with 1,234 records",
    ]


PORT = {"type": "RELATION", "relation": {"target": "company", "inverse": "ships"}}
REFUSED: dict[str, tuple[Any, str]] = {
    "an object's plural": (
        {"objects": {"ship": SHIP, "boat": {**SHIP, "labelSingular": "Boat"}}},
        'boat: namePlural cannot be "ships": ',
    ),
    "a field's name": ({"objects": {"ship": {**SHIP, "fields": {"Big Tons": {"type": "NUMBER"}}}}},
                       'ship.Big Tons: name cannot be "Big Tons": '),
    "a field's value": (
        {"objects": {"person": {"namePlural": "people", "labelSingular": "Person", "labelPlural": "People",
                                "fields": {"city": {"type": "TEXT", "defaultValue": 5}}}}},
        "person.city: defaultValue must be ",
    ),
    "the inverse of a relation": (
        {"objects": {"ship": {**SHIP, "fields": {"port": PORT, "dock": PORT}}}},
        'ship.dock: targetFieldName cannot be "ships": ',
    ),
    "an index": (
        {"objects": {"ship": {**SHIP, "fields": {"all": {"type": "EMAILS"}}, "indexes": [{"fields": ["all"]}]}}},
        "ship: all is not one column, ",
    ),
    "a grant": (
        {"roles": {"keeper": {"grants": [{"object": "shop", "read": {}}]}}},
        'the role keeper: grants[0].object cannot be "shop"; ',
    ),
    "a known role's grant": (
        {"roles": {"viewer": {"grants": [{"object": "shop", "read": {}}]}}},
        'the role viewer: grants[0].object cannot be "shop"; ',
    ),
    "a name that the message has already": (
        {"objects": {"person": {"namePlural": "people", "labelSingular": "Person", "labelPlural": "People",
                                "fields": {"city": {"type": "CURRENCY"}}}}},
        "person.city: a TEXT field cannot become a CURRENCY field; ",
    ),
}  # fmt: skip


@pytest.mark.parametrize("roles", [{}, {"roles": {"clerk": {"label": "Clerk"}}}], ids=["no roles", "roles"])
@pytest.mark.parametrize(("document", "says"), REFUSED.values(), ids=REFUSED)
async def test_a_refusal_names_the_place_in_the_file(
    document: Any, says: str, roles: Any, apis: Apis, workspace_dsn: str, tmp_path: Path
) -> None:
    await apis.snapshot()
    file = tmp_path / "model.yaml"
    file.write_text(write_document({"version": 1, **roles, **document}))
    with pytest.raises(InvalidChange) as caught:
        await apply_file(load_settings(database_url=workspace_dsn), workspace="default", path=file, check=True)
    assert str(caught.value).startswith(says)
