"""An import: the pieces of a file become rows, and the rows batches, each of them written in one statement.

The next batch is read and prepared while one is written. Nothing is held between two batches but the rows of the next
one: neither a connection nor a transaction, so that a client may send as slowly as it likes.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from graphql import GraphQLInputObjectType

from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.rest.errors import rename_inputs
from fieldstone.engine.rest.export_addresses import ExportAddress, Format
from fieldstone.engine.rest.imports.columns import RecordReader
from fieldstone.engine.rest.imports.csv_rows import CsvRows
from fieldstone.engine.rest.imports.file_text import FileText
from fieldstone.engine.rest.imports.json_lines import JsonLines
from fieldstone.engine.rest.imports.report import Report
from fieldstone.engine.rest.imports.rows import Decode, Reader, Row
from fieldstone.engine.rest.imports.writer import Admit, BatchWriter, Keep, Way
from fieldstone.engine.rest.parameters import Parameters
from fieldstone.engine.rest.routes import not_found
from fieldstone.engine.schema.objects.unique_keys import unique_keys
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.api_names import TypeRole, type_name
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Seen, relation_end
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.executor import Database

MOST_ROWS = 500
"""Rows of a batch."""
_MOST_CHARACTERS = 1 << 19
"""Characters of a batch."""

_SEES_NONE = " An import that is all or nothing is one statement, which finds no record of its own file."

Pieces = AsyncIterator[bytes]


class Record(NamedTuple):
    """How an import that may be taken up again keeps its progress.

    Attributes:
        report: with the numbers of earlier attempts.
        is_done: returns whether an earlier attempt has written or refused a row.
        keep: keeps the rows that are written; see `BatchWriter`.
    """

    report: Report
    is_done: Callable[[Row], bool]
    keep: Keep


class Import:
    """One import.

    Args:
        core: writes the records.
        work: reads the pieces.
        database: the one of the records.
        principal: writes the records.
        address: names the object and the format.
        parameters: those of the request.
        decode: reads JSON.
        most: characters of a record; of an import that is all or nothing, of all of its records.
        record: keeps the progress; None: nothing does.

    Attributes:
        name: plural, of the object.
        report: so far.
        batches: those that were written.
        counts_batches: whether each batch counts in the rate limit, since the role has one of its own.
    """

    def __init__(
        self,
        core: GraphQLApi,
        work: WorkThread,
        database: Database,
        principal: Principal,
        address: ExportAddress,
        parameters: Parameters,
        *,
        decode: Decode,
        most: int,
        record: Record | None = None,
    ) -> None:
        self.name = address.plural
        self.report = Report() if record is None else record.report
        self._record = record
        self.batches = 0
        self.counts_batches = False
        self._core = core
        self._work = work
        self._database = database
        self._principal = principal
        self._format = address.format
        self._way = _read_way(parameters)
        self._mapping = _read_mapping(parameters, address.format)
        self.report.dry_run = self._way.is_trial
        self._is_whole = parameters.flag("all_or_nothing")
        self._decode = decode
        self._most = most
        self._most_rows = 0
        # The unique keys by which an upsert finds records, each with a name.
        self._keys: list[tuple[str, tuple[str, ...]]] = []
        self._object: Object | None = None
        self._writing: asyncio.Task[None] | None = None
        self._text = FileText()
        self._received = 0

    async def run(self, pieces: Pieces, admit: Admit) -> None:
        """Write the records of a file.

        Args:
            pieces: of the file.
            admit: is awaited before each batch; raises ApiError.

        Raises:
            ApiError: the file cannot be read any further, or no record of it can be written; the report has those
                that were written before.
        """
        seen, object_ = await self._see()
        self._object = object_
        limits = self._core.compiler.limits_of(seen.limits)
        self.counts_batches = seen.limits.rate is not None
        self._most_rows = limits.records.bulk if self._is_whole else min(MOST_ROWS, limits.records.bulk)
        found = self._core.compiler.schemas.get(seen.view).type_map.get(type_name(object_, TypeRole.INPUT))
        type_ = found if isinstance(found, GraphQLInputObjectType) else None
        records = RecordReader(seen.view, object_, self._decode, self._mapping)
        self.report.ignored = records.ignored
        if self._way.upserts:
            self._keys = [
                (str(place), tuple(field.member_name for field in key))
                for place, key in enumerate(unique_keys(seen.view, object_))
                if not self._way.key or {field.name for field in key} == {*self._way.key}
            ]
        reader = self._open(records)
        own = {
            name: field.key_name
            for name, field in object_.active.items()
            if field.parts and (end := relation_end(seen.view, field)) is not None and end.target.id == object_.id
        }
        writer = BatchWriter(
            self._core,
            self._work,
            self._principal,
            object_,
            type_,
            self._way,
            self.report,
            own,
            [key[0].name for key in unique_keys(seen.view, object_) if len(key) == 1],
            None if self._record is None else self._record.keep,
            admit=admit,
        )
        try:
            with Suggesting(allowed=self._core.compiler.limits.document.introspection):
                await self._write_all(writer, reader, pieces, admit)
        except ApiError as error:
            raise rename_inputs(error) from error
        if not self._way.is_trial:
            from fieldstone.engine.rest.imports.statistics import renew_statistics  # noqa: PLC0415 - few processes import

            await renew_statistics(self._database, object_, self.report.created)

    async def _write_all(self, writer: BatchWriter, reader: Reader, pieces: Pieces, admit: Admit) -> None:
        try:
            async for batch in self._batches(reader, pieces):
                right = [row for row in batch if row.error is None]
                prepared = await writer.prepare(right) if right else None
                await self._finish_writing()
                await admit()
                self.batches += 1
                for row in batch:
                    if row.error is not None:
                        self.report.refuse(row, row.error)
                self._writing = asyncio.create_task(self._write(writer, right, prepared))
        finally:
            # A statement that has been sent may be committed: the report waits for it.
            await self._finish_writing()
        await writer.finish()

    def show(self) -> dict[str, JsonValue]:
        """Return the report as the data of an answer; none before the object is known."""
        return {} if self._object is None else self.report.show(self._object)

    def _open(self, records: RecordReader) -> Reader:
        if self._format is Format.CSV:
            return CsvRows(records.read_header, self._most)
        return JsonLines(self._decode, records.prepare, self._most)

    async def _see(self) -> tuple[Seen, Object]:
        core, workspace_id = self._core, self._principal.workspace_id
        current = await core.source.get(workspace_id)
        seen = await core.look(current, self._principal)
        if seen.view.by_plural.get(self.name) is None:
            seen = await core.look(await core.source.refresh(workspace_id), self._principal)
        object_ = seen.view.by_plural.get(self.name)
        if object_ is None:
            raise not_found(self.name)
        return seen, object_

    async def _finish_writing(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            await writing

    async def _write(self, writer: BatchWriter, rows: Sequence[Row], prepared: GraphQLRequest | None) -> None:
        if not self._is_whole:
            await writer.write(rows, prepared)
            return
        try:
            if rows and not self.report.failed:
                await writer.write_all(rows, prepared)
        except ApiError as error:
            wrong = await writer.find_wrong(rows, error)
            if not wrong:
                raise
            for index, reason in wrong.items():
                if writer.lacks_own(reason) and not reason.message.endswith(_SEES_NONE):
                    reason.message += _SEES_NONE
                self.report.refuse(rows[index], reason)

    async def _batches(self, reader: Reader, pieces: Pieces) -> AsyncIterator[Sequence[Row]]:
        """Yield the batches; one that is all or nothing is the only one."""
        waiting: list[Row] = []
        async for rows in self._rows(reader, pieces):
            waiting += rows
            if self._is_whole:
                self._refuse_more(len(waiting))
                continue
            *whole, waiting = self._cut(waiting)
            for batch in whole:
                yield batch
        if waiting:
            yield waiting

    async def _rows(self, reader: Reader, pieces: Pieces) -> AsyncIterator[list[Row]]:
        async for piece in pieces:
            self._received += len(piece)
            if self._is_whole:
                self._refuse_longer(self._received)
            yield await self._read(reader, piece, is_end=False)
        yield await self._read(reader, b"", is_end=True)

    async def _read(self, reader: Reader, piece: bytes, *, is_end: bool) -> list[Row]:
        text = self._text.read(piece, is_end=is_end)
        rows = await self._work.run(self._principal.workspace_id, partial(reader.read, text, is_end=is_end))
        record = self._record
        return rows if record is None else [row for row in rows if not record.is_done(row)]

    def _cut(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Yield whole batches, and last the rows that the next one begins with."""
        batch: list[Row] = []
        size = 0
        keys: set[str] = set()
        for row in rows:
            own = self._keys_of(row)
            if len(batch) >= self._most_rows or size >= _MOST_CHARACTERS or not keys.isdisjoint(own):
                yield batch
                batch, size, keys = [], 0, set()
            batch.append(row)
            size += row.size
            keys |= own
        yield batch

    def _keys_of(self, row: Row) -> set[str]:
        """Return the unique keys of an upsert's row: a statement changes no record twice."""
        found = ([name, *map(row.data.get, names)] for name, names in self._keys)
        return {dumps(values) for values in found if None not in values}

    def _refuse_more(self, rows: int) -> None:
        if rows > self._most_rows:
            raise BadUserInput(
                f"An import that is all or nothing is one statement, which may write {self._most_rows:,} records"
                " (FIELDSTONE_MAX_BULK_WRITES); nothing was written. Without 'all_or_nothing' it may have any number.",
                field="all_or_nothing",
            )

    def _refuse_longer(self, size: int) -> None:
        if size > self._most:
            raise BadUserInput(
                f"An import that is all or nothing may have {self._most:,} bytes (FIELDSTONE_MAX_BODY_BYTES); nothing"
                " was written. Without 'all_or_nothing' it may have more.",
                field="all_or_nothing",
            )


