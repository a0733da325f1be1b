"""The writes of an import: a batch of rows is one mutation of the Core API, and one statement.

A batch that is refused because of some of its rows is written again without them. Each attempt has an Idempotency-Key,
so that one whose answer was lost can be sent again.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from copy import copy
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple
from uuid import uuid4

from graphql import GraphQLInputType

from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    Conflict,
    Forbidden,
    NotFound,
    QueryTooComplex,
    RateLimitExceeded,
    ServiceUnavailable,
    Timeout,
)
from fieldstone.engine.planner.arguments.input_values import check_input
from fieldstone.engine.request.idempotency.claim import AlreadyClaimed, SentKey
from fieldstone.engine.request.idempotency.companion import Companion
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.imports.own_links import OwnLinks
from fieldstone.engine.rest.imports.report import Report, field_of
from fieldstone.engine.rest.imports.rows import Row
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.api_names import TypeRole, Verb, mutation_name, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.principal import Principal

_ATTEMPTS = 10
"""Times that a batch is sent while the database is not available, a second apart."""
_DEPTH = 100
_AT_ONCE = 500
_MOST_HELD = 10_000
"""Rows that are held back until the records that they point to may have come."""
_MOST_HELD_CHARACTERS = 16 << 20
_NONE: Mapping[str, str] = MappingProxyType({})

Admit = Callable[[], Awaitable[None]]
"""Waits until a batch may be written; raises ApiError if none may any more."""

Keep = Callable[[Sequence[Row]], Companion]
"""Returns the companion of the mutation that writes these rows, in the place of its Idempotency-Key."""


class Way(NamedTuple):
    """How the records of an import are written.

    Attributes:
        upserts: whether a record with the same unique key is changed.
        key: the fields of the one unique key that counts; none: any that is given.
        is_trial: whether nothing is written in the end.
    """

    upserts: bool = False
    key: tuple[str, ...] = ()
    is_trial: bool = False


class BatchWriter:
    """Writes batches.

    Args:
        core: executes the mutations.
        work: looks through refused batches.
        principal: writes the records.
        object_: the object of the records.
        type_: the type of their data; None where the role may write none.
        way: how they are written.
        report: counts them.
        own: the relations to records of the object itself, with the names of their keys.
        keys: the names of the fields by which a record can be connected to.
        keep: keeps the rows that are written in the transaction that writes them; None: nothing does.
        admit: is awaited before each statement that is no whole batch of the file; raises ApiError.
    """

    def __init__(
        self,
        core: GraphQLApi,
        work: WorkThread,
        principal: Principal,
        object_: Object,
        type_: GraphQLInputType | None,
        way: Way,
        report: Report,
        own: Mapping[str, str] = _NONE,
        keys: Collection[str] = (),
        keep: Keep | None = None,
        *,
        admit: Admit,
    ) -> None:
        self._core = core
        self._work = work
        self._principal = principal
        self._type = type_
        self._way = way
        self._report = report
        self._document = _write_document(object_, way)
        # Relations to the object itself: the record that a row points to may stand behind it in the file.
        self._own = own
        self._links = OwnLinks(own, keys)
        self._keep = None if way.is_trial else keep
        self._admit = admit
        self._held: list[tuple[Row, ApiError]] = []
        self._size = 0
        self._key = f"import-{uuid4()}".encode()
        self._sent = 0

    async def prepare(self, rows: Sequence[Row]) -> GraphQLRequest:
        """Return the mutation that writes rows, ready to be executed, while the rows before them are written."""
        return await self._core.prepare(self._principal, self._build_request(rows))

    async def write(self, rows: Sequence[Row], prepared: GraphQLRequest | None = None) -> None:
        """Write rows in their order, short of those that are refused; `prepared` is the mutation of all of them.

        Raises:
            ApiError: not because of a row.
        """
        pending = rows
        while pending:
            try:
                await self.write_all(pending, prepared)
                pending = ()
            except ApiError as error:
                prepared = None
                wrong = await self.find_wrong(pending, error)
                if not wrong:
                    # Fewer rows may be written in time; and an operator, or the holder of a lock, ends one statement.
                    if len(pending) == 1 or (is_about_all(error) and not isinstance(error, Timeout)):
                        raise
                    middle = len(pending) // 2
                    await self._admit()
                    await self.write(pending[:middle])
                    await self._admit()
                    pending = pending[middle:]
                    continue
                tried, cut = _is_by_value(error), self._cut(pending, wrong)
                for index, reason in wrong.items():
                    if index in cut:
                        continue
                    if tried and len(pending) > 1 and reason is error:
                        # Its error may be another one than that of the first row.
                        await self.write([pending[index]])
                    else:
                        self._refuse(pending[index], reason)
                pending = [
                    cut.get(index, row) for index, row in enumerate(pending) if index in cut or index not in wrong
                ]

    async def finish(self) -> None:
        """Write the rows that point to records of the same file which stood behind them.

        Raises:
            ApiError: the rest cannot be written.
        """
        while self._held:
            held, self._held = self._held, []
            self._size = 0
            before = len(held)
            # In any other order each round would write the end of a chain, and refuse all before it.
            for group in self._links.order([row for row, _ in held]):
                for start in range(0, len(group), _AT_ONCE):
                    await self._admit()
                    await self.write(group[start : start + _AT_ONCE])
            if len(self._held) == before:
                # No other record has come that they point to.
                for row, reason in self._held:
                    self._report.refuse(row, reason)
                self._held = []

    def lacks_own(self, error: ApiError) -> bool:
        """Return whether an error is about a record of the same object to connect to, which may be one of the file."""
        return isinstance(error, NotFound) and field_of(error) in self._own

    def _cut(self, rows: Sequence[Row], wrong: Mapping[int, ApiError]) -> dict[int, Row]:
        """Return the rows of a trial that point to records which have passed and were rolled back, without these links.

        The error that one of them is refused with names a few of them only.
        """
        if not self._way.is_trial or not any(map(self.lacks_own, wrong.values())):
            return {}
        return self._links.cut(rows)

    def _refuse(self, row: Row, reason: ApiError) -> None:
        if self.lacks_own(reason) and len(self._held) < _MOST_HELD and self._size + row.size <= _MOST_HELD_CHARACTERS:
            # The error itself refers to the batch that it was raised for.
            self._held.append((row, copy(reason)))
            self._size += row.size
        else:
            self._report.refuse(row, reason)

    def _build_request(self, rows: Sequence[Row]) -> GraphQLRequest:
        variables: dict[str, JsonValue] = {"data": [row.data for row in rows]}
        if self._way.key:
            variables["onConflict"] = {"fields": [*self._way.key]}
        self._sent += 1
        key = SentKey(self._key, self._sent, is_ours=True)
        return GraphQLRequest(
            query=self._document,
            operation_name=None,
            variables=variables,
            is_large=True,
            is_rest=True,
            sent_key=None if self._way.is_trial or self._keep else key,
            is_trial=self._way.is_trial,
            companion=None if self._keep is None else self._keep(rows),
        )

    async def write_all(self, rows: Sequence[Row], prepared: GraphQLRequest | None = None) -> None:
        """Write all of the rows, or none; raises ApiError."""
        try:
            body = await self._execute(prepared or self._build_request(rows))
        except AlreadyClaimed:
            # An attempt whose answer was lost has been committed.
            body = b""
        updated = body.count(b'"created":false')
        self._report.updated += updated
        self._report.created += len(rows) - updated
        if self._way.is_trial and self._own:
            self._links.note(rows)

    async def _execute(self, request: GraphQLRequest) -> bytes:
        attempts = 0
        while True:
            answer = await self._core.execute(self._principal, request, allow_mutation=True)
            if not answer.errors:
                return answer.body
            error = answer.errors[0]
            attempts += 1
            if not isinstance(error, ServiceUnavailable | RateLimitExceeded) or attempts == _ATTEMPTS:
                raise error
            # Another attempt makes records of its own: the first one may have been committed.
            request = request._replace(prepared=None)
            # A slot of an operation is free in a moment.
            reset = error.extensions.get("resetAt")
            wait = 1.0 if reset is None else reset / 1000 - time.time()
            await asyncio.sleep(min(1.0, max(0.05, wait)))

    async def find_wrong(self, rows: Sequence[Row], error: ApiError) -> dict[int, ApiError]:
        """Return the rows that an error is about, by their places; none: it does not say so."""
        if isinstance(error, BadUserInput | Forbidden) and "rows" not in error.extensions:
            found = await self._work.run(self._principal.workspace_id, partial(self._check, rows))
            if found:
                return found
        if not isinstance(error, BadUserInput | Forbidden | Conflict | NotFound | QueryTooComplex):
            return {}
        listed = error.extensions.get("rows")
        blamed: Sequence[Mapping[str, Any]] = (
            [row for row in listed if place_of(row) is not None] if isinstance(listed, list) else []
        )
        if isinstance(error, Conflict):
            blamed = _repeated(rows, blamed)
        places = [place for row in blamed if (place := place_of(row)) is not None]
        if not places and isinstance(error.extensions.get("index"), int):
            places = [error.extensions["index"]]
        if not places and len(rows) == 1 and not is_about_all(error):
            places = [0]
        return {place: error for place in places if place < len(rows)}

    def _check(self, rows: Sequence[Row]) -> dict[int, ApiError]:
        found: dict[int, ApiError] = {}
        if self._type is None:
            return found
        for place, row in enumerate(rows):
            try:
                check_input(self._type, row.data, "$data", "data", _DEPTH)
            except ApiError as error:
                found[place] = error
        return found


def place_of(row: Mapping[str, Any]) -> int | None:
    """Return the place in its list of a row that an error lists: told by itself, or by the way to the input.

    None: the error is about an input that is in no list.
    """
    if "index" in row:
        return int(row["index"])
    _, *way = row.get("input", ("",))
    return way[0] if way and isinstance(way[0], int) else None


def _repeated(rows: Sequence[Row], blamed: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the rows that are to blame for a taken key, short of the first of several rows with the same one.

    PostgreSQL tells the values that it compared: rows may spell the same one differently. Rows behind those that the
    error lists are compared as they are given.
    """
    values = [one.get("value") for one in blamed]
    kept = []
    for place, (one, value) in enumerate(zip(blamed, values, strict=True)):
        is_first = values.index(value) == place
        if value is None or not is_first or (values.count(value) == 1 and not _comes_again(rows, one)):
            kept.append(one)
    return kept


