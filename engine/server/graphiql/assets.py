"""The files that the pages of GraphiQL and of REST are made of, served from this process alone."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.websockets import WebSocketClose

from fieldstone.engine.server.graphiql.build import DIST_DIR, MANIFEST
from fieldstone.engine.server.http.admission import read_headers
from fieldstone.engine.server.http.negotiation import takes_encoding

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/_graphiql"

_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".txt": "text/plain"}
# A worker obeys the policy of its own file: these compute and fetch nothing.
_ASSET_POLICY = "default-src 'none'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """The names of the two files of a page."""

    script: str
    style: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The names of the bundled files, as the build recorded them.

    Attributes:
        graphiql, rest: the files of the pages; no page of REST was built by an older version.
        licences: the file with the licences of all that is bundled.
        files: all of them.
    """

    graphiql: Bundle
    rest: Bundle | None
    licences: str
    files: frozenset[str]


def read_manifest(dist: Path) -> Manifest | None:
    """Return the manifest of the build in `dist`; None where the pages were not built."""
    try:
        read = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Manifest(
        graphiql=Bundle(script=read["script"], style=read["style"]),
        rest=Bundle(**read["rest"]) if "rest" in read else None,
        licences=read["licences"],
        files=frozenset(read["files"]),
    )


class GraphiQLAssets:
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


GRAPHIQL_ASSETS: "ASGIApp" = GraphiQLAssets(DIST_DIR)
