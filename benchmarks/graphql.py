"""GraphQL requests: the operations of each dialect, from `operations/`."""

import json
from collections.abc import Mapping

from benchmarks.http_request import HttpRequest
from benchmarks.paths import HERE
from benchmarks.workloads import Variables


def read_operations(dialect: str) -> Mapping[str, str]:
    """Return the documents of a dialect by name."""
    return {
        path.stem: path.read_text(encoding="utf-8")
        for path in sorted((HERE / "operations" / dialect).glob("*.graphql"))
    }


def build_request(document: str, variables: Variables, headers: Mapping[str, str]) -> HttpRequest:
    """Return the POST of an operation."""
    return post_json("/graphql", {"query": document, "variables": variables}, headers)


def post_json(path: str, content: object, headers: Mapping[str, str]) -> HttpRequest:
    """Return a POST with a body of JSON."""
    return HttpRequest(
        method="POST",
        path=path,
        headers={"Content-Type": "application/json", "Accept": "application/json", **headers},
        body=json.dumps(content, separators=(",", ":")).encode(),
    )
