"""Exports while a client reads them: changes between the pages, slow clients, and causes to cut the response."""

import asyncio
import csv
import io
from collections.abc import Callable, MutableMapping
from typing import Any

import httpx
import pytest

from fieldstone.engine.errors import BadUserInput, Conflict, NotFound, ServiceUnavailable
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.export_addresses import ExportAddress, Format
from fieldstone.engine.rest.exports.export import Export
from fieldstone.engine.rest.exports.orders import is_served, refuse_sorting
from fieldstone.engine.rest.parameters import NO_PARAMETERS, Parameters
from fieldstone.engine.server.app import Fieldstone
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, Apis
from tests.engine.rest.exports.exporting import SmallPages, key_of_role
from tests.engine.server.conftest import StartApp, client_of
from tests.rest_requests import ask_rest
from tests.waiting import until


def open_export(api: RestApi, apis: Apis, plural: str, format_: Format) -> Export:
    return Export(api, apis.work, PRINCIPAL, ExportAddress(plural, format_), NO_PARAMETERS)


def rows(lines: bytes) -> list[list[str]]:
    return [*csv.reader(io.StringIO(lines.decode(), newline=""), strict=True)]


def names_of(lines: bytes) -> list[str]:
    return [loads(line)["email"] for line in lines.splitlines()]


async def test_changes_between_pages(apis: Apis) -> None:
    api = SmallPages(apis.core)
    made = await ask_rest(api, "POST", "people", [{"email": name} for name in "abcdefgh"])
    ids = {one["email"]: one["id"] for one in made["data"]["createPeople"]}
    export = open_export(api, apis, "people", Format.JSONL)
    assert names_of(await export.read_next()) == ["a", "b", "c"]
    # The record that the cursor stands on, one that was written, one that was not, and a new one behind.
    for name in ("c", "a", "d"):
        await ask_rest(api, "DELETE", f"people/{ids[name]}")
    await ask_rest(api, "POST", "people", {"email": "i"})
    await ask_rest(api, "PATCH", f"people/{ids['g']}", {"email": "G"})
    assert names_of(await export.read_next()) == ["e", "f", "G"]
    assert names_of(await export.read_next()) == ["h", "i"]
    assert (export.is_over, export.records, export.pages) == (True, 8, 3)


async def test_a_page_is_one_statement_of_one_plan(apis: Apis) -> None:
    api, log = SmallPages(apis.core), apis.database.log
    await ask_rest(api, "POST", "people", [{"email": str(number)} for number in range(10)])
    export = open_export(api, apis, "people", Format.CSV)
    await export.read_next()
    before = len(log)
    while not export.is_over:
        await export.read_next()
    assert (len(log) - before, export.pages) == (3, 4)
    # The first page has no cursor.
    assert len(set(log.texts[-3:])) == 1


async def test_a_change_of_the_model_between_pages(apis: Apis) -> None:
    api = SmallPages(apis.core)
    objects = await apis.change("{ objects { edges { node { id nameSingular } } } }")
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects["objects"]["edges"]}
    create = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": ids["company"], "name": "motto", "label": "Motto", "type": "TEXT"}
    await ask_rest(api, "POST", "companies", [{"name": str(number)} for number in range(7)])
    opened = {format_: open_export(api, apis, "companies", format_) for format_ in Format}
    header = rows(await opened[Format.CSV].read_next())[0]
    await opened[Format.JSONL].read_next()
    field = (await apis.change(create, input=given))["createField"]["id"]
    # A new field is no column of a file that has begun.
    assert {len(row) for row in rows(await opened[Format.CSV].read_next())} == {len(header)}
    assert b'"motto":' in await opened[Format.JSONL].read_next()
    other = open_export(api, apis, "companies", Format.CSV)
    assert b",motto\r\n" in await other.read_next()
    await apis.change("mutation ($id: UUID!) { deleteField(id: $id) { id } }", id=field)
    with pytest.raises(Conflict, match="A field that has a column was removed"):
        await other.read_next()
    hide = "mutation ($id: UUID!) { updateObject(id: $id, input: { isActive: false }) { id } }"
    await apis.change(hide, id=ids["company"])
    with pytest.raises(NotFound):
        await opened[Format.CSV].read_next()


