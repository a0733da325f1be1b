"""A client of an app, for the attacks of the OWASP cheat sheet on GraphQL."""

from typing import Any

import httpx


async def ask(client: httpx.AsyncClient, query: str, path: str = "/graphql", **variables: Any) -> Any:
    """Return the whole answer to an operation."""
    return (await client.post(path, json={"query": query, "variables": variables})).json()


async def data(client: httpx.AsyncClient, query: str, path: str = "/graphql", **variables: Any) -> Any:
    """Return the data of an operation that must succeed."""
    answer = await ask(client, query, path, **variables)
    assert "errors" not in answer, answer
    return answer["data"]


def codes(answer: Any) -> set[str]:
    """Return the codes of an answer's errors."""
    return {error["extensions"]["code"] for error in answer["errors"]}
