"""The endpoint of import jobs: a file is received into the database, and all else is a state of its job."""

from collections.abc import AsyncIterator, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from fieldstone.engine.documents.suggestions import Suggesting
from fieldstone.engine.errors import BadUserInput, Conflict, MethodNotAllowed
from fieldstone.engine.rest.export_addresses import Format
from fieldstone.engine.rest.import_addresses import ERRORS, PARAMETERS, JobAddress
from fieldstone.engine.rest.import_jobs.errors_file import write_errors
from fieldstone.engine.rest.import_jobs.head import read_head
from fieldstone.engine.rest.import_jobs.job import ACTIVE, ImportJob, Status, merge_options, parameters_of
from fieldstone.engine.rest.import_jobs.rights import Owner, describe_author, owner_of, require_lasting
from fieldstone.engine.rest.import_jobs.running import find_object
from fieldstone.engine.rest.import_jobs.store import NewJob
from fieldstone.engine.rest.imports.columns import RecordReader
from fieldstone.engine.rest.imports.importing import check_parameters
from fieldstone.engine.rest.imports.rows import decode_record
from fieldstone.engine.rest.parameters import Parameters, read_named
from fieldstone.engine.rest.routes import allow_header
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.errors import BodyTooLarge
from fieldstone.engine.server.http.requests.incoming import IncomingRequest
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.server.rest.file_body import FileBody, check_file_headers
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.role import WHOLLY, Setting, find_role
from fieldstone.sql.errors import StaleSchema

_CHUNK = 1 << 19
"""Bytes of a piece of a file in the database."""
_LONGEST_NAME = 200
_FORMATS = {b"text/csv": Format.CSV, b"application/jsonl": Format.JSONL, b"application/x-ndjson": Format.JSONL}
_WORK = {"check": Status.CHECKING, "run": Status.RUNNING, "undo": Status.UNDOING}
_FROM = {
    Status.CHECKING: frozenset({Status.READY, Status.CHECKED, Status.STOPPED, Status.FAILED}),
    Status.RUNNING: frozenset({Status.READY, Status.CHECKED, Status.STOPPED, Status.FAILED}),
    Status.UNDOING: frozenset({Status.DONE, Status.STOPPED, Status.FAILED}),
}
"""The states from which each kind of work begins."""


class ImportJobEndpoint:
    """Answers the requests for import jobs.

    Args:
        admission: the one of all endpoints.
        settings: the limits of files and records.
    """

    def __init__(self, *, admission: Admission, settings: Settings) -> None:
        self._admission = admission
        self._settings = settings
        self._slots = TransferSlots("files of imports")

    async def answer(self, incoming: IncomingRequest, address: JobAddress) -> Reply:
        """Return the reply to a request.

        Raises:
            ApiError: it is refused.
            ClientGone: the client has closed the connection.
        """
        method = incoming.method
        if method == "OPTIONS":
            return Reply(status=200, body=b"", headers=[allow_header(address.methods)])
        try:
            address.require(method)
        except MethodNotAllowed:
            incoming.reply_headers.append(allow_header(address.methods))
            raise
        if method == "POST" and address.id is None:
            return await self._receive(incoming)
        admitted = await self._admission.admit(incoming)
        incoming.context.operations = 1
        body: JsonValue = None
        if method in {"PATCH", "POST"}:
            body = await self._read_options(admitted, needs=method == "PATCH")
        try:
            return await _answer(admitted, address, body)
        except (UnknownWorkspace, StaleSchema) as error:
            return await _answer(await self._admission.follow(admitted, error), address, body)

    async def _read_options(self, admitted: Admitted, *, needs: bool) -> JsonValue:
        given = admitted.incoming.given
        if not needs and given.get(b"content-length", b"0") == b"0" and b"content-type" not in given:
            return None
        if not needs and given.get(b"content-length") == b"0":
            return None
        return (await self._admission.read_json(admitted))[0]

    async def _receive(self, incoming: IncomingRequest) -> Reply:
        body = FileBody(incoming, most=self._settings.max_import_bytes, patience=self._settings.body_timeout)
        async with body.drained():
            check_file_headers(incoming.given)
            admitted = await self._admission.admit(incoming, may_be_simple=True)
            require_lasting(admitted.presented)
            with self._slots.held(admitted.principal):
                incoming.context.operations = 1
                return await self._keep(admitted, body)

    async def _keep(self, admitted: Admitted, body: FileBody) -> Reply:
        """Keep the file of a new job; it is removed again if it does not come whole."""
        services, principal = admitted.services, admitted.principal
        if services.core.documents is not None:
            services.core.documents.require_rest()
        parameters = read_named(admitted.incoming.query, PARAMETERS)
        start = _read_start(parameters)
        plural = parameters.required("object", "the plural name of the object that the rows are records of")
        object_ = (await services.rest.see_object(principal, plural)).object
        format_ = _read_format(parameters, admitted.incoming.given)
        options = merge_options({}, _read_options(parameters))
        check_parameters(parameters_of(options, dry_run=False), format_)
        name = (parameters.text("name") or f"{plural}.{format_.value}")[:_LONGEST_NAME]
        store = services.import_jobs.store
        author = await describe_author(services.identity, principal, admitted.presented)
        try:
            id_ = await store.create(principal, author, NewJob(object_.id, format_, name, options))
        except StaleSchema as error:
            return await self._keep(await self._admission.follow(admitted, error), body)
        try:
            await self._keep_chunks(admitted, id_, body, format_, object_)
            if start is not None:
                job = await store.get(principal, None, id_)
                await _act(admitted, job, start, None)
        except BaseException:
            await store.remove(id_, share=None)  # Also while the workspace's requests wait.
            raise
        job = await store.get(principal, None, id_)
        return _reply({"import": await _show(admitted, job)}, status=201)

    async def _keep_chunks(
        self, admitted: Admitted, id_: UUID, body: FileBody, format_: Format, object_: Object
    ) -> None:
        principal = admitted.principal
        store, number, head = admitted.services.import_jobs.store, 0, b""
        async for chunk, is_last in _chunks(body.pieces()):
            if number == 0:
                head = chunk
                is_whole = is_last
            if not await store.add_chunk(id_, number, chunk, principal):
                raise BodyTooLarge(
                    "The files of the workspace's import jobs would have more than"
                    f" {self._settings.import_store_mb:,} MiB, which is the limit (FIELDSTONE_IMPORT_STORE_MB): remove"
                    " imports that are over."
                )
            number += 1
        view, most = await _view(admitted), self._settings.max_body_bytes
        read = partial(read_head, head, format_, view, object_, is_all=is_whole, most=most)
        found = await admitted.services.foundation.work.run(principal.workspace_id, read)
        await store.end_receiving(id_, found, principal)