class Reader:
    """A client that reads while `reads` is set."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.messages: list[MutableMapping[str, Any]] = []
        self.gone = asyncio.Event()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.body":
            await self.reads.wait()
        self.messages.append(message)

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    @property
    def lines(self) -> int:
        return sum(message.get("body", b"").count(b"\n") for message in self.messages)

    @property
    def has_end(self) -> bool:
        return any("body" in message and not message.get("more_body") for message in self.messages)

    async def get(self, app: Fieldstone, path: str, headers: dict[str, str]) -> None:
        scope = {
            "type": "http",
            "method": "GET",
            "path": f"/rest/{path}",
            "query_string": b"",
            "headers": [(name.lower().encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
            "state": {},
        }
        await app(scope, self.receive, self.send)


async def fill(client: httpx.AsyncClient) -> None:
    made = await client.post("/rest/people", json=[{"email": str(number)} for number in range(9)])
    assert made.status_code == 201


def authorization(client: httpx.AsyncClient) -> dict[str, str]:
    return {"authorization": client.headers["authorization"]}


def count_pages(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """A function that returns the number of pages that were read."""
    read, found = Export.read_next, []

    async def counted(self: Export) -> bytes:
        found.append(1)
        return await read(self)

    monkeypatch.setattr(Export, "read_next", counted)
    return lambda: len(found)


async def test_a_client_that_does_not_read_is_cut_and_holds_one_page(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app(max_page=2, default_page=2) as (app, client):
        await fill(client)
        exports = app._rest._exports
        pages, reader = count_pages(monkeypatch), Reader()
        asked = asyncio.create_task(reader.get(app, "people.jsonl", authorization(client)))
        await until(lambda: pages() == 1 and len(reader.messages) == 1)
        await asyncio.sleep(0.05)
        assert (pages(), exports._slots.in_progress) == (1, 1)
        reader.reads.set()
        await asked
        assert (pages(), reader.lines, reader.has_end) == (5, 9, True)

        monkeypatch.setattr("fieldstone.engine.server.rest.exports._SLOW", 0.1)
        slow = Reader()
        await slow.get(app, "people.jsonl", authorization(client))
        assert (pages(), slow.has_end, exports._slots.in_progress) == (6, False, 0)


async def test_exports_in_progress_are_few(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        await fill(client)
        readers = [Reader(), Reader()]
        asked = [asyncio.create_task(reader.get(app, "people.csv", authorization(client))) for reader in readers]
        await until(lambda: all(reader.messages for reader in readers))
        refused = await client.get("/rest/people.csv")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.json()["message"] == "Too many exports are in progress: 2 of a key, and 4 of a workspace."
        readers[0].gone.set()
        await asked[0]
        assert not readers[0].has_end
        assert (await client.get("/rest/people.csv")).status_code == 200
        readers[1].reads.set()
        await asked[1]
        assert readers[1].has_end


async def test_visitors_take_no_slots_of_keys(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (app, client), client_of(app) as visitor:
        app._rest._exports._slots._visitors._workspace = 0
        headers = {"x-requested-with": "fetch"}
        assert (await visitor.get("/rest/people.csv", headers=headers)).status_code == 429
        assert (await client.get("/rest/people.csv")).status_code == 200


async def test_large_records_come_in_smaller_pages(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start_app(max_response_bytes=150_000) as (_, client):
        for _ in range(5):
            assert (await client.post("/rest/companies", json={"name": "x" * 60_000})).status_code == 201
        pages = count_pages(monkeypatch)
        found = await client.get("/rest/companies.jsonl")
        # 3 are too many at once. Pages of 1, 1, 2 and 1.
        assert (len(found.text.splitlines()), pages()) == (5, 4)


@pytest.mark.long
@pytest.mark.parametrize("way", ["key", "server", "fault", "database"])
async def test_an_export_that_cannot_go_on_is_cut(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    async with start_app(max_page=2, default_page=2) as (app, client):
        await fill(client)
        services = await app.runtime.ready()
        reader = Reader()
        asked = asyncio.create_task(reader.get(app, "people.csv", authorization(client)))
        await until(lambda: bool(reader.messages))

        async def fail(_: Export) -> bytes:
            raise ServiceUnavailable("x") if way == "database" else RuntimeError("x")

        monkeypatch.setattr("fieldstone.engine.server.rest.exports._ATTEMPTS", 2)
        match way:
            case "key":
                (key,) = await services.keys.list(services.foundation.default.workspace.id)
                await services.keys.revoke(services.foundation.default.workspace.id, key.id)
                await services.watch.look()
            case "server":
                app.end_streams()
            case _:
                monkeypatch.setattr(Export, "read_next", fail)
        reader.reads.set()
        await asked
        # The header and the first page.
        assert (reader.lines, reader.has_end) == (3, False)


@pytest.mark.long
async def test_each_page_counts_for_a_role_with_a_rate_of_its_own(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app(rate_limit=100, rate_window_ms=1_000) as (_, client):
        await fill(client)
        grants = [{"object": "person", "read": {"fields": {"allBut": []}}}]
        headers = await key_of_role(client, grants=grants, limits={"maxPage": 2, "rateLimit": 3})
        # The operations of the key that it was made with count as well, in a window that ends.
        await asyncio.sleep(1.1)
        found = await client.get("/rest/people.jsonl", headers=headers)
        assert len(found.text.splitlines()) == 9
        # Five pages of two at most take more than one window, to whose end the export waits.
        pages = count_pages(monkeypatch)
        assert (await client.get("/rest/people.jsonl")).headers["x-ratelimit-limit"] == "100"
        assert pages() == 1


ORDERS = [
    ("id[DESC],email", True),
    ("createdBy.name", False),
    ("company.name", False),
    ("companyId", True),
    ("companyId[DESC],email", False),
    ("employees", False),
    ("city", True),
    ("city[DESC],companyId", False),
    ("jobTitle,city", True),
    ("jobTitle[DESC],city[DESC]", True),
    ("jobTitle[DESC],city", False),
    ("city,jobTitle", False),
    ("opportunitiesAggregate.count", False),
]


async def test_orders_that_an_index_serves(apis: Apis) -> None:
    objects = await apis.change("{ objects { edges { node { id nameSingular fieldsList { id name } } } } }")
    person = next(one["node"] for one in objects["objects"]["edges"] if one["node"]["nameSingular"] == "person")
    fields = {one["name"]: one["id"] for one in person["fieldsList"]}
    create = "mutation ($input: CreateIndexInput!) { createIndex(input: $input) { id } }"
    for names in (["city"], ["jobTitle", "city"]):
        given = {"objectMetadataId": person["id"], "fieldMetadataIds": [fields[name] for name in names]}
        await apis.change(create, input=given)
    sight = await SmallPages(apis.core).see_object(PRINCIPAL, "people")
    assert {order: is_served(sight.view, sight.object, order) for order, _ in ORDERS} == dict(ORDERS)


async def test_an_order_that_no_index_serves_has_few_pages(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
    api = SmallPages(apis.core)
    await ask_rest(api, "POST", "people", [{"email": str(number), "city": str(-number)} for number in range(10)])

    async def read(**parameters: str) -> int:
        address = ExportAddress("people", Format.JSONL)
        export = Export(api, apis.work, PRINCIPAL, address, Parameters({"order_by": "jobTitle", **parameters}))
        while not export.is_over:
            await export.read_next()
        return export.records

    assert await read() == 10
    # Pages of three records: four look through forty.
    monkeypatch.setattr("fieldstone.engine.rest.exports.orders.MOST_SORTED", 39)
    with pytest.raises(BadUserInput, match=r"No index serves the order 'jobTitle'.* through all 10 records"):
        await read()
    assert await read(limit="9") == 9
    assert await read(filter="email[gt]:3") == 6
    assert await read(order_by="id") == 10


def test_a_role_that_may_not_count_gets_one_page_in_such_an_order() -> None:
    refuse_sorting("city", count=None, limit=3, page=3)
    for limit in (4, None):
        with pytest.raises(BadUserInput, match=r"through all records again"):
            refuse_sorting("city", count=None, limit=limit, page=3)


@pytest.mark.long
async def test_a_client_that_takes_little_at_a_time_is_cut(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app(max_page=2, default_page=2) as (app, client):
        await fill(client)
        exports = app._rest._exports
        monkeypatch.setattr("fieldstone.engine.server.rest.exports._SLOW", 1)
        monkeypatch.setattr("fieldstone.engine.server.rest.exports._SLOWEST", 1 << 20)

        class Sipping(Reader):
            async def send(self, message: MutableMapping[str, Any]) -> None:
                await asyncio.sleep(0.3)
                self.messages.append(message)

        reader = Sipping()
        await reader.get(app, "people.jsonl", authorization(client))
        assert (reader.has_end, exports._slots.in_progress) == (False, 0)
        assert 0 < reader.lines < 9


async def test_an_export_ends_in_time(start_app: StartApp, monkeypatch: pytest.MonkeyPatch) -> None:
    async with start_app(max_page=2, default_page=2) as (app, client):
        await fill(client)
        monkeypatch.setattr("fieldstone.engine.server.rest.exports._LONGEST", 0.0)
        reader = Reader()
        reader.reads.set()
        await reader.get(app, "people.jsonl", authorization(client))
        assert (reader.lines, reader.has_end) == (2, False)
