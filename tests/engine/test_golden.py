"""Golden cases: an operation, the SQL that it compiles to, and what it answers on the sample data.

`make golden` writes the `.sql` and `.json` beside each `.graphql` anew; their diff is for people to read.
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.pipeline import GraphQLRequest
from metadata.field_types import FIELD_TYPES, FieldType
from tests.apis import PRINCIPAL, as_json, open_apis
from tests.databases import Databases
from tests.specimens import golden_template

GOLDEN = Path(__file__).parents[1] / "golden"
CASES = sorted(path.stem for path in GOLDEN.glob("*.graphql"))


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


@pytest.mark.parametrize("name", CASES)
async def test_case(name: str, golden_dsn: str, request: pytest.FixtureRequest) -> None:
    given = GOLDEN / f"{name}.variables.json"
    variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
    async with open_apis(golden_dsn) as apis:
        text = (GOLDEN / f"{name}.graphql").read_text(encoding="utf-8")
        answer = await apis.send(text, variables)
        found = {
            "sql": "".join(f"{text};\n" for text in apis.database.log.texts),
            "json": as_json(json.loads(answer.body)) + "\n",
        }
        if apis.core.recall(PRINCIPAL, GraphQLRequest(text, None, variables)):
            assert await apis.send_warm(text, variables) == answer.body
        else:
            assert "errors" in found["json"] or text.startswith("mutation") or name == "introspection_type"
    for suffix, written in found.items():
        path = GOLDEN / f"{name}.{suffix}"
        if request.config.getoption("--update-golden"):
            path.write_text(written, encoding="utf-8")
        else:
            assert written == path.read_text(encoding="utf-8")


def test_there_are_enough() -> None:
    assert len(CASES) >= 40


@pytest.mark.parametrize("field_type", FieldType, ids=lambda field_type: field_type.value)
def test_every_field_type_has_its_case(field_type: FieldType) -> None:
    assert f"type_{field_type.value.lower()}" in CASES
    entry = FIELD_TYPES[field_type]
    assert entry.description
    for subfield in (*entry.subfields, *(entry.variants or {}).values()):
        assert subfield.operators
        assert subfield.scalar.description
