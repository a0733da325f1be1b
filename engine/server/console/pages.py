"""The pages of the console, of GraphiQL and of REST, which ask no other server.

https://github.com/graphql/graphiql
https://github.com/swagger-api/swagger-ui
"""

import json
import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template

from starlette.responses import HTMLResponse, Response

from fieldstone.engine.server.browsers.mount import encode_mount
from fieldstone.engine.server.console.assets import ASSETS_PATH, Bundle, Manifest, read_manifest
from fieldstone.engine.server.console.build import BUILD_COMMAND, DIST_DIR, REASON, UI_DIR

CONSOLE_PATH = "/console"
"""The path of the console; every page of it is below."""

REST_PATH = "/rest/open-api"
"""The path of the page of REST; below it are the documents that it shows."""

_PAGES = (
    {"path": f"{CONSOLE_PATH}/", "label": "Console"},
    {"path": f"{CONSOLE_PATH}/graphql", "label": "Records"},
    {"path": f"{CONSOLE_PATH}/metadata", "label": "Metadata"},
    {"path": REST_PATH, "label": "REST"},
)

_SHUT = ("base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
# 'self' covers web sockets of the page's own origin: https://www.w3.org/TR/CSP3/#match-url-to-source-expression
# React Aria and CodeMirror take the nonce of the style from the page; esbuild's chunks are scripts of this origin.
_APP_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        *_SHUT,
        "require-trusted-types-for 'script'",
    )
)
# Monaco and Swagger UI write into style elements, hence the one 'unsafe-inline'.
_TOOL_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'nonce-{nonce}'",
        "worker-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        *_SHUT,
    )
)
_MISSING_POLICY = "; ".join(("default-src 'none'", "style-src 'nonce-{nonce}'", "img-src data:", *_SHUT))

_ICON = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E"
    "%3Cpath fill='%23786f64' d='M2 12 4 5l5-3 5 5v5l-6 2z'/%3E%3C/svg%3E"
)


def _template(name: str) -> Template:
    return Template((UI_DIR / "documents" / name).read_text(encoding="utf-8"))


_APP = _template("app.html")
_GRAPHIQL = _template("graphiql.html")
_REST = _template("rest.html")
_MISSING = _template("missing.html")


def console_page(*, route: str, root_path: str, dist: Path = DIST_DIR) -> Response:
    """Return the page of the console, of an app mounted under `root_path`.

    Where the pages were not built the answer is a 503 with a page that names the missing part and says how to build
    it. It is rendered for each request, so that a new build shows without a restart.

    Args:
        route: the address below `/console/`, whose files the browser loads ahead.
        root_path: the path that the app is mounted at.
        dist: the folder of the build.
    """
    root = encode_mount(root_path)
    manifest = read_manifest(dist)
    if manifest is None:
        return _missing_page("The console", "POST to", f"{root}/graphql", title="Fieldstone", dist=dist)
    ahead = (*manifest.app.preload, *manifest.routes.get(route.partition("/")[0], ()))
    preload = "\n".join(f'<link rel="modulepreload" href="{_escape(root + ASSETS_PATH)}/{name}">' for name in ahead)
    values = {"theme": manifest.theme, "preload": preload, "base": _escape(root + CONSOLE_PATH)}
    return _page(_APP, _APP_POLICY, manifest.app, manifest, root, values)


def graphiql_page(*, endpoint: str, root_path: str, title: str, dist: Path = DIST_DIR) -> Response:
    """Return the page of GraphiQL for `endpoint`, `/graphql` or `/metadata`, as `console_page` does."""
    root = encode_mount(root_path)
    manifest = read_manifest(dist)
    if manifest is None:
        return _missing_page("GraphiQL", "POST to", root + endpoint, title=title, dist=dist)
    pages = [{"path": root + page["path"], "label": page["label"]} for page in _PAGES]
    values = {
        "title": _escape(title),
        "endpoint": _escape(root + endpoint),
        "here": _escape(f"{root}{CONSOLE_PATH}{endpoint}"),
        "pages": _escape(json.dumps(pages)),
    }
    return _page(_GRAPHIQL, _TOOL_POLICY, manifest.graphiql, manifest, root, values)


def rest_page(*, root_path: str, dist: Path = DIST_DIR) -> Response:
    """Return the page of REST, as `console_page` does."""
    root, title = encode_mount(root_path), "Fieldstone: REST"
    endpoint = root + REST_PATH
    manifest = read_manifest(dist)
    if manifest is None:
        return _missing_page("The page of REST", "GET", f"{endpoint}/core", title=title, dist=dist)
    links = "".join(_link(root + page["path"], page["label"], is_here=page["path"] == REST_PATH) for page in _PAGES)
    values = {"title": _escape(title), "endpoint": _escape(endpoint), "links": links}
    return _page(_REST, _TOOL_POLICY, manifest.rest, manifest, root, values)


def moved_address(endpoint: str, scope_root: str, query: bytes) -> str:
    """Return the address of GraphiQL for `endpoint`, with the query of the address that it had in older releases."""
    return f"{encode_mount(scope_root)}{CONSOLE_PATH}{endpoint}{'?' if query else ''}{query.decode('latin-1')}"


def _link(path: str, label: str, *, is_here: bool) -> str:
    here = ' aria-current="page"' if is_here else ""
    return f'<a href="{_escape(path)}"{here}>{_escape(label)}</a>'


def _page(
    template: Template, policy: str, bundle: Bundle, manifest: Manifest, root: str, values: Mapping[str, str]
) -> Response:
    nonce = _nonce()
    content = template.substitute(
        values,
        icon=_escape(_ICON),
        assets=_escape(root + ASSETS_PATH),
        licences=manifest.licences,
        style=bundle.style,
        script=bundle.script,
        nonce=nonce,
        root=_escape(root),
    )
    return HTMLResponse(content, headers=_page_headers(policy, nonce))


def _missing_page(name: str, verb: str, endpoint: str, *, title: str, dist: Path) -> Response:
    try:
        reason = f": {(dist / REASON).read_text(encoding='utf-8').strip()}"
    except FileNotFoundError:
        reason = ""
    nonce = _nonce()
    content = _MISSING.substitute(
        name=name,
        verb=verb,
        title=_escape(title),
        nonce=nonce,
        icon=_escape(_ICON),
        endpoint=_escape(endpoint),
        reason=_escape(reason),
        command=_escape(BUILD_COMMAND),
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
        # Queries and filters stand in the address, and may hold private values.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
    }


def _escape(text: str) -> str:
    # Its table of all named characters is 0.3 MiB of a process that shows no page.
    from html import escape  # noqa: PLC0415

    return escape(text)
