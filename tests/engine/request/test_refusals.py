"""Refusals are kept for a minute: the same text is not parsed and validated again only to be told the same."""

from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.errors import ApiError, ParseFailed, QueryTooComplex, ValidationFailed
from fieldstone.engine.request import compiler
from fieldstone.engine.request.compile import plan_forgivingly, plan_operation, validate_text
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.refusals import MOST_BYTES, MOST_REFUSALS, SECONDS, InvalidDocument, Refusals
from tests.apis import Apis
from tests.clock import Clock
from tests.models import standard_snapshot

SNAPSHOT = standard_snapshot()
NOBODY = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
KEY = OperationKey(1, "{ nothing }", None)


def message(refusals: Refusals, key: OperationKey = KEY, version: int = SNAPSHOT.version) -> str | None:
    found = refusals.find(key, replace(SNAPSHOT, version=version))
    return None if found is None else str(found)


def test_a_refusal_is_that_of_its_workspace_text_operation_and_version() -> None:
    refusals = Refusals()
    refusals.keep(KEY, SNAPSHOT, InvalidDocument([ValidationFailed("wrong")]))
    assert message(refusals) == "wrong"
    assert message(refusals, OperationKey(2, KEY.text, None)) is None
    assert message(refusals, OperationKey(1, "{ nothin }", None)) is None
    assert message(refusals, OperationKey(1, KEY.text, "")) is None
    assert message(refusals, version=SNAPSHOT.version + 1) is None
    assert len(refusals) == 0, "a newer model has made it stale"


def test_it_is_kept_for_a_minute() -> None:
    clock = Clock(100.0)
    refusals = Refusals(clock)
    refusals.keep(KEY, SNAPSHOT, ParseFailed("wrong"))
    clock.now += SECONDS - 1
    assert message(refusals) == "wrong"
    clock.now += 1
    assert message(refusals) is None


def test_each_request_gets_an_error_of_its_own() -> None:
    refusals = Refusals()
    error = ParseFailed("wrong", field="query", locations=[(1, 2)], extensions={"more": 1})
    refusals.keep(KEY, SNAPSHOT, error)
    first, second = refusals.find(KEY, SNAPSHOT), refusals.find(KEY, SNAPSHOT)
    assert isinstance(first, ApiError)
    assert first is not second
    assert first is not error
    assert first.formatted() == error.formatted()


