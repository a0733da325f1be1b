"""The examples of docs/how-to/clients run unmodified against the sample workspace, each with its client."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.apis import sample_template
from tests.databases import Databases
from tests.npm_clients import NODE, install_once
from tests.processes.serving import Served, serving
from tests.project.documentation import snippets
from tests.python_clients import install_python, run_python

pytestmark = pytest.mark.long

CODEGEN = Path(__file__).parents[1] / "codegen"
TOOLS = {
    "graphql-codegen": "@graphql-codegen/cli/cjs/bin.js",
    "relay-compiler": "relay-compiler/cli.js",
    "tsc": "typescript/bin/tsc",
}


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    with (
        databases.clone(sample_template(databases)) as dsn,
        serving(DATABASE_URL=dsn, FIELDSTONE_RELAY="1") as running,
    ):
        yield running


class Page:
    """The files of a page, in a folder where the npm clients are installed."""

    def __init__(self, folder: Path, served: Served) -> None:
        self.folder = folder
        self.variables = {
            "FIELDSTONE_URL": f"{served.url}/graphql",
            "FIELDSTONE_KEY": served.key,
            "FIELDSTONE_AUTHORIZATION": f"Bearer {served.key}",
            "TWENTY_API_URL": served.url,
            "TWENTY_API_KEY": served.key,
            "TWENTY_URL": served.url,
            "TWENTY_TOKEN": served.key,
        }

    def write(self, *names: str) -> None:
        """Write the files that pages show; all of `names` must be among them."""
        for name in names:
            page = f"docs/how-to/clients/{name}"
            for snippet in snippets("javascript", "typescript", "json", "py", "toml", "graphql"):
                if snippet.place.startswith(f"{page}:") and snippet.options:
                    (self.folder / snippet.options[0]).write_text(snippet.text, encoding="utf-8")

    def node(self, script: str | Path, *arguments: str) -> list[str]:
        """Return the lines that a program prints."""
        ran = subprocess.run(
            [NODE, script, *arguments],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert ran.returncode == 0, (ran.stdout, ran.stderr)
        assert "warn" not in ran.stderr.lower(), ran.stderr
        return ran.stdout.splitlines()

    def tool(self, name: str, *arguments: str) -> list[str]:
        """Return the lines that a tool of npm prints."""
        return self.node(self.folder / "node_modules" / TOOLS[name], *arguments)


@pytest.fixture
def page(run_folder: Path, tmp_path: Path, served: Served) -> Page:
    (tmp_path / "node_modules").symlink_to(install_once(run_folder, CODEGEN) / "node_modules")
    (tmp_path / "package.json").write_text('{ "type": "module" }', encoding="utf-8")
    return Page(tmp_path, served)


def ask(served: Served, query: str, path: str = "/graphql") -> Any:
    answer = httpx.post(
        served.url + path, json={"query": query}, headers={"authorization": f"Bearer {served.key}"}, timeout=60
    ).json()
    assert "errors" not in answer, answer
    return answer["data"]


def test_apollo_joins_pages_persists_queries_and_batches(page: Page, served: Served) -> None:
    page.write("apollo.md")
    count = ask(served, "{ people { totalCount } }")["people"]["totalCount"]
    assert page.node("apollo.js") == [f"4 of {count} people", "Sample data", "2 companies"]


def test_apollos_cache_keeps_aggregates_where_they_stand(page: Page, served: Served) -> None:
    page.write("apollo.md")
    query = "{ peopleAggregate { countDistinct { id city } countNotEmpty { id city } } }"
    lines = f"""
      await client.query({{ query: gql`{query}` }});
      const kept = client.readQuery({{ query: gql`{query}` }});
      console.log(JSON.stringify(kept, (key, value) => (key === "__typename" ? undefined : value)));"""
    with (page.folder / "apollo.js").open("a", encoding="utf-8") as script:
        script.write(lines)
    assert json.loads(page.node("apollo.js")[-1]) == ask(served, query)


def test_urqls_cache_joins_pages_and_takes_the_answers_of_mutations(page: Page) -> None:
    page.write("urql.md")
    assert page.node("urql.js") == ["4 people", "Zuse"]


def test_urqls_cache_keeps_aggregates_and_the_keys_of_groups_where_they_stand(page: Page, served: Served) -> None:
    page.write("urql.md")
    query = """{
      peopleAggregate { countDistinct { id city } countNotEmpty { id city } }
      companiesGroupBy(groupBy: [{ employees: true }], first: 2) { key { employees } countNotEmpty { website } }
    }"""
    lines = f"""
      console.warn = console.error = console.log;
      const {{ data: counted }} = await client.query(gql`{query}`, {{}}).toPromise();
      console.log(JSON.stringify(counted, (key, value) => (key === "__typename" ? undefined : value)));"""
    with (page.folder / "urql.js").open("a", encoding="utf-8") as script:
        script.write(lines)
    *_, before, last = page.node("urql.js")
    assert (before, json.loads(last)) == ("Zuse", ask(served, query))


def test_relay_compiles_and_fetches_a_node_again(page: Page) -> None:
    page.write("relay.md")
    page.node("schema.js")
    page.tool("relay-compiler")
    assert page.node("app.js") == ["Person true"]


def test_codegens_types_are_right_under_strict(page: Page, served: Served) -> None:
    page.write("codegen.md")
    page.tool("graphql-codegen", "--config", "codegen.ts")
    page.tool("tsc")
    first, second = page.node("build/people.js")
    assert first.startswith("true true ")
    assert second.startswith("true true ")
    wrong = (page.folder / "people.ts").read_text(encoding="utf-8").replace("node.email.", "node.emial.")
    (page.folder / "people.ts").write_text(wrong, encoding="utf-8")
    with pytest.raises(AssertionError, match="Property 'emial' does not exist"):
        page.tool("tsc")


@pytest.mark.parametrize("path", ["/graphql", "/metadata"])
def test_codegens_map_has_all_scalars(served: Served, path: str) -> None:
    shown = next(one.text for one in snippets("typescript") if one.options == ("codegen.ts",))
    types = ask(served, "{ __schema { types { name kind } } }", path)["__schema"]["types"]
    scalars = {one["name"] for one in types if one["kind"] == "SCALAR"} - {"ID", "String", "Int", "Float", "Boolean"}
    assert {name for name in scalars if f"          {name}: " not in shown} == set()


@pytest.mark.parametrize("script", ["sse.js", "ws.js"])
def test_a_live_query_by_graphql_sse_and_graphql_ws(page: Page, script: str) -> None:
    page.write("subscriptions.md")
    assert page.node(script) == ["true"]


def test_twentys_sdk_reads_and_changes_the_model_and_generates_a_client(page: Page) -> None:
    page.write("relay.md", "twenty.md")
    assert page.node("twenty.js") == ["activity, company, opportunity, person", "thrust NUMBER"]
    page.node("schema.js")
    page.node("generate.js")
    assert page.node("records.js") == ["1 Analytical Engines 0"]


def test_twentys_sdk_speaks_rest(page: Page) -> None:
    page.write("twenty.md")
    assert page.node("rest.js") == ["1 Difference Engines 4", "404 404"]


def test_gql_reads_writes_and_subscribes(page: Page, run_folder: Path) -> None:
    page.write("python.md")
    installed = install_python(run_folder, "gql")
    assert run_python(installed, ["people.py"], page.folder, page.variables) == ["4 people", "True"]


def test_ariadne_codegens_client_has_types_of_python(page: Page, run_folder: Path) -> None:
    page.write("python.md")
    installed = install_python(run_folder, "ariadne-codegen")
    run_python(installed, ["-m", "ariadne_codegen"], page.folder, page.variables)
    assert run_python(installed, ["rename.py"], page.folder, page.variables) == ["True", "Lovelace"]


def test_twentys_generated_client_speaks_rest(page: Page, run_folder: Path) -> None:
    page.write("twenty.md")
    installed = install_python(run_folder, "twentycrm-api-client")
    lines = run_python(installed, ["companies.py"], page.folder, page.variables)
    assert lines == ["1 Difference Engines 4", "True", "['Looms'] 10 2", "1", "2", "True"]


def test_twentys_tools_of_agents_speak_rest_and_graphql(page: Page, run_folder: Path) -> None:
    page.write("twenty.md")
    installed = install_python(run_folder, "twenty-mcp")
    lines = run_python(installed, ["agent.py"], page.folder, page.variables)
    assert lines == ["1 4", "2", "2 London", "thrust", "4"]
