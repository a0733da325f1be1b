"""Readings for tests of writes: a workspace with some records, the staged events, how many records there are."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.apis import Apis

NOBODY = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
"""The id of no record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A staged event."""

    action: str
    object_id: UUID
    record_id: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    actor: str


async def take_events(apis: Apis) -> list[Event]:
    """The events staged since they were last taken, in order."""
    async with apis.database.session() as connection:
        cursor = await connection.execute(
            "WITH gone AS (DELETE FROM fieldstone.event_staging RETURNING *)"
            " SELECT action, object_id, record_id::text, before, after, actor FROM gone ORDER BY seq"
        )
        rows = await cursor.fetchall()
    names = ("action", "object_id", "record_id", "before", "after", "actor")
    return [Event(**dict(zip(names, row, strict=True))) for row in rows]


async def count(apis: Apis, plural: str, *, deleted: bool = False) -> int:
    """How many records there are, the live ones or the deleted ones."""
    presence = "NOT_NULL" if deleted else "NULL"
    answer = await apis.data(f"{{ {plural}(filter: {{deletedAt: {{is: {presence}}}}}) {{ totalCount }} }}")
    return int(answer[plural]["totalCount"])


async def create(apis: Apis, singular: str, **data: Any) -> str:
    """The id of a new record."""
    name = singular[0].upper() + singular[1:]
    answer = await apis.data(f"mutation ($d: {name}Input!) {{ create{name}(data: $d) {{ id }} }}", d=data)
    return str(answer[f"create{name}"]["id"])


async def check_refused(
    apis: Apis,
    text: str,
    code: str,
    message: str,
    *,
    field: str | None = None,
    index: int | None = None,
    **variables: Any,
) -> None:
    """The mutation fails with this error, at its first root field, and nothing is written.

    Where the error is of a list of records, `field` is that of the first row that is to blame.
    """
    before = await _everything(apis)
    answer = await apis.ask(text, **variables)
    assert answer["data"] is None
    (error,) = answer["errors"]
    told = {"field": field, "index": index}
    expected = {"code": code} | {name: value for name, value in told.items() if value is not None}
    found = dict(error["extensions"])
    if rows := found.pop("rows", None):
        assert found["field"] == f"data[{rows[0]['index']}].{field}"
        assert found.pop("input") == ["data", rows[0]["index"], field]
        found["field"] = field
    assert (error["message"], found) == (message, expected), json.dumps(error, default=str)
    assert len(error["path"]) == 1
    assert await _everything(apis) == before


@asynccontextmanager
async def check_unchanged(apis: Apis) -> AsyncIterator[None]:
    """Nothing is written within."""
    before = await _everything(apis)
    yield
    assert await _everything(apis) == before


async def _everything(apis: Apis) -> list[Any]:
    found: list[Any] = []
    snapshot = await apis.snapshot()
    async with apis.database.session() as connection:
        for object_ in snapshot.objects.values():
            name = f'"{object_.table.schema}"."{object_.table.name}"'
            query = "SELECT row_to_json(t)::text FROM " + name + " AS t ORDER BY id"  # noqa: S608 - a test's own names
            found.append(await (await connection.execute(query.encode())).fetchall())
        found.append(await (await connection.execute("SELECT seq FROM fieldstone.event_staging")).fetchall())
    return found
