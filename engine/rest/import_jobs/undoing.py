"""Undoing an import: the records that it created are deleted softly, and those that it changed get their values back.

Records that were changed since stay as they are, and so do those that cannot have their values back, since the record
that they pointed to was destroyed, say. A batch is undone in one transaction, the newest first.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple
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
from fieldstone.engine.rest.imports.writer import is_about_all, place_of
from fieldstone.metadata.api_names import TypeRole, Verb, mutation_name, type_name
from fieldstone.metadata.changes.rules.names import column_suffixes
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.executor import Database
from fieldstone.sql.identifiers import quote_identifier, quote_table
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import Row, Statement, array_text
from fieldstone.sql.transaction import Transaction

_ATTEMPTS = 3
"""Times that a batch is tried whose statements do not end in time."""

_named = partial(named_statement, __name__)
_ENDINGS = "|".join({re.escape(ending) for type_ in FieldType for ending in column_suffixes(type_)})
"""Those of the columns of all types behind the physical name of their field, as a pattern."""
_FREED = "freed"
"""The name of the root field that empties unique values before they are given back."""
_NEXT, _RECORDS, _UNDO = _named("next_batch"), _named("batch_records"), _named("undo_batch")


class _Changed(Exception):
    """A record was changed between the look at it and its lock."""


class _Touched(NamedTuple):
    """A record that an import wrote.

    Attributes:
        stamp: its `updatedAt` as the import left it.
        before: the `image` of the record that it was, and the columns that were `changed`; None: there was none.
        counts: no batch that is still to be undone has written it too, so that this one counts it.
    """

    id: UUID
    stamp: str
    before: Mapping[str, JsonValue] | None
    counts: bool


def _read_touched(rows: Sequence[Row], stamp: str) -> tuple[list[_Touched], Sequence[_Touched]]:
    """Return the records of a batch, each once, and those of other objects.

    A row that connects another one has written its record as well.

    Args:
        rows: of `batch_records`.
        stamp: the column of `updatedAt`.
    """
    found: dict[UUID, _Touched] = {}
    others: dict[tuple[JsonValue, UUID], _Touched] = {}
    for id_, written_at, image, counts in rows:
        before = None if image is None else loads(image)
        read = _Touched(UUID((id_ or b"").decode()), (written_at or b"").decode(), before, counts == b"t")
        if read.before is not None and "object" in read.before:
            others[read.before["object"], read.id] = read
            continue
        known = found.get(read.id)
        found[read.id] = read if known is None else _join(known, read, stamp)
    return [*found.values()], [*others.values()]


def _join(one: _Touched, other: _Touched, stamp: str) -> _Touched:
    """Return a record that was written twice: as the last write left it, with the values before the first one."""
    last = max(one.stamp, other.stamp, key=datetime.fromisoformat)
    if one.before is None or other.before is None:
        return one._replace(stamp=last, before=None)
    first = min(one.before, other.before, key=lambda before: datetime.fromisoformat(before["image"][stamp]))
    changed = [*dict.fromkeys([*one.before["changed"], *other.before["changed"]])]
    return one._replace(stamp=last, before={"image": first["image"], "changed": changed})


def _count(touched: Sequence[_Touched]) -> int:
    return sum(one.counts for one in touched)


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
        touched, others = _read_touched(rows, stamp_of(object_))
        if others:
            self._refusal = Conflict(
                f"The records of other objects stay, which the import has written besides {object_.label_plural}."
            )
        refused = {one.id for one in touched if one.before is not None and _is_withheld(object_, one.before)}
        if refused:
            self._refusal = Forbidden("The role may not write all fields that the import has changed.")
        columns = {part.column.name: field for field in object_.whole.fields for part in field.parts}
        if lost := {one.id for one in touched if one.before is not None and _is_lost(columns, one.before)}:
            self._refusal = Conflict("A field that the import has changed is hidden, or has another type by now.")
            refused |= lost
        while True:
            same = await self._database.read(*_look(object_, touched, lock=False), share=job.share)
            left = {UUID((row[0] or b"").decode()) for row in same} - refused
            undone = [one for one in touched if one.id in left]
            try:
                kept = [*others, *(one for one in touched if one.id not in left)]
                await self._write(principal, object_, first, undone, kept=_count(kept))
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

    async def _find_refused(self, principal: Principal, object_: Object, undone: Sequence[_Touched]) -> set[UUID]:
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
        self, principal: Principal, object_: Object, first: int, undone: Sequence[_Touched], *, kept: int
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

    def __init__(self, lease: Lease, object_: Object, first: int, undone: Sequence[_Touched], kept: int) -> None:
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
        stamps = ["" if one.before and _data_before(self._object, one.before) else one.stamp for one in changed]
        return self._lease.bind(
            _UNDO,
            first=self._first,
            undone=_count(self._undone) - remaining,
            kept=self._kept + remaining,
            ids=[one.id for one in changed],
            stamps=stamps,
        )


def _check(rows: Sequence[Sequence[bytes | None]]) -> None:
    if rows[0][0] == b"0":
        raise LeaseLost


def _look(object_: Object, touched: Sequence[_Touched], *, lock: bool) -> tuple[Statement, list[bytes | None]]:
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


def _write_document(object_: Object, undone: Sequence[_Touched]) -> tuple[str, dict[str, JsonValue]]:
    """Return the mutation that undoes the writes of some records, and its variables; nothing for none."""
    created = [str(one.id) for one in undone if one.before is None]
    updates = [
        {"id": str(one.id), "data": data}
        for one in undone
        if one.before is not None and (data := _data_before(object_, one.before))
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


def _changed_fields(object_: Object, before: Mapping[str, JsonValue]) -> Iterator[tuple[str, Field]]:
    """Yield the fields that a record had other values of, by their names, short of those that nobody writes."""
    changed = frozenset(before["changed"])
    for name, field in object_.active.items():
        if field.access is Access.READ_WRITE and not changed.isdisjoint(part.column.name for part in field.parts):
            yield name, field


def _is_withheld(object_: Object, before: Mapping[str, JsonValue]) -> bool:
    """Return whether the role may not give a field of a record the value back that it had."""
    rights = object_.rights
    return not all(rights.gives(Action.UPDATE, field.id) for _, field in _changed_fields(object_, before))


def _is_lost(columns: Mapping[str, Field], before: Mapping[str, JsonValue]) -> bool:
    """Return whether a changed field is hidden, or has a column that the record had not before, by another type.

    A field that is deleted has no value to give back.

    Args:
        columns: the fields of the object, by the names of their columns.
        before: the record as it was, and its changed columns.
    """
    changed = frozenset(before["changed"])
    if any(not columns[name].is_active for name in changed & columns.keys()):
        return True
    # The column of another type is named as the one before it, with another number.
    stems = {field.column.rstrip("_0123456789") for name, field in columns.items() if name not in before["image"]}
    forms = [f"{re.escape(stem)}[_0-9]*(?:{_ENDINGS})" for stem in stems]
    return any(re.fullmatch(form, name) for form in forms for name in changed - columns.keys())


def _data_before(object_: Object, before: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """Return the data that gives a record's changed fields their values back."""
    data: dict[str, JsonValue] = {}
    image = before["image"]
    for name, field in _changed_fields(object_, before):
        values: dict[str, Any] = {part.name or "": image[part.column.name] for part in field.parts}
        if field.is_composite:
            data[name] = values
        else:
            data[field.member_name] = values[""]
    return data
