"""Reports of imports: their messages are about the rows of the file, and not about those of a batch."""

import json

import httpx
import pytest

from tests.engine.rest.asking import ask, create


async def refused(client: httpx.AsyncClient, path: str, text: str) -> list[tuple[int, str]]:
    """The numbers of the rows that an import refuses, which writes one other, and their messages."""
    (report,) = (await ask(client, "POST", path, content=text))["data"].values()
    assert report["created"] == 1
    return [(one["row"], one["message"]) for one in report["errors"]]


@pytest.mark.parametrize(
    ("path", "line"),
    [("people", {"email": "a@x"}), ("companies", {"people": {"create": [{"email": "a@x"}]}})],
)
async def test_rows_with_one_key(client: httpx.AsyncClient, path: str, line: object) -> None:
    assert await refused(client, f"{path}.jsonl", f"{json.dumps(line)}\n" * 3) == [
        (row, "Several records have the same 'email'.") for row in (2, 3)
    ]


async def test_rows_with_one_key_beside_a_taken_one(client: httpx.AsyncClient) -> None:
    await create(client, "people", email="b@x")
    message = "Another Person has this value of 'email'."
    assert await refused(client, "people.csv", "email\na@x\nb@x\na@x\n") == [(2, message), (3, message)]
