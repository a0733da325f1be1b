"""Serves browsers the console and, in development, GraphiQL and the page of REST."""

from typing import TYPE_CHECKING

from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from fieldstone.engine.server.console.assets import ASSETS_PATH, CONSOLE_ASSETS
from fieldstone.engine.server.console.pages import (
    CONSOLE_PATH,
    REST_PATH,
    console_page,
    graphiql_page,
    moved_address,
    rest_page,
)
from fieldstone.engine.server.http.requests.auth import CHALLENGE
from fieldstone.engine.server.http.requests.incoming import read_headers
from fieldstone.engine.server.http.requests.negotiation import prefers_html
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import TEXT, Reply, send_reply

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

_KEY_HINT = "This is a GraphQL API. An API key is needed: send it in the header 'Authorization: Bearer KEY'.\n"
_HINT = f"""{_KEY_HINT}
A browser sends none: the console at {{root}}{CONSOLE_PATH}/ asks for it. A server that is started with
FIELDSTONE_ENV=development shows GraphiQL here.
"""

_TITLES = {"/graphql": "Fieldstone: records", "/metadata": "Fieldstone: metadata"}


def console_routes(*, has_tools: bool) -> list[BaseRoute]:
    """Return the routes of the pages, with those of the tools for developers if `has_tools`."""
    tools = [Route(f"{CONSOLE_PATH}{endpoint}", _show_graphiql) for endpoint in _TITLES]
    return [
        Mount(ASSETS_PATH, CONSOLE_ASSETS),
        *([*tools, Route(REST_PATH, _show_rest)] if has_tools else []),
        Route(CONSOLE_PATH, _show_console),
        Route(f"{CONSOLE_PATH}/{{route:path}}", _show_console),
    ]


async def _show_console(request: "Request") -> Response:
    context_of(request.scope).endpoint = CONSOLE_PATH
    return console_page(route=request.path_params.get("route", ""), root_path=_mount_of(request.scope))


async def _show_graphiql(request: "Request") -> Response:
    endpoint = request.url.path[request.url.path.rindex("/") :]
    return graphiql_page(endpoint=endpoint, root_path=_mount_of(request.scope), title=_TITLES[endpoint])


async def _show_rest(request: "Request") -> Response:
    return rest_page(root_path=_mount_of(request.scope))


def _mount_of(scope: "Scope") -> str:
    root_path: str = scope.get("root_path", "")
    return root_path


class GraphiQLOr:
    """An ASGI app: the way to GraphiQL for a GET that prefers HTML, `endpoint` for everything else."""

    def __init__(self, endpoint: "ASGIApp", path: str) -> None:
        self._endpoint = endpoint
        self._path = path

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if not _is_of_browser(scope):
            await self._endpoint(scope, receive, send)
            return
        address = moved_address(self._path, _mount_of(scope), scope["query_string"])
        # The same address answers GraphQL to clients that accept JSON.
        await RedirectResponse(address, headers={"Vary": "Accept"})(scope, receive, send)


class HintOr:
    """An ASGI app: a hint for a browser without a key, `endpoint` for everything else."""

    def __init__(self, endpoint: "ASGIApp", *, has_console: bool) -> None:
        self._endpoint = endpoint
        self._hint = _HINT if has_console else _KEY_HINT

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        if not _is_of_browser(scope) or any(name == b"authorization" for name, _ in scope["headers"]):
            await self._endpoint(scope, receive, send)
            return
        headers = (CHALLENGE, (b"vary", b"accept"))
        hint = self._hint.format(root=scope.get("root_path", ""))
        reply = Reply(status=401, body=hint.encode(), media_type=TEXT, headers=headers)
        await send_reply(send, reply, head=scope["method"] == "HEAD")


def _is_of_browser(scope: "Scope") -> bool:
    return scope["method"] in {"GET", "HEAD"} and prefers_html(read_headers(scope["headers"]).get(b"accept"))
