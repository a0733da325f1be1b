"""Clients of HTTP/1.0, which know no chunks: a response of unknown length ends with the connection."""

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send


def without_chunks(cycle: RequestResponseCycle, app: Any) -> Any:
    """Return the app as a client of HTTP/1.0 is answered: uvicorn would send it chunks.

    https://www.rfc-editor.org/rfc/rfc9112#section-6.1
    """

    async def answer(scope: "Scope", receive: "Receive", send: "Send") -> None:
        has_length = True

        async def send_whole(message: "Message") -> None:
            nonlocal has_length
            if message["type"] == "http.response.start":
                has_length = any(name.lower() == b"content-length" for name, _ in message["headers"])
                if not has_length:
                    cycle.chunked_encoding = False
            elif not has_length:
                # uvicorn compares each body with the rest of the declared length.
                cycle.expected_content_length = len(message.get("body", b""))
            await send(message)

        await app(scope, receive, send_whole)

    return answer
