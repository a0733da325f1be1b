"""The GraphiQL page and the files that it is made of, served from this process alone.

https://github.com/graphql/graphiql
"""

import json
import secrets
from dataclasses import dataclass
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.responses import FileResponse, HTMLResponse, PlainTextResponse, Response
from starlette.websockets import WebSocketClose

from fieldstone.engine.server.graphiql.build import BUILD_COMMAND, DIST_DIR, MANIFEST, REASON, UI_DIR
from fieldstone.engine.server.http.admission import read_headers
from fieldstone.engine.server.http.negotiation import takes_encoding

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

ASSETS_PATH = "/_graphiql"

_PAGES = ({"path": "/graphql", "label": "Records"}, {"path": "/metadata", "label": "Metadata"})
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".ttf": "font/ttf", ".txt": "text/plain"}

# 'self' covers web sockets of the page's own origin: https://www.w3.org/TR/CSP3/#match-url-to-source-expression
# Monaco writes its theme into style elements, hence the one 'unsafe-inline'.
_PAGE_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
# A worker obeys the policy of its own file: these compute and fetch nothing.
_ASSET_POLICY = "default-src 'none'"
_MISSING_POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'nonce-{nonce}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23786f64' d='M2 12 4 5l5-3 5 5v5l-6 2z'/%3E%3C/svg%3E"
)

_PAGE = Template((UI_DIR / "page.html").read_text(encoding="utf-8"))
_MISSING = Template((UI_DIR / "missing.html").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The names of the bundled files, as the build recorded them."""

    script: str
    style: str
    licences: str
    files: frozenset[str]


def read_manifest(dist: Path) -> Manifest | None:
    """Return the manifest of the build in `dist`; None where the page was not built."""
    try:
        read = json.loads((dist / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Manifest(
        script=read["script"], style=read["style"], licences=read["licences"], files=frozenset(read["files"])
    )


def graphiql_page(*, endpoint: str, root_path: str, title: str, dist: Path = DIST_DIR) -> Response:
    """Return the page for `endpoint`, which is `/graphql` or `/metadata`, of an app mounted under `root_path`.

    Where the page was not built the answer is a 503 with a page that names the missing part and says how to build it.
    It is rendered for each request, so that a new build shows without a restart: development only.
    """
    # Exactly one slash in front: with two the browser would take the first folder for a host.
    root = quote("/" + root_path.strip("/")) if root_path.strip("/") else ""
    manifest = read_manifest(dist)
    if manifest is None:
        return _missing_page(endpoint=root + endpoint, title=title, dist=dist)
    nonce = _nonce()
    pages = [{"path": root + page["path"], "label": page["label"]} for page in _PAGES]
    content = _PAGE.substitute(
        title=escape(title),
        icon=escape(_ICON),
        assets=escape(root + ASSETS_PATH),
        licences=manifest.licences,
        style=manifest.style,
        script=manifest.script,
        nonce=nonce,
        endpoint=escape(root + endpoint),
        root=escape(root),
        pages=escape(json.dumps(pages)),
    )
    return HTMLResponse(content, headers=_page_headers(_PAGE_POLICY, nonce))


def _missing_page(*, endpoint: str, title: str, dist: Path) -> Response:
    try:
        reason = f": {(dist / REASON).read_text(encoding='utf-8').strip()}"
    except FileNotFoundError:
        reason = ""
    nonce = _nonce()
    content = _MISSING.substitute(
        title=escape(title),
        nonce=nonce,
        icon=escape(_ICON),
        endpoint=escape(endpoint),
        reason=escape(reason),
        command=escape(BUILD_COMMAND),
    )
    return HTMLResponse(content, status_code=503, headers=_page_headers(_MISSING_POLICY, nonce))


def _nonce() -> str:
    """Return the word of one answer by which its script or its style is known to be the page's own."""
    return secrets.token_urlsafe(18)


def _page_headers(policy: str, nonce: str) -> dict[str, str]:
    return {
        "Content-Security-Policy": policy.format(nonce=nonce),
        # A kept page would have the nonce of another answer.
        "Cache-Control": "no-store",
        # The same address answers GraphQL to clients that accept JSON.
        "Vary": "Accept",
        # Queries stand in the address, and may hold private values.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


class GraphiQLAssets:
    """An ASGI app that serves the files of the page, compressed for clients that accept gzip."""

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
