"""Answers: the bytes that PostgreSQL made for a GraphQL request become the body of REST, cut and joined but not read.

The connections of such an answer are lists already. Keys are known where they are cut: quotation marks within texts are
escaped, and behind the records of a page there are cursors and numbers alone.
"""

import re
from hashlib import blake2b

from fieldstone.engine.rest.routes import Action
from fieldstone.metadata.api_names import QueryRole, query_name
from fieldstone.metadata.model import Object

_DATA = b'{"data":'
_COST = re.compile(rb',"extensions":\{"cost":[0-9]+\}\}\Z')
_LONGEST_COST = 64
_PAGE_INFO = b',"pageInfo":{'
_UPDATED = re.compile(rb'\{"[^"]+":(?=\{"id":"[^"]+","updatedAt":"([^"]+)")')
_TAGGED = frozenset({Action.FIND_ONE, Action.CREATE, Action.UPDATE_ONE, Action.RESTORE_ONE})
_DIGEST_BYTES = 8


def root_of(action: Action, object_: Object) -> str:
    """Return the response key of the root field of a read; a write's is nowhere asked for."""
    match action:
        case Action.FIND_MANY:
            return query_name(object_, QueryRole.MANY)
        case Action.DUPLICATES:
            return query_name(object_, QueryRole.DUPLICATES)
        case _:
            return query_name(object_, QueryRole.ONE)


def split_cost(body: bytes, *, tells_cost: bool) -> tuple[bytes, bytes]:
    """Return the data of a GraphQL answer without errors, and the end of its body with the cost, if it is told."""
    # An answer that was kept for its Idempotency-Key may not tell it.
    found = _COST.search(body, max(0, len(body) - _LONGEST_COST)) if tells_cost else None
    place = len(body) - 1 if found is None else found.start()
    return body[len(_DATA) : place], body[place:]


def shape_answer(action: Action, root: str, data: bytes, end: bytes) -> bytes | None:
    """Return the body of an answer; None if the record is not there.

    Args:
        action: that of the request.
        root: the response key of the only root field.
        data: the GraphQL data, in the form of REST.
        end: the end of the body behind the data.
    """
    inner = len(root) + 4  # {"root":
    match action:
        case Action.FIND_MANY:
            place, view = data.rfind(_PAGE_INFO), memoryview(data)
            return b"".join((_DATA, view[inner:place], b"}", view[place:-2], end))
        case Action.DUPLICATES:
            return b"".join((_DATA, memoryview(data)[inner:-1], end))
        case Action.FIND_ONE if data[inner:] == b"null}":
            return None
        case _:
            return _DATA + data + end


def find_tag(action: Action, data: bytes) -> bytes | None:
    """Return the entity tag of the record that is the data of an answer; None if it has no time or is no record.

    It is the record's `updatedAt`, which `If-Match` compares, and a digest of the record as it is shown: related
    records may change, and fields may appear, without a new `updatedAt`.
    """
    found = _UPDATED.match(data) if action in _TAGGED else None
    if found is None:
        return None
    digest = blake2b(data[found.end() : -1], digest_size=_DIGEST_BYTES).hexdigest()
    return b'"%b-%b"' % (found[1], digest.encode())
