"""`fieldstone api-key`: keys of roles that declare values of their principals."""

import pytest

from fieldstone.engine.server.cli import api_keys
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.errors import InvalidChange
from tests.engine.server.conftest import StartApp

ROLES = """mutation {
    a: createRole(input: { name: "member" label: "Member" claims: [{ name: "userId" type: UUID }] grants: [
        { object: "person" read: {} }] }) { id }
    b: createRole(input: { name: "rep" label: "Rep" parents: ["member"] grants: []
        claims: [{ name: "teams" type: UUID isList: true }] }) { id }
}"""
USER = "018cc5ca-0000-7000-8000-000000000001"


async def test_a_key_needs_the_values_that_its_role_declares(
    start_app: StartApp, app_database: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_settings(database_url=app_database, log_level="error")

    async def make(claims: str | None) -> None:
        await api_keys.create(settings, workspace="default", name="x", expires_at=None, role="rep", claims=claims)

    async with start_app() as (_, client):
        made = (await client.post("/metadata", json={"query": ROLES})).json()
        assert "errors" not in made, made
        for claims, reason in ((None, "'teams' of the type [UUID], which is missing"), ('{"userId": 7}', "")):
            with pytest.raises(InvalidChange) as refused:
                await make(claims)
            assert reason in refused.value.message
            assert refused.value.message.endswith("""Give its values by --claims '{"teams": [UUID], "userId": UUID}'""")
        with pytest.raises(InvalidChange, match=r'declares no value "team": it declares .*, did you mean teams\?'):
            await make(f'{{"userId": "{USER}", "teams": [], "team": []}}')
        await make(f'{{"userId": "{USER}", "teams": []}}')
        client.headers["authorization"] = f"Bearer {capsys.readouterr().out.strip()}"
        answer = await client.post("/graphql", json={"query": "{ people { totalCount } }"})
        assert answer.json() == {"data": {"people": {"totalCount": 0}}}
