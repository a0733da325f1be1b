"""Requests to one of several servers."""

from typing import Any

import httpx

from tests.processes.model_changes import CREATE_OBJECT


def ask(client: httpx.Client, path: str, query: str, **variables: Any) -> Any:
    """Return the data of an operation."""
    answer = client.post(path, json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, (query, answer)
    return answer["data"]


def create_object(client: httpx.Client, name: str) -> str:
    """Make an object without fields of its own, and return its id."""
    given = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
    return str(ask(client, "/metadata", CREATE_OBJECT, input=given)["createObject"]["id"])
