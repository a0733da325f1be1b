"""Serves browsers the pages at the addresses of the APIs; in production, a hint how to see them."""

from typing import TYPE_CHECKING

from fieldstone.engine.server.graphiql.page import graphiql_page, rest_page
from fieldstone.engine.server.http.admission import read_headers
from fieldstone.engine.server.http.auth import CHALLENGE
from fieldstone.engine.server.http.negotiation import prefers_html
from fieldstone.engine.server.http.responses import TEXT, Reply, send_reply

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_HINT = b"""This is a GraphQL API. An API key is needed: send it in the header 'Authorization: Bearer KEY'.

A browser sends none. A server that is started with FIELDSTONE_ENV=development shows GraphiQL here, which asks for it.
"""

_TITLES = {"/graphql": "Fieldstone: records", "/metadata": "Fieldstone: metadata"}


class GraphiQLOr:
    """An ASGI app: the page for a GET that prefers HTML, `endpoint` for everything else."""

    def __init__(self, endpoint: "ASGIApp", path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if _is_of_browser(scope):
            page = graphiql_page(endpoint=self._path, root_path=scope.get("root_path", ""), title=_TITLES[self._path])
            await page(scope, receive, send)
        else:
            await self._endpoint(scope, receive, send)


class RestPage:
    """An ASGI app: the page of REST."""

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        page = rest_page(root_path=scope.get("root_path", ""))
        await page(scope, receive, send)


class HintOr:
    """An ASGI app: a hint for a browser without a key, `endpoint` for everything else."""

    def __init__(self, endpoint: "ASGIApp") -> None:
        self._endpoint = endpoint

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if not _is_of_browser(scope) or any(name == b"authorization" for name, _ in scope["headers"]):
            await self._endpoint(scope, receive, send)
            return
        headers = (CHALLENGE, (b"vary", b"accept"), (b"cache-control", b"no-store"))
        reply = Reply(status=401, body=_HINT, media_type=TEXT, headers=headers)
        await send_reply(send, reply, head=scope["method"] == "HEAD")


def _is_of_browser(scope: "Scope") -> bool:
    return scope["method"] in {"GET", "HEAD"} and prefers_html(read_headers(scope["headers"]).get(b"accept"))
