"""Reads from a request's head all that it presents of its principal, and notes refusals in the audit log."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from fieldstone.engine.audit.client_address import CLIENT_ADDRESS
from fieldstone.engine.audit.trail import AuditTrail
from fieldstone.engine.errors import Forbidden, RateLimitExceeded, Unauthenticated
from fieldstone.engine.identity.credential import Presented, lacks_scheme, read_credential, session_credential
from fieldstone.engine.identity.identity import Identity
from fieldstone.engine.identity.impersonation import describe_acting, read_acts_as
from fieldstone.engine.server.browsers.cookies import SESSION, read_cookie
from fieldstone.engine.server.browsers.mount import mount_of
from fieldstone.engine.server.rate_limits.failed_tokens import FailedTokens
from fieldstone.engine.server.rate_limits.limiter import Header
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, author_of
from fieldstone.metadata.roles.networks import Address, Network, is_within, read_address, read_reported
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from starlette.types import Scope

CHALLENGE = (b"www-authenticate", b'Bearer realm="fieldstone"')


class PresentedReader:
    """Reads all that requests present of their principals.

    Args:
        proxies: the networks of the proxies whose X-Forwarded-For counts.
        is_secure: whether browsers reach this server by TLS, which decides about its cookies.
    """

    def __init__(self, proxies: Sequence[Network] = (), *, is_secure: bool = False) -> None:
        self._proxies = proxies
        self.is_secure = is_secure

    def read(self, scope: "Scope", given: Mapping[bytes, bytes]) -> Presented:
        """Return all that a request or a handshake presents.

        Args:
            scope: of ASGI.
            given: its headers, and those of a socket's first message in the place of the handshake's.
        """
        authorization = given.get(b"authorization")
        cookie = None
        if authorization is None:
            cookie = read_cookie(given, SESSION, secure=self.is_secure, mount=mount_of(scope))
        credential = read_credential(authorization) if cookie is None else session_credential(cookie)
        is_anonymous = authorization is None and cookie is None
        asked = given.get(b"x-fieldstone-workspace")
        return Presented(
            credential,
            self.address(scope, given),
            is_anonymous=is_anonymous,
            acts_as=read_acts_as(given),
            lacks_scheme=credential is None and authorization is not None and lacks_scheme(authorization),
            workspace=asked.decode("utf-8", "replace") if is_anonymous and asked is not None else None,
        )

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
            address = read_reported(part.decode("latin-1"))
            if not is_within(address, self._proxies):
                return address
        return address


async def sign_in(
    identity: Identity,
    audit: AuditTrail,
    failed: FailedTokens,
    presented: Presented,
    headers: list[Header] | None = None,
) -> Principal:
    """Return the principal of a request or a socket; the audit log has failures, and principals that act as others.

    Raises:
        Unauthenticated: there is no valid key or token.
        RateLimitExceeded: too many credentials of the address have failed, and this one is not known to be valid;
            `headers` has the time to wait.
        Forbidden: the token gives no role.
        ServiceUnavailable: the database is away, so that the key cannot be checked.
    """
    address = None if presented.address is None else str(presented.address)
    CLIENT_ADDRESS.set(address)
    credential = presented.credential
    is_counted = False
    try:
        if credential is not None and identity.needs_verification(credential):
            try:
                failed.begin(presented.address, headers)
                is_counted = True
            except RateLimitExceeded:
                # A valid key or session of another client behind the address is served.
                if not await identity.is_valid(credential):
                    raise
                if headers is not None:
                    headers.clear()
        principal = await identity.resolve(presented)
    except (Unauthenticated, Forbidden, RateLimitExceeded) as error:
        is_counted = False
        # A visitor that shows nothing has not tried to sign in.
        if not presented.is_anonymous:
            audit.fail(None if credential is None else credential.hash, address, error.user)
        raise
    finally:
        if is_counted:
            failed.end(presented.address)
    identity.note_use(principal)
    if principal.acts_as is not None:
        audit.add(
            AuditEntry(
                workspace_id=principal.workspace_id,
                action=AuditAction.IMPERSONATED,
                author=author_of(principal, address),
                details=describe_acting(principal),
            )
        )
    return principal
