"""Nested creates that are repeated: one message to the database, all or nothing, with the errors of before."""

from typing import Any

import psycopg

from fieldstone.engine.planner.writes.nested.certain import MOST_RECORDS
from tests.engine.server.fast_path.talking import Serve, Serving, Talk, pass_over

ABSENT = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"

CREATE = """mutation ($d: CompanyInput!) {
  createCompany(data: $d) { name people { edges { node { email company { name } } } } }
}"""


def company(name: str, *emails: str | None, **more: Any) -> dict[str, Any]:
    return {"name": name, "people": {"create": [{"firstName": "Nova", "email": email} for email in emails], **more}}


def told(name: str, *emails: str) -> Any:
    edges = [{"node": {"email": email, "company": {"name": name}}} for email in emails]
    return {"data": {"createCompany": {"name": name, "people": {"edges": edges}}}}


async def counts(talk: Talk) -> tuple[int, int]:
    """How many companies and people there are."""
    answer = await talk.ask("{ companies { totalCount } people { totalCount } }")
    data = answer.json["data"]
    return data["companies"]["totalCount"], data["people"]["totalCount"]


async def events(dsn: str) -> int:
    async with await psycopg.AsyncConnection.connect(dsn) as connection:
        cursor = await connection.execute(
            "SELECT (SELECT count(*) FROM fieldstone.event_log) + (SELECT count(*) FROM fieldstone.event_staging)"
        )
        ((number,),) = await cursor.fetchall()
        return int(number)


async def warmed(serving: Serving) -> Talk:
    """A connection on which a nested create is at hand."""
    talk = await serving.talk()
    for number in range(4):
        answer = await talk.ask(CREATE, d=company(f"C{number}", f"a{number}@x.org", f"b{number}@x.org"))
        assert answer.json == told(f"C{number}", f"a{number}@x.org", f"b{number}@x.org")
    return talk


async def test_a_repeated_nested_create_writes_all_with_its_events(serve: Serve, app_database: str) -> None:
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        written = await events(app_database)
        # The number of the records is no part of the shape, only of the head, which is new once.
        for emails in (["c{}@x.org"], ["d{}@x.org", "e{}@x.org", "f{}@x.org"]):
            for number in range(2):
                warm = await serving.warm()
                sent = [email.format(number) for email in emails]
                assert (await talk.ask(CREATE, d=company("New", *sent))).json == told("New", *sent)
                assert await serving.warm() == warm + number
        assert await events(app_database) == written + 12
        assert await counts(talk) == (8, 16)


async def test_what_is_refused_leaves_nothing_and_has_its_path(serve: Serve, app_database: str) -> None:
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        before = await counts(talk), await events(app_database)
        refusals = {
            "data.people.create[1].email": (company("New", "n@x.org", "a0@x.org"), "CONFLICT"),
            "data.people.create[2].email": (company("New", "n@x.org", "m@x.org", None), "BAD_USER_INPUT"),
        }
        for place, (data, code) in refusals.items():
            for _ in range(3):
                (error,) = (await talk.ask(CREATE, d=data)).json["errors"]
                assert (error["extensions"]["code"], error["extensions"]["field"]) == (code, place)
        assert (await counts(talk), await events(app_database)) == before
        # The connection is at rest: the next request takes it.
        assert (await talk.ask(CREATE, d=company("New", "n@x.org"))).json == told("New", "n@x.org")


async def test_a_key_beside_the_record_to_create_is_refused(serve: Serve) -> None:
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { company { name } } }"
    async with serve(creates=False) as serving:
        talk = await serving.talk()
        for number in range(4):
            given = {"email": f"{number}@x.org", "company": {"create": {"name": "New"}}}
            answer = await talk.ask(text, d=given)
            assert answer.json == {"data": {"createPerson": {"company": {"name": "New"}}}}
        assert await serving.warm() > 0
        before = await counts(talk)
        for _ in range(3):
            given = {"email": "n@x.org", "company": {"create": {"name": "New"}}}
            refused: dict[str, Any] = {**given, "companyId": None}
            (error,) = (await talk.ask(text, d=refused)).json["errors"]
            assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", "company")
        assert await counts(talk) == before == (4, 4)


async def test_a_verb_for_records_that_are_there_is_refused(serve: Serve) -> None:
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        for _ in range(3):
            (error,) = (await talk.ask(CREATE, d={"name": "New", "people": {"disconnect": [ABSENT]}})).json["errors"]
            assert (error["extensions"]["code"], error["extensions"]["field"]) == (
                "BAD_USER_INPUT",
                "data.people.disconnect",
            )
        assert await counts(talk) == (4, 8)


