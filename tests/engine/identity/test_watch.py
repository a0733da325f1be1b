"""The watch of open connections: no cache entry keeps a principal that has ended on for another second."""

import asyncio

import psycopg

from fieldstone.engine.identity.credential import Presented, read_credential, session_credential
from fieldstone.engine.identity.watch import PrincipalWatch, Watched
from fieldstone.engine.server.composition import Services
from tests.engine.identity.browsers import key_of, signed_in
from tests.engine.identity.provider import ISSUER, claims, new_key, provide, sign
from tests.engine.server.conftest import StartApp
from tests.waiting import until, until_true

HOUR = 3_600.0


class Connection:
    """A connection of a principal whose cache entry is fresh."""

    def __init__(self, watch: PrincipalWatch, watched: Watched) -> None:
        self.watched = watched
        self.has_ended = False
        self.forget = watch.watch(watched, self.end)

    def end(self) -> None:
        self.has_ended = True


async def connect(services: Services, watch: PrincipalWatch, presented: Presented) -> Connection:
    return Connection(watch, Watched(presented, await services.identity.resolve(presented)))


async def test_a_key_that_is_found_changed_ends_its_connections_before_the_next_check(
    start_app: StartApp, app_database: str
) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        made = await services.keys.create(services.foundation.default.workspace.id, "rep")
        watch = PrincipalWatch(services.identity, interval=HOUR)
        credential = read_credential(f"Bearer {made.token}".encode())
        assert credential is not None
        presented = Presented(credential)
        found = asyncio.Event()
        disconnect = services.keys.dropped.connect(found.set)

        async def is_kept() -> bool:
            await services.identity.resolve(presented)
            return services.identity.find_fresh(credential) is not None

        with psycopg.connect(app_database, autocommit=True) as connection:

            async def is_found() -> bool:
                """Return whether the watcher of the catalog has found a change: before its first look it finds none."""
                connection.execute("UPDATE fieldstone.api_key SET name = 'Rep' WHERE id = %s", (made.key.id,))
                return await is_kept() and found.is_set()

            await until_true(is_found)
            held = await connect(services, watch, presented)
            running = asyncio.create_task(watch.run())
            try:
                # Another process revokes it, and no message comes.
                connection.execute("UPDATE fieldstone.api_key SET revoked_at = now() WHERE id = %s", (made.key.id,))
                await until(lambda: held.has_ended)
            finally:
                disconnect()
                running.cancel()
                await asyncio.gather(running, return_exceptions=True)
        assert held.watched.principal.subject_id == made.key.id


async def test_one_check_ends_the_connections_of_a_session_whose_cache_entry_is_fresh(
    start_app: StartApp, app_database: str
) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        browser = await signed_in(app, key_of(client))
        ((_, cookie),) = browser.cookies.items()
        watch = PrincipalWatch(services.identity, interval=HOUR)
        held = await connect(services, watch, Presented(session_credential(cookie)))
        with psycopg.connect(app_database, autocommit=True) as connection:
            assert connection.execute("DELETE FROM fieldstone.session").rowcount == 1
        assert services.identity.find_fresh(session_credential(cookie)) == held.watched.principal
        await watch.look()
        assert held.has_ended


async def test_one_check_ends_the_connections_of_a_token_that_another_process_has_denied(start_app: StartApp) -> None:
    key = new_key("ES256", "k")
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (app, _):
        services = await app.runtime.ready()
        token = sign(claims(jti="1"), key, "ES256")
        watch = PrincipalWatch(services.identity, interval=HOUR)
        held = await connect(services, watch, Presented(read_credential(f"Bearer {token}".encode())))
        async with start_app(jwt=provider.setting()) as (_, elsewhere):
            text = "mutation ($d: DenyTokensInput!) { denyTokens(input: $d) { issuer } }"
            denied = {"query": text, "variables": {"d": {"issuer": ISSUER, "jwtId": "1"}}}
            assert "errors" not in (await elsewhere.post("/metadata", json=denied)).json()
        await watch.look()
        assert held.has_ended
