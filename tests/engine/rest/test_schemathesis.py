"""Requests that schemathesis makes of the OpenAPI documents: none ends in a 500, or in a status that they do not name.

https://schemathesis.readthedocs.io
"""

import re
from pathlib import Path

import pytest

from tests.apis import sample_template
from tests.databases import Databases
from tests.operations import TIMES
from tests.processes.serving import serving
from tests.python_clients import install_python, run_python

CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# The same requests each time, or several thousand other ones.
SETTINGS = ["--phases", "fuzzing", "--seed", "14"] if TIMES == 1 else ["--phases", "coverage,fuzzing"]
EXAMPLES = 4 * TIMES
"""The most requests of an operation, in each phase."""


@pytest.mark.parametrize(("document", "least"), [("rest/open-api/core", 250), ("rest/open-api/metadata", 75)])
def test_every_answer_is_documented(
    databases: Databases, run_folder: Path, tmp_path: Path, document: str, least: int
) -> None:
    installed = install_python(run_folder, "schemathesis")
    with databases.clone(sample_template(databases)) as dsn, serving(DATABASE_URL=dsn) as served:
        arguments: list[str | Path] = [
            *["-m", "schemathesis.cli", "run", f"{served.url}/{document}"],
            *["--header", f"Authorization: Bearer {served.key}", "--max-examples", str(EXAMPLES)],
            *["--checks", CHECKS, "--continue-on-failure", "--suppress-health-check", "all", "--warnings", "off"],
            *["--generation-database", "none", "--no-color", *SETTINGS],
        ]
        shown = "\n".join(run_python(installed, arguments, tmp_path, {}, seconds=120 + 60 * TIMES))
    count = re.search(r"(\d+) generated, (\d+) passed", shown)
    assert count is not None, shown
    assert least * TIMES <= int(count[1]) == int(count[2]), shown
