"""Cursors with any tag and keys, as SQL would write them."""

from collections.abc import Sequence
from hashlib import md5

from fieldstone.sql.values.page_cursor import KeyKind, encode_head


def encode_cursor(tag: str, keys: Sequence[str | None]) -> str:
    """A cursor whose check is right, its content such that it can hold anything."""
    head = encode_head(tag, [KeyKind.NULL if key is None else KeyKind.TEXT for key in keys])
    place = head + b"".join(key.encode("utf-8", "surrogatepass") + b"\0" for key in keys if key is not None)
    return place.hex() + md5(place, usedforsecurity=False).hexdigest()
