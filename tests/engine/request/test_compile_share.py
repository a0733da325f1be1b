"""The share for compiling: beside other workspaces new documents and shapes wait for it, kept ones do not."""

import asyncio
import threading
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from fieldstone.engine.access.compile_share import BURST, MOST_DEBT, SHARE, CompileShare
from fieldstone.engine.errors import Overloaded
from fieldstone.engine.request import compiler
from fieldstone.engine.request.compile import plan_forgivingly, plan_operation, validate_text
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.changes import Change, CreateField, UpdateField
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.apis import PRINCIPAL, WORKSPACE_ID, Apis
from tests.clock import Clock
from tests.waiting import until

KNOWN = "query ($filter: PersonFilterInput $first: Int) { people(filter: $filter first: $first) { totalCount } }"
NEW = "{ companies { totalCount } }"
FIRST = {"filter": {"firstName": {"eq": "Ada"}}}
SAME_SHAPE = {"filter": {"firstName": {"eq": "Grace"}}}
OTHER_SHAPE = {"filter": {"lastName": {"eq": "Hopper"}, "firstName": {"eq": "Grace"}}}


class Bound:
    """The APIs of a process in which several workspaces are present, and all that they compile."""

    def __init__(self, apis: Apis, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock = Clock()
        self.processor = Clock()
        self.patience = 0.02
        self.share = CompileShare(is_shared=lambda: True, clock=self.clock, processor=self.processor)
        for api in apis.core, apis.metadata:
            api.compiler._share = self.share
        self.compiled: list[str] = []
        self.on_the_loop: list[bool] = []
        for step in validate_text, plan_operation, plan_forgivingly:
            monkeypatch.setattr(compiler, step.__name__, self._noting(step))
        self.wait(0.02)

    def _noting(self, step: Any) -> Any:
        def note(*arguments: Any) -> Any:
            self.compiled.append(step.__name__)
            self.on_the_loop.append(threading.current_thread() is threading.main_thread())
            return step(*arguments)

        return note

    def wait(self, seconds: float) -> None:
        """Have documents wait for so long at most."""
        self.share._patience = seconds

    def spend(self) -> None:
        """Have the workspace use all that it may use at once, and more."""
        self.share.measure(WORKSPACE_ID, lambda: setattr(self.processor, "now", self.processor.now + 2 * BURST))
        self.compiled.clear()

    def pay(self) -> None:
        """Let the time pass in which the workspace pays for it."""
        self.clock.now += (MOST_DEBT + BURST) / SHARE


@pytest.fixture
def bound(apis: Apis, monkeypatch: pytest.MonkeyPatch) -> Bound:
    return Bound(apis, monkeypatch)


def code(answer: Any) -> str:
    (error,) = answer["errors"]
    assert "send values as variables" in error["message"]
    return str(error["extensions"]["code"])


async def test_a_new_document_is_refused_before_it_is_parsed_and_a_known_one_is_served(
    apis: Apis, bound: Bound
) -> None:
    await apis.data(KNOWN, **FIRST)
    bound.spend()
    assert code(await apis.ask(NEW)) == "OVERLOADED"
    assert code(await apis.ask("mutation { createPerson(data: {}) { id } }")) == "OVERLOADED"
    assert await apis.data(KNOWN, **SAME_SHAPE) == {"people": {"totalCount": 0}}
    assert await apis.send_warm(KNOWN, SAME_SHAPE) == b'{"data":{"people":{"totalCount":0}}}'
    assert not bound.compiled
    bound.pay()
    assert await apis.data(NEW) == {"companies": {"totalCount": 0}}
    assert bound.compiled == ["validate_text", "plan_operation"]
    assert await apis.data(KNOWN) == {"people": {"totalCount": 0}}


async def test_beside_others_new_documents_are_compiled_in_the_work_thread(apis: Apis, bound: Bound) -> None:
    await apis.data(NEW)
    await apis.ask(KNOWN, first=-1)
    bound.share._is_shared = lambda: False
    await apis.data("{ people { totalCount } }")
    assert bound.on_the_loop == [False] * 5 + [True] * 2


async def test_a_shape_that_has_no_plan_waits_too(apis: Apis, bound: Bound) -> None:
    await apis.data(KNOWN, **FIRST)
    bound.spend()
    assert code(await apis.ask(KNOWN, **OTHER_SHAPE)) == "OVERLOADED"
    assert not bound.compiled
    bound.pay()
    assert await apis.data(KNOWN, **OTHER_SHAPE) == {"people": {"totalCount": 0}}


def _only(change: Change) -> Callable[[Snapshot], list[Change]]:
    return lambda _: [change]


async def test_what_a_change_of_the_model_has_touched_is_compiled_again_at_once(apis: Apis, bound: Bound) -> None:
    new_plans = "mutation ($data: PersonInput!) { createPerson(data: $data) { email } }"
    for values in FIRST, OTHER_SHAPE:
        await apis.data(KNOWN, **values)
    await apis.data(new_plans, data={"email": "a@example.com"})
    person = (await apis.snapshot()).by_singular["person"]
    changed = UpdateField(field_id=person.by_name["email"].id, description="changed")
    added = CreateField(id=uuid4(), object_id=person.id, name="nick", label="Nick", type=FieldType.TEXT)
    changes: list[tuple[Change, list[str]]] = [(changed, ["validate_text", "plan_operation"]), (added, [])]
    for change, compiled in changes:
        await apis.writer.change(WORKSPACE_ID, _only(change), actor="test")
        bound.spend()
        assert await apis.data(KNOWN, **FIRST) == {"people": {"totalCount": 0}}
        assert bound.compiled == compiled
        await apis.data(KNOWN, **OTHER_SHAPE)
        bound.compiled.clear()
        await apis.data(new_plans, data={"email": f"{len(compiled)}@example.com"})
        assert bound.compiled[-1] == "plan_operation"
        # Nothing of it is new for a second time, and shapes that had no plan wait.
        assert code(await apis.ask(KNOWN, filter={"email": {"eq": "a@example.com"}})) == "OVERLOADED"
        assert code(await apis.ask(NEW)) == "OVERLOADED"


async def test_a_refused_argument_is_planned_for_within_the_share(apis: Apis, bound: Bound) -> None:
    wrong = {"first": -1}
    refused = await apis.ask(KNOWN, **wrong)
    assert bound.compiled == ["validate_text", "plan_operation", "plan_forgivingly"]
    bound.spend()
    assert code(await apis.ask(KNOWN, **wrong)) == "OVERLOADED"
    assert not bound.compiled
    bound.pay()
    assert await apis.ask(KNOWN, **wrong) == refused


@pytest.mark.long
async def test_a_document_that_another_request_has_compiled_meanwhile_is_compiled_once(
    apis: Apis, bound: Bound
) -> None:
    bound.wait(60)
    await apis.data(KNOWN)
    bound.spend()
    asked = [asyncio.create_task(apis.data(NEW)) for _ in range(5)]
    await until(lambda: len(bound.share._accounts[WORKSPACE_ID.int].waiting.get(PRINCIPAL.rate_key.int, ())) == 5)
    bound.pay()
    assert await asyncio.gather(*asked) == [{"companies": {"totalCount": 0}}] * 5
    assert bound.compiled == ["validate_text", "plan_operation"]


async def test_operations_of_the_model_and_subscriptions_wait_too(apis: Apis, bound: Bound) -> None:
    await apis.change("{ objects { totalCount } }")
    bound.spend()
    answer = await apis.send("{ objects(first: 1) { totalCount } }", api=apis.metadata)
    assert [error.code for error in answer.errors] == ["OVERLOADED"]
    watched = GraphQLRequest("subscription { personCreated { email } }", None, {})
    with pytest.raises(Overloaded, match="send values as variables"):
        await apis.core.subscribe(PRINCIPAL, watched)
    assert not bound.compiled
