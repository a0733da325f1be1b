"""A value that an index, or a search vector, has no room for: the field and the limit, in the API's terms."""

from collections.abc import Iterator

from fieldstone.engine.errors import BadUserInput, Path
from fieldstone.metadata.changes.rules.indexes.indexed_values import SEARCH, TRIGRAM, holds_keys, indexed_parts
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Index, Object, Snapshot
from fieldstone.sql.errors import ValueTooLong
from fieldstone.sql.types import SqlType

INDEX_BYTES = 2_704
"""The bytes that the values of one record take in an index at most, as PostgreSQL has compressed them."""

_OF_ANY_LENGTH = frozenset({SqlType.TEXT, SqlType.TEXT_ARRAY, SqlType.JSONB})


def describe_too_long(
    error: ValueTooLong, snapshot: Snapshot | None, written: Object | None, path: Path | None
) -> BadUserInput:
    """Return the refusal of a value, with its field where the server or the object `written` tells which it is."""
    if "tsvector" in error.message:
        names = (
            [field.name for field in written.by_name.values() if field.type is FieldType.TS_VECTOR] if written else []
        )
        subject, reason = "The texts that {} is computed from are", "a TS_VECTOR takes 1,048,575 bytes of words at most"
    else:
        names = list(dict.fromkeys(_indexed(error, snapshot, written))) if snapshot and written else []
        subject, reason = "The value of {} is", f"an index on it takes {INDEX_BYTES:,} bytes of a record at most"
    known = " or ".join(f"'{name}'" for name in names) or "a field"
    field = names[0] if len(names) == 1 else None
    return BadUserInput(f"{subject.format(known)} too long: {reason}.", field=field, path=path)


def _indexed(error: ValueTooLong, snapshot: Snapshot, written: Object) -> Iterator[str]:
    """Yield the fields whose index refused a value; where it was not named, all that have one and any length."""
    indexes = snapshot.indexes_of.get(written.id, ())
    named = [index for index in indexes if index.name == error.constraint or f'"{index.name}"' in error.message]
    for index in named or indexes:
        yield from _measured(index, written)


def _measured(index: Index, written: Object) -> Iterator[str]:
    # Trigrams are short, and texts that must be unique are measured before they are sent.
    is_of_one_unique = index.is_unique and len(index.field_ids) == 1
    if index.method not in {TRIGRAM, SEARCH} and not is_of_one_unique and not _fits_always(index, written):
        fields = (field for id_ in index.field_ids if written.knows(field := written.by_id[id_]))
        yield from (field.name for field in fields if any(part.column.type in _OF_ANY_LENGTH for part in field.parts))


def _fits_always(index: Index, written: Object) -> bool:
    """Whether the only value of any length is a text, of which the index holds the key."""
    parts = [part for part in indexed_parts(written, index) if part.column.type in _OF_ANY_LENGTH]
    return holds_keys(written, index) and len(parts) == 1
