"""Tokens of identity providers, over HTTP: accepted and refused."""

import time
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import OctKey

from fieldstone.engine.identity.tokens import user_id
from fieldstone.engine.server.rate_limits.failed_tokens import MOST, WINDOW
from fieldstone.metadata.json_text import dumps
from tests.engine.identity.provider import (
    ISSUER,
    Provider,
    claims,
    join,
    new_key,
    provide,
    sign,
    sign_with_text,
    unsigned,
)
from tests.engine.server.conftest import StartApp
from tests.waiting import until_true

SECRET = "a secret of thirty-two bytes, or more"  # noqa: S105 - of this test

KEYS = {algorithm: new_key(algorithm, algorithm.lower()) for algorithm in ("RS256", "ES256", "Ed25519", "EdDSA")}


async def ask(client: httpx.AsyncClient, token: str, query: str = "{ __typename }") -> httpx.Response:
    return await client.post("/graphql", json={"query": query}, headers={"authorization": f"Bearer {token}"})


def reason(answer: httpx.Response) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["extensions"]["code"], error["message"]


@pytest.mark.parametrize("algorithm", list(KEYS))
async def test_a_token_of_a_key_set_is_served(start_app: StartApp, algorithm: str) -> None:
    async with provide(*KEYS.values()) as provider, start_app(jwt=provider.setting()) as (_, client):
        answer = await ask(client, sign(claims(), KEYS[algorithm], algorithm))
        assert answer.json() == {"data": {"__typename": "Query"}}
        assert provider.requests == 1


def pem(key: Any) -> str:
    return str(key.public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode())


@pytest.mark.parametrize(
    ("given", "key", "algorithm"),
    [
        pytest.param(SECRET, OctKey.import_key(SECRET), "HS256", id="secret"),
        pytest.param(pem(KEYS["RS256"]), KEYS["RS256"], "RS256", id="PEM of RSA"),
        pytest.param(pem(KEYS["ES256"]), KEYS["ES256"], "ES256", id="PEM of P-256"),
        pytest.param(pem(KEYS["Ed25519"]), KEYS["Ed25519"], "Ed25519", id="PEM of Ed25519"),
        pytest.param(KEYS["ES256"].as_dict(private=False), KEYS["ES256"], "ES256", id="JWK"),
    ],
)
async def test_a_token_of_a_fixed_key_is_served(start_app: StartApp, given: Any, key: Any, algorithm: str) -> None:
    async with start_app(jwt=Provider().setting(jwksUrl=None, key=given)) as (_, client):
        assert (await ask(client, sign(claims(), key, algorithm, kid="any"))).status_code == 200
        assert (await ask(client, sign(claims(), key, algorithm)[:-8] + "AAAAAAAA")).status_code == 401


