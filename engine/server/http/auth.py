"""Reads from a request's head all that it presents of its principal."""

from fieldstone.engine.errors import Unauthenticated
from fieldstone.engine.identity.credential import Presented, read_credential

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')


def read_presented(authorization: bytes | None) -> Presented:
    """Return all that a request with this Authorization header presents.

    Raises:
        Unauthenticated: it has no such header.
    """
    if authorization is None:
        raise Unauthenticated("An API key is needed: send it in the header 'Authorization: Bearer KEY'.")
    return Presented(read_credential(authorization))
