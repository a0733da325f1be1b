"""The stored documents of a process: finds the text that a request's reference names, in memory or in the database.

Trusted documents are imported by an operator. Persisted queries are stored by clients themselves, by the hash of the
text, as Apollo's clients do: https://www.apollographql.com/docs/apollo-server/performance/apq
The former are read again when the workspace's version of them has moved, which is looked up once a second at most; the
latter never change.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Final
from uuid import UUID

from fieldstone.engine.database_errors import described
from fieldstone.engine.documents.document import check_length
from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    DocumentNotTrusted,
    PersistedQueryNotFound,
    PersistedQueryNotSupported,
)
from fieldstone.engine.request.stored_documents.request import SHA256, DocumentReference, GraphQLRequest
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement
from fieldstone.sql.statement import refuse_nul

FRESH_FOR: Final = 1.0
"""Seconds for which trusted documents hold: one that another process removed may be served that long here."""

MOST_CHARACTERS: Final = 16_000_000
"""Of all texts in memory together, the most recently used ones."""

PERSISTED_BYTES: Final = 16 << 20
"""Bytes of the persisted queries of a workspace in the database; a text has at most a sixteenth."""

_MOST_WORKSPACES = 10_000
_HASH_DIGITS = 64

_VERSIONS = named_statement(__name__, "documents_versions")
_TRUSTED = named_statement(__name__, "trusted_document")
_PERSISTED = named_statement(__name__, "persisted_query")
_KEEP = named_statement(__name__, "keep_persisted_query")


class _By(Enum):
    """The ways by which a text in memory is found."""

    ID = 0
    TEXT = 1
    HASH = 2


_Key = tuple[int, _By, str]


@dataclass(slots=True, kw_only=True)
class DocumentCounters:
    """Requests whose document was found, was not found, or was refused because it is not trusted."""

    found: int = 0
    unknown: int = 0
    untrusted: int = 0


def not_there(reference: DocumentReference) -> PersistedQueryNotFound:
    """Return the refusal of a reference that names no document for the role."""
    if reference.is_persisted:
        # Apollo's clients know the refusal by these words, and send the text.
        return PersistedQueryNotFound("PersistedQueryNotFound")
    return PersistedQueryNotFound(
        "There is no document with this documentId that is valid for the role: import it with"
        " `fieldstone documents import`.",
        field="documentId",
    )


def _rest_refused() -> DocumentNotTrusted:
    return DocumentNotTrusted(
        "The server answers trusted documents only, and REST has none; with FIELDSTONE_DOCUMENTS=trusted-and-rest it"
        " answers REST, too."
    )


@dataclass(frozen=True, slots=True)
class _Version:
    number: bytes
    checked_at: float


class StoredDocuments:
    """Finds the documents of requests.

    Args:
        database: where the documents are.
        only_trusted: True if all other documents are refused.
        with_rest: True if REST is answered all the same.
        most_persisted: the most persisted queries of a workspace; 0: there are none.
        time_limit: seconds of a statement.
        clock: seconds that never go back.

    Attributes:
        changed: called with a workspace that has other trusted documents than were known.
        only_trusted: as given.
        answers_rest: whether REST is answered.
    """

    def __init__(
        self,
        database: Database,
        *,
        only_trusted: bool = False,
        with_rest: bool = False,
        most_persisted: int = 1_000,
        time_limit: float = 15.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.changed: Signal[[UUID]] = Signal()
        self.counters = DocumentCounters()
        self._database = database
        self.only_trusted = only_trusted
        self.answers_rest = with_rest or not only_trusted
        self._most_persisted = 0 if only_trusted else most_persisted
        self._time_limit = time_limit
        self._clock = clock
        self._texts: OrderedDict[_Key, str] = OrderedDict()
        self._characters = 0
        self._versions: OrderedDict[int, _Version] = OrderedDict()

    def require_rest(self) -> None:
        """Raise DocumentNotTrusted where REST is not answered."""
        if not self.answers_rest:
            raise _rest_refused()

    def find_at_hand(self, principal: Principal, request: GraphQLRequest) -> GraphQLRequest | None:
        """Return the request with its document's text; None if the database has to be asked, or to refuse it."""
        reference = request.reference
        if reference is None and (self.answers_rest if request.is_rest else not self.only_trusted):
            return request
        text = self._find_text(principal.workspace_id.int, request.query, reference)
        if text is None:
            return None
        self.counters.found += 1
        return request.named(text)

    async def find(self, principal: Principal, request: GraphQLRequest) -> GraphQLRequest:
        """Return the request with its document's text.

        Raises:
            BadUserInput: the hash is not that of the text.
            DocumentNotTrusted: only trusted documents are served, and this is none.
            PersistedQueryNotFound: there is no such document.
            PersistedQueryNotSupported: clients may store no documents here.
            QueryTooComplex: the text is too long to be looked at.
            DatabaseError: the database cannot be asked.
        """
        found = self.find_at_hand(principal, request)
        if found is not None:
            return found
        if request.is_rest:
            raise _rest_refused()
        query, reference = request.query, request.reference
        if query:
            check_length(query)
        if query and reference is not None and _hash(query) != reference.id:
            raise BadUserInput(
                "The provided sha256Hash does not match the query: it must be the SHA-256 of its UTF-8 text in hex.",
                field="extensions.persistedQuery.sha256Hash",
            )
        if query and not self.only_trusted:
            if not self._most_persisted:
                raise PersistedQueryNotSupported("PersistedQueryNotSupported")
            return request._replace(reference=None, is_new=True)
        await self._check_version(principal)
        text = await self._read(principal, query, reference)
        if text is None:
            raise self._refusal(query, reference)
        self.counters.found += 1
        return request.named(text)

    async def keep(self, principal: Principal, text: str) -> None:
        """Store a valid document that a client has sent with its hash; the workspace's oldest make room for it.

        Raises:
            DatabaseError: it cannot be stored.
        """
        size = len(text.encode())
        if size > PERSISTED_BYTES // 16:
            return  # It is served each time that it comes with its text.
        hashed = _hash(text)
        statement, parameters = _KEEP.bind(
            workspace_id=principal.workspace_id,
            hash=hashed,
            text=text,
            most=self._most_persisted,
            most_bytes=PERSISTED_BYTES,
        )
        refuse_nul(parameters)
        await self._database.write(statement, parameters, timeout=self._time_limit, share=principal.share)
        self._keep_text((principal.workspace_id.int, _By.HASH, hashed), text)

    async def compare(self, workspace_ids: Sequence[UUID], *, share: Hashable) -> None:
        """Compare the trusted documents in memory with those of the database; drop those of a workspace with others.

        Raises:
            DatabaseError: the database cannot be asked.
        """
        now = self._clock()
        step = _VERSIONS.bind(ids=list(workspace_ids))
        rows = await self._database.read(*step, timeout=self._time_limit, share=share)
        numbers = {UUID((id_ or b"").decode()): number or b"" for id_, number in rows}
        for workspace_id in workspace_ids:
            self._note_version(workspace_id, numbers.get(workspace_id, b""), now)

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        self._forget(workspace_id.int, {*_By})

    def _find_text(self, workspace: int, query: str, reference: DocumentReference | None) -> str | None:
        """Return the text, if it is in memory and may be served."""
        if query and reference is not None and not self.only_trusted:
            # An equal text has an equal hash.
            kept = self._use((workspace, _By.HASH, reference.id))
            return query if kept == query else None
        if reference is not None and not query and (kept := self._use((workspace, _By.HASH, reference.id))) is not None:
            return kept
        if not self._is_fresh(workspace):
            return None
        if not query:
            return None if reference is None else self._use((workspace, _By.ID, reference.id))
        if reference is not None and _hash(query) != reference.id:
            return None
        return self._use((workspace, _By.TEXT, query))

    async def _read(self, principal: Principal, query: str, reference: DocumentReference | None) -> str | None:
        """Return the text as the database has it."""
        workspace_id, share = principal.workspace_id, principal.share
        workspace = workspace_id.int
        id_ = None if reference is None or query else reference.id
        hashed = _hash(query) if query else _hash_named(id_ or "")
        step, version = _TRUSTED.bind(workspace_id=workspace_id, id=id_, hash=hashed), self._versions.get(workspace)
        rows = await self._database.read(*step, timeout=self._time_limit, share=share)
        if rows:
            text = (rows[0][0] or b"").decode()
            # The document may have been removed during the look-up, as a look-up of the version has found meanwhile.
            if version is not None and self._versions.get(workspace) is version:
                self._keep_text((workspace, _By.TEXT, text) if id_ is None else (workspace, _By.ID, id_), text)
            return text
        if hashed is None or id_ is None or not self._most_persisted:
            return None
        step = _PERSISTED.bind(workspace_id=workspace_id, hash=hashed)
        rows = await self._database.write(*step, timeout=self._time_limit, share=share)
        if not rows:
            return None
        text = (rows[0][0] or b"").decode()
        self._keep_text((workspace, _By.HASH, id_), text)
        return text

    def _refusal(self, query: str, reference: DocumentReference | None) -> ApiError:
        if query or reference is None:
            self.counters.untrusted += 1
            return DocumentNotTrusted(
                "The server answers trusted documents only: import this one with `fieldstone documents import`."
            )
        self.counters.unknown += 1
        return not_there(reference)

    def _is_fresh(self, workspace: int) -> bool:
        known = self._versions.get(workspace)
        return known is not None and self._clock() - known.checked_at < FRESH_FOR

    async def _check_version(self, principal: Principal) -> None:
        """Drop the trusted documents in memory if the database has others."""
        if not self._is_fresh(principal.workspace_id.int):
            await self.compare([principal.workspace_id], share=principal.share)

    def _note_version(self, workspace_id: UUID, number: bytes, now: float) -> None:
        workspace = workspace_id.int
        known = self._versions.get(workspace)
        is_changed = known is None or known.number != number
        if is_changed:
            self._forget(workspace, {_By.ID, _By.TEXT})
        for oldest, _ in keep(self._versions, workspace, _Version(number, now), _MOST_WORKSPACES):
            self._forget(oldest, {_By.ID, _By.TEXT})
        if is_changed:
            self.changed(workspace_id)

    def _use(self, key: _Key) -> str | None:
        text = self._texts.get(key)
        if text is not None:
            self._texts.move_to_end(key)
        return text

    def _keep_text(self, key: _Key, text: str) -> None:
        self._drop(key)
        self._texts[key] = text
        self._characters += len(text)
        while self._characters > MOST_CHARACTERS:
            self._drop(next(iter(self._texts)))

    def _drop(self, key: _Key) -> None:
        self._characters -= len(self._texts.pop(key, ""))

    def _forget(self, workspace: int, ways: set[_By]) -> None:
        if _By.ID in ways:
            self._versions.pop(workspace, None)
        for key in [key for key in self._texts if key[0] == workspace and key[1] in ways]:
            self._drop(key)


async def find_document(
    documents: StoredDocuments | None, principal: Principal, request: GraphQLRequest
) -> GraphQLRequest:
    """Return the request with the text of its document; an API without stored documents has None.

    Raises:
        ApiError: the document is not there or is not allowed, or the database is away.
    """
    if documents is None:
        _refuse_reference(request)
        return request
    with described():
        return await documents.find(principal, request)


def _refuse_reference(request: GraphQLRequest) -> None:
    if request.reference is not None and not request.query:
        if request.reference.is_persisted:
            raise PersistedQueryNotSupported("PersistedQueryNotSupported")
        raise BadUserInput(
            "Stored documents are served at /graphql only: send the operation's text under 'query'.",
            field="documentId",
        )


def _hash(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _hash_named(id_: str) -> str | None:
    """Return the SHA-256 that an id is, with or without the prefix of the GraphQL-over-HTTP specification."""
    digits = id_.removeprefix(SHA256)
    is_hash = len(digits) == _HASH_DIGITS and all(digit in "0123456789abcdef" for digit in digits)
    return digits if is_hash else None
