"""Sign-in at an OpenID provider: the authorization code flow with PKCE.

https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth, https://www.rfc-editor.org/rfc/rfc9700
"""

import asyncio
import logging
import math
import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import quote

from fieldstone.engine.errors import ServiceUnavailable, Unauthenticated
from fieldstone.engine.identity.fetching import Fetcher, Unreachable
from fieldstone.engine.identity.issuer import Issuer, checked_url, read_issuer, read_named
from fieldstone.engine.identity.json_objects import read_object
from fieldstone.engine.identity.key_sets import TrustedIssuer, trust
from fieldstone.engine.identity.tokens import Tokens, Verified, refused_user
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.workspaces.denied_tokens import DeniedTokens
from fieldstone.metadata.workspaces.registry import WorkspaceNames
from fieldstone.sql.frozen import frozen

_LOG = logging.getLogger(__name__)

_MEMBERS = frozenset(
    {"name", "issuer", "clientId", "clientSecret", "scopes", "algorithms", "claims", "roles", "leeway"}
)
_DISCOVERED_FOR = 3_600.0
_PAUSE = 1.0
"""Seconds between two look-ups of a provider that cannot be reached."""
_PATIENCE = 5.0
"""Seconds for one request to the provider."""
_UNREACHABLE = "The identity provider cannot be reached: try again in a moment."

LOGIN_FOR: Final = 600.0
"""Seconds within which a sign-in must come back from the provider."""


@frozen
class ProviderSettings:
    """A provider at which people may sign in.

    Attributes:
        name: as it stands in addresses.
        issuer: of its ID tokens, whose audience is the client; its key set is found by discovery.
        client_secret: None for a public client.
    """

    name: str
    issuer: Issuer
    client_id: str
    client_secret: str | None
    scopes: str


@frozen
class Login:
    """A sign-in that has begun; its browser keeps it in a sealed cookie.

    Attributes:
        begun_at: Unix time.
    """

    provider: str
    state: str
    nonce: str
    verifier: str
    return_to: str
    begun_at: float


@frozen
class _Discovered:
    authorization: str
    token: str
    tokens: Tokens
    trusted: TrustedIssuer
    until: float


def read_providers(text: str) -> tuple[ProviderSettings, ...]:
    """Return the providers of the setting FIELDSTONE_OIDC.

    Raises:
        ValueError: it breaks a rule; the text completes "FIELDSTONE_OIDC ..." with the place and a right value.
    """
    return read_named(text, "provider", _read_provider)


def offered_roles(providers: Sequence[ProviderSettings]) -> Mapping[str, frozenset[str]]:
    """Return the roles that providers may give, by their issuers."""
    offered: dict[str, frozenset[str]] = {}
    for issuer in (provider.issuer for provider in providers):
        offered[issuer.name] = offered.get(issuer.name, frozenset()).union(issuer.roles)
    return offered


def _read_provider(given: JsonValue, place: str) -> ProviderSettings:
    if not isinstance(given, Mapping):
        raise ValueError(f"{place} must be an object")  # noqa: TRY004 - pydantic takes ValueError
    if unknown := sorted(given.keys() - _MEMBERS):
        raise ValueError(
            f"{place} must not have the member {unknown[0]}; its members are {', '.join(sorted(_MEMBERS))}"
        )
    texts = {name: given.get(name) for name in ("issuer", "clientId", "clientSecret", "name")}
    if wrong := [name for name, value in texts.items() if value is not None and not isinstance(value, str)]:
        raise ValueError(f"{place}.{wrong[0]} must be a text")
    if not texts["clientId"]:
        raise ValueError(f"{place}.clientId must be a text")
    scopes = given.get("scopes", ["openid", "profile", "email"])
    if not isinstance(scopes, list) or "openid" not in scopes or not all(isinstance(one, str) for one in scopes):
        raise ValueError(f'{place}.scopes must be a list of texts, "openid" among them')
    members = {name: given[name] for name in ("issuer", "algorithms", "claims", "roles", "leeway") if name in given}
    discovery = f"{str(texts['issuer']).rstrip('/')}/.well-known/openid-configuration"
    return ProviderSettings(
        name=texts["name"] or "default",
        issuer=read_issuer({**members, "audience": texts["clientId"], "jwksUrl": discovery}, place),
        client_id=texts["clientId"],
        client_secret=texts["clientSecret"] or None,
        scopes=" ".join(scopes),
    )


