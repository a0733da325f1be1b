"""Import jobs over HTTP."""

import asyncio
from typing import Any

import httpx

from tests.engine.rest.asking import ask

WORKING = {"CHECKING", "RUNNING", "UNDOING"}


async def new_job(client: httpx.AsyncClient, text: str | bytes, query: str = "", **options: Any) -> Any:
    """The job of a file of people."""
    path = f"imports?object=people&format=csv{query and '&'}{query}"
    return (await ask(client, "POST", path, 201, content=text, **options))["data"]["import"]


async def act(client: httpx.AsyncClient, id_: str, act: str, **options: Any) -> Any:
    """The job after an act on it."""
    return (await ask(client, "POST", f"imports/{id_}/{act}", **options))["data"]["import"]


async def end_of(client: httpx.AsyncClient, id_: str) -> Any:
    """The job as soon as nobody works on it."""
    async with asyncio.timeout(60):
        while (job := (await ask(client, "GET", f"imports/{id_}"))["data"]["import"])["status"] in WORKING:
            await asyncio.sleep(0.02)
    return job


def counts(job: Any) -> tuple[int, int, int]:
    return job["created"], job["updated"], job["failed"]
