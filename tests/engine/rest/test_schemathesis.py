"""Requests that schemathesis makes of the OpenAPI documents: none ends in a 500, or in a status that they do not name.

https://schemathesis.readthedocs.io
"""

import re
from pathlib import Path
from typing import Any

import pytest

from fieldstone.metadata.field_types import FieldType
from tests.apis import sample_template
from tests.databases import Databases
from tests.operations import TIMES
from tests.processes.serving import Served, serving
from tests.python_clients import install_python, run_python

pytestmark = pytest.mark.long

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# The same requests each time, or several thousand other ones.
IS_DEEP = TIMES > 1
SETTINGS = ["--phases", "coverage,fuzzing"] if IS_DEEP else ["--phases", "fuzzing", "--seed", "14"]
EXAMPLES = 3 * TIMES if IS_DEEP else 2
"""The most requests of an operation, in each phase."""
LEAST = {"rest/open-api/core": (120, 5_000), "rest/open-api/metadata": (35, 1_000)}
"""By a document, the least requests; and those of a deep run."""

OPTIONS = [{"value": name, "label": name, "color": "red", "position": place} for place, name in enumerate(("A", "B"))]
SETTINGS_OF: dict[FieldType, list[dict[str, Any]]] = {
    FieldType.NUMBER: [{"settings": {"dataType": one}} for one in ("int", "bigint", "float", "decimal")],
    FieldType.SELECT: [{"options": OPTIONS}],
    FieldType.MULTI_SELECT: [{"options": OPTIONS}],
}
OTHERS = {FieldType.RELATION, FieldType.MORPH_RELATION, FieldType.TS_VECTOR, FieldType.POSITION}
"""Relations are in the sample, and the other types are of fields that every object has or none may have."""


def create_specimen(served: Served) -> None:
    """Create an object with a field of each type."""
    names = {"nameSingular": "specimen", "namePlural": "specimens", "labelSingular": "One", "labelPlural": "All"}
    with served.client() as client:
        made = client.post("/rest/metadata/objects", json=names).json()["data"]["createOneObject"]
        for type_ in FieldType:
            for number, more in enumerate([] if type_ in OTHERS else SETTINGS_OF.get(type_, [{}])):
                name = f"{type_.value.lower().replace('_', '')}{number}"
                field = {"objectMetadataId": made["id"], "name": name, "label": name, "type": type_.value, **more}
                answer = client.post("/rest/metadata/fields", json=field)
                assert answer.status_code == 201, answer.text


@pytest.mark.timeout(600 * TIMES)
@pytest.mark.parametrize("document", LEAST)
def test_every_answer_is_documented(databases: Databases, run_folder: Path, tmp_path: Path, document: str) -> None:
    installed = install_python(run_folder, "schemathesis")
    with databases.clone(sample_template(databases)) as dsn, serving(DATABASE_URL=dsn) as served:
        create_specimen(served)
        arguments: list[str | Path] = [
            *["-m", "schemathesis.cli", "run", f"{served.url}/{document}"],
            *["--header", f"Authorization: Bearer {served.key}", "--max-examples", str(EXAMPLES)],
            *["--checks", CHECKS, "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off"],
            *["--generation-database", "none", "--no-color", *SETTINGS],
        ]
        # Hypothesis reads the constants of all modules, for some seconds, and keeps them there.
        kept = {"HYPOTHESIS_STORAGE_DIRECTORY": str(run_folder / "hypothesis")}
        shown = "\n".join(run_python(installed, arguments, tmp_path, kept, seconds=400 * TIMES))
    count = re.search(r"(\d+) generated, (\d+) passed", shown)
    assert count is not None, shown
    assert LEAST[document][IS_DEEP] <= int(count[1]) == int(count[2]), shown
