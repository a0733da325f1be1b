"""Reads from a request's head all that it presents of its principal, and notes refusals in the audit log."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fieldstone.engine.audit.client_address import CLIENT_ADDRESS
from fieldstone.engine.audit.trail import AuditTrail
from fieldstone.engine.errors import Forbidden, Unauthenticated
from fieldstone.engine.identity.credential import Presented, read_credential
from fieldstone.engine.identity.identity import Identity
from fieldstone.metadata.roles.networks import Address, Network, is_within, read_address
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from starlette.types import Scope

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')


class PresentedReader:
    """Reads all that requests present of their principals.

    Args:
        proxies: the networks of the proxies whose X-Forwarded-For counts.
    """

    def __init__(self, proxies: Sequence[Network] = ()) -> None:
        self._proxies = proxies

    def read(self, scope: "Scope", given: Mapping[bytes, bytes], authorization: bytes | None = None) -> Presented:
        """Return all that a request or a handshake presents.

        Args:
            scope: of ASGI.
            given: its headers.
            authorization: a header of the connection's first message, in the place of that of the handshake.

        Raises:
            Unauthenticated: there is no credential.
        """
        authorization = authorization or given.get(b"authorization")
        if authorization is None:
            raise Unauthenticated("An API key is needed: send it in the header 'Authorization: Bearer KEY'.")
        return Presented(read_credential(authorization), self.address(scope, given))

    def address(self, scope: "Scope", given: Mapping[bytes, bytes]) -> Address | None:
        """Return the address of a client: of the connection, or the one that trusted proxies report.

        Each proxy adds the address that it was connected from at the end; those before the last one that is no trusted
        proxy can be made up.
        """
        peer = scope.get("client")
        address = read_address(peer[0]) if peer else None
        if not self._proxies or not is_within(address, self._proxies):
            return address
        for part in reversed(given.get(b"x-forwarded-for", b"").split(b",")):
            if not part.strip():
                continue
            address = read_address(part.decode("latin-1"))
            if not is_within(address, self._proxies):
                return address
        return address


async def sign_in(identity: Identity, audit: AuditTrail, presented: Presented) -> Principal:
    """Return the principal of a request or a socket, or note the failure with the address of its client.

    Raises:
        Unauthenticated: there is no valid key or token.
        Forbidden: the token gives no role.
        ServiceUnavailable: the database is away, so that the key cannot be checked.
    """
    address = None if presented.address is None else str(presented.address)
    CLIENT_ADDRESS.set(address)
    try:
        return await identity.resolve(presented)
    except (Unauthenticated, Forbidden):
        credential = presented.credential
        audit.fail(None if credential is None else credential.hash, address)
        raise