async def _chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[tuple[bytes, bool]]:
    """Yield the chunks of a file, each with True where it is the last one; an empty file has one."""
    waiting = bytearray()
    async for piece in pieces:
        waiting += piece
        while len(waiting) > _CHUNK:
            yield bytes(waiting[:_CHUNK]), False
            del waiting[:_CHUNK]
    yield bytes(waiting), True


async def _act(admitted: Admitted, job: ImportJob, act: str | None, given: JsonValue) -> None:
    """Act on a job as a request asks; raises ApiError."""
    services, principal = admitted.services, admitted.principal
    store = services.import_jobs.store
    options = merge_options(job.options, given)
    if options != job.options and (job.has_begun or job.status in ACTIVE):
        raise Conflict("The import has begun: its options cannot be changed any more.", field="mapping")
    if act == "stop":
        if not await store.stop(job, Conflict(f"{principal.name} has stopped it."), principal):
            raise Conflict(f"The import is {job.status.value}, and nobody works on it.", field="status")
        return
    if act != "undo":
        check_parameters(parameters_of(options, dry_run=False), job.format)
        await _check_columns(admitted, job, options)
    if act is None:
        await store.set_options(job, options, principal)
        return
    author = await describe_author(services.identity, principal, admitted.presented)
    to = _WORK[act]
    if to is Status.CHECKING and job.has_begun:
        raise Conflict("The import has begun to write records: it can be run, or undone.", field="status")
    if to is Status.RUNNING and job.row["has_undone"]:
        raise Conflict("The import is being undone: send its file again.", field="status")
    if to is Status.UNDOING and not job.has_begun:
        raise Conflict("The import has written no record.", field="status")
    await store.start(job, principal, author, to, of=_FROM[to], options=options)
    services.import_jobs.wake()