def check_parameters(parameters: Parameters, format_: Format) -> None:
    """Refuse parameters by which no file of a format is imported; raises BadUserInput."""
    _read_way(parameters)
    _read_mapping(parameters, format_)


def _read_mapping(parameters: Parameters, format_: Format) -> dict[str, str | None]:
    """Return the columns of the object by those of the file; raises BadUserInput."""
    mapping = parameters.json("mapping")
    if mapping is None:
        return {}
    if format_ is not Format.CSV:
        raise BadUserInput("'mapping' is for the columns of CSV.", field="mapping")
    if not isinstance(mapping, dict) or not all(isinstance(one, str | None) for one in mapping.values()):
        raise BadUserInput(
            "'mapping' must be a JSON object with the columns of the file, each with a column of the object, or null to"
            ' pass it over: {"E-mail":"email","Notes":null}.',
            field="mapping",
        )
    return mapping


def _read_way(parameters: Parameters) -> Way:
    """Return how the records are written; raises BadUserInput."""
    fields, is_trial = parameters.text("on_conflict"), parameters.flag("dry_run")
    if fields is None:
        return Way(upserts=parameters.flag("upsert"), is_trial=is_trial)
    if not parameters.flag("upsert", default=True):
        raise BadUserInput("'on_conflict' and 'upsert=false' contradict each other.", field="on_conflict")
    return Way(upserts=True, key=tuple(name.strip() for name in fields.split(",")), is_trial=is_trial)
