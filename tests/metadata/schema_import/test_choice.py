"""metadata/schema_import: a part of a schema, its keys, its names in the report, and the schemas that are refused."""

from collections.abc import Sequence

import psycopg
import pytest

from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.schema_import.choice import choose
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.plan import plan_import
from fieldstone.metadata.schema_import.source import read_source
from tests.apis import Apis, open_apis
from tests.metadata.schema_import.importing import carry_out

_ODD = """
CREATE SCHEMA odd;
CREATE TABLE odd."Große Häuser" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "Straße" text, "PLZ" text);
CREATE TABLE odd.rooms (code text PRIMARY KEY, "größe" int, haus_id bigint REFERENCES odd."Große Häuser",
    "über_id" bigint REFERENCES odd."Große Häuser");
INSERT INTO odd."Große Häuser" ("Straße") VALUES ('Am Berg'), ('Am Tal');
INSERT INTO odd.rooms VALUES ('a', 12, 2, 1);
"""


async def plan_of(
    apis: Apis, schema: str, *, only: Sequence[str] = (), skip: Sequence[str] = (), with_keys: bool = False
) -> ImportDraft:
    async with apis.database.session() as connection:
        source = choose(await read_source(connection, schema), only=only, skip=skip)
    return plan_import(await apis.snapshot(), source, {}, with_keys=with_keys)


def fields(plan: ImportDraft, name: str) -> set[str]:
    return {field.name for field in plan.snapshot.by_singular[name].fields if not field.is_system}


@pytest.fixture
def odd_dsn(filled_dsn: str) -> str:
    with psycopg.connect(filled_dsn) as connection:
        connection.execute(_ODD.encode())
    return filled_dsn


async def test_keys_that_only_count_are_left_out_and_lead_to_their_records_all_the_same(odd_dsn: str) -> None:
    async with open_apis(odd_dsn) as apis:
        kept = await plan_of(apis, "odd", with_keys=True)
        plan = await plan_of(apis, "odd")
        await carry_out(apis, plan)
        rooms = await apis.data("{ rooms { edges { node { code grosse haus { strasse } uber { strasse } } } } }")
    assert {"sourceId"} == fields(kept, "grosseHauser") - fields(plan, "grosseHauser")
    assert [edge["node"] for edge in rooms["rooms"]["edges"]] == [
        {"code": "a", "grosse": 12, "haus": {"strasse": "Am Tal"}, "uber": {"strasse": "Am Berg"}}
    ]


async def test_the_report_names_each_name_with_other_letters(odd_dsn: str) -> None:
    async with open_apis(odd_dsn) as apis:
        notes = (await plan_of(apis, "odd")).notes
    for note in (
        "Große Häuser: its object is called grosseHauser",
        "Große Häuser: the key id is left out, as it only counts; the ids of records are made of it",
        "Große Häuser: the column Straße is the field strasse",
        "rooms: the column größe is the field grosse",
        "rooms: the column über_id is the relation uber",
    ):
        assert note in notes, notes
    assert not [note for note in notes if "PLZ" in note or "rooms: its object" in note]


async def test_tables_and_columns_are_chosen(filled_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis:
        both = await plan_of(apis, "rental", only=["film.title", "film.language_id", "language"])
        alone = await plan_of(apis, "rental", only=["film"], skip=["film.title", "film.sequel_of", "film.created_at"])
        most = await plan_of(apis, "rental", skip=["film_list", "trailer"])
        before = set((await apis.snapshot()).by_singular)
    assert set(both.snapshot.by_singular) - before == {"film", "language"}
    assert fields(both, "film") == {"title", "language"}
    assert both.snapshot.by_singular["film"].by_name["language"].relation_id
    # Keys of columns that are left out are no loss to report.
    assert not [note for note in both.notes if "sequel" in note or "not taken over: the foreign key" in note]
    assert set(alone.snapshot.by_singular) - before == {"film"}
    assert {"languageId", "description"} <= fields(alone, "film")
    assert {"title", "sequelOf"} & fields(alone, "film") == set()
    assert "film: the foreign key film_language_id_fkey leads to a table that is not imported" in alone.notes
    assert {"film", "actor"} <= set(most.snapshot.by_singular)
    assert "trailer" not in most.snapshot.by_singular
    assert not [note for note in most.notes if note.startswith("film_list")]


@pytest.mark.parametrize(
    ("only", "skip", "refusal"),
    [
        (["flim"], [], 'the schema has no table or column "flim"; did you mean "film"?'),
        ([], ["film.titel"], 'the schema has no table or column "film.titel"; did you mean "film.title"?'),
        (["film"], ["film"], "only and skip leave no table to import"),
    ],
    ids=["no table", "no column", "nothing left"],
)
async def test_a_choice_of_nothing_is_refused(filled_dsn: str, only: list[str], skip: list[str], refusal: str) -> None:
    async with open_apis(filled_dsn) as apis:
        with pytest.raises((UnknownObject, InvalidChange)) as refused:
            await plan_of(apis, "rental", only=only, skip=skip)
    assert refused.value.message == refusal


@pytest.mark.parametrize("schema", ["fieldstone", "pg_catalog", "information_schema", "own"])
async def test_schemas_that_are_not_for_records_are_refused(filled_dsn: str, schema: str) -> None:
    async with open_apis(filled_dsn) as apis:
        name = (await apis.snapshot()).workspace.schema if schema == "own" else schema
        with pytest.raises(InvalidChange, match="have for themselves"):
            await plan_of(apis, name)
