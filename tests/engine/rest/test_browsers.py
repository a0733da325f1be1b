"""Browsers and REST: requests that a page of another site can cause are refused, and listed origins may write."""

from tests.engine.server.conftest import StartApp, client_of

ID = "018cc5ca-0000-7000-8000-000000000000"


async def test_a_simple_request_is_refused(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (app, _), client_of(app) as visitor:
        for method, path in [("GET", "people"), ("PATCH", f"restore/people/{ID}"), ("DELETE", f"people/{ID}")]:
            refused = await visitor.request(method, f"/rest/{path}")
            assert (refused.status_code, refused.json()["error"]) == (403, "Forbidden")
            assert refused.json()["message"].startswith("A page of another site could have sent this request")
        form = await visitor.post("/rest/people", content=b"{}", headers={"content-type": "text/plain"})
        assert form.status_code == 415
        asked = await visitor.get("/rest/people", headers={"x-requested-with": "fetch"})
        assert (asked.status_code, asked.json()["data"]) == (200, {"people": []})


async def test_a_listed_origin_may_write_and_read_the_tag(start_app: StartApp) -> None:
    async with start_app(cors_origins=("https://a.example",)) as (_, client):
        for method in ("PATCH", "PUT", "DELETE"):
            headers = {"origin": "https://a.example", "access-control-request-method": method}
            preflight = await client.options(f"/rest/people/{ID}", headers=headers)
            assert preflight.status_code == 200
            assert method in preflight.headers["access-control-allow-methods"]
        made = await client.post("/rest/people", json={"email": "a"}, headers={"origin": "https://a.example"})
        assert "ETag" in made.headers["access-control-expose-headers"]
        other = {"origin": "https://b.example", "access-control-request-method": "DELETE"}
        assert (await client.options(f"/rest/people/{ID}", headers=other)).status_code == 400
