"""Undoing an import: the records that it created are deleted softly, and those that it changed get their values back.

Records that were changed since stay as they are, and so do those that cannot have their values back, since the record
that they pointed to was destroyed, say. A batch is undone in one transaction, the newest first.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from fieldstone.engine.errors import (
    ApiError,
    Conflict,
    Forbidden,
    RateLimitExceeded,
    ServiceUnavailable,
    Timeout,
    Unauthenticated,
)
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.import_jobs.job import Status
from fieldstone.engine.rest.import_jobs.progress import Lease, LeaseLost
from fieldstone.engine.rest.import_jobs.rights import find_principal
from fieldstone.engine.rest.import_jobs.running import Means, find_object, stamp_of
from fieldstone.engine.rest.import_jobs.touched import (
    Touched,
    count_once,
    data_before,
    is_lost,
    is_withheld,
    read_touched,
)
from fieldstone.engine.rest.imports.writer import is_about_all, place_of
from fieldstone.metadata.api_names import TypeRole, Verb, mutation_name, type_name
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Statement, array_text
from fieldstone.sql.transaction import Transaction

_ATTEMPTS = 3
"""Times that a batch is tried whose statements do not end in time."""

_named = partial(named_statement, __name__)
_FREED = "freed"
"""The name of the root field that empties unique values before they are given back."""
_NEXT, _RECORDS, _UNDO = _named("next_batch"), _named("batch_records"), _named("undo_batch")


class _Changed(Exception):
    """A record was changed between the look at it and its lock."""


class Undoing:
    """The undoing of one job.

    Args:
        means: all that it is run by.
        database: where the records are.
        lease: of the job.
    """

    def __init__(self, means: Means, database: Database, lease: Lease) -> None:
        self._means = means
        self._database = database
        self._lease = lease
        self._refusal: ApiError | None = None

    async def run(self) -> None:
        """Undo all batches, and note the state in which that ends.

        Raises:
            LeaseLost: the job is no more this process's.
            ServiceUnavailable: the database is away.
        """
        left = _ATTEMPTS
        try:
            while (first := await self._find_next()) is not None:
                try:
                    await self._undo(first)
                    left = _ATTEMPTS
                except Timeout:
                    # An operator, or the holder of a lock, ends one statement. Two halves could not swap unique values.
                    if not (left := left - 1):
                        raise
        except (RateLimitExceeded, ServiceUnavailable):
            raise
        except Unauthenticated as error:
            await self._lease.end(
                Status.FAILED, Unauthenticated(f"The rights to undo the import have ended: {error.message}")
            )
        except ApiError as error:
            await self._lease.end(Status.FAILED, error)
        else:
            if await self._lease.end(Status.UNDONE, self._refusal):
                await self._means.store.remove_file(self._lease.job.id, share=self._lease.job.share)

    async def _find_next(self) -> int | None:
        job = self._lease.job
        rows = await self._database.read(*_NEXT.bind(id=job.id), share=job.share)
        return int(rows[0][0]) if rows and rows[0][0] is not None else None

    async def _undo(self, first: int) -> None:
        means, job = self._means, self._lease.job
        principal = await find_principal(means.identity, job)
        object_ = await find_object(means.core, principal, job.object_id)
        rows = await self._database.read(*_RECORDS.bind(id=job.id, first=first), share=job.share)
        touched, others = read_touched(rows, stamp_of(object_))
        if others:
            self._refusal = Conflict(
                f"The records of other objects stay, which the import has written besides {object_.label_plural}."
            )
        refused = {one.id for one in touched if one.before is not None and is_withheld(object_, one.before)}
        if refused:
            self._refusal = Forbidden("The role may not write all fields that the import has changed.")
        columns = {part.column.name: field for field in object_.whole.fields for part in field.parts}
        if lost := {one.id for one in touched if one.before is not None and is_lost(columns, one.before)}:
            self._refusal = Conflict("A field that the import has changed is hidden, or has another type by now.")
            refused |= lost
        while True:
            same = await self._database.read(*_look(object_, touched, lock=False), share=job.share)
            left = {UUID((row[0] or b"").decode()) for row in same} - refused
            undone = [one for one in touched if one.id in left]
            try:
                kept = [*others, *(one for one in touched if one.id not in left)]
                await self._write(principal, object_, first, undone, kept=count_once(kept))
            except _Changed:
                continue
            except ApiError as error:
                found = set() if is_about_all(error) else await self._find_refused(principal, object_, undone)
                if not found:
                    raise
                refused |= found
                self._refusal = error
                continue
            return

    async def _find_refused(self, principal: Principal, object_: Object, undone: Sequence[Touched]) -> set[UUID]:
        """Return the records that cannot be given back, by trials.

        Raises:
            ApiError: not because of a record.
        """
        refused: set[UUID] = set()
        pending = list(undone)
        while pending:
            await self._lease.keep()
            query, variables = _write_document(object_, pending)
            request = _build_request(query, variables, is_trial=True)
            answer = await self._means.core.execute(principal, request, allow_mutation=True)
            if not answer.errors:
                break
            error = answer.errors[0]
            if is_about_all(error):
                raise error
            if len(pending) == 1:
                return refused | {pending[0].id}
            listed = [] if error.path and error.path[0] == _FREED else error.extensions.get("rows", ())
            places = [place_of(row) for row in listed]
            if found := {UUID(variables["updates"][place]["id"]) for place in places if place is not None}:
                refused |= found
                pending = [one for one in pending if one.id not in found]
            else:
                middle = len(pending) // 2
                refused |= await self._find_refused(principal, object_, pending[:middle])
                pending = pending[middle:]
        return refused

    async def _write(
        self, principal: Principal, object_: Object, first: int, undone: Sequence[Touched], *, kept: int
    ) -> None:
        await self._lease.keep()
        companion = _BatchUndo(self._lease, object_, first, undone, kept)
        query, variables = _write_document(object_, undone)
        if not query:
            await companion.note_alone(self._database)
            return
        request = _build_request(query, variables, companion=companion)
        answer = await self._means.core.execute(principal, request, allow_mutation=True)
        if answer.errors:
            raise answer.errors[0]


def _build_request(query: str, variables: dict[str, JsonValue], **options: Any) -> GraphQLRequest:
    return GraphQLRequest(query=query, operation_name=None, variables=variables, is_large=True, is_rest=True, **options)


class _BatchUndo:
    """Notes that a batch is undone, in the transaction that undoes it.

    Args:
        lease: of the job.
        object_: of the records.
        first: names the batch.
        undone: its records that are as the import left them.
        kept: the number of the others that count.
    """

    def __init__(self, lease: Lease, object_: Object, first: int, undone: Sequence[Touched], kept: int) -> None:
        self._lease = lease
        self._object = object_
        self._first = first
        self._undone = undone
        self._kept = kept

    async def begin(self, transaction: Transaction) -> None:
        """Hold the job and the records; raises LeaseLost, or _Changed where one is not as it was seen."""
        await self._lease.hold(transaction)
        if len(await transaction.run(*_look(self._object, self._undone, lock=True))) != len(self._undone):
            raise _Changed

    async def end(self, transaction: Transaction, data: bytes) -> None:  # noqa: ARG002 - a companion's
        """Note that the batch is undone; raises LeaseLost."""
        created = [str(one.id) for one in self._undone if one.before is None]
        # A deletion by a filter leaves those out that the rule of the role does not let go.
        ((remaining,),) = await transaction.run(*_count_live(self._object, created)) if created else ((b"0",),)
        _check(await transaction.run(*self._bind(int(remaining or 0))))

    async def note_alone(self, database: Database) -> None:
        """Note the same of a batch of which no record is as the import left it; raises LeaseLost."""
        _check(await database.write(*self._bind(0), share=self._lease.job.share))

    def _bind(self, remaining: int) -> Any:
        changed = [one for one in self._undone if one.before is not None]
        stamps = ["" if one.before and data_before(self._object, one.before) else one.stamp for one in changed]
        return self._lease.bind(
            _UNDO,
            first=self._first,
            undone=count_once(self._undone) - remaining,
            kept=self._kept + remaining,
            ids=[one.id for one in changed],
            stamps=stamps,
        )


def _check(rows: Sequence[Sequence[bytes | None]]) -> None:
    if rows[0][0] == b"0":
        raise LeaseLost


def _look(object_: Object, touched: Sequence[Touched], *, lock: bool) -> tuple[Statement, list[bytes | None]]:
    """Return the statement that finds the records which are as the import left them."""
    whole = object_.whole
    id_, stamp, deleted = (
        quote_identifier(whole.active[name].parts[0].column.name) for name in ("id", "updatedAt", "deletedAt")
    )
    text = (
        f"SELECT one.{id_} FROM {quote_table(whole.table)} AS one"  # noqa: S608 - quoted identifiers
        " JOIN unnest($1::uuid[], $2::timestamptz[]) AS seen (id, stamp)"
        f" ON one.{id_} = seen.id AND one.{stamp} = seen.stamp AND one.{deleted} IS NULL"
        f" ORDER BY one.{id_}{' FOR NO KEY UPDATE OF one' if lock else ''}"
    )
    ids, stamps = array_text([str(one.id) for one in touched]), array_text([one.stamp for one in touched])
    return Statement(text=text), [ids.encode(), stamps.encode()]


def _count_live(object_: Object, ids: Sequence[str]) -> tuple[Statement, list[bytes | None]]:
    """Return the statement that counts the records of some ids which are not deleted."""
    whole = object_.whole
    id_, deleted = (quote_identifier(whole.active[name].parts[0].column.name) for name in ("id", "deletedAt"))
    text = (
        f"SELECT count(*) FROM {quote_table(whole.table)} AS one"  # noqa: S608 - quoted identifiers
        f" WHERE one.{id_} = ANY ($1::uuid[]) AND one.{deleted} IS NULL"
    )
    return Statement(text=text), [array_text(ids).encode()]


def _write_document(object_: Object, undone: Sequence[Touched]) -> tuple[str, dict[str, JsonValue]]:
    """Return the mutation that undoes the writes of some records, and its variables; nothing for none."""
    created = [str(one.id) for one in undone if one.before is None]
    updates = [
        {"id": str(one.id), "data": data}
        for one in undone
        if one.before is not None and (data := data_before(object_, one.before))
    ]
    declared, roots, variables = [], [], dict[str, JsonValue]()
    if created:
        declared.append("$ids:[UUID!]")
        roots.append(f"{mutation_name(object_, Verb.DELETE, many=True)}(filter:{{id:{{in:$ids}}}}){{__typename}}")
        variables["ids"] = created
    for name, listed in ((_FREED, _empty_keys(object_, updates)), ("updates", updates)):
        if listed:
            declared.append(f"${name}:[{type_name(object_, TypeRole.UPDATE_ITEM)}!]")
            roots.append(f"{name}:{mutation_name(object_, Verb.UPDATE, many=True)}(updates:${name}){{__typename}}")
            variables[name] = listed
    return (f"mutation({','.join(declared)}){{{' '.join(roots)}}}" if roots else ""), variables


def _empty_keys(object_: Object, updates: Sequence[Mapping[str, Any]]) -> list[JsonValue]:
    """Return the updates that free unique values first, where several records get theirs back.

    One of them may have the value of another, as an import takes a record of a one-to-one relation from its holder.
    """
    keys = {
        field.member_name
        for field in object_.active.values()
        if field.is_unique and field.is_nullable and not field.is_composite
    }
    shared = [name for name in keys if sum(name in one["data"] for one in updates) > 1]
    freed = [{"id": one["id"], "data": {name: None for name in shared if name in one["data"]}} for one in updates]
    return [one for one in freed if one["data"]]
