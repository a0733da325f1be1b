"""The pages and their files as a client sees them; a browser looks at them in the other modules here."""

import gzip
import html
import json
import re
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from fieldstone.engine.server.console.assets import ConsoleAssets
from fieldstone.engine.server.console.pages import console_page, graphiql_page, moved_address, rest_page

SCRIPT = b"document.title = 'x'; " * 100
FILES = {
    "console-1A.js": SCRIPT,
    "console-2B.css": b"body { margin: 0 } " * 100,
    "chunk-3C.js": SCRIPT,
    "theme-4D.js": SCRIPT,
    "chunk-5E.js": SCRIPT,
    "graphiql-AB12.js": SCRIPT,
    "graphiql-CD34.css": b"body { margin: 0 } " * 100,
    "rest-0A1B.js": SCRIPT,
    "rest-2C3D.css": b"body { margin: 0 } " * 100,
    "codicon-EF56.ttf": bytes(range(256)) * 8,
    "THIRD_PARTY_LICENSES.txt": b"MIT License\n" * 50,
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    """A folder as the build leaves it, with short files."""
    for name, content in FILES.items():
        (tmp_path / name).write_bytes(content)
        (tmp_path / f"{name}.gz").write_bytes(gzip.compress(content))
    manifest = {
        "digest": "0",
        "app": {"script": "console-1A.js", "style": "console-2B.css", "preload": ["chunk-3C.js"]},
        "graphiql": {"script": "graphiql-AB12.js", "style": "graphiql-CD34.css"},
        "rest": {"script": "rest-0A1B.js", "style": "rest-2C3D.css"},
        "theme": "theme-4D.js",
        "routes": {"records": ["chunk-5E.js"]},
        "licences": "THIRD_PARTY_LICENSES.txt",
        "files": sorted(FILES),
    }
    (tmp_path / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return tmp_path


def client(dist: Path, *, prefix: str = "") -> httpx.AsyncClient:
    def app_page(request: Request) -> Response:
        route = request.path_params.get("route", "")
        return console_page(route=route, root_path=request.scope["root_path"], dist=dist)

    def graphql(request: Request) -> Response:
        return graphiql_page(
            endpoint="/graphql", root_path=request.scope["root_path"], title="Fieldstone & sons", dist=dist
        )

    def rest(request: Request) -> Response:
        return rest_page(root_path=request.scope["root_path"], dist=dist)

    routes = [
        Route("/graphql", graphql),
        Route("/metadata", graphql),
        Route("/rest/open-api", rest),
        Mount("/console/assets", ConsoleAssets(dist)),
        Route("/console/{route:path}", app_page),
    ]
    app = Starlette(routes=routes)
    outer = Starlette(routes=[Mount(prefix, app)]) if prefix else app
    return httpx.AsyncClient(transport=httpx.ASGITransport(outer), base_url="http://fieldstone.test")


@pytest.mark.parametrize("prefix", ["", "/crm", "/a/b c"])
async def test_every_address_in_the_page_answers_under_the_prefix(dist: Path, prefix: str) -> None:
    async with client(dist, prefix=prefix) as http:
        page = await http.get(f"{prefix}/graphql")
        assert page.status_code == 200
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        assert len(addresses) == 3
        for address in addresses:
            assert (await http.get(address)).status_code == 200, address
        endpoint = re.search(r'data-endpoint="([^"]+)"', page.text)
        assert endpoint is not None
        assert (await http.get(endpoint[1])).status_code == 200


@pytest.mark.parametrize("prefix", ["", "/crm", "/a/b c"])
async def test_every_address_in_the_page_of_rest_answers_under_the_prefix(dist: Path, prefix: str) -> None:
    async with client(dist, prefix=prefix) as http:
        page = await http.get(f"{prefix}/rest/open-api")
        assert page.status_code == 200
        addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        assert [address.partition("-")[0].rpartition("/")[2] for address in addresses] == [
            "THIRD_PARTY_LICENSES.txt",
            "rest",
            "",
            "graphql",
            "metadata",
            "open",
            "rest",
        ]
        for address in addresses:
            if not address.endswith(("/console/graphql", "/console/metadata")):
                assert (await http.get(address)).status_code == 200, address
        shown = re.findall(r'value="([^"]+)"', page.text)
        assert shown == [f"{quote(prefix)}/rest/open-api/core", f"{quote(prefix)}/rest/open-api/metadata"]
        nonce = re.search(r"script-src 'nonce-([\w-]{24})';", page.headers["content-security-policy"])
        assert nonce is not None
        assert page.text.count("<script") == page.text.count(f'<script type="module" nonce="{nonce[1]}"') == 1


def test_the_page_names_both_endpoints_and_escapes_its_title(dist: Path) -> None:
    text = bytes(graphiql_page(endpoint="/metadata", root_path="/crm", title="<b>", dist=dist).body).decode()
    assert "<title>&lt;b&gt;</title>" in text
    pages = re.search(r'data-pages="([^"]+)"', text)
    assert pages is not None
    assert [page["path"] for page in json.loads(html.unescape(pages[1]))] == [
        "/crm/console/",
        "/crm/console/graphql",
        "/crm/console/metadata",
        "/crm/rest/open-api",
    ]


@pytest.mark.parametrize("root_path", ["//elsewhere.test", "/crm/", 'x"><script>'])
def test_a_prefix_stays_a_path_of_this_origin(dist: Path, root_path: str) -> None:
    text = bytes(graphiql_page(endpoint="/graphql", root_path=root_path, title="x", dist=dist).body).decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert all(address.startswith("data:") or re.match(r"/[\w%.]", address) for address in addresses)
    assert text.count("<script") == 1


def test_the_page_allows_nothing_from_elsewhere_and_no_inline_script(dist: Path) -> None:
    page = graphiql_page(endpoint="/graphql", root_path="", title="x", dist=dist)
    headers = page.headers
    policy = dict(rule.split(" ", 1) for rule in headers["content-security-policy"].split("; "))
    nonce = re.fullmatch(r"'nonce-([\w-]{24})'", policy.pop("script-src"))
    assert nonce is not None
    assert bytes(page.body).decode().count(f'<script type="module" nonce="{nonce[1]}"') == 1
    assert policy.pop("style-src") == "'self' 'unsafe-inline'"
    assert policy.pop("img-src") == "'self' data:"
    assert policy["default-src"] == "'none'"
    assert set(policy.values()) == {"'self'", "'none'"}
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("graphiql-AB12.js", "text/javascript; charset=utf-8"),
        ("graphiql-CD34.css", "text/css; charset=utf-8"),
        ("codicon-EF56.ttf", "font/ttf"),
        ("THIRD_PARTY_LICENSES.txt", "text/plain; charset=utf-8"),
    ],
)
async def test_a_file_has_its_type_and_is_kept_when_its_name_holds_its_hash(
    dist: Path, name: str, media_type: str
) -> None:
    async with client(dist) as http:
        answer = await http.get(f"/console/assets/{name}")
    assert answer.content == FILES[name]
    assert answer.headers["content-type"] == media_type
    assert answer.headers["x-content-type-options"] == "nosniff"
    kept = "no-cache" if name.startswith("THIRD") else "public, max-age=31536000, immutable"
    assert answer.headers["cache-control"] == kept


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("br;q=1.0, GZIP;q=0.8, *;q=0.1", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("gzip; q=0.000, br", None),
        ("", None),
    ],
)
async def test_compression_follows_the_request(dist: Path, accepted: str, encoding: str | None) -> None:
    async with client(dist) as http:
        answer = await http.get("/console/assets/graphiql-AB12.js", headers={"Accept-Encoding": accepted})
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["vary"] == "Accept-Encoding"
    assert answer.content == SCRIPT
    assert (int(answer.headers["content-length"]) < len(SCRIPT)) == (encoding == "gzip")


