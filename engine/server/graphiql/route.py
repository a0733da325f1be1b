"""Gives browsers the GraphiQL page where other clients get an API's answer, in development only."""

from typing import TYPE_CHECKING

from fieldstone.engine.server.graphiql.page import console_page
from fieldstone.engine.server.http.negotiation import prefers_html

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_TITLES = {"/graphql": "Fieldstone: records", "/metadata": "Fieldstone: metadata"}


class ConsoleOr:
    """An ASGI app: the page for a GET that prefers HTML, `endpoint` for everything else."""

    def __init__(self, endpoint: "ASGIApp", path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        accept = next((value for name, value in scope["headers"] if name == b"accept"), None)
        if scope["method"] in {"GET", "HEAD"} and prefers_html(accept):
            page = console_page(endpoint=self._path, root_path=scope.get("root_path", ""), title=_TITLES[self._path])
            await page(scope, receive, send)
        else:
            await self._endpoint(scope, receive, send)
