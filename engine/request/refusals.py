"""Refusals of documents, kept for a minute, so that a document that is sent again is refused by a look-up."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from copy import copy
from hashlib import blake2b
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.errors import ApiError, ValidationFailed
from fieldstone.engine.events.subscriptions.subscription import Refused
from fieldstone.engine.request.plan_cache import OperationKey
from fieldstone.engine.request.stored_documents.documents import not_there
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.model import Snapshot

SECONDS = 60.0
MOST_REFUSALS = 1_000
MOST_BYTES = 2_000_000
"""Of all kept errors together; a document is known by its digest."""

_ERROR_BYTES = 500
"""The bytes of an error besides its message."""


class InvalidDocument(Refused):
    """The document does not fit the schema; `errors` says where."""


@contextmanager
def held_back(request: GraphQLRequest, view: Snapshot) -> Iterator[None]:
    """Refuse a named document that is not valid for a role's view as one that is not there.

    Its client may not know the text, whose errors would tell names that the role does not see.
    """
    try:
        yield
    except InvalidDocument as invalid:
        tells = any(isinstance(error, ValidationFailed) for error in invalid.errors)
        if tells and request.named_by is not None and view.whole is not view:
            raise not_there(request.named_by) from None
        raise


_Digest = tuple[int, int, bytes, bytes]
"""The numbers of the workspace and the role, and the digests of the document and of the shape."""


class _Kept(NamedTuple):
    version: int
    until: float
    error: InvalidDocument | ApiError
    size: int


class Refusals:
    """The errors of documents, by text, operation name and the model's version; those of a plan by its shape, too.

    Args:
        now: the time in seconds, of any origin.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._kept: OrderedDict[_Digest, _Kept] = OrderedDict()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._kept)

    def find(
        self, key: OperationKey, snapshot: Snapshot, *, shape: Hashable = None
    ) -> InvalidDocument | ApiError | None:
        """Return the refusal of a document, or of a shape of it, under this snapshot, ready to be raised, if any."""
        if not self._kept:
            return None
        digest = _digest(key, shape)
        kept = self._kept.get(digest)
        if kept is None:
            return None
        if kept.version != snapshot.version or kept.until <= self._now():
            self._drop(digest)
            return None
        # An exception that is raised gets a traceback: each request raises one of its own.
        return InvalidDocument(kept.error.errors) if isinstance(kept.error, InvalidDocument) else copy(kept.error)

    def keep(
        self, key: OperationKey, snapshot: Snapshot, error: InvalidDocument | ApiError, *, shape: Hashable = None
    ) -> None:
        """Keep the refusal of a document, or of a shape of it, under this snapshot."""
        errors = error.errors if isinstance(error, InvalidDocument) else [error]
        size = sum(_ERROR_BYTES + len(one.message) for one in errors)
        digest = _digest(key, shape)
        self._drop(digest)
        kept = InvalidDocument(errors) if isinstance(error, InvalidDocument) else copy(error)
        self._kept[digest] = _Kept(snapshot.version, self._now() + SECONDS, kept, size)
        self._bytes += size
        # All are kept equally long, so that the first is the oldest.
        while len(self._kept) > MOST_REFUSALS or self._bytes > MOST_BYTES:
            self._drop(next(iter(self._kept)))

    def forget(self, workspace_id: UUID) -> None:
        """Drop all that is kept of a workspace."""
        for digest in [digest for digest in self._kept if digest[0] == workspace_id.int]:
            self._drop(digest)

    def _drop(self, digest: _Digest) -> None:
        kept = self._kept.pop(digest, None)
        if kept is not None:
            self._bytes -= kept.size


def _digest(key: OperationKey, shape: Hashable) -> _Digest:
    hashed = blake2b(key.text.encode("utf-8", "surrogatepass"), digest_size=16)
    hashed.update(b"" if key.operation_name is None else b"\0" + key.operation_name.encode("utf-8", "surrogatepass"))
    shaped = b"" if shape is None else blake2b(repr(shape).encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return key.workspace, key.role, hashed.digest(), shaped
