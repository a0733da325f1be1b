"""A change that is refused because of another that was made before it."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg

from fieldstone.metadata.changes import Change
from fieldstone.metadata.errors import InvalidChange, MetadataError
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.writer.model_writer import ModelWriter
from tests.metadata.changes.refusal import Build, Refusal, check_refused
from tests.metadata.desk import Desk, new_field, person


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """The changes that are made first, and the refused one.

    Attributes:
        done: statements that somebody runs on the tables in between.
        writer: how the writer differs from others.
    """

    refusal: Refusal
    build: Build = lambda _: []
    done: str = "SELECT"
    writer: Mapping[str, Any] = dataclasses.field(default_factory=dict)


def refused(build: Build, field: str, says: str, kind: type[MetadataError] = InvalidChange) -> Refusal:
    return Refusal(build=build, field=field, says=says, kind=kind)


def searched(snapshot: Snapshot) -> Iterable[Change]:
    return [
        object_ := new_field(person(snapshot), "thing"),
        new_field(person(snapshot), "words", T.TS_VECTOR, settings={"fields": [str(object_.id)]}),
    ]


def made(name: str, type_: T, **more: Any) -> Build:
    return lambda snapshot: [new_field(person(snapshot), name, type_, **more)]


ROWS = "INSERT INTO workspace_default.person (email, thing, city) VALUES"


async def check_prepared(prepared: Prepared, desk: Desk, model_dsn: str) -> None:
    """Check that a change is refused as foretold where something was made before, and that nothing of it is left."""
    desk = dataclasses.replace(desk, writer=writer_of(desk, prepared))
    await desk.change(prepared.build)
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(prepared.done.encode())
    await check_refused(prepared.refusal, desk, model_dsn)


def writer_of(desk: Desk, prepared: Prepared) -> ModelWriter:
    """The writer that refuses."""
    return ModelWriter(desk.database, desk.current, **{"trigram": desk.catalog.trigram, **prepared.writer})
