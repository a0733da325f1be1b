"""Tokens of identity providers: verified once a minute at most, and asked at each use whether they still hold."""

import base64
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import NAMESPACE_URL, UUID, uuid5

from fieldstone.engine.errors import Forbidden, RefusedUser, ServiceUnavailable, Unauthenticated
from fieldstone.engine.identity.claim_mapping import choose_role, find_claim, read_name, read_values
from fieldstone.engine.identity.issuer import Issuer
from fieldstone.engine.identity.json_objects import read_object
from fieldstone.engine.identity.key_sets import TrustedIssuer
from fieldstone.engine.identity.signatures.keys import SigningKey
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal, SubjectKind, keep_instance
from fieldstone.metadata.shown_text import fit
from fieldstone.metadata.workspaces.denied_tokens import DeniedTokens, TokenFacts
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE, WorkspaceNames
from fieldstone.sql.concurrency.newest import keep

FRESH_FOR: Final = 60.0
"""Seconds for which a verified token is kept, with its workspace."""
LIMIT: Final = 10_000
"""Verified tokens that are kept."""

_PARTS = 3
_NO_TIME: Final = datetime(9999, 1, 1, tzinfo=UTC).timestamp()
"""The Unix time from which on a date may not be shown any more: a leeway is added to the end of a token."""


class Verified(NamedTuple):
    """A verified token.

    Attributes:
        until: the monotonic time up to which it is kept.
        claims: all that it says; {} in the cache.
    """

    principal: Principal
    facts: TokenFacts
    key: SigningKey
    until: float
    claims: Mapping[str, JsonValue]


def hash_jwt(token: str) -> bytes:
    """Return the hash under which a token is kept."""
    return sha256(token.encode()).digest()


