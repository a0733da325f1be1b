"""The operations that the server gets meanwhile: reads, writes, fields that come and go."""

import asyncio
import contextlib
import itertools
import uuid
from collections import deque
from collections.abc import Callable

from benchmarks.soak.retry import RetryingClient

_READS = (
    "{ companies(first: 20, orderBy: { name: ASC }) { totalCount edges { node { id name } } } }",
    '{ companies(filter: { name: { contains: "1" } }, first: 10) { edges { node { name people { totalCount } } } } }',
    "{ people(first: 10) { edges { node { firstName company { name } } } } }",
    "{ companiesAggregate { count } }",
    "{ __schema { types { name fields { name } } } }",
    '{ __type(name: "Company") { fields { name type { name } } } }',
)
_EACH = (100, 60, 60, 20, 1, 4)
_OF_ITS_OWN = "{{ companies(first: {first}) {{ edges {{ node {{ a{number}: name }} }} }} }}"
_CREATE = "mutation ($data: CompanyInput!) { createCompany(data: $data) { id } }"
_UPDATE = "mutation ($id: UUID!, $data: CompanyInput!) { updateCompany(id: $id, data: $data) { id } }"
_DESTROY = "mutation ($id: UUID!) { destroyCompany(id: $id) { id } }"
_CREATE_FIELD = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
_DELETE_FIELD = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
_OBJECTS = "{ objects { edges { node { id nameSingular } } } }"

_KEPT = 200
"""Companies of one writer, and fields."""
_FIELDS = 20
_OBJECTS_WITH_FIELDS = ("company", "person", "opportunity", "activity")
"""In turn: a table has 1,600 columns in its life."""
PLANS = 500
"""Operations whose plans the server keeps: few, so that its cache is soon full."""
KEPT = 4_096
"""Operations of which the server keeps other things, as the bodies that they come in."""


async def fill_caches(client: RetryingClient, operations: int) -> None:
    """Send so many operations, each once."""
    for number in range(operations):
        await client.send("first read", _OF_ITS_OWN.format(first=5, number=number))


async def read(client: RetryingClient, is_over: asyncio.Event) -> None:
    """Read, mostly by operations that were sent before."""
    rota = [query for query, often in zip(_READS, _EACH, strict=True) for _ in range(often)]
    for number in itertools.count():
        if is_over.is_set():
            return
        await client.send("read", rota[number * 97 % len(rota)])
        if number % 20 == 0:
            await client.send("read of its own", _OF_ITS_OWN.format(first=number % 50 + 1, number=number))


async def write(client: RetryingClient, is_over: asyncio.Event, note: Callable[[str], None]) -> None:
    """Create, update and destroy companies; `note` is called with the id of each that was created."""
    made: deque[str] = deque()
    for number in itertools.count():
        if is_over.is_set():
            return
        id_ = str(uuid.uuid4())
        data = {"id": id_, "name": f"company {number}"}
        if await client.send("create", _CREATE, {"data": data}, is_done="CONFLICT") is not None:
            note(id_)
            made.append(id_)
        await client.send("update", _UPDATE, {"id": made[number % len(made)], "data": {"name": f"again {number}"}})
        if len(made) > _KEPT:
            await client.send("destroy", _DESTROY, {"id": made.popleft()}, is_done="NOT_FOUND")


async def change(client: RetryingClient, is_over: asyncio.Event) -> None:
    """Create a field each second, and delete those that are oldest now and then."""
    found = await client.send("objects", _OBJECTS, path="/metadata") or {}
    ids = {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in found["objects"]["edges"]}
    fields: deque[str] = deque()
    for number in itertools.count():
        object_id = ids[_OBJECTS_WITH_FIELDS[number // 200 % len(_OBJECTS_WITH_FIELDS)]]
        given = {"objectMetadataId": object_id, "name": f"soak{number}", "label": f"Soak {number}", "type": "TEXT"}
        made = await client.send("new field", _CREATE_FIELD, {"input": given}, path="/metadata", is_done="CONFLICT")
        if made:  # not where the answer to the first try was lost
            fields.append(made["createField"]["id"])
        while len(fields) > _FIELDS:
            for _ in range(_FIELDS // 2):
                given = {"id": fields.popleft()}
                await client.send("field deleted", _DELETE_FIELD, given, path="/metadata", is_done="NOT_FOUND")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await is_over.wait()
        if is_over.is_set():
            return
