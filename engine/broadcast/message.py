"""The text of a message: its sender, its topics and their texts."""

import json
from collections.abc import Iterable

from fieldstone.sql.frozen import frozen

MOST_BYTES = 7_000
"""The longest text of a message; PostgreSQL's NOTIFY takes 7,999 bytes."""
LONGEST_PAYLOAD = 200
"""A payload is an id or a position."""

Entry = tuple[str, str]
"""A topic and a payload."""


@frozen
class Message:
    """The messages that one process sends to the others at once.

    Attributes:
        sender: which process it is.
        has_gap: it has not been able to send everything.
    """

    sender: str
    entries: tuple[Entry, ...]
    has_gap: bool = False


def encode_message(message: Message) -> str:
    """Return the text, in ASCII."""
    return json.dumps([message.sender, message.has_gap, *message.entries], separators=(",", ":"))


def decode_message(text: str) -> Message | None:
    """Return the message, None where it is not one of ours."""
    try:
        match json.loads(text):
            case [str(sender), bool(has_gap), *entries]:
                pairs = tuple((str(topic), str(payload)) for topic, payload in entries)
                return Message(sender=sender, has_gap=has_gap, entries=pairs)
            case _:
                return None
    except (ValueError, TypeError):
        return None


def take_entries(waiting: Iterable[Entry]) -> tuple[Entry, ...]:
    """Return the first entries, as many as fit into a message."""
    taken: list[Entry] = []
    size = 100
    for topic, payload in waiting:
        size += len(json.dumps((topic, payload))) + 1
        if size > MOST_BYTES:
            break
        taken.append((topic, payload))
    return tuple(taken)
