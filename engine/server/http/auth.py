"""Finds the principal of a request by the key in its Authorization header."""

from functools import lru_cache

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import Unauthenticated
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.api_keys import hash_token
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.sql.errors import DatabaseError

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')

_LONGEST = 512
"""Bytes of the longest header that is read."""


async def authenticate(keys: KeyStore, authorization: bytes | None) -> Principal:
    """Return the principal of a header `Bearer KEY`.

    Raises:
        Unauthenticated: there is no valid key.
        ServiceUnavailable: the database is away, so that the key cannot be checked.
    """
    if authorization is None:
        raise Unauthenticated("An API key is needed: send it in the header 'Authorization: Bearer KEY'.")
    token_hash = hash_key(authorization)
    if token_hash is not None:
        if principal := keys.find_fresh(token_hash):
            return principal
        try:
            principal = await keys.look_up(token_hash)
        except DatabaseError as error:
            if known := describe(error, None, None):
                raise known from error
            raise
        if principal is not None:
            return principal
    raise Unauthenticated("The API key is not valid: it is unknown, expired or revoked.")


def hash_key(authorization: bytes | None) -> bytes | None:
    """Return the hash of the key in the header, None where there is none; it does not check the key."""
    if authorization is None or len(authorization) > _LONGEST:
        return None
    return _hash_key(authorization)


@lru_cache(maxsize=1024)
def _hash_key(authorization: bytes) -> bytes | None:
    scheme, _, token = authorization.partition(b" ")
    token = token.strip()
    if scheme.lower() != b"bearer" or not token.isascii():
        return None
    return hash_token(token.decode("ascii"))
