"""`fieldstone schema apply` refused on the way: nothing of what came before it is left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from engine.commands.schema import apply_file
from engine.config import load_settings
from metadata.errors import ChangeFailed, InvalidChange, MetadataError, NameTaken
from metadata.schema_file import export_model
from metadata.schema_file.text import write_document
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


def name_taken(document: Any) -> None:
    document["objects"]["person"]["fields"]["createdAtX"] = {"type": "TEXT"}
    document["objects"]["person"]["fields"]["companyId"] = {"type": "TEXT"}


def table_taken(document: Any) -> None:
    document["objects"]["zebra"] = {"namePlural": "zebras", "labelSingular": "Zebra", "labelPlural": "Zebras"}


REFUSALS: dict[str, tuple[Edit, type[MetadataError], str]] = {
    "unique over duplicates": (unique, InvalidChange, 'share a value: "Paris" (2 records)'),
    "an index over duplicates": (unique_together, InvalidChange, "share a value"),
    "required without values": (required, InvalidChange, "2 records of person"),
    "values that would be lost": (converted, InvalidChange, '"Paris" (2 records)'),
    "a name taken": (name_taken, NameTaken, "the field company of person comes with companyId"),
    "a table that PostgreSQL has": (table_taken, ChangeFailed, "PostgreSQL refused the change, and nothing was"),
}


@pytest.mark.parametrize(("edit", "kind", "says"), REFUSALS.values(), ids=REFUSALS)
async def test_what_is_refused_on_the_way_leaves_no_trace(
    edit: Edit, kind: type[MetadataError], says: str, apis: Apis, workspace_dsn: str, tmp_path: Path
) -> None:
    schema = (await apis.snapshot()).workspace.schema
    with psycopg.connect(workspace_dsn, autocommit=True) as connection:
        people = "INSERT INTO {}.person (email, city, phone) VALUES ('a', 'Paris', '1'), ('b', 'Paris', '1')"
        connection.execute(psycopg.sql.SQL(people).format(psycopg.sql.Identifier(schema)))
        connection.execute(psycopg.sql.SQL("CREATE TABLE {}.zebra ()").format(psycopg.sql.Identifier(schema)))
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
    with pytest.raises(kind) as caught:
        await apply_file(settings, workspace="default", path=file, yes=True)
    assert says in caught.value.message
    assert whole_state(workspace_dsn) == before
