"""The examples of a page of the documentation, and a reader that tries them out.

A page's examples are executed in their order on the sample workspace, as a reader would. An example is

    ```graphql              an operation of the Core API; `graphql metadata` is one of the Metadata API
    ```http                 a request of REST: its method and address, and below an empty line its body
    ```bash                 a curl command with an operation, or a batch of them, in its -d
    ```json variables       the variables of the example before it
    ```json answer          the answer of the example before it; ids, times, cursors, tokens and the places of errors
                            in the document may differ

One that is marked `error` (```graphql error) must fail, all others must not. A text in capitals stands for an id:
`"COMPANY_ID"` for that of the first record of `company`, `"COMPANY_OBJECT_ID"` for that of the object `company`. It
stays the same on the whole page.
"""

import json
import re
import shlex
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from fieldstone.metadata.json_text import loads
from tests.project.documentation import Snippet, snippets

_PLACEHOLDER = re.compile(r'(?<=["/])([A-Z]+(?:_[A-Z]+)*)_ID(?=\\?"|$|\?)')
_CHANGING = (
    (re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"), "an id"),
    (re.compile(r"^\d{4}-\d\d-\d\dT[\d:.]+Z$"), "a time"),
    (re.compile(r"^fs_[\w-]{43}$"), "a token"),
)
_CURSORS = {"cursor", "startCursor", "endCursor"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A request to one of the APIs (one operation, or a batch), and its printed answer."""

    place: str
    path: str
    body: str
    must_fail: bool
    method: str = ""
    variables: str = "{}"
    answer: str | None = None


def examples_of(page: str) -> list[Example]:
    """The examples of a page in their order."""
    found: list[Example] = []
    for snippet in snippets("graphql", "http", "bash", "json"):
        if not snippet.place.startswith(f"{page}:"):
            continue
        if snippet.language == "json":
            if "variables" in snippet.options:
                found[-1] = replace(found[-1], variables=snippet.text)
            if "answer" in snippet.options:
                found[-1] = replace(found[-1], answer=snippet.text)
        elif snippet.language == "http":
            first, _, body = snippet.text.strip().partition("\n\n")
            method, _, path = first.partition(" ")
            must_fail = "error" in snippet.options
            found.append(Example(place=snippet.place, path=path, body=body, must_fail=must_fail, method=method))
        elif snippet.language == "bash":
            found += _curl_examples(snippet)
        else:
            path = "/metadata" if "metadata" in snippet.options else "/graphql"
            body = json.dumps({"query": snippet.text}, ensure_ascii=False)
            found.append(Example(place=snippet.place, path=path, body=body, must_fail="error" in snippet.options))
    return found


def _curl_examples(snippet: Snippet) -> Iterator[Example]:
    for line in snippet.text.replace("\\\n", " ").splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["curl"] and "-d" in words:
            address = next(word for word in words if "/graphql" in word or "/metadata" in word)
            yield Example(
                place=snippet.place,
                path=urlsplit(f"//{address.partition('://')[2] or address}").path,
                body=words[words.index("-d") + 1],
                must_fail="error" in snippet.options,
            )


async def fill_in(text: str, ids: dict[str, str], find: Callable[[str], Any]) -> str:
    """The text with the ids in the places of their placeholders; those not known yet are found and kept."""
    for name in _PLACEHOLDER.findall(text):
        if name not in ids:
            ids[name] = await find(name)
    return _PLACEHOLDER.sub(lambda match: ids[match[1]], text)


def comparable(value: Any, key: str = "") -> Any:
    """An answer without the values that differ from one time to the next."""
    match value:
        case dict():
            return {name: comparable(item, name) for name, item in value.items() if name != "locations"}
        case list():
            return [comparable(item) for item in value]
        case str() if key in _CURSORS:
            return "a cursor"
        case str():
            return next((said for pattern, said in _CHANGING if pattern.match(value)), value)
        case _:
            return value


Send: TypeAlias = Callable[[str, str, Any], Awaitable[Any]]
"""Sends (path of the API, query, variables), or (method, address, body), and returns the decoded response."""


class Reader:
    """Tries out the examples of one page, in their order."""

    def __init__(self, send: Send, send_rest: Send | None = None) -> None:
        self._send = send
        self._send_rest = send_rest
        self._ids: dict[str, str] = {}

    async def follow(self, example: Example) -> None:
        """Send an example, and check its answer."""
        if example.method:
            await self._follow_rest(example)
            return
        given = loads(await fill_in(example.body, self._ids, self._find))
        variables = loads(await fill_in(example.variables, self._ids, self._find))
        requests = given if isinstance(given, list) else [given]
        answers = [await self._send(example.path, one["query"], one.get("variables", variables)) for one in requests]
        failed = any("errors" in answer for answer in answers)
        assert failed is example.must_fail, f"{example.place}: {answers}"
        if example.answer is not None:
            expected = json.loads(example.answer)
            received = answers if isinstance(given, list) else answers[0]
            assert comparable(received) == comparable(expected), example.place

    async def _follow_rest(self, example: Example) -> None:
        assert self._send_rest is not None, example.place
        address = await fill_in(example.path, self._ids, self._find)
        body = loads(await fill_in(example.body, self._ids, self._find)) if example.body else None
        answer = await self._send_rest(example.method, address, body)
        assert ("statusCode" in answer) is example.must_fail, f"{example.place}: {answer}"
        if example.answer is not None:
            assert comparable(answer) == comparable(json.loads(example.answer)), f"{example.place}: {answer}"

    async def _find(self, placeholder: str) -> str:
        is_object = placeholder.endswith("_OBJECT")
        first, *others = placeholder.removesuffix("_OBJECT").lower().split("_")
        name = first + "".join(map(str.capitalize, others))
        path, key = ("/metadata", "object") if is_object else ("/graphql", name)
        condition = f'{{ nameSingular: {{ eq: "{name}" }} }}' if is_object else "{ id: { is: NOT_NULL } }"
        answer = await self._send(path, f"{{ {key}(filter: {condition}) {{ id }} }}", {})
        return str(answer["data"][key]["id"])
