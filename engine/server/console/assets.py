"""The files that the pages of the console are made of, served from this process alone."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.websockets import WebSocketClose

from fieldstone.engine.server.console.build import DIST_DIR, MANIFEST
from fieldstone.engine.server.http.requests.incoming import read_headers
from fieldstone.engine.server.http.requests.negotiation import takes_encoding
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/console/assets"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".txt": "text/plain"}
# A worker obeys the policy of its own file: these compute and fetch nothing.
_ASSET_POLICY = "default-src 'none'"


@frozen
class Bundle:
    """The names of the files of a page.

    Attributes:
        script, style: those that the page names.
        preload: the scripts that its script imports.
    """

    script: str
    style: str
    preload: tuple[str, ...] = ()


@frozen
class Manifest:
    """The names of the bundled files, as the build recorded them.

    Attributes:
        app, graphiql, rest: the files of the pages.
        theme: the script that sets the chosen theme before anything is drawn.
        routes: the files that each route of the console adds to those of `app`, by the first part of its address.
        licences: the file with the licences of all that is bundled.
        files: all of them.
    """

    app: Bundle
    graphiql: Bundle
    rest: Bundle
    theme: str
    routes: Mapping[str, tuple[str, ...]]
    licences: str
    files: frozenset[str]


def read_manifest(dist: Path) -> Manifest | None:
    """Return the manifest of the build in `dist`; None where the pages were not built, or by an older release."""
    try:
        read = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if "app" not in read:
        return None
    return Manifest(
        app=_read_bundle(read["app"]),
        graphiql=_read_bundle(read["graphiql"]),
        rest=_read_bundle(read["rest"]),
        theme=read["theme"],
        routes={name: tuple(files) for name, files in read["routes"].items()},
        licences=read["licences"],
        files=frozenset(read["files"]),
    )


def _read_bundle(read: Mapping[str, Any]) -> Bundle:
    return Bundle(script=read["script"], style=read["style"], preload=tuple(read.get("preload", ())))


class ConsoleAssets:
    """An ASGI app that serves the files of the pages, compressed for clients that accept gzip."""

    def __init__(self, dist: Path) -> None:
        self.dist = dist

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer with one file; a web socket is closed, as there is none below this path."""
        answer = WebSocketClose() if scope["type"] == "websocket" else self._respond(scope)
        await answer(scope, receive, send)

    def _respond(self, scope: "Scope") -> Response:
        if scope["method"] not in {"GET", "HEAD"}:
            return PlainTextResponse("Method Not Allowed", status_code=405, headers={"Allow": "GET, HEAD"})
        name = scope["path"].removeprefix(scope.get("root_path", "")).removeprefix("/")
        manifest = read_manifest(self.dist)
        # Only names in the manifest are ever joined to the folder.
        if manifest is None or name not in manifest.files:
            return PlainTextResponse("Not Found", status_code=404)
        headers = {
            "Cache-Control": "no-cache" if name == manifest.licences else "public, max-age=31536000, immutable",
            "Content-Security-Policy": _ASSET_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Vary": "Accept-Encoding",
        }
        file = self.dist / name
        media_type = _MEDIA_TYPES[file.suffix]
        if takes_encoding(read_headers(scope["headers"]).get(b"accept-encoding"), b"gzip"):
            headers["Content-Encoding"] = "gzip"
            file = file.with_name(f"{name}.gz")
        return FileResponse(file, media_type=media_type, headers=headers)


CONSOLE_ASSETS: "ASGIApp" = ConsoleAssets(DIST_DIR)
