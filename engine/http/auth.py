"""Who a request is from, by the key in its Authorization header."""

from engine.database_errors import describe
from engine.errors import Unauthenticated
from metadata.access import Principal
from metadata.key_store import KeyStore
from sql.errors import DatabaseError

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')

_LONGEST_KEY = 512


async def authenticate(keys: KeyStore, authorization: bytes | None) -> Principal:
    """Return the principal of a header `Bearer KEY`.

    Raises:
        Unauthenticated: there is no valid key.
        ServiceUnavailable: the database is away, so nobody can tell.
    """
    if authorization is None:
        raise Unauthenticated("An API key is needed: send it in the header 'Authorization: Bearer KEY'.")
    scheme, _, token = authorization.partition(b" ")
    token = token.strip()
    if scheme.lower() == b"bearer" and token and len(token) <= _LONGEST_KEY and token.isascii():
        try:
            principal = await keys.authenticate(token.decode("ascii"))
        except DatabaseError as error:
            if known := describe(error, None, None):
                raise known from error
            raise
        if principal is not None:
            return principal
    raise Unauthenticated("The API key is not valid: it is unknown, expired or revoked.")
