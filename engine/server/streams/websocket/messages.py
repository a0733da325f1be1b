"""The messages of graphql-transport-ws, and the codes that a socket is closed with.

https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md
"""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from fieldstone.engine.client_json import decode_json_text
from fieldstone.engine.errors import ApiError, BadUserInput
from fieldstone.metadata.json_text import JsonValue, dumps

SUBPROTOCOL = "graphql-transport-ws"

_LONGEST_ID = 256
"""Characters of an operation's id, which each of its messages repeats. Clients send UUIDs or numbers."""
_LONGEST_REASON = 120
"""Bytes of a reason; a close frame has room for 123."""


class Close(IntEnum):
    """Why the server closes a socket."""

    RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    SUBPROTOCOL = 4406
    INITIALISATION_TIMEOUT = 4408
    SUBSCRIBER_EXISTS = 4409
    SLOW_READER = 4410
    TOO_MANY_INITIALISATIONS = 4429
    INTERNAL_ERROR = 4500


class Closing(Exception):
    """The socket is to be closed with this code and reason."""

    def __init__(self, code: Close, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON].decode("utf-8", "ignore")


def read_message(text: str | None) -> Mapping[str, JsonValue]:
    """Return a message of the client.

    Raises:
        Closing: the text is no message.
    """
    if text is None:
        raise Closing(Close.BAD_MESSAGE, "A message is text, not bytes")
    try:
        message = decode_json_text(text, name="The message")
    except ApiError as error:
        raise Closing(Close.BAD_MESSAGE, error.message) from None
    if not isinstance(message, Mapping) or not isinstance(message.get("type"), str):
        raise Closing(Close.BAD_MESSAGE, "A message is a JSON object with a string under 'type'")
    return message


def payload_of(message: Mapping[str, JsonValue], *, required: bool = False) -> Mapping[str, JsonValue]:
    """Return a message's payload, an empty one where there is none.

    Raises:
        Closing: it is no object, or is missing where it is required.
    """
    payload = message.get("payload")
    if payload is None and not required:
        return {}
    if not isinstance(payload, Mapping):
        raise Closing(Close.BAD_MESSAGE, f"The payload of '{message['type']}' must be an object")
    return payload


def read_endpoint(payload: Mapping[str, JsonValue], served: Sequence[str]) -> str:
    """Return the path of the API that an operation is of: its `extensions.endpoint`, or the first one that is served.

    Raises:
        BadUserInput: the socket does not serve the API that is named.
    """
    extensions = payload.get("extensions")
    named = extensions.get("endpoint") if isinstance(extensions, Mapping) else None
    if named is None:
        return served[0]
    if named not in served:
        raise BadUserInput(
            f"'extensions.endpoint' must be {' or '.join(served)}: this socket serves no other.", field="endpoint"
        )
    return str(named)


def read_begin(payload: Mapping[str, JsonValue]) -> bool:
    """Return whether the client asks to be told when its subscription has begun: `extensions.begin`.

    Raises:
        BadUserInput: it is no Boolean.
    """
    extensions = payload.get("extensions")
    asked = extensions.get("begin") if isinstance(extensions, Mapping) else None
    if asked is not None and not isinstance(asked, bool):
        raise BadUserInput("'extensions.begin' must be true or false.", field="begin")
    return asked is True


_NARROWING = frozenset({"x-fieldstone-role", "x-fieldstone-principal"})
"""Headers without which a socket has more rights."""
_HEADERS = frozenset({"authorization", "x-fieldstone-workspace"}) | _NARROWING


def headers_of(payload: Mapping[str, JsonValue]) -> dict[bytes, bytes]:
    """Return the headers in the payload of connection_init: members of it, or of its `headers`, which count less.

    Raises:
        Closing: one without which the socket would have more rights is no text.
    """
    headers = payload.get("headers")
    found: dict[bytes, bytes] = {}
    for given in (headers if isinstance(headers, Mapping) else {}, payload):
        for name, value in given.items():
            header = name.lower()
            if header in _HEADERS and isinstance(value, str):
                found[header.encode()] = value.encode("utf-8", "replace")
            elif header in _NARROWING and value is not None:
                raise Closing(Close.BAD_MESSAGE, f"'{header}' in the payload of connection_init must be a string")
    return found


def id_of(message: Mapping[str, JsonValue]) -> str:
    """Return the id of the operation that a message is about.

    Raises:
        Closing: there is none, or it is too long.
    """
    id_ = message.get("id")
    if not isinstance(id_, str) or not id_:
        raise Closing(Close.BAD_MESSAGE, f"'{message['type']}' needs an id, a string that is not empty")
    if len(id_) > _LONGEST_ID:
        raise Closing(Close.BAD_MESSAGE, f"The id of '{message['type']}' may have {_LONGEST_ID} characters")
    return id_


def acknowledge() -> str:
    """Return the answer to connection_init."""
    return '{"type":"connection_ack"}'


def pong(message: Mapping[str, JsonValue]) -> str:
    """Return the answer to a ping, with its payload."""
    answer: dict[str, JsonValue] = {"type": "pong"}
    if "payload" in message:
        answer["payload"] = message["payload"]
    return dumps(answer)


def next_head(id_: str) -> str:
    """Return the head of a `next` message, before the result; `}` closes the message."""
    return '{"id":' + dumps(id_) + ',"type":"next","payload":'


def begun(position: str) -> str:
    """Return a result without data, which tells the position that a subscription begins behind, or has reached."""
    return dumps({"data": None, "extensions": {"begun": True, "position": position}})


def complete(id_: str) -> str:
    """Return the message that an operation is over."""
    return '{"id":' + dumps(id_) + ',"type":"complete"}'


def failure(id_: str, errors: list[JsonValue]) -> str:
    """Return the message that an operation has ended with errors; nothing follows it."""
    return dumps({"id": id_, "type": "error", "payload": errors})
