"""Writes whose answer is too large: they are refused before they are committed, on every path.

On Citus all writes take the ordinary path.
"""

from typing import Any

import httpx
import pytest

from fieldstone.engine.server.fast_path.forms import GraphQLForm
from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol
from fieldstone.sql.driver import callback_statement
from tests.citus_cluster import ON_CITUS
from tests.engine.server.fast_path.talking import CREATE as CREATE_PERSON
from tests.engine.server.fast_path.talking import Answered, Serve, Talk, count

MOST = 2_000
LONG = "x" * (MOST // 2)
"""A text of which an answer has room for one."""

UPDATE = 'mutation ($t: String) { updatePeople(filter: {firstName: {gte: ""}}, data: {jobTitle: $t}) { id jobTitle } }'
UPDATE_ONE = (
    "mutation ($i: UUID!, $t: String) { updatePerson(id: $i, data: {jobTitle: $t}) { a: jobTitle b: jobTitle } }"
)
CREATE = "mutation ($d: [PersonInput!]!) { createPeople(data: $d) { id jobTitle } }"
CREATE_ONE = "mutation ($d: PersonInput!) { createPerson(data: $d) { a: jobTitle b: jobTitle } }"
TITLES = "name people { edges { node { a: jobTitle b: jobTitle } } }"
CREATE_TREE = f"mutation ($d: CompanyInput!) {{ createCompany(data: $d) {{ {TITLES} }} }}"
UPSERT = "mutation ($d: [PersonInput!]!) { createPeople(data: $d, upsert: true) { id jobTitle } }"
UPSERT_ONE = "mutation ($d: PersonInput!) { createPerson(data: $d, upsert: true) { a: jobTitle b: jobTitle } }"
CREATE_ACTIVITY = 'mutation ($b: String) { createActivity(data: {title: "kept", body: $b}) { id } }'
DESTROY = "mutation ($t: String) { destroyActivities(filter: {title: {eq: $t}}) { id body } }"
REFUSED = b"The answer is too large: the answer has more than %d bytes." % MOST
PEOPLE = "{ people(orderBy: [{id: AscNullsFirst}]) { edges { node { id firstName city } } } }"


def people(title: str, mark: str, number: int = 2) -> list[dict[str, Any]]:
    return [{"firstName": mark, "email": f"{mark}{n}@example.com", "jobTitle": title} for n in range(number)]


def variables(document: str, title: str, mark: str, id_: str) -> dict[str, Any]:
    """Return the variables with which a document writes such job titles."""
    if document == CREATE_TREE:
        return {"d": {"name": mark, "people": {"create": people(title, mark, 1)}}}
    if "$d: [" in document:
        return {"d": people(title, mark)}
    if "$d" in document:
        return {"d": people(title, mark)[0]}
    return {"t": title} | ({"i": id_} if "$i" in document else {})


async def records(talk: Talk) -> Any:
    """Return all people, and the number of those with a long job title."""
    found = (await talk.ask(PEOPLE)).json["data"]["people"]["edges"]
    long = "query ($t: String) { people(filter: {jobTitle: {eq: $t}}) { totalCount } companies { totalCount } }"
    return found, (await talk.ask(long, t=LONG)).json


def assert_refused(answer: Answered | httpx.Response) -> None:
    assert REFUSED in (answer.content if isinstance(answer, httpx.Response) else answer.body)


@pytest.mark.parametrize("times", [0, 4], ids=["cold", "warm"])
@pytest.mark.parametrize(
    "document", [UPDATE, UPDATE_ONE, CREATE, CREATE_ONE, CREATE_TREE, UPSERT, UPSERT_ONE], ids=lambda text: text[9:80]
)
async def test_a_write_whose_answer_is_too_large_is_not_made(serve: Serve, document: str, times: int) -> None:
    async with serve(max_response_bytes=MOST) as serving:
        talk = await serving.talk()
        id_ = (await records(talk))[0][0]["node"]["id"]
        for number in range(times):
            short = await talk.ask(document, **variables(document, "short", f"s{number}", id_))
            assert "errors" not in short.json
        before, warm = await records(talk), await serving.warm()
        for _ in range(max(1, times)):
            assert_refused(await talk.ask(document, **variables(document, LONG, "long", id_)))
        # The first request of this length takes the ordinary path.
        assert await serving.warm() - warm == (0 if ON_CITUS else max(0, times - 1))
        assert await records(talk) == before
        again = await talk.ask(document, **variables(document, "short", "again", id_))
        assert "errors" not in again.json, "each answer is counted from zero"


@pytest.mark.parametrize("times", [0, 4], ids=["cold", "warm"])
async def test_records_whose_answer_is_too_large_are_not_destroyed(serve: Serve, times: int) -> None:
    async with serve(max_response_bytes=MOST) as serving:
        talk = await serving.talk()
        for _ in range(2):
            assert "errors" not in (await talk.ask(CREATE_ACTIVITY, b=LONG)).json
        for _ in range(times):
            assert (await talk.ask(DESTROY, t="none")).json == {"data": {"destroyActivities": []}}
        warm = await serving.warm()
        assert_refused(await talk.ask(DESTROY, t="kept"))
        assert await serving.warm() - warm == (times > 0 and not ON_CITUS)
        assert (await talk.ask("{ activities { totalCount } }")).json == {"data": {"activities": {"totalCount": 2}}}
        alone = await talk.ask(DESTROY.replace("body", ""), t="kept")
        assert len(alone.json["data"]["destroyActivities"]) == 2


async def test_the_answers_of_a_mutation_are_added(serve: Serve) -> None:
    one = "updatePerson(id: $i, data: {jobTitle: $t}) { jobTitle }"
    async with serve(max_response_bytes=MOST) as serving:
        talk = await serving.talk()
        before = await records(talk)
        values = {"i": before[0][0]["node"]["id"], "t": LONG}
        assert_refused(await talk.ask(f"mutation ($i: UUID!, $t: String) {{ a: {one} b: {one} }}", **values))
        assert await records(talk) == before
        assert "errors" not in (await talk.ask(f"mutation ($i: UUID!, $t: String) {{ a: {one} }}", **values)).json


async def test_a_write_that_something_stands_in_the_way_of_has_no_answer_to_count(serve: Serve) -> None:
    create = CREATE_ONE.replace("PersonInput", "UUID").replace("$d)", '{email: "a@example.com", companyId: $d})')
    async with serve(max_response_bytes=MOST) as serving:
        talk = await serving.talk()
        for _ in range(5):
            (error,) = (await talk.ask(create, d="0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e")).json["errors"]
            assert error["extensions"]["code"] == "NOT_FOUND"


async def test_an_answer_that_was_not_expected_to_be_long_is_told(serve: Serve) -> None:
    """A write whose answer was not counted is committed by the time its length is known."""
    async with serve(max_response_bytes=1 << 20) as serving:
        talk = await serving.talk()
        long, create = "x" * (1 << 20), CREATE_ACTIVITY.replace("{ id }", "{ id body }")
        made = (await talk.ask(create, b=long)).json["data"]["createActivity"]
        assert made["body"] == long
        rename = "mutation ($i: UUID!, $t: String!) { updateActivity(id: $i, data: {title: $t}) { body } }"
        warm = await serving.warm()
        for title in ("a", "b", "c", "d"):
            renamed = await talk.ask(rename, i=made["id"], t=title)
            assert renamed.json == {"data": {"updateActivity": {"body": long}}}
        assert (await serving.warm() > warm) is not ON_CITUS


async def test_a_write_of_rest_whose_answer_is_too_large_is_not_made(serve: Serve) -> None:
    async with serve(max_response_bytes=MOST) as serving:
        talk = await serving.talk()
        for row in people(LONG, "long"):
            text = "mutation ($d: PersonInput!) { createPerson(data: $d) { id } }"
            assert "errors" not in (await talk.ask(text, d=row)).json
        before = await records(talk)
        for _ in range(3):
            assert_refused(await serving.client.patch("/rest/people?filter=firstName[eq]:long", json={"city": "new"}))
            assert_refused(await serving.client.post("/rest/batch/people", json=people(LONG, "more")))
            assert await records(talk) == before


@pytest.mark.parametrize(
    "place", [(callback_statement, "decode_rows"), (GraphQLForm, "answer"), (FieldstoneProtocol, "_send")]
)
async def test_an_answer_that_the_process_has_no_memory_for_is_not_waited_for(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, place: tuple[object, str]
) -> None:
    """Under a limit of memory, its client waited for ever, and its operation kept its slot."""
    async with serve(max_concurrent_per_key=1) as serving:
        talk = await serving.talk()
        for number in range(4):
            await talk.ask(CREATE_PERSON, e=f"{number}@example.com")
            await talk.ask(PEOPLE)
        warm = await serving.warm()
        lack_once(monkeypatch, *place)
        # The ordinary path answers the read.
        assert (await talk.ask(PEOPLE)).status == 200
        assert await serving.warm() == warm
        lack_once(monkeypatch, *place)
        refused = await talk.ask(CREATE_PERSON, e="5@example.com")
        assert (refused.status, refused.json["errors"][0]["extensions"]["code"]) == (503, "SERVICE_UNAVAILABLE")
        # It was made once, and the slot is free.
        assert await count(talk) == 5


def lack_once(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
    """Have the next call of a method or function find no memory."""
    method = getattr(owner, name)

    def lack(*_: object) -> None:
        monkeypatch.setattr(owner, name, method)
        raise MemoryError

    monkeypatch.setattr(owner, name, lack)