@pytest.mark.parametrize(
    "path",
    [
        "nothing.js",
        "manifest.json",
        "graphiql-AB12.js.gz",
        "..%2Fgraphiql-AB12.js",
        "%2e%2e/build.py",
        "",
        "x/graphiql-AB12.js",
    ],
)
async def test_only_files_of_the_bundle_are_served(dist: Path, path: str) -> None:
    async with client(dist) as http:
        assert (await http.get(f"/console/assets/{path}")).status_code == 404


async def test_files_are_read_only(dist: Path) -> None:
    async with client(dist) as http:
        head = await http.head("/console/assets/graphiql-AB12.js", headers={"Accept-Encoding": "identity"})
        post = await http.post("/console/assets/graphiql-AB12.js")
    assert head.status_code == 200
    assert head.headers["content-length"] == str(len(SCRIPT))
    assert head.content == b""
    assert post.status_code == 405
    assert post.headers["allow"] == "GET, HEAD"


async def test_a_bundle_of_an_older_release_counts_as_none(dist: Path) -> None:
    manifest = json.loads((dist / "manifest.json").read_text(encoding="utf-8"))
    del manifest["app"]
    (dist / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    async with client(dist) as http:
        assert (await http.get("/graphql")).status_code == 503
        assert (await http.get("/rest/open-api")).status_code == 503
        assert (await http.get("/console/records/people")).status_code == 503


@pytest.mark.parametrize("prefix", ["", "/crm", "/a/b c"])
@pytest.mark.parametrize(
    ("route", "ahead"), [("", ["chunk-3C.js"]), ("records/people", ["chunk-3C.js", "chunk-5E.js"])]
)
async def test_the_console_names_its_files_and_those_of_its_route(
    dist: Path, prefix: str, route: str, ahead: list[str]
) -> None:
    async with client(dist, prefix=prefix) as http:
        page = await http.get(f"{prefix}/console/{route}")
        assert page.status_code == 200
        addresses = re.findall(r'(?:src|href)="(/[^"]+)"', page.text)
        for address in addresses:
            assert (await http.get(address)).status_code == 200, address
    assert re.findall(r'rel="modulepreload" href="[^"]*/([^/"]+)"', page.text) == ahead
    assert f'data-base="{quote(prefix)}/console"' in page.text


def test_the_policy_of_the_console_allows_its_own_files_and_the_styles_of_its_nonce(dist: Path) -> None:
    page = console_page(route="", root_path="", dist=dist)
    policy = dict(rule.split(" ", 1) for rule in page.headers["content-security-policy"].split("; "))
    nonce = re.fullmatch(r"'self' 'nonce-([\w-]{24})'", policy.pop("style-src"))
    assert nonce is not None
    assert f'<meta property="csp-nonce" nonce="{nonce[1]}">' in bytes(page.body).decode()
    assert policy == {
        "default-src": "'none'",
        "script-src": "'self'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
        "require-trusted-types-for": "'script'",
    }
    assert page.headers["cache-control"] == "no-store"
    again = console_page(route="", root_path="", dist=dist)
    assert nonce[1] not in again.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("root_path", "query", "address"),
    [
        ("", b"", "/console/graphql"),
        ("/crm", b"query=%7Ba%7D&variables=%7B%7D", "/crm/console/graphql?query=%7Ba%7D&variables=%7B%7D"),
        ("//elsewhere.test", b"", "/elsewhere.test/console/graphql"),
    ],
)
def test_graphiql_moved_with_the_query_of_its_address(root_path: str, query: bytes, address: str) -> None:
    assert moved_address("/graphql", root_path, query) == address


async def test_without_a_bundle_the_page_says_what_is_missing_and_what_mends_it(tmp_path: Path) -> None:
    async with client(tmp_path, prefix="/crm") as http:
        bare = await http.get("/crm/graphql")
        (tmp_path / "unavailable.txt").write_text("the npm registry <x> could not be reached\n", encoding="utf-8")
        explained = await http.get("/crm/graphql")
        asset = await http.get("/crm/console/assets/graphiql-AB12.js")
        of_rest = await http.get("/crm/rest/open-api")
        of_console = await http.get("/crm/console/records/people")
    assert bare.status_code == explained.status_code == 503
    assert "missing its front-end files." in bare.text
    assert "missing its front-end files: the npm registry &lt;x&gt; could not be reached." in explained.text
    assert "<code>python -m fieldstone.engine.server.console.build</code>" in explained.text
    assert "POST to <code>/crm/graphql</code>" in explained.text
    assert of_rest.status_code == 503
    assert "<h1>The page of REST is not built yet</h1>" in of_rest.text
    assert "GET <code>/crm/rest/open-api/core</code>" in of_rest.text
    assert of_console.status_code == 503
    assert "<h1>The console is not built yet</h1>" in of_console.text
    assert asset.status_code == 404
