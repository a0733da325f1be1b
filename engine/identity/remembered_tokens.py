"""Verified tokens that are remembered without their text: work that goes on behind its request has their rights.

The text of a token is a secret, so it is never stored. Its facts are, and they are checked again at each use: the end
of the token, the list of denied ones, and the issuer with its roles and its key.
"""

import time
from typing import Any, NamedTuple
from uuid import UUID

from fieldstone.engine.errors import Unauthenticated
from fieldstone.engine.identity.signatures.keys import SECRET_ALGORITHMS, SigningKey
from fieldstone.engine.identity.tokens import Tokens, Verified, build_user
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.denied_tokens import TokenFacts


class RememberedToken(NamedTuple):
    """The facts of a verified token.

    Attributes:
        issued_at: Unix time; None where the token does not say.
        expires_at: Unix time, with the leeway of its issuer.
        key_id: of the key that has signed it; None where that has none.
        algorithm: of that key.
        thumbprint: of that key; None for a shared secret, which could be guessed by it.
    """

    issuer: str
    subject: str
    jti: str | None
    issued_at: float | None
    expires_at: float
    name: str
    role: str
    claims: dict[str, JsonValue]
    key_id: str | None
    algorithm: str
    thumbprint: str | None

    def write(self) -> str:
        """Return the facts as JSON."""
        return dumps(self._asdict())

    async def recall(self, tokens: Tokens, workspace_id: UUID) -> Principal:
        """Return the principal of the token, as long as that holds.

        Raises:
            Unauthenticated: the token has ended or was revoked, or its issuer, role or key is accepted no more.
            ServiceUnavailable: the keys of its issuer cannot be fetched.
            DatabaseError: the database is away.
        """
        await tokens.denied.refresh()
        facts = TokenFacts(
            workspace_id=workspace_id,
            issuer=self.issuer,
            subject=self.subject,
            jti=self.jti,
            issued_at=self.issued_at,
        )
        if time.time() >= self.expires_at:
            raise Unauthenticated("The token has expired.")
        if tokens.denied.denies(facts):
            raise Unauthenticated("The token has been revoked.")
        trusted = tokens.find_issuer(self.issuer)
        if trusted is None or self.role not in trusted.issuer.roles:
            raise Unauthenticated("The token is not valid any more: its issuer or its role is not in FIELDSTONE_JWT.")
        key = await trusted.keys.find(self.key_id, self.algorithm)
        if key is None or _thumbprint(key) != self.thumbprint:
            raise Unauthenticated("The token is not valid any more: its issuer has its key no more.")
        return build_user(
            self.issuer,
            self.subject,
            name=self.name,
            workspace_id=workspace_id,
            role=self.role,
            claims=self.claims,
            expires_at=self.expires_at,
        )


def remember(verified: Verified) -> RememberedToken:
    """Return the facts of a token that was verified now."""
    principal, facts, key = verified.principal, verified.facts, verified.key
    if not isinstance(principal.role, str) or principal.expires_at is None:
        raise TypeError("a token has the name of a role, and an end")
    return RememberedToken(
        issuer=facts.issuer,
        subject=facts.subject,
        jti=facts.jti,
        issued_at=facts.issued_at,
        expires_at=principal.expires_at,
        name=principal.name,
        role=principal.role,
        claims=dict(principal.claims),
        key_id=key.kid,
        algorithm=min(key.algorithms),
        thumbprint=_thumbprint(key),
    )


def read_remembered(text: str) -> RememberedToken:
    """Return the facts that `write` wrote."""
    found: Any = loads(text)
    times = {name: None if found[name] is None else float(found[name]) for name in ("issued_at", "expires_at")}
    return RememberedToken(**{**found, **times})


def _thumbprint(key: SigningKey) -> str | None:
    return None if key.algorithms <= SECRET_ALGORITHMS else key.thumbprint
