"""Requests of REST in this process."""

from typing import Any

import httpx

JSON = "application/json; charset=utf-8"


async def ask(client: httpx.AsyncClient, method: str, path: str, status: int = 200, **options: Any) -> Any:
    answer = await client.request(method, f"/rest/{path}", **options)
    assert (answer.status_code, answer.headers["content-type"]) == (status, JSON), answer.text
    return answer.json()


async def create(client: httpx.AsyncClient, path: str, **data: Any) -> dict[str, Any]:
    made = (await ask(client, "POST", path, 201, json=data))["data"]
    (record,) = made.values()
    found: dict[str, Any] = record
    return found


async def emails(client: httpx.AsyncClient, query: str) -> list[str]:
    people = (await ask(client, "GET", f"people?{query}"))["data"]["people"]
    return [person["email"] for person in people]
