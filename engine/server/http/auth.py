"""Finds the principal of a request by its Authorization header."""

from fieldstone.engine.errors import Unauthenticated
from fieldstone.engine.identity.credential import read_credential
from fieldstone.engine.identity.identity import Identity
from fieldstone.metadata.roles.principal import Principal

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')


async def authenticate(identity: Identity, authorization: bytes | None) -> Principal:
    """Return the principal of a header `Bearer SECRET`.

    Raises:
        Unauthenticated: there is no valid key or token.
        Forbidden: the token gives no role.
        ServiceUnavailable: the database is away, so that the key cannot be checked.
    """
    if authorization is None:
        raise Unauthenticated("An API key is needed: send it in the header 'Authorization: Bearer KEY'.")
    return await identity.authenticate(read_credential(authorization))