class Tokens:
    """The tokens of all issuers, with a cache of principals by token.

    Args:
        issuers: those whose tokens are accepted.
        denied: the list of denied tokens.
        workspaces: finds workspaces by their names.
    """

    def __init__(self, issuers: Sequence[TrustedIssuer], denied: DeniedTokens, workspaces: WorkspaceNames) -> None:
        self.denied = denied
        self._trusted = {trusted.issuer.name: trusted for trusted in issuers}
        self._workspaces = workspaces
        self._clock = time.monotonic
        self._limit = LIMIT
        self._kept: OrderedDict[bytes, Verified] = OrderedDict()
        denied.changed.connect(self._drop_denied)
        for trusted in self._trusted.values():
            trusted.keys.changed.connect(partial(self._drop_unsigned, trusted))

    @property
    def are_accepted(self) -> bool:
        """Whether there is an issuer."""
        return bool(self._trusted)

    def find_issuer(self, name: str) -> TrustedIssuer | None:
        """Return an issuer whose tokens are accepted."""
        return self._trusted.get(name)

    def has(self, token_hash: bytes) -> bool:
        """Return whether the token with this hash was verified before, however long ago."""
        return token_hash in self._kept

    def find_fresh(self, token_hash: bytes) -> Principal | None:
        """Return the principal of the token with this hash, if it was verified and holds."""
        kept = self._kept.get(token_hash)
        if kept is None or self._clock() >= kept.until or not self.denied.is_fresh:
            return None
        expires_at = kept.principal.expires_at
        return kept.principal if expires_at is None or time.time() < expires_at else None

    async def authenticate(self, token: str) -> Principal:
        """Return the principal of a token.

        Raises:
            Unauthenticated: the token is not valid here, or not any more.
            Forbidden: it gives no role that its issuer may give.
            ServiceUnavailable: the keys of its issuer cannot be fetched.
            DatabaseError: the database is away.
        """
        token_hash = hash_jwt(token)
        await self.denied.refresh()
        if principal := self.find_fresh(token_hash):
            return principal
        before = self._kept.pop(token_hash, None)
        verified = await self.verify(token)
        kept = keep_instance(None if before is None else before.principal, verified.principal)
        verified = verified._replace(principal=kept)
        keep(self._kept, token_hash, verified._replace(claims={}), self._limit)
        return verified.principal

    async def verify(self, token: str) -> Verified:
        """Return a token of an issuer whose signature and claims are right; it raises as `authenticate` does."""
        issuer, claims, key = await self._read(token)
        try:
            verified = await self._accept(issuer, claims, key)
            await self.require_allowed(verified.facts)
        except (Unauthenticated, Forbidden) as error:
            error.user = await self._find_user(issuer, claims)
            raise
        return verified

    async def require_allowed(self, facts: TokenFacts) -> None:
        """Return unless a token is denied.

        Raises:
            Unauthenticated: it is.
            DatabaseError: the database is away.
        """
        await self.denied.refresh()
        if self.denied.denies(facts):
            raise Unauthenticated("The token has been revoked.")

    async def _read(self, token: str) -> tuple[Issuer, Mapping[str, JsonValue], SigningKey]:
        """Return the issuer of a token whose signature is right, its claims, and the key that has signed it."""
        header, claims = _read_unverified(token)
        trusted = self._trusted.get(claims["iss"]) if isinstance(claims.get("iss"), str) else None
        if trusted is None:
            raise Unauthenticated("The token is not valid: its issuer is not one of FIELDSTONE_JWT.")
        algorithm, kid = header.get("alg"), header.get("kid")
        if (
            not isinstance(algorithm, str)
            or algorithm not in trusted.issuer.algorithms
            or not isinstance(kid, str | None)
        ):
            raise Unauthenticated("The token is not valid: its algorithm is not one of its issuer.")
        try:
            key = await trusted.keys.find(kid, algorithm)
        except ServiceUnavailable:
            # No key makes a token valid that says it has expired: its client should get another one.
            _check_times(trusted.issuer, claims, time.time())
            raise
        if key is None:
            raise Unauthenticated("The token is not valid: its issuer has no such key.")
        # A hundred modules, which a server without tokens does without.
        from fieldstone.engine.identity.signatures.verifying import read_signed  # noqa: PLC0415

        try:
            payload = read_signed(token, key)
        except ValueError:
            raise Unauthenticated("The token is not valid: its signature is wrong.") from None
        return trusted.issuer, _read_claims(payload), key

    async def _accept(self, issuer: Issuer, claims: Mapping[str, JsonValue], key: SigningKey) -> Verified:
        """Return a token whose signature is right, if its claims are."""
        now = time.time()
        expires_at = _check_times(issuer, claims, now)
        given = claims.get("aud")
        audience = given if isinstance(given, list) else [given]
        if not any(one in audience for one in issuer.audience):
            raise Unauthenticated("The token is not valid: it is for another audience.")
        subject, jti = claims.get("sub"), claims.get("jti")
        if not isinstance(subject, str) or not subject.strip():
            raise Unauthenticated("The token is not valid: it has no subject.")
        principal = build_user(
            issuer.name,
            subject,
            name=fit(read_name(issuer.mapping, claims)),
            workspace_id=await self._find_workspace(issuer, claims),
            role=_read_role(issuer, claims),
            claims=read_values(issuer.mapping, claims),
            expires_at=expires_at,
        )
        facts = TokenFacts(
            workspace_id=principal.workspace_id,
            issuer=issuer.name,
            subject=subject,
            jti=jti if isinstance(jti, str) else None,
            issued_at=_read_time(claims, "iat"),
        )
        until = self._clock() + min(FRESH_FOR, expires_at - now)
        return Verified(principal=principal, facts=facts, key=key, until=until, claims=claims)

    async def _find_workspace(self, issuer: Issuer, claims: Mapping[str, JsonValue]) -> UUID:
        path = issuer.mapping.workspace
        name = DEFAULT_WORKSPACE if path is None else find_claim(claims, path)
        found = await self._workspaces.find(name) if isinstance(name, str) and name else None
        if found is None:
            raise Unauthenticated("The token is not valid: there is no such workspace.")
        return found

    async def _find_user(self, issuer: Issuer, claims: Mapping[str, JsonValue]) -> RefusedUser | None:
        """Return the user of a token whose signature is right; None where it names none, or no workspace."""
        subject = claims.get("sub")
        try:
            workspace_id = await self._find_workspace(issuer, claims)
        except Unauthenticated:
            return None
        if not isinstance(subject, str) or not subject.strip():
            return None
        return RefusedUser(workspace_id, user_id(issuer.name, subject), fit(read_name(issuer.mapping, claims)))

    def _drop_denied(self) -> None:
        for token_hash in [key for key, kept in self._kept.items() if self.denied.denies(kept.facts)]:
            del self._kept[token_hash]

    def _drop_unsigned(self, trusted: TrustedIssuer) -> None:
        """Drop the tokens whose key their issuer has not got any more."""
        gone = [
            key
            for key, kept in self._kept.items()
            if kept.facts.issuer == trusted.issuer.name and not trusted.keys.has(kept.key)
        ]
        for token_hash in gone:
            del self._kept[token_hash]


