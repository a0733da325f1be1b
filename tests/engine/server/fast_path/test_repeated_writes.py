"""Writes that are repeated: each is made once, whatever gets in the way."""

import psycopg
import pytest

from tests.engine.server.fast_path.talking import CREATE, Serve, count, locked, pass_over, until_waiting


async def test_a_repeated_write_writes_once_with_its_event(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        first = await talk.ask(CREATE, e="0@example.com")
        before = 0
        for number in range(1, 8):
            before = await serving.warm()
            again = await talk.ask(CREATE, e=f"{number}@example.com")
            assert again.headers == first.headers
            assert again.json == {"data": {"createPerson": {"email": f"{number}@example.com"}}}
        assert await serving.warm() == before + 1
        assert await count(talk) == 8
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            cursor = await connection.execute(
                "SELECT count(*) FROM (SELECT after FROM fieldstone.event_log UNION ALL"
                " SELECT after FROM fieldstone.event_staging) AS one WHERE after ->> 'firstName' = 'New'"
            )
            assert await cursor.fetchone() == (8,)


async def test_what_is_in_the_way_of_a_write_is_told_as_before(serve: Serve) -> None:
    link = 'mutation ($c: UUID!) { createPerson(data: {firstName: "A", email: "c@d", companyId: $c}) { id } }'
    async with serve() as serving:
        talk = await serving.talk()
        update = 'mutation ($i: UUID!) { updatePerson(id: $i, data: {jobTitle: "x"}) { id } }'
        nobody = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"
        for text, values in ((link, {"c": nobody}), (update, {"i": nobody}), (CREATE, {"e": None})):
            answers = [await talk.ask(text, **values) for _ in range(5)]
            assert "errors" in answers[0].json
            assert {one.body for one in answers} == {answers[0].body}
        assert await serving.warm() == 0


async def test_a_repeated_write_that_a_trigger_passes_over_is_told_as_before(serve: Serve, app_database: str) -> None:
    """Its answer was a text that is no JSON; then it was run twice."""
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"{number}@example.com")).status == 200
        await pass_over(app_database, "person")
        warm = await serving.warm()
        (error,) = (await talk.ask(CREATE, e="p@example.com")).json["errors"]
        assert error["message"].startswith("PostgreSQL has left the write out")
        assert await serving.warm() == warm + 1
        assert await count(talk) == 4
    async with await psycopg.AsyncConnection.connect(app_database) as connection:
        assert await (await connection.execute("SELECT count(*) FROM public.passed")).fetchall() == [(1,)]


async def test_a_write_whose_connection_is_lost_is_not_made_again(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"{number}@example.com")).status == 200
        async with locked(app_database) as connection:
            talk.send(talk.request(CREATE, e="lost@example.com"))
            (pid,) = await until_waiting(app_database)
            await connection.execute("SELECT pg_terminate_backend(%s::int, 5000)", [pid])
        lost = await talk.receive()
        assert (lost.status, lost.header(b"retry-after")) == (503, b"1")
        assert await count(talk) == 4


async def test_a_write_goes_to_no_connection_that_is_known_to_be_dead(serve: Serve, app_database: str) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"{number}@example.com")).status == 200
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            await connection.execute(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'"
            )
        assert (await talk.ask(CREATE, e="after@example.com")).status == 200
        assert await count(talk) == 5


async def test_a_write_whose_commit_fails_is_not_told_as_done(serve: Serve, app_database: str) -> None:
    """The statement itself goes well: a constraint that is deferred to the commit refuses it."""
    refuse = """
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'unique_violation'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.email = 'never@example.com') EXECUTE FUNCTION public.refuse();
    """
    async with serve() as serving:
        talk = await serving.talk()
        for number in range(4):
            assert (await talk.ask(CREATE, e=f"warm{number}@example.com")).status == 200
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            cursor = await connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relname = 'person'")
            ((table,),) = await cursor.fetchall()
            await connection.execute(refuse.format(table))
        refused = await talk.ask(CREATE, e="never@example.com")
        assert refused.json["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await count(talk) == 4


@pytest.mark.long
async def test_a_write_that_loses_a_deadlock_is_made_again(serve: Serve, app_database: str) -> None:
    link = "mutation ($e: String!, $c: UUID!) {"
    link += ' createPerson(data: {firstName: "New", email: $e, companyId: $c}) { id } }'
    async with serve() as serving:
        talk = await serving.talk()
        made = await talk.ask('mutation { createCompany(data: {name: "Deep"}) { id } }')
        company = made.json["data"]["createCompany"]["id"]
        for number in range(4):
            assert "errors" not in (await talk.ask(link, e=f"{number}@example.com", c=company)).json
        async with await psycopg.AsyncConnection.connect(app_database) as other:
            await other.execute("SET deadlock_timeout = '1h'")
            cursor = await other.execute(
                "SELECT oid::regclass::text FROM pg_class WHERE relname ~ '(person|company)$' AND relkind = 'r'"
                " ORDER BY relname ~ 'person'"
            )
            companies, people = [row[0] for row in await cursor.fetchall()]
            # The write has the lock on the people by the time at which it waits for the companies.
            await other.execute(f"LOCK TABLE {companies} IN ACCESS EXCLUSIVE MODE")
            talk.send(talk.request(link, e="deadlock@example.com", c=company))
            await until_waiting(app_database)
            # This lock can be had only because the write was rolled back.
            await other.execute(f"LOCK TABLE {people} IN ACCESS EXCLUSIVE MODE")
        assert "errors" not in (await talk.receive()).json
        assert await count(talk) == 5
