"""Twenty roots, twelve steps deep each, whose shapes take turns under one text: each request is one statement."""

from typing import Any

from tests.apis import Apis
from tests.engine.records import create

LEVELS = 6
"""Each one is two steps: to the company, and to its people."""


def _filter(levels: int) -> str:
    return "email: {eq: $e}" if levels == 0 else f"company: {{people: {{some: {{{_filter(levels - 1)}}}}}}}"


def _nested(levels: int) -> str:
    if levels == 0:
        return "id"
    edges = f"edges {{ node {{ {_nested(levels - 1)} }} }}"
    return f"id company {{ people(first: 1, filter: {{email: {{neq: $x}}}}) {{ {edges} }} }}"


def _innermost(node: Any) -> str | None:
    for _ in range(LEVELS):
        edges = node["company"]["people"]["edges"]
        if not edges:
            return None
        node = edges[0]["node"]
    return str(node["id"])


async def test_shapes_of_a_deep_text_take_turns(apis: Apis) -> None:
    company = await create(apis, "company", name="Acme")
    person = await create(apis, "person", email="a", companyId=company)
    roots = [
        f"r{n}: people(filter: {{{_filter(LEVELS)}}}) {{ edges {{ node {{ {_nested(LEVELS)} }} }} }}" for n in range(20)
    ]
    text = f"query ($e: String, $x: String) {{ {' '.join(roots)} }}"
    turns: list[tuple[dict[str, Any], list[str | None]]] = [
        ({"e": "a", "x": "b"}, [person]),
        ({"e": "b", "x": "b"}, []),
        ({}, [person]),
        ({"e": "a", "x": "a"}, [None]),
        ({"e": None}, []),
        ({"x": None}, [person]),
    ]
    for variables, expected in [*turns, *reversed(turns)]:
        apis.database.log.steps.clear()
        data = await apis.data(text, **variables)
        assert len(apis.database.log) == 1
        for root in data.values():
            assert [_innermost(edge["node"]) for edge in root["edges"]] == expected, variables
