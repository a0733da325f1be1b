"""Answers: the bytes that PostgreSQL made for a GraphQL request become the body of REST, cut and joined but not read.

The connections of such an answer are lists already. Keys are known where they are cut: quotation marks within texts are
escaped, and behind the records of a page there are cursors and numbers alone.
"""

import re
from typing import NamedTuple
from zlib import crc32

from fieldstone.engine.rest.routes import OF_A_RECORD, Action

_DATA = b'{"data":'
_COST = re.compile(rb',"extensions":\{"cost":[0-9]+\}\}\Z')
_LONGEST_COST = 64
_PAGE_INFO = b',"pageInfo":{'
_UPDATED = re.compile(rb'\{"id":"[^"]+","updatedAt":"([^"]+)"')


class RestAnswer(NamedTuple):
    """The body of a response, and the entity tag of the one record that it has."""

    body: bytes
    tag: bytes | None = None


def split_cost(body: bytes, *, tells_cost: bool) -> tuple[bytes, bytes]:
    """Return the data of a GraphQL answer without errors, and the end of its body with the cost, if it is told."""
    # An answer that was kept for its Idempotency-Key may not tell it.
    found = _COST.search(body, max(0, len(body) - _LONGEST_COST)) if tells_cost else None
    place = len(body) - 1 if found is None else found.start()
    return body[len(_DATA) : place], body[place:]


def build_answer(action: Action, data: bytes, end: bytes) -> RestAnswer | None:
    """Return the answer that has this data; None if the record is not there.

    Args:
        action: that of the request.
        data: the GraphQL data of one root field, in the form of REST.
        end: the end of the body behind the data.
    """
    inner = data.index(b":") + 1
    if action in OF_A_RECORD:
        if data.startswith(b"null", inner):
            return None
        return RestAnswer(_DATA + data + end, _find_tag(data, inner))
    if action is Action.FIND_MANY:
        place, view = data.rfind(_PAGE_INFO), memoryview(data)
        return RestAnswer(b"".join((_DATA, view[inner:place], b"}", view[place:-2], end)))
    return RestAnswer(_DATA + (data[inner:-1] if action is Action.DUPLICATES else data) + end)


def _find_tag(data: bytes, inner: int) -> bytes | None:
    """Return the entity tag of the record that begins here in the data; None if it has no time.

    It is the record's `updatedAt`, which `If-Match` compares, and a checksum of the record as it is shown: related
    records may change, and fields may appear, without a new `updatedAt`.
    """
    found = _UPDATED.match(data, inner)
    return None if found is None else b'"%b-%08x"' % (found[1], crc32(data[inner:-1]))