def _comes_again(rows: Sequence[Row], one: Mapping[str, Any]) -> bool:
    names = one.get("fields") or [one.get("field")]
    place = place_of(one) or 0
    values = [rows[place].data.get(name) for name in names]
    return None not in values and any([row.data.get(name) for name in names] == values for row in rows[place + 1 :])


def _is_by_value(error: ApiError) -> bool:
    """Return whether the message of an error is about the value of its first row."""
    return isinstance(error, BadUserInput | Forbidden)


def is_about_all(error: ApiError) -> bool:
    """Return whether an error is one of the request: the role may not write, or there is no such object any more."""
    if isinstance(error, QueryTooComplex):
        return False
    if (error.field or "").startswith("onConflict"):
        return True
    return not isinstance(error, BadUserInput | Conflict | NotFound | Forbidden) or error.path is None


def _write_document(object_: Object, way: Way) -> str:
    data = type_name(object_, TypeRole.INPUT)
    if not way.upserts:
        name = mutation_name(object_, Verb.CREATE, many=True)
        return f"mutation($data:[{data}!]!){{{name}(data:$data){{__typename}}}}"
    name = mutation_name(object_, Verb.UPSERT, many=True)
    if not way.key:
        return f"mutation($data:[{data}!]!){{{name}(data:$data){{created}}}}"
    declared = f"$data:[{data}!]!,$onConflict:{type_name(object_, TypeRole.ON_CONFLICT)}!"
    return f"mutation({declared}){{{name}(data:$data,onConflict:$onConflict){{created}}}}"
