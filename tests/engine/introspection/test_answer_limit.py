"""An answer to introspection has as many bytes at most as any other answer."""

from dataclasses import replace
from typing import Any

import pytest
from graphql import get_introspection_query

from fieldstone.engine.request.answer import SHARED_TEXT_RATIO
from fieldstone.metadata.json_text import loads
from tests.apis import LIMITS, Apis, open_apis

LIMIT = 15_000
LIMITED = replace(LIMITS, records=replace(LIMITS.records, response_bytes=LIMIT))


def within(levels: int) -> str:
    """Types within types: each level multiplies the text by the fields of a type."""
    text = "name"
    for _ in range(levels):
        text = f"name fields {{ name type {{ {text} }} }}"
    return f"{{ __schema {{ types {{ {text} }} }} }}"


TOO_LARGE = {
    "in the ordinary way": get_introspection_query(),
    "in another way": "{ __schema { types { name description fields { name description args { name } } } } }",
    "types within types": within(2),
}


async def ask(apis: Apis, text: str) -> Any:
    return loads((await apis.send(text)).body)


@pytest.mark.parametrize("text", TOO_LARGE.values(), ids=TOO_LARGE)
async def test_an_answer_past_the_limit_is_refused(text: str, workspace_dsn: str) -> None:
    async with open_apis(workspace_dsn, limits=LIMITED) as apis:
        answer = await ask(apis, text)
        assert [error["extensions"]["code"] for error in answer["errors"]] == ["QUERY_TOO_COMPLEX"]
        most = LIMIT if text == TOO_LARGE["types within types"] else SHARED_TEXT_RATIO * LIMIT
        assert answer["errors"][0]["message"] == f"The answer is too large: the answer has more than {most} bytes."
        assert (await ask(apis, '{ __type(name: "Person") { name } }'))["data"] == {"__type": {"name": "Person"}}


async def test_all_root_fields_count_together(workspace_dsn: str) -> None:
    one = '{n}: __type(name: "PersonFilterInput") {{ inputFields {{ name description type {{ name kind }} }} }}'
    async with open_apis(workspace_dsn) as apis:
        alone = len((await apis.send(f"{{ {one.format(n='a')} }}")).body)
    limits = replace(LIMITS, records=replace(LIMITS.records, response_bytes=3 * alone))
    async with open_apis(workspace_dsn, limits=limits) as apis:
        assert "errors" not in await ask(apis, f"{{ {' '.join(one.format(n=f'a{n}') for n in range(2))} }}")
        answer = await ask(apis, f"{{ {' '.join(one.format(n=f'a{n}') for n in range(10))} }}")
        assert answer["errors"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
