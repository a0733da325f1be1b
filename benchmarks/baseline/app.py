"""Starlette endpoints over psycopg's pool, as fast as one can write them by hand: no request is authenticated."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from psycopg import AsyncConnection, AsyncRawCursor
from psycopg.abc import Buffer
from psycopg.adapt import Loader
from psycopg_pool import AsyncConnectionPool
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.baseline.statements import build_statements


class _Bytes(Loader):
    """Leaves a text as it came: it goes out as it is."""

    def load(self, data: Buffer) -> bytes:
        return bytes(data)


_STATEMENTS = build_statements(os.environ["BENCH_SCHEMA"])


async def _configure(connection: AsyncConnection[Any]) -> None:
    connection.adapters.register_loader("text", _Bytes)
    connection.prepare_threshold = 0


_pool = AsyncConnectionPool(
    os.environ["BENCH_DSN"],
    min_size=int(os.environ["BENCH_POOL"]),
    max_size=int(os.environ["BENCH_POOL"]),
    kwargs={
        "autocommit": True,
        "cursor_factory": AsyncRawCursor,
        "options": "-c TimeZone=UTC -c jit=off -c statement_timeout=15000",
    },
    configure=_configure,
    open=False,
)


async def _answer(statement: str, *parameters: object) -> Response:
    async with _pool.connection() as connection:
        cursor = await connection.execute(statement, parameters)
        row = await cursor.fetchone()
    return Response(row[0] if row else b"", media_type="application/json")


async def person(request: Request) -> Response:
    return await _answer(_STATEMENTS.person, request.path_params["id"])


async def people(request: Request) -> Response:
    given = request.query_params
    if "contains" in given:
        escaped = given["contains"].replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return await _answer(_STATEMENTS.search, f"%{escaped}%")
    if "above" in given:
        return await _answer(_STATEMENTS.some, given["above"])
    if "after" in given:
        created_at, _, id_ = given["after"].partition("|")
        return await _answer(_STATEMENTS.next_page, created_at, id_)
    return await _answer(_STATEMENTS.first_page, given["since"])


async def nested(request: Request) -> Response:
    return await _answer(_STATEMENTS.nested, request.query_params["since"])


async def aggregate(_request: Request) -> Response:
    return await _answer(_STATEMENTS.aggregate)


async def create(request: Request) -> Response:
    data = json.loads(await request.body())
    names = ("firstName", "lastName", "email", "phone", "jobTitle", "city", "companyId")
    return await _answer(_STATEMENTS.create, uuid4(), *(data.get(name) for name in names))


async def groups(_request: Request) -> Response:
    return await _answer(_STATEMENTS.groups)


async def companies(request: Request) -> Response:
    if "after" in request.query_params:
        people, _, id_ = request.query_params["after"].partition("|")
        return await _answer(_STATEMENTS.next_companies, people, id_)
    return await _answer(_STATEMENTS.first_companies)


async def create_company(request: Request) -> Response:
    data = json.loads(await request.body())
    made = json.dumps(data["people"]["create"])
    return await _answer(_STATEMENTS.nested_create, uuid4(), data["name"], data["website"], made)


async def upsert(request: Request) -> Response:
    data = json.loads(await request.body())
    names = ("firstName", "lastName", "email", "jobTitle")
    return await _answer(_STATEMENTS.upsert, uuid4(), *(data.get(name) for name in names))


@asynccontextmanager
async def _lifespan(_app: Starlette) -> AsyncIterator[None]:
    async with _pool:
        yield


app = Starlette(
    routes=[
        Route("/people/{id}", person),
        Route("/people", people),
        Route("/people", create, methods=["POST"]),
        Route("/people/upsert", upsert, methods=["POST"]),
        Route("/people-with-relations", nested),
        Route("/opportunities/aggregate", aggregate),
        Route("/opportunities/groups", groups),
        Route("/companies", companies),
        Route("/companies", create_company, methods=["POST"]),
    ],
    lifespan=_lifespan,
)
