"""engine/identity/issuer.py: the setting FIELDSTONE_JWT."""

import json
from typing import Any

import pytest

from fieldstone.engine.identity.claim_mapping import ClaimMapping
from fieldstone.engine.identity.issuer import read_issuers
from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.identity.provider import new_key

URL = "https://id.example/jwks"
WHOLE: dict[str, Any] = {"issuer": "i", "audience": "a", "jwksUrl": URL, "roles": ["admin"]}


def test_an_issuer_has_defaults() -> None:
    (issuer,) = read_issuers(json.dumps([WHOLE]))
    assert (issuer.name, issuer.audience, issuer.keys, issuer.roles) == ("i", ("a",), URL, ("admin",))
    assert (issuer.leeway, issuer.mapping) == (0, ClaimMapping())
    assert issuer.algorithms == {"RS256", "ES256", "Ed25519", "EdDSA"}


def test_claims_are_named_or_reached_by_paths() -> None:
    claims = {
        "workspace": "https://app.example/workspace",
        "role": ["realm_access", "roles"],
        "name": "nickname",
        "values": {"userId": "sub", "teams": ["app", "teams"]},
    }
    given = WHOLE | {"claims": claims, "roles": ["admin", "viewer"], "algorithms": "RS256", "leeway": 30}
    (issuer,) = read_issuers(json.dumps([given]))
    assert issuer.mapping == ClaimMapping(
        workspace=("https://app.example/workspace",),
        role=("realm_access", "roles"),
        name=("nickname",),
        values={"userId": ("sub",), "teams": ("app", "teams")},
    )
    assert (issuer.algorithms, issuer.leeway) == (frozenset({"RS256"}), 30)
    (one,) = read_issuers(json.dumps([WHOLE | {"claims": {"values": "https://app.example/claims"}}]))
    assert one.mapping.values == ("https://app.example/claims",)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("no json", "must be a JSON list of issuers"),
        ("[" * 5_000, "must be a JSON list of issuers"),
        ({}, "must be a JSON list of issuers"),
        ([1], "[0] must be an object"),
        ([WHOLE | {"secret": "x"}], "[0] must not have the member secret; its members are"),
        ([WHOLE, WHOLE], 'names the issuer "i" twice'),
        ([WHOLE | {"issuer": ""}], "[0].issuer must be a text"),
        ([WHOLE | {"audience": []}], "[0].audience must be a text or a list of texts"),
        ([{**WHOLE, "roles": None}], "[0].roles must be a text or a list of texts"),
        ([WHOLE | {"roles": ["admin", "viewer"]}], "[0].claims.role must name the claim with the role"),
        ([WHOLE | {"jwksUrl": None}], "[0] must have either jwksUrl or key"),
        ([WHOLE | {"key": "x" * 32}], "[0] must have either jwksUrl or key"),
        ([WHOLE | {"jwksUrl": "http://id.example/jwks"}], "[0].jwksUrl must be an https address"),
        ([WHOLE | {"jwksUrl": "file:///etc/passwd"}], "[0].jwksUrl must be an https address"),
        ([WHOLE | {"jwksUrl": "https://[::1"}], "[0].jwksUrl must be an https address"),
        ([WHOLE | {"jwksUrl": None, "key": "short"}], "[0].key must be a secret of at least 32 bytes"),
        ([WHOLE | {"jwksUrl": None, "key": "-----BEGIN x"}], "[0].key must be a public key or a certificate in PEM"),
        ([WHOLE | {"jwksUrl": None, "key": {"kty": "EC"}}], "[0].key must be a JSON Web Key"),
        ([WHOLE | {"jwksUrl": None, "key": 7}], "[0].key must be"),
        ([WHOLE | {"algorithms": ["HS256"]}], "[0].algorithms must be among RS256, ES256, Ed25519, EdDSA for these"),
        ([WHOLE | {"algorithms": ["none"]}], "for these keys, not none"),
        (
            [WHOLE | {"jwksUrl": None, "key": new_key("ES256", "k").as_dict(private=False), "algorithms": ["RS256"]}],
            "[0].algorithms must be among ES256 for these keys, not RS256",
        ),
        ([WHOLE | {"leeway": 301}], "[0].leeway must be seconds from 0 to 300"),
        ([WHOLE | {"leeway": True}], "[0].leeway must be seconds from 0 to 300"),
        ([WHOLE | {"claims": {"team": "x"}}], "[0].claims must not have the member team"),
        ([WHOLE | {"claims": {"role": []}}], "[0].claims.role must be the name of a claim"),
        ([WHOLE | {"claims": {"values": {"userId": 7}}}], "[0].claims.values.userId must be the name of a claim"),
    ],
)
def test_a_setting_that_breaks_a_rule_names_the_place(given: Any, message: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        load_settings(jwt=given if isinstance(given, str) else json.dumps(given))
    assert str(refused.value).startswith(f"FIELDSTONE_JWT {message}" if message[0] in "[mn" else "FIELDSTONE_JWT")
    assert message in str(refused.value)


def test_the_setting_may_be_a_list_and_is_shown_to_nobody() -> None:
    secret = "a secret of thirty-two bytes, or more"  # noqa: S105 - of this test
    settings = load_settings(jwt=[WHOLE | {"jwksUrl": None, "key": secret}])
    assert settings.issuers[0].algorithms == {"HS256"}
    assert secret not in repr(settings) + repr(settings.issuers)