def test_there_are_so_many_at_most_and_so_many_bytes() -> None:
    refusals = Refusals()
    for number in range(MOST_REFUSALS + 5):
        refusals.keep(OperationKey(1, str(number), None), SNAPSHOT, ParseFailed("wrong"))
    assert len(refusals) == MOST_REFUSALS
    assert message(refusals, OperationKey(1, "4", None)) is None
    assert message(refusals, OperationKey(1, "5", None)) == "wrong"
    for number in range(5):
        refusals.keep(OperationKey(1, str(number), None), SNAPSHOT, ParseFailed("x" * (MOST_BYTES // 4)))
    assert len(refusals) == 3
    refusals.keep(KEY, SNAPSHOT, ParseFailed("x" * MOST_BYTES))
    assert len(refusals) == 0


def test_a_workspace_is_forgotten() -> None:
    refusals = Refusals()
    for number in range(3):
        refusals.keep(OperationKey(SNAPSHOT.workspace.id.int, str(number), None), SNAPSHOT, ParseFailed("wrong"))
    refusals.keep(KEY, SNAPSHOT, ParseFailed("wrong"))
    refusals.forget(SNAPSHOT.workspace.id)
    assert len(refusals) == 1


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that are parsed, in order."""
    texts: list[str] = []

    def note(key: OperationKey, *arguments: object) -> object:
        texts.append(key.text)
        return validate_text(key, *arguments)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(compiler, "validate_text", note)
    return texts


REFUSED = {
    "does not fit": "{ nothing }",
    "cannot be parsed": "{ people",
    "is too complex": "{ a" * 200,
    "has no such operation": "query a { __typename } query b { __typename }",
}


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
async def test_a_text_that_was_refused_is_not_looked_at_again(apis: Apis, prepared: list[str], text: str) -> None:
    first = await apis.ask(text)
    assert [await apis.ask(text) for _ in range(3)] == [first] * 3
    assert prepared == [text]


async def test_a_change_of_the_model_makes_it_valid(apis: Apis, prepared: list[str]) -> None:
    text = "{ rockets { totalCount } }"
    assert (await apis.ask(text))["errors"]
    await apis.change(
        'mutation { createObject(input: {nameSingular: "rocket", namePlural: "rockets", labelSingular: "Rocket",'
        ' labelPlural: "Rockets"}) { id } }'
    )
    assert await apis.data(text) == {"rockets": {"totalCount": 0}}
    assert prepared.count(text) == 2


def test_the_refusal_of_a_shape_is_of_no_other_and_not_of_its_document() -> None:
    refusals = Refusals()
    refusals.keep(KEY, SNAPSHOT, QueryTooComplex("dear"), shape=(("int", 200), "absent"))
    assert str(refusals.find(KEY, SNAPSHOT, shape=(("int", 200), "absent"))) == "dear"
    assert refusals.find(KEY, SNAPSHOT, shape=(("int", 20), "absent")) is None
    assert refusals.find(KEY, SNAPSHOT) is None


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The variables that operations are planned with, in order."""
    variables: list[object] = []

    def note(*arguments: Any) -> object:
        variables.append(arguments[-1])
        return plan_operation(*arguments)

    monkeypatch.setattr(compiler, "plan_operation", note)
    return variables


DEEP = "people(first: $n) { edges { node { company { people(first: $n) { edges { node { company { %s } } } } } } } }"
DEAR = DEEP % "people(first: $n) { edges { node { id } } }"
DEARS = {
    "query": f"query ($n: Int!) {{ {DEAR} }}",
    "mutation": f'mutation ($n: Int!) {{ createCompany(data: {{ name: "x" }}) {{ {DEAR} }} }}',
    "subscription": f"subscription ($n: Int!) {{ companyCreated {{ {DEAR} }} }}",
}


@pytest.mark.parametrize("text", DEARS.values(), ids=DEARS)
async def test_a_shape_that_was_refused_for_its_price_is_not_planned_again(
    apis: Apis, planned: list[object], text: str
) -> None:
    first = await apis.error(text, n=200)
    assert first["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert [await apis.error(text, n=200) for _ in range(3)] == [first] * 3
    assert planned == [{"n": 200}]
    assert (await apis.error(text, n=199))["extensions"]["cost"] < first["extensions"]["cost"]
    assert planned == [{"n": 200}, {"n": 199}]


async def test_an_affordable_shape_of_the_same_document_is_answered(apis: Apis, planned: list[object]) -> None:
    await apis.error(DEARS["query"], n=200)
    assert await apis.data(DEARS["query"], n=2) == {"people": {"edges": []}}
    await apis.error(DEARS["query"], n=200)
    assert planned == [{"n": 200}, {"n": 2}]


async def test_after_a_change_of_the_model_a_price_is_told_by_the_new_one(apis: Apis, planned: list[object]) -> None:
    await apis.error(DEARS["query"], n=200)
    await apis.change(
        'mutation { createObject(input: {nameSingular: "rocket", namePlural: "rockets", labelSingular: "Rocket",'
        ' labelPlural: "Rockets"}) { id } }'
    )
    await apis.error(DEARS["query"], n=200)
    assert planned == [{"n": 200}] * 2


async def test_a_dear_document_with_a_refused_argument_is_not_planned_again(
    apis: Apis, planned: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def note(*arguments: Any) -> object:
        tried.append(arguments[-1].variables)
        return plan_forgivingly(*arguments)

    monkeypatch.setattr(compiler, "plan_forgivingly", note)
    refused = "bad: person(id: $id) { company { people(first: 1, offset: $o) { totalCount } } }"
    text = f"query ($n: Int!, $o: Int, $id: UUID) {{ {refused} {DEAR} }}"
    first = await apis.error(text, n=200, o=-1, id=NOBODY)
    assert first["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert [await apis.error(text, n=200, o=-1, id=NOBODY) for _ in range(3)] == [first] * 3
    assert len(planned) + len(tried) <= 2
    # With an affordable price the other field answers, and the refused one says why.
    answer = await apis.ask(text, n=1, o=-1, id=NOBODY)
    assert answer["data"]["people"] == {"edges": []}


async def test_an_argument_refused_by_its_shape_counts_too(apis: Apis, planned: list[object]) -> None:
    refused = "bad: person(id: $id) { company { people(first: 100000) { totalCount } } }"
    text = f"query ($n: Int!, $id: UUID) {{ {refused} {DEAR} }}"
    first = await apis.error(text, n=200, id=NOBODY)
    assert first["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert [await apis.error(text, n=200, id=NOBODY) for _ in range(3)] == [first] * 3
    assert planned == [{"n": 200, "id": NOBODY}]
