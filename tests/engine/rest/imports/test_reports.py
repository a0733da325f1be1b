"""Reports of imports: their messages are about the rows of the file, and not about those of a batch."""

import json

import httpx
import pytest

from tests.engine.rest.asking import create
from tests.engine.rest.imports.test_imports import counts, send


@pytest.mark.parametrize(
    ("path", "line"),
    [("people", {"email": "a@x"}), ("companies", {"people": {"create": [{"email": "a@x"}]}})],
)
async def test_rows_with_one_key(client: httpx.AsyncClient, path: str, line: object) -> None:
    report = await send(client, f"{path}.jsonl", f"{json.dumps(line)}\n" * 3)
    assert counts(report) == (1, 0, 2)
    shown = [(one["row"], one["message"]) for one in report["errors"]]
    assert shown == [(row, "Several records have the same 'email'.") for row in (2, 3)]


async def test_rows_with_one_key_beside_a_taken_one(client: httpx.AsyncClient) -> None:
    await create(client, "people", email="b@x")
    report = await send(client, "people.csv", "email\na@x\nb@x\na@x\n")
    assert counts(report) == (1, 0, 2)
    message = "Another Person has this value of 'email'."
    assert [(one["row"], one["message"]) for one in report["errors"]] == [(2, message), (3, message)]
