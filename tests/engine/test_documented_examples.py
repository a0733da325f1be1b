"""The examples of the documentation run as they stand, page by page, and give the answers that the page prints."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.errors import write_error
from fieldstone.metadata.workspaces.key_store import KeyStore
from tests.apis import PRINCIPAL, WORKSPACE_ID, open_apis, sample_template
from tests.databases import Databases
from tests.project.examples import Reader, examples_of
from tests.rest_requests import ask_rest


@pytest.fixture
def sample_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(sample_template(databases))


@pytest.fixture
async def reader(sample_dsn: str) -> AsyncIterator[Reader]:
    async with open_apis(sample_dsn) as apis:
        made = await KeyStore(apis.database).create(WORKSPACE_ID, "reader")
        principal = replace(PRINCIPAL, name="docs", subject_id=made.key.id, rate_key=made.key.id)

        async def send(path: str, query: str, variables: Any) -> Any:
            api = {"/graphql": apis.core, "/metadata": apis.metadata}[path]
            request = GraphQLRequest(query=query, operation_name=None, variables=variables)
            return json.loads((await api.execute(principal, request, allow_mutation=True)).body)

        rest = RestApi(apis.core)

        async def send_rest(method: str, address: str, body: Any) -> Any:
            try:
                return await ask_rest(rest, method, address.removeprefix("/rest/"), body, principal=principal)
            except ApiError as error:
                return json.loads(write_error(error, as_problem=False))

        yield Reader(send, send_rest)


@pytest.mark.parametrize(
    ("page", "fewest"),
    [
        ("README.md", 5),
        ("docs/reference/http.md", 1),
        ("docs/reference/reading.md", 7),
        ("docs/reference/writing.md", 9),
        ("docs/reference/metadata.md", 12),
        ("docs/how-to/give-roles.md", 3),
        ("docs/reference/limits.md", 1),
        ("docs/reference/errors.md", 1),
        ("docs/reference/rest.md", 14),
    ],
)
async def test_a_page_runs_from_its_top_to_its_end(reader: Reader, page: str, fewest: int) -> None:
    examples = examples_of(page)
    assert len(examples) >= fewest
    for example in examples:
        await reader.follow(example)