def user_id(issuer: str, subject: str) -> UUID:
    """Return the id of a user: the same one for each issuer and subject."""
    # A NUL parts the two, as neither can be stored with one.
    return uuid5(NAMESPACE_URL, f"{issuer}\0{subject}")


def refused_user(principal: Principal) -> RefusedUser:
    """Return a user as the audit log has one that is refused."""
    return RefusedUser(principal.workspace_id, principal.subject_id, principal.name)


def build_user(
    issuer: str,
    subject: str,
    *,
    name: str,
    workspace_id: UUID,
    role: str,
    claims: Mapping[str, JsonValue],
    expires_at: float,
) -> Principal:
    """Return the principal of a user, with a rate limit of its own."""
    subject_id = user_id(issuer, subject)
    return Principal(
        kind=SubjectKind.USER,
        subject_id=subject_id,
        name=name,
        rate_key=subject_id,
        workspace_id=workspace_id,
        role=role,
        claims=claims,
        expires_at=expires_at,
    )


def _read_unverified(token: str) -> tuple[Mapping[str, JsonValue], Mapping[str, JsonValue]]:
    """Return the header and the claims that a token says it has."""
    parts = token.split(".")
    if len(parts) != _PARTS:
        raise Unauthenticated("The token is not valid: it is no JSON Web Token.")
    header, claims = (_read_claims(_decode(part)) for part in parts[:2])
    # An extension that must be understood, or a payload that is none: https://www.rfc-editor.org/rfc/rfc7797
    if "crit" in header or "b64" in header:
        raise Unauthenticated("The token is not valid: its header has an extension.")
    return header, claims


def _decode(part: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        raise Unauthenticated("The token is not valid: it is no JSON Web Token.") from None


def _read_claims(text: bytes) -> Mapping[str, JsonValue]:
    claims = read_object(text)
    if claims is None:
        raise Unauthenticated("The token is not valid: it is no JSON Web Token.")
    return claims


def _check_times(issuer: Issuer, claims: Mapping[str, JsonValue], now: float) -> float:
    """Return the Unix time at which a token ends."""
    expires_at, not_before = _read_time(claims, "exp"), _read_time(claims, "nbf")
    if expires_at is None:
        raise Unauthenticated("The token is not valid: it has no end.")
    if now >= expires_at + issuer.leeway:
        raise Unauthenticated("The token has expired.")
    if not_before is not None and now < not_before - issuer.leeway:
        raise Unauthenticated("The token is not valid yet.")
    return expires_at + issuer.leeway


def _read_time(claims: Mapping[str, JsonValue], name: str) -> float | None:
    time_ = claims.get(name)
    if time_ is None:
        return None
    # A time in milliseconds is one of later millennia.
    if isinstance(time_, bool | str | list | dict) or not abs(time_) < _NO_TIME:
        raise Unauthenticated(f"The token is not valid: '{name}' is no time in seconds.")
    return float(time_)


def _read_role(issuer: Issuer, claims: Mapping[str, JsonValue]) -> str:
    role = choose_role(issuer.mapping, issuer.roles, claims)
    if role is None:
        raise Forbidden("The token gives none of the roles that its issuer may give.")
    return role
