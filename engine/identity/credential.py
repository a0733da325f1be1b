"""The credential of a request: an API key, a token or a session, read from the header that carries it."""

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from fieldstone.engine.identity.impersonation import ActsAs
from fieldstone.engine.identity.tokens import hash_jwt
from fieldstone.metadata.roles.networks import Address
from fieldstone.metadata.workspaces.api_keys import TOKEN_PREFIX, hash_token
from fieldstone.metadata.workspaces.sessions import hash_session

_LONGEST = 8_192
"""Bytes of the longest header that is read: tokens of some providers list a user's groups."""


class CredentialKind(Enum):
    """The kinds of a credential."""

    KEY = "KEY"
    TOKEN = "TOKEN"  # noqa: S105 - a kind
    SESSION = "SESSION"


class Credential(NamedTuple):
    """A credential, which is not checked yet.

    Attributes:
        hash: of the secret, by which its principal is found.
        token: the text of a token; "" for the other kinds.
    """

    kind: CredentialKind
    hash: bytes
    token: str = ""


class Presented(NamedTuple):
    """All that a request presents of its principal.

    Attributes:
        credential: None where there is none, or none that could be valid.
        address: of the client; None where it is not known.
        is_anonymous: whether there is no credential at all.
        lacks_scheme: whether the header that should have it does not begin with the word `Bearer`.
        acts_as: the headers by which the request acts as another principal.
        workspace: the name of the workspace that a visitor asks for; a credential has its own.
    """

    credential: Credential | None
    address: Address | None = None
    is_anonymous: bool = False
    acts_as: ActsAs | None = None
    lacks_scheme: bool = False
    workspace: str | None = None


def read_credential(authorization: bytes | None) -> Credential | None:
    """Return the credential of a header `Bearer SECRET`; None where there is none."""
    if authorization is None or len(authorization) > _LONGEST:
        return None
    return _read(authorization)


@lru_cache(maxsize=1024)
def _read(authorization: bytes) -> Credential | None:
    secret = authorization.partition(b" ")[2].strip()
    if lacks_scheme(authorization) or not secret.isascii():
        return None
    text = secret.decode("ascii")
    if text.startswith(TOKEN_PREFIX):
        token_hash = hash_token(text)
        return None if token_hash is None else Credential(CredentialKind.KEY, token_hash)
    return Credential(CredentialKind.TOKEN, hash_jwt(text), text) if text.count(".") == 2 else None


def lacks_scheme(authorization: bytes) -> bool:
    """Return whether a header has another scheme than `Bearer`, or none, before its credential."""
    return authorization.partition(b" ")[0].lower() != b"bearer"


def session_credential(cookie: str) -> Credential:
    """Return the credential of a session's cookie."""
    return Credential(CredentialKind.SESSION, hash_session(cookie))