async def test_the_token_says_which_user_it_was(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (app, client):
        token = sign(claims(name="Ada \t Lovelace", groups=["a"]), key, "ES256")
        answer = await ask(client, token, 'mutation { createCompany(data: {name: "x"}) { createdBy { name } } }')
        assert answer.json() == {"data": {"createCompany": {"createdBy": {"name": "Ada   Lovelace"}}}}
        services = await app.runtime.ready()
        principal = await services.identity.tokens.authenticate(token)
        assert principal.claims == {"userId": "ada"}
        assert (principal.subject_id, principal.role) == (user_id(ISSUER, "ada"), "admin")


def hostile() -> dict[str, tuple[str, str]]:
    """Tokens that are not to be served, with a part of the message."""
    rsa, ec = KEYS["RS256"], KEYS["ES256"]
    good = claims()
    now = int(time.time())
    stranger = new_key("ES256", "es256")
    signature = sign(good, ec, "ES256").rpartition(".")[2]
    return {
        "none": (unsigned(good, {"alg": "none", "kid": "es256"}), "algorithm"),
        "none without a key id": (unsigned(good, {"alg": "none"}), "algorithm"),
        "None": (unsigned(good, {"alg": "None", "kid": "es256"}), "algorithm"),
        "no algorithm": (unsigned(good, {"kid": "es256"}), "algorithm"),
        "an algorithm that is a list": (unsigned(good, {"alg": ["ES256"], "kid": "es256"}), "algorithm"),
        "the public key as a secret": (
            sign_with_text(good, pem(rsa), kid="rs256"),
            "algorithm",
        ),
        "another algorithm of RSA": (sign(good, rsa, "RS384"), "algorithm"),
        "the algorithm of another key": (sign(good, ec, "ES256", kid="rs256"), "no such key"),
        "a critical extension": (sign(good, ec, "ES256", b64=True, crit=["b64"]), "extension"),
        "an empty list of them": (unsigned(good, {"alg": "ES256", "kid": "es256", "crit": []}), "extension"),
        "another key with that id": (sign(good, stranger, "ES256"), "signature"),
        "a key in the header": (
            sign(good, stranger, "ES256", jwk=stranger.as_dict(private=False)),
            "signature",
        ),
        "other claims": (unsigned(claims(sub="eve"), {"alg": "ES256", "kid": "es256"}, b"x" * 64), "signature"),
        "no signature": (unsigned(good, {"alg": "ES256", "kid": "es256"}), "signature"),
        "half a signature": (sign(good, ec, "ES256")[: -len(signature) // 2], "signature"),
        "an unknown key": (sign(good, new_key("ES256", "other"), "ES256"), "no such key"),
        "a key id that is a number": (unsigned(good, {"alg": "ES256", "kid": 7}), "algorithm"),
        "expired": (sign(claims(exp=now - 1), ec, "ES256"), "expired"),
        "without an end": (sign(claims(exp=None), ec, "ES256"), "no end"),
        "an end that is a text": (sign(claims(exp=str(now + 600)), ec, "ES256"), "no time"),
        "an end beyond all numbers": (sign(claims(exp=10**400), ec, "ES256"), "no time"),
        "not yet valid": (sign(claims(nbf=now + 60), ec, "ES256"), "not valid yet"),
        "another audience": (sign(claims(aud="other"), ec, "ES256"), "audience"),
        "no audience": (sign(claims(aud=None), ec, "ES256"), "audience"),
        "an audience that is an object": (sign(claims(aud={"fieldstone": 1}), ec, "ES256"), "audience"),
        "another issuer": (sign(claims(iss="https://id.example/"), ec, "ES256"), "issuer"),
        "no issuer": (sign(claims(iss=None), ec, "ES256"), "issuer"),
        "an issuer that is a list": (sign(claims(iss=[ISSUER]), ec, "ES256"), "issuer"),
        "no subject": (sign(claims(sub=None), ec, "ES256"), "subject"),
        "a blank subject": (sign(claims(sub=" "), ec, "ES256"), "subject"),
        "an unknown workspace": (sign(claims(workspace="nowhere"), ec, "ES256"), "workspace"),
        "a workspace that is a list": (sign(claims(workspace=["default"]), ec, "ES256"), "workspace"),
        "a NUL": (sign(claims(name="a\0b"), ec, "ES256"), "no JSON Web Token"),
        "a lone surrogate": (sign(claims(name="\ud800"), ec, "ES256"), "no JSON Web Token"),
        "claims that are a list": (unsigned([], {"alg": "ES256"}), "no JSON Web Token"),
        "a header that is a list": (unsigned(good, ["alg"]), "no JSON Web Token"),
        "four thousand brackets": (join(b'{"alg":"ES256"}', b"[" * 4_000, b""), "no JSON Web Token"),
        "no base64": ("e!.e!.e", "no JSON Web Token"),
    }


@pytest.fixture
async def provided(start_app: StartApp) -> AsyncIterator[tuple[Provider, httpx.AsyncClient]]:
    async with provide(KEYS["RS256"], KEYS["ES256"]) as provider, start_app(jwt=provider.setting()) as (_, client):
        yield provider, client


async def test_a_token_that_is_not_valid_is_refused(provided: tuple[Provider, httpx.AsyncClient]) -> None:
    _, client = provided
    assert (await ask(client, sign(claims(), KEYS["ES256"], "ES256"))).status_code == 200
    for name, (token, part) in hostile().items():
        for _ in range(2):
            status, code, message = reason(await ask(client, token))
            assert (name, status, code) == (name, 401, "UNAUTHENTICATED")
            assert part in message, name


@pytest.mark.parametrize(
    ("role", "status"),
    [("admin", 200), (["other", "admin"], 200), ("root", 403), ([], 403), (None, 403), ({"admin": 1}, 403)],
)
async def test_a_role_is_one_of_those_that_the_issuer_may_give(
    provided: tuple[Provider, httpx.AsyncClient], role: Any, status: int
) -> None:
    _, client = provided
    answer = await ask(client, sign(claims(role=role), KEYS["ES256"], "ES256"))
    assert answer.status_code == status
    if status == 403:
        assert reason(answer)[1] == "FORBIDDEN"


async def test_a_token_holds_to_its_end_and_not_longer(provided: tuple[Provider, httpx.AsyncClient]) -> None:
    _, client = provided
    assert (await ask(client, sign(claims(), KEYS["ES256"], "ES256"))).status_code == 200
    token = sign(claims(exp=int(time.time()) + 3), KEYS["ES256"], "ES256")
    assert (await ask(client, token)).status_code == 200
    await until_true(lambda: _is_expired(client, token))


async def _is_expired(client: httpx.AsyncClient, token: str) -> bool:
    answer = await ask(client, token)
    return answer.status_code == 401 and reason(answer)[2] == "The token has expired."


async def test_the_leeway_is_added_to_the_end(start_app: StartApp) -> None:
    key, now = KEYS["ES256"], int(time.time())
    async with provide(key) as provider, start_app(jwt=provider.setting(leeway=60)) as (_, client):
        assert (await ask(client, sign(claims(exp=now - 30), key, "ES256"))).status_code == 200
        assert (await ask(client, sign(claims(nbf=now + 30), key, "ES256"))).status_code == 200
        assert (await ask(client, sign(claims(exp=now - 90), key, "ES256"))).status_code == 401


async def test_a_long_token_is_served_and_a_longer_one_is_not(provided: tuple[Provider, httpx.AsyncClient]) -> None:
    _, client = provided
    assert (await ask(client, sign(claims(groups=["g" * 4_000]), KEYS["RS256"], "RS256"))).status_code == 200
    assert (await ask(client, sign(claims(groups=["g" * 7_000]), KEYS["RS256"], "RS256"))).status_code == 401


async def test_the_workspace_is_found_by_name_and_by_id(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (app, client):
        other = await (await app.runtime.ready()).foundation.workspaces.create("other", actor="test")
        for name in ("other", str(other.workspace.id)):
            principal = await (await app.runtime.ready()).identity.tokens.authenticate(
                sign(claims(workspace=name), key, "ES256")
            )
            assert principal.workspace_id == other.workspace.id
        assert (await ask(client, sign(claims(workspace="other"), key, "ES256"))).status_code == 200


async def test_keys_are_served_beside_tokens_and_without_issuers_tokens_are_not(client: httpx.AsyncClient) -> None:
    assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 200
    token = sign(claims(), KEYS["ES256"], "ES256")
    assert reason(await ask(client, token))[:2] == (401, "UNAUTHENTICATED")


async def test_a_denied_token_is_refused_here_at_once_and_elsewhere_within_a_second(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with (
        provide(key) as provider,
        start_app(jwt=provider.setting()) as (_, client),
        start_app(jwt=provider.setting()) as (_, elsewhere),
    ):
        one, same_user, other = (
            sign(claims(**changes), key, "ES256")
            for changes in ({"jti": "1"}, {"jti": "2"}, {"jti": "1", "sub": "eve", "iss": ISSUER})
        )
        for token in (one, same_user, other):
            for each in (client, elsewhere):
                assert (await ask(each, token)).status_code == 200
        await deny(client, jwtId="1")
        assert reason(await ask(client, one))[2] == "The token has been revoked."
        await until_true(lambda: _is_revoked(elsewhere, one))
        assert await _is_revoked(client, other)
        assert (await ask(client, same_user)).status_code == 200
        await deny(client, subject="ada")
        assert await _is_revoked(client, same_user)
        later = sign(claims(iat=int(time.time()) + 1), key, "ES256")
        assert (await ask(client, later)).status_code == 200
        assert await _is_revoked(client, sign(claims(iat=None), key, "ES256"))


async def deny(client: httpx.AsyncClient, **given: Any) -> None:
    text = "mutation ($d: DenyTokensInput!) { denyTokens(input: $d) { issuer deniedAt } }"
    answer = await client.post("/metadata", json={"query": text, "variables": {"d": {"issuer": ISSUER, **given}}})
    assert answer.json()["data"]["denyTokens"]["issuer"] == ISSUER


async def _is_revoked(client: httpx.AsyncClient, token: str) -> bool:
    answer = await ask(client, token)
    return answer.status_code == 401 and reason(answer)[2] == "The token has been revoked."


@pytest.mark.parametrize("subject", ["x" * 1_000, "tab\there"], ids=["long", "control character"])
async def test_any_subject_of_a_token_can_be_denied(start_app: StartApp, subject: str) -> None:
    key = KEYS["ES256"]
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (_, client):
        token = sign(claims(sub=subject), key, "ES256")
        assert (await ask(client, token)).status_code == 200
        await deny(client, subject=subject)
        assert await _is_revoked(client, token)


async def test_a_denial_is_listed_lifted_and_noted(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (_, client):

        async def send(query: str) -> Any:
            return (await client.post("/metadata", json={"query": query})).json()

        token = sign(claims(), key, "ES256")
        await deny(client, subject="ada", expiresAt="2099-12-31")
        await deny(client, jwtId="1")
        assert await _is_revoked(client, token)
        listed = (await send("{ deniedTokens { issuer subject jwtId expiresAt } }"))["data"]["deniedTokens"]
        of_ada = {"issuer": ISSUER, "subject": "ada", "jwtId": None, "expiresAt": "2099-12-31T00:00:00Z"}
        assert listed == [{"issuer": ISSUER, "subject": None, "jwtId": "1", "expiresAt": None}, of_ada]
        assert (await send('{ deniedTokens(subject: "ada") { subject } }'))["data"]["deniedTokens"] == [
            {"subject": "ada"}
        ]
        allow = f'mutation {{ allowTokens(input: {{ issuer: "{ISSUER}" subject: "ada" }}) {{ subject expiresAt }} }}'
        lifted = (await send(allow))["data"]["allowTokens"]
        assert lifted == {"subject": "ada", "expiresAt": of_ada["expiresAt"]}
        assert (await ask(client, token)).status_code == 200
        (error,) = (await send(allow))["errors"]
        assert (error["extensions"]["code"], error["message"]) == (
            "NOT_FOUND",
            f'there are no denied tokens of the subject "ada" at "{ISSUER}".',
        )
        query = (
            "{ auditLog(filter: { action: { in: [TOKEN_DENIED, TOKEN_ALLOWED] } } orderBy: { createdAt: ASC }) {"
            " edges { node { action subjectId subjectName details } } } }"
        )
        noted = [edge["node"] for edge in (await send(query))["data"]["auditLog"]["edges"]]
        ada = str(user_id(ISSUER, "ada"))
        assert [(one["action"], one["subjectId"], one["subjectName"]) for one in noted] == [
            ("TOKEN_DENIED", ada, "ada"),
            ("TOKEN_DENIED", None, "1"),
            ("TOKEN_ALLOWED", ada, "ada"),
        ]
        assert {one["details"]["issuer"] for one in noted} == {ISSUER}


async def test_a_denial_holds_in_its_own_workspace_alone(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with provide(key) as provider, start_app(jwt=provider.setting()) as (app, client):
        await (await app.runtime.ready()).foundation.workspaces.create("other", actor="test")
        await deny(client, subject="ada")
        assert await _is_revoked(client, sign(claims(), key, "ES256"))
        assert (await ask(client, sign(claims(workspace="other"), key, "ES256"))).status_code == 200


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "input"),
        ({"jwtId": "1", "subject": "ada"}, "input"),
        ({"jwtId": " "}, "jwtId"),
        ({"subject": "x" * 1_001}, "subject"),
        ({"subject": "ada", "expiresAt": "2020-01-01T00:00:00Z"}, "expiresAt"),
        ({"jwtId": "1", "withKeys": True}, "withKeys"),
    ],
)
async def test_a_denial_that_breaks_a_rule_is_refused(
    client: httpx.AsyncClient, given: dict[str, Any], field: str
) -> None:
    text = "mutation ($d: DenyTokensInput!) { denyTokens(input: $d) { deniedAt } }"
    answer = await client.post("/metadata", json={"query": text, "variables": {"d": {"issuer": ISSUER, **given}}})
    (error,) = answer.json()["errors"]
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


async def test_a_user_makes_a_key_that_shares_the_users_rate_limit(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    setting = Provider().setting(jwksUrl=None, key=pem(key))
    async with start_app(jwt=setting, rate_limit=1_000) as (_, client):
        token = sign(claims(), key, "ES256")
        headers = {"authorization": f"Bearer {token}"}
        query = 'mutation { createApiKey(input: { name: "made by a user" }) { id token } }'
        made = (await client.post("/metadata", json={"query": query}, headers=headers)).json()
        assert "errors" not in made, made
        answers = [await ask(client, token), await ask(client, made["data"]["createApiKey"]["token"])]
        assert [int(one.headers["x-ratelimit-remaining"]) for one in answers] == [998, 997]
        listed = '{ apiKeys(filter: {name: {like: "made%"}}) { edges { node { createdByKey role } } } }'
        answer = (await client.post("/metadata", json={"query": listed}, headers=headers)).json()
        assert answer["data"]["apiKeys"]["edges"] == [{"node": {"createdByKey": None, "role": "admin"}}]


async def test_a_denial_takes_the_keys_of_the_user_with_it(start_app: StartApp) -> None:
    key = KEYS["ES256"]
    async with start_app(jwt=Provider().setting(jwksUrl=None, key=pem(key))) as (_, client):

        async def make(credential: str) -> str:
            query = 'mutation { createApiKey(input: { name: "made" }) { token } }'
            headers = {"authorization": f"Bearer {credential}"}
            made = (await client.post("/metadata", json={"query": query}, headers=headers)).json()
            return str(made["data"]["createApiKey"]["token"])

        ada, bob = (sign(claims(sub=name), key, "ES256") for name in ("ada", "bob"))
        first, other = await make(ada), await make(bob)
        tokens = (ada, first, await make(first), bob, other)
        for with_keys, statuses in ((False, [401, 200, 200, 200, 200]), (True, [401, 401, 401, 200, 200])):
            await deny(client, subject="ada", withKeys=with_keys)
            assert [(await ask(client, one)).status_code for one in tokens] == statuses


async def test_an_address_whose_tokens_fail_has_no_more_of_them_verified(start_app: StartApp) -> None:
    """A made-up token costs a signature; tokens that were verified before, and other addresses, go on being served."""
    key = KEYS["ES256"]
    issuer = {"issuer": ISSUER, "audience": "fieldstone", "key": pem(key), "algorithms": ["ES256"], "roles": ["admin"]}
    async with start_app(jwt=dumps([issuer]), trusted_proxies="127.0.0.1") as (app, client):
        tokens = (await app.runtime.ready()).identity.tokens
        verified = 0
        real = tokens.verify

        async def verify(token: str) -> Any:
            nonlocal verified
            verified += 1
            return await real(token)

        tokens.verify = verify  # type: ignore[method-assign]  # counts

        async def send(token: str, address: str) -> httpx.Response:
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": address}
            return await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)

        good = [sign(claims(sub=name), key, "ES256") for name in ("ada", "bob", "eve")]
        assert (await send(good[0], "203.0.113.1")).status_code == 200
        for _ in range(MOST + 5):
            assert (await send(good[0], "203.0.113.1")).status_code == 200, "those that hold are not counted"
        made_up = [unsigned(claims(sub=str(n)), {"alg": "ES256", "kid": "es256"}, b"x" * 64) for n in range(MOST + 10)]
        answers = [await send(token, "203.0.113.1") for token in made_up]
        assert [one.status_code for one in answers] == [401] * MOST + [429] * 10
        assert verified == 1 + MOST
        (error,) = answers[-1].json()["errors"]
        assert error["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"
        assert 1 <= int(answers[-1].headers["retry-after"]) <= WINDOW
        assert (await send(good[1], "203.0.113.1")).status_code == 429
        assert (await send(good[0], "203.0.113.1")).status_code == 200
        assert (await send(good[1], "203.0.113.2")).status_code == 200
        # The addresses of one network of IPv6 are one client's.
        answers = [await send(token, f"2001:db8::{n}") for n, token in enumerate(made_up[: MOST + 1])]
        assert [one.status_code for one in answers] == [401] * MOST + [429]
        assert (await send(good[2], "2001:db8:0:1::1")).status_code == 200
