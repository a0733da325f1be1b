"""Entity tags in the headers of requests: the conditions under which a record is read or written.

https://www.rfc-editor.org/rfc/rfc9110#name-preconditions
"""

import re

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.errors import PreconditionFailed

_TAG = re.compile(rb'(W/)?"([^"]*)"')
_TIME = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,6})?Z)(?:-[0-9a-f]+)?")


def read_if_match(header: bytes) -> str | None:
    """Return the `updatedAt` that a record must have by the header If-Match; None for `*`, which any record has.

    A weak tag is taken too: a proxy that compresses makes a tag weak, and the record's time is compared to the digit.

    Raises:
        BadUserInput: it is no list of tags, or has several.
        PreconditionFailed: its tag is none that a record has had.
    """
    if header.strip() == b"*":
        return None
    tag = _TAG.fullmatch(header.strip())
    if tag is None:
        raise BadUserInput(
            'If-Match takes one entity tag, as the header ETag of an answer has it, or *: "2024-01-31T09:30:00Z".',
            field="If-Match",
        )
    time = _TIME.fullmatch(tag[2])
    if time is None:
        raise PreconditionFailed("The entity tag in If-Match is none that a record has had.", field="If-Match")
    return time[1].decode()


def is_listed(tag: bytes | None, header: bytes) -> bool:
    """Return whether a tag is one of those of the header If-None-Match; `*` is any."""
    if tag is None:
        return False
    return header.strip() == b"*" or any(b'"%b"' % found[2] == tag for found in _TAG.finditer(header))
