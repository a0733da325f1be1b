"""Sessions that ended long ago."""

import psycopg

from tests.engine.identity.browsers import key_of, signed_in
from tests.engine.server.conftest import StartApp


async def test_a_sign_in_drops_some_of_many_old_sessions_and_waits_for_none(
    start_app: StartApp, app_database: str
) -> None:
    """The first sign-in after a month without any deleted 200,000 of them in 11 s, and the next one waited for it."""
    async with start_app() as (app, client):
        with psycopg.connect(app_database) as connection:
            connection.execute(
                "INSERT INTO fieldstone.session (id, workspace_id, token_hash, user_id, issuer, subject, role, name,"
                " expires_at) SELECT gen_random_uuid(), w.id, sha256(n::text::bytea), gen_random_uuid(), 'i', 's',"
                " 'admin', 'n', now() - interval '31 days' FROM generate_series(1, 2500) AS n, fieldstone.workspace w"
            )
            connection.commit()
            # As another sign-in under way does.
            connection.execute("SELECT FROM fieldstone.session ORDER BY id LIMIT 500 FOR UPDATE")
            await signed_in(app, key_of(client))
            assert _count_sessions(connection) == 1_501
        with psycopg.connect(app_database) as connection:
            await signed_in(app, key_of(client))
            await signed_in(app, key_of(client))
            assert _count_sessions(connection) == 3


def _count_sessions(connection: psycopg.Connection) -> int:
    ((number,),) = connection.execute("SELECT count(*) FROM fieldstone.session").fetchall()
    return int(number)