async def _answer(admitted: Admitted, address: JobAddress, body: JsonValue) -> Reply:
    services, principal, method = admitted.services, admitted.principal, admitted.incoming.method
    jobs = services.import_jobs
    try:
        read_named(admitted.incoming.query, ())
    except BadUserInput as error:
        if address.act is None and method != "PATCH":
            raise
        raise BadUserInput(f"{error.message} The options of an import are its JSON body.", field=error.field) from None
    if method in {"PATCH", "POST", "DELETE"}:
        # A cell that the workspace has left would take the act, and do nothing.
        await services.foundation.current.refresh(principal.workspace_id)
    if address.id is None:
        listed = await jobs.store.list(principal, *await _look(admitted))
        await _note_written(admitted, listed)
        return _reply({"imports": [await _show(admitted, job) for job in listed]})
    job = await _find(admitted, address.id)
    if address.act == ERRORS:
        return Reply(
            status=200,
            body=(await write_errors(jobs.store, job.id, share=principal.share)).encode("utf-8", "replace"),
            media_type=Format.CSV.media_type,
            headers=[(b"content-disposition", b'attachment; filename="errors.csv"')],
        )
    if method == "DELETE":
        if job.status in ACTIVE:
            raise Conflict(f"The import is {job.status.value}: stop it first.", field="status")
        await jobs.store.remove(job.id, share=principal.share)
        return _reply({"import": {"id": str(job.id)}})
    if method in {"PATCH", "POST"}:
        await _act(admitted, job, address.act, body)
        job = await _find(admitted, job.id)
    await _note_written(admitted, [job])
    return _reply({"import": await _show(admitted, job)})


async def _note_written(admitted: Admitted, jobs: Sequence[ImportJob]) -> None:
    """Note the writes of jobs that a principal is told of: another process may have run them.

    Its next reads would else be answered by a replica that has not the records yet.
    """
    if any(job.has_begun for job in jobs):
        await admitted.services.core.reads.note_write(admitted.principal)


async def _check_columns(admitted: Admitted, job: ImportJob, options: dict[str, Any]) -> None:
    """Refuse a file whose columns the object lacks, before it is read; raises ApiError."""
    core, principal = admitted.services.core, admitted.principal
    object_ = await find_object(core, principal, job.object_id)
    if job.format is Format.CSV:
        view = (await core.look(await core.source.get(principal.workspace_id), principal)).view
        reader = RecordReader(view, object_, decode_record, options.get("mapping") or {})
        with Suggesting(allowed=core.compiler.limits.document.introspection):
            reader.read_header(job.row["head"]["columns"])


async def _view(admitted: Admitted) -> Snapshot:
    core, principal = admitted.services.core, admitted.principal
    return (await core.look(await core.source.get(principal.workspace_id), principal)).view


async def _look(admitted: Admitted) -> tuple[Owner | None, Sequence[UUID]]:
    """Return the owner and the objects whose jobs a principal sees; None: all.

    Keys that may revoke others see theirs, too, of the objects whose records they read, as a file has these.
    """
    owner, view = owner_of(admitted.principal), await _view(admitted)
    role = find_role(view.roles, admitted.principal.role)
    if role is None or Setting.API_KEYS not in effective_settings(view, role):
        return owner, ()
    if view.whole is view:
        return None, ()
    return owner, [id_ for id_, one in view.objects.items() if one.rights.read == WHOLLY and not one.rights.dropped]


async def _find(admitted: Admitted, id_: UUID) -> ImportJob:
    owner, objects = await _look(admitted)
    return await admitted.services.import_jobs.store.get(admitted.principal, owner, id_, objects)


async def _show(admitted: Admitted, job: ImportJob) -> dict[str, Any]:
    object_ = (await _view(admitted)).objects.get(job.object_id)
    return job.show(object_.name_plural if object_ is not None and object_.rights.is_visible else None)


def _reply(data: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status=status, body=dumps({"data": data}).encode("utf-8", "replace"))


def _read_start(parameters: Parameters) -> str | None:
    start = parameters.text("start")
    if start not in {None, "check", "run"}:
        raise BadUserInput(f"'start' must be check or run, not '{(start or '')[:80]}'.", field="start")
    return start


def _read_format(parameters: Parameters, given: dict[bytes, bytes]) -> Format:
    """Return the format of a file; raises BadUserInput."""
    name = parameters.text("format")
    if name is not None:
        found = next((one for one in Format if one.value == name.lower()), None)
    else:
        found = _FORMATS.get(given.get(b"content-type", b"").partition(b";")[0].strip().lower())
    if found is None:
        raise BadUserInput("'format' must be csv or jsonl, unless the Content-Type says it.", field="format")
    return found


def _read_options(parameters: Parameters) -> dict[str, JsonValue]:
    names = parameters.text("on_conflict")
    options = {
        "mapping": parameters.json("mapping"),
        "onConflict": None if names is None else [name.strip() for name in names.split(",")],
        "upsert": parameters.flag("upsert") if "upsert" in parameters.names else None,
    }
    return {name: value for name, value in options.items() if value is not None}