async def test_more_records_than_one_statement_makes(serve: Serve) -> None:
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        for number in range(2):
            emails = [f"{number}.{place:03}@x.org" for place in range(MOST_RECORDS)]
            assert (await talk.ask(CREATE, d=company("Many", *emails))).json["data"]["createCompany"]["name"] == "Many"
        assert await counts(talk) == (6, 8 + 2 * MOST_RECORDS)


async def test_what_needs_a_look_before_the_commit_is_left_to_the_ordinary_path(serve: Serve) -> None:
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        found = await talk.ask('{ people(filter: { email: { eq: "a0@x.org" } }) { edges { node { id } } } }')
        id_ = found.json["data"]["people"]["edges"][0]["node"]["id"]
        for ids, code in (([id_], None), ([ABSENT], "NOT_FOUND")):
            for _ in range(4):
                warm, before = await serving.warm(), await counts(talk)
                answer = await talk.ask(CREATE, d=company("Other", connect=ids))
                assert answer.json.get("errors", [{}])[0].get("extensions", {}).get("code") == code
                # Nothing but the counting itself was warm.
                assert await serving.warm() <= warm + 1
                assert await counts(talk) == (before[0] + (code is None), before[1])


async def test_a_nested_create_whose_commit_fails_is_not_told_as_done(serve: Serve, app_database: str) -> None:
    refuse = """
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'not today' USING ERRCODE = 'unique_violation'; END $$;
    CREATE CONSTRAINT TRIGGER refuse AFTER INSERT ON {} DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW WHEN (NEW.email = 'never@x.org') EXECUTE FUNCTION public.refuse();
    """
    async with serve(creates=False) as serving:
        talk = await warmed(serving)
        before = await counts(talk)
        async with await psycopg.AsyncConnection.connect(app_database) as connection:
            cursor = await connection.execute("SELECT oid::regclass::text FROM pg_class WHERE relname = 'person'")
            ((table,),) = await cursor.fetchall()
            await connection.execute(refuse.format(table))
        for _ in range(3):
            refused = await talk.ask(CREATE, d=company("New", "never@x.org"))
            assert refused.json["errors"][0]["extensions"]["code"] == "CONFLICT"
        assert await counts(talk) == before


async def test_a_price_that_the_number_of_records_makes_too_high_is_refused(serve: Serve) -> None:
    many = "mutation ($d: [CompanyInput!]!) { createCompanies(data: $d) { people { edges { node { id } } } } }"
    async with serve(creates=False, max_cost=1_000) as serving:
        talk = await serving.talk()
        one = {"name": "Few", "people": {"create": []}}
        await talk.warm_up(many, d=[one])
        before = await counts(talk)
        for _ in range(3):
            (error,) = (await talk.ask(many, d=[one] * 30)).json["errors"]
            assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"
        assert await counts(talk) == before
        warm = await serving.warm()
        assert "errors" not in (await talk.ask(many, d=[one])).json
        assert await serving.warm() == warm + 1


async def test_one_that_triggers_pass_over_is_refused(serve: Serve, app_database: str) -> None:
    """Its answer never came."""
    async with serve() as serving:
        before = await counts(await warmed(serving))
        await pass_over(app_database, "company", "person")
        talk = await serving.talk()
        (error,) = (await talk.ask(CREATE, d=company("C9", "a9@x.org", "b9@x.org"))).json["errors"]
        assert error["message"].startswith("PostgreSQL has left the write out")
        assert await counts(talk) == before


async def test_one_whose_own_record_is_passed_over_leaves_none_of_the_others(serve: Serve, app_database: str) -> None:
    """The company was created, once by the repeated request and once by the ordinary path, and the create refused."""
    text = "mutation ($d: PersonInput!) { createPerson(data: $d) { company { name } } }"
    async with serve(creates=False) as serving:
        talk = await serving.talk()
        for number in range(4):
            await talk.ask(text, d={"email": f"{number}@x.org", "company": {"create": {"name": "New"}}})
        assert await serving.warm() > 0
        before = await counts(talk), await events(app_database)
        await pass_over(app_database, "person")
        for _ in range(2):
            answer = await talk.ask(text, d={"email": "n@x.org", "company": {"create": {"name": "New"}}})
            (error,) = answer.json["errors"]
            assert error["message"].startswith("PostgreSQL has left the write out")
        assert (await counts(talk), await events(app_database)) == before