class OpenIdProvider:
    """One provider.

    Args:
        settings: those of the provider.
        fetcher: fetches its documents.
        denied: the denied tokens.
        workspaces: finds workspaces by their names.
    """

    def __init__(
        self,
        settings: ProviderSettings,
        fetcher: Fetcher,
        denied: DeniedTokens,
        workspaces: WorkspaceNames,
    ) -> None:
        self.settings = settings
        self._fetcher = fetcher
        self._denied = denied
        self._workspaces = workspaces
        self._discovered: _Discovered | None = None
        self._one_at_a_time = asyncio.Lock()
        self._failed_at = -math.inf

    async def begin(self, redirect_uri: str, return_to: str) -> tuple[str, Login]:
        """Return the address to send a browser to, and the sign-in that begins.

        Raises:
            ServiceUnavailable: the provider cannot be reached.
        """
        # Forty modules, which a server without providers does without.
        from authlib.oauth2.rfc6749.parameters import prepare_grant_uri  # noqa: PLC0415
        from authlib.oauth2.rfc7636 import create_s256_code_challenge  # noqa: PLC0415

        discovered = await self._discover()
        login = Login(
            provider=self.settings.name,
            state=secrets.token_urlsafe(24),
            nonce=secrets.token_urlsafe(24),
            verifier=secrets.token_urlsafe(48),
            return_to=return_to,
            begun_at=time.time(),
        )
        address: str = prepare_grant_uri(
            discovered.authorization,
            client_id=self.settings.client_id,
            response_type="code",
            redirect_uri=redirect_uri,
            scope=self.settings.scopes,
            state=login.state,
            nonce=login.nonce,
            code_challenge=create_s256_code_challenge(login.verifier),
            code_challenge_method="S256",
        )
        return address, login

    async def finish(self, login: Login, code: str, redirect_uri: str) -> Verified:
        """Return the verified ID token of a sign-in that has come back with a code.

        Raises:
            Unauthenticated: the provider refuses the code, or its token is not right.
            Forbidden: the token gives no role.
            ServiceUnavailable: the provider cannot be reached.
        """
        discovered = await self._discover()
        answer = await self._exchange(discovered, login, code, redirect_uri)
        id_token = answer.get("id_token")
        if not isinstance(id_token, str):
            raise Unauthenticated("The identity provider gave no ID token.")
        verified = await discovered.tokens.verify(id_token)
        if verified.claims.get("nonce") != login.nonce:
            raise Unauthenticated("The ID token belongs to another sign-in.", user=refused_user(verified.principal))
        if verified.claims.get("azp", self.settings.client_id) != self.settings.client_id:
            raise Unauthenticated("The ID token was made for another client.", user=refused_user(verified.principal))
        return verified

    async def close(self) -> None:
        """End a fetch in progress."""
        if self._discovered is not None:
            await self._discovered.trusted.keys.close()

    async def _exchange(
        self, discovered: _Discovered, login: Login, code: str, redirect_uri: str
    ) -> Mapping[str, JsonValue]:
        settings = self.settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": login.verifier,
        }
        user: tuple[str, str] | None = None
        if settings.client_secret is None:
            form["client_id"] = settings.client_id
        else:
            # https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
            user = quote(settings.client_id, safe=""), quote(settings.client_secret, safe="")
        try:
            async with asyncio.timeout(_PATIENCE):
                answer = read_object(await self._fetcher.fetch(discovered.token, form=form, user=user))
        except ValueError:
            raise Unauthenticated("The identity provider refuses the sign-in: begin again.") from None
        except (TimeoutError, Unreachable) as error:
            raise self._unreachable(error) from None
        if answer is None:
            raise Unauthenticated("The identity provider refuses the sign-in: begin again.")
        return answer

    async def _discover(self) -> _Discovered:
        async with self._one_at_a_time:
            if time.monotonic() - self._failed_at < _PAUSE:
                # The look-up that this one has waited for counts for it, too, and nobody can have many sent.
                raise ServiceUnavailable(_UNREACHABLE)
            if self._discovered is None or time.monotonic() >= self._discovered.until:
                try:
                    self._discovered = await self._look_up()
                except ServiceUnavailable:
                    self._failed_at = time.monotonic()
                    raise
            return self._discovered

    async def _look_up(self) -> _Discovered:
        issuer = self.settings.issuer
        try:
            async with asyncio.timeout(_PATIENCE):
                text = await self._fetcher.fetch(str(issuer.keys))
            authorization, token, jwks = _read_configuration(text, issuer)
        except (TimeoutError, Unreachable, ValueError) as error:
            raise self._unreachable(error) from None
        before = self._discovered
        if before is not None and before.trusted.issuer.keys == jwks:
            return replace(before, authorization=authorization, token=token, until=time.monotonic() + _DISCOVERED_FOR)
        trusted = trust(replace(issuer, keys=jwks), self._fetcher)
        return _Discovered(
            authorization=authorization,
            token=token,
            tokens=Tokens([trusted], self._denied, self._workspaces),
            trusted=trusted,
            until=time.monotonic() + _DISCOVERED_FOR,
        )

    def _unreachable(self, error: Exception) -> ServiceUnavailable:
        _LOG.warning("the identity provider %s: %s", self.settings.issuer.name, str(error) or type(error).__name__)
        return ServiceUnavailable(_UNREACHABLE)


def _read_configuration(text: bytes, issuer: Issuer) -> tuple[str, str, str]:
    """Return the addresses of a provider: for the browser, for codes, and of its key set; raises ValueError."""
    found = read_object(text)
    if found is None or found.get("issuer") != issuer.name:
        raise ValueError("its configuration is that of another issuer")
    authorization, token, jwks = (
        checked_url(str(found.get(name)), name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
    )
    return authorization, token, jwks
