"""metadata/schema_import: a schema as somebody has it, made into objects with their records."""

import asyncio
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import ChangeFailed, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import OnDelete, Snapshot
from fieldstone.metadata.schema_import.draft import ImportDraft
from fieldstone.metadata.schema_import.plan import plan_import
from fieldstone.metadata.schema_import.source import read_source
from tests.apis import Apis, open_apis
from tests.metadata.desk import whole_state
from tests.metadata.schema_import.importing import carry_out
from tests.waiting import until_found


async def plan_of(apis: Apis) -> ImportDraft:
    async with apis.database.session() as connection:
        source = await read_source(connection, "rental")
    return plan_import(await apis.snapshot(), source, {}, with_keys=True)


def shape(snapshot: Snapshot, name: str) -> dict[str, Any]:
    object_ = snapshot.by_singular[name]
    return {
        field.name: (field.type.value, field.is_nullable, field.is_unique)
        for field in object_.fields
        if not field.is_system
    }


async def test_tables_become_objects(filled_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
    model = plan.snapshot
    assert shape(model, "film") == {
        "filmId": ("NUMBER", True, True),
        "title": ("TEXT", False, False),
        "description": ("TEXT", True, False),
        "releaseYear": ("NUMBER", True, False),
        "rentalRate": ("NUMBER", False, False),
        "length": ("NUMBER", True, False),
        "rating": ("SELECT", True, False),
        "specialFeatures": ("ARRAY", True, False),
        "scores": ("RAW_JSON", True, False),
        "extra": ("RAW_JSON", True, False),
        "openingHours": ("TEXT", True, False),
        "isNew": ("BOOLEAN", False, False),
        "label": ("TEXT", True, False),
        "language": ("RELATION", False, False),
        "originalLanguage": ("RELATION", True, False),
        "sequelOf": ("RELATION", True, False),
        "films": ("RELATION", True, False),
        "filmActors": ("RELATION", True, False),
        "trailer": ("RELATION", True, False),
    }
    film = model.by_singular["film"]
    assert (film.name_plural, film.description, film.by_name["title"].description) == (
        "films", "What can be rented.", "As on the poster."
    )  # fmt: skip
    assert (film.by_name["rating"].default, film.by_name["isNew"].default) == ("PG_13", True)
    assert str(film.by_name["rentalRate"].default) == "4.99"
    assert [option.value for option in film.by_name["rating"].options] == ["G", "PG", "PG_13", "NC_17"]
    rules = {
        name: model.relations[field.relation_id].on_delete
        for name, field in film.by_name.items()
        if field.relation_id and field.parts
    }
    assert rules == {
        "language": OnDelete.RESTRICT, "originalLanguage": OnDelete.SET_NULL, "sequelOf": OnDelete.RESTRICT
    }  # fmt: skip
    assert {"filmsByLanguage", "filmsByOriginalLanguage"} <= set(model.by_singular["language"].by_name)
    assert shape(model, "filmActor") == {
        "creditOrder": ("NUMBER", False, False), "film": ("RELATION", False, False), "actor": ("RELATION", False, False)
    }  # fmt: skip
    assert shape(model, "trailer")["film"] == ("RELATION", False, True)
    assert (model.by_singular["category"].name_plural, "actors" in model.by_plural) == ("categories", True)
    assert "position2" in model.by_singular["person2"].by_name
    pairs = {
        tuple(model.objects[index.object_id].by_id[id_].name for id_ in index.field_ids)
        for index in model.indexes.values()
        if index.is_unique and len(index.field_ids) > 1
    }
    assert pairs == {("film", "actor"), ("title", "releaseYear"), ("sourceId", "at")}
    assert film.by_name["length"].type is FieldType.NUMBER


async def test_the_report_names_what_could_not_be(filled_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis:
        notes = "\n".join((await plan_of(apis)).notes)
    for said in (
        "film_list: a view, which is not imported",
        "film: the column shape is left out: there is nothing here for the type rental.point3",
        "film: the column fulltext is left out",
        "film: the column Opening Hours: is of the type interval: kept as text",
        'film: the column rating: the value "PG-13" is the option PG_13',
        "film: the column label: is computed there",
        "film: the constraint film_rental_rate_check is not taken over",
        "film: the index film_lower is not taken over",
        "film: the column film_id: its default nextval(",
        "film_actor_note: has no primary key",
        "film_actor_note: the foreign key film_actor_note_film_id_actor_id_fkey is of several columns",
        "person: the name person is taken here, so that its object is called person2",
        "person: the column position is the field position2",
        "person: the column id is the field sourceId",
    ):
        assert said in notes, notes


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_rows_become_records_and_keep_their_relations(elsewhere: bool, filled_dsn: str, other_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        if elsewhere:
            async with await psycopg.AsyncConnection.connect(other_dsn) as source:
                count = await carry_out(apis, plan, source)
        else:
            count = await carry_out(apis, plan)
        assert count == 12
        answer = await apis.data(
            """{ films(orderBy: { title: ASC }, filter: { or: [
                { deletedAt: { is: NULL } }, { deletedAt: { is: NOT_NULL } }] }) { edges { node {
                filmId title releaseYear length rating specialFeatures scores extra openingHours label deletedAt isNew
                language { name languageId lastUpdate } originalLanguage { name lastUpdate }
                sequelOf { title } trailer { sourceId languageName { name } }
                filmActors { edges { node { creditOrder actor { id firstName } } } } } } } }"""
        )
        alien, aliens = (edge["node"] for edge in answer["films"]["edges"])
        cast = {"id": "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e", "firstName": "Sigourney"}
        assert alien == {
            "filmId": 1, "title": "Alien", "releaseYear": 1979, "length": None, "rating": "NC_17",
            "specialFeatures": ["Trailers"], "scores": [1, 2], "extra": {"a": [1]}, "openingHours": "1 day 02:00:00",
            "label": "Alien!", "deletedAt": None, "isNew": True,
            "language": {"name": "English", "languageId": 1, "lastUpdate": "2024-01-02T03:04:05Z"},
            "originalLanguage": None, "sequelOf": None, "trailer": {"sourceId": 2, "languageName": None},
            "filmActors": {"edges": [{"node": {"creditOrder": 1, "actor": cast}}]},
        }  # fmt: skip
        assert (aliens["deletedAt"], aliens["extra"], aliens["sequelOf"]) == (
            "2024-05-06T05:08:09Z", None, {"title": "Alien"}
        )  # fmt: skip
        # "sequelOf" of the first leads to a film that is deleted there.
        assert aliens["originalLanguage"] == {"name": "Deutsch", "lastUpdate": None}
        assert aliens["trailer"] == {"sourceId": 1, "languageName": {"name": "Deutsch"}}
        async with apis.database.session() as connection:
            assert await find_drift(connection, await apis.snapshot(), trigram=None) == []


@pytest.mark.long
async def test_rows_of_another_database_may_be_waited_for(filled_dsn: str, other_dsn: str) -> None:
    """PostgreSQL ended the change's session, whose transaction idles until the first row is there."""
    impatient = make_conninfo(filled_dsn, options="-c idle_in_transaction_session_timeout=3s")
    async with open_apis(impatient) as apis, await psycopg.AsyncConnection.connect(other_dsn) as source:
        plan = await plan_of(apis)
        async with await psycopg.AsyncConnection.connect(other_dsn) as holder:
            await holder.execute("LOCK TABLE rental.film IN ACCESS EXCLUSIVE MODE")
            run = asyncio.create_task(carry_out(apis, plan, source))
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'rental.film'::regclass"
            await until_found(holder, f"{waits} AND clock_timestamp() - waitstart > '3.5 s'")
        assert await run == 12


async def test_a_row_that_cannot_be_undoes_everything(filled_dsn: str) -> None:
    with psycopg.connect(filled_dsn) as connection:
        connection.execute("ALTER TABLE rental.language ALTER last_update SET NOT NULL")
    before = await asyncio.to_thread(whole_state, filled_dsn)
    async with open_apis(filled_dsn) as apis:
        plan = await plan_of(apis)
        with pytest.raises(ChangeFailed, match=r"the rows of language cannot be copied.*lastUpdate"):
            await carry_out(apis, plan)
    assert await asyncio.to_thread(whole_state, filled_dsn) == before


async def test_a_schema_without_tables_is_refused(filled_dsn: str) -> None:
    async with open_apis(filled_dsn) as apis, apis.database.session() as connection:
        with pytest.raises(UnknownObject, match='no table in a schema "nothing"'):
            await read_source(connection, "nothing")
