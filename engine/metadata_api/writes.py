"""The result of a mutation of the Metadata API: it writes in a transaction, and tells the record to answer with."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.frozen import frozen

Arguments = Mapping[str, JsonValue]
"""The arguments of a root field, coerced."""

Sequel = Callable[[], Awaitable[Mapping[str, JsonValue]]]
"""A function called after the commit; it returns the values of the answer, by field name."""


@frozen
class Written:
    """The record that a root field wrote, to answer with.

    Attributes:
        extra: the values of the answer that the record has not, by field name, as JSON values.
        constant: the whole answer as JSON text, where it is no record.
        removal: is called once the record has been read: the answer is the record as it was.
        sequel: is called after the commit, where the answer is no record.
    """

    id: UUID
    object_name: str = ""
    type_name: str = ""
    extra: Mapping[str, JsonValue] = field(default_factory=dict)
    removal: Callable[[ModelTransaction], Awaitable[object]] | None = None
    constant: str | None = None
    sequel: Sequel | None = None


Run = Callable[[ModelTransaction, Principal, Arguments], Awaitable[Written]]
"""Writes in the transaction of the workspace of the principal."""

Check = Callable[[Principal, Arguments], Awaitable[Arguments]]
"""Refuses arguments before there is a transaction, which must not wait for it, or returns those to run with; raises
ApiError."""
