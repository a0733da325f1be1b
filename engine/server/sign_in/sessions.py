"""The sessions that sign-ins begin: their rows, their cookies, and the members that a browser is told of one."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from fieldstone.engine.errors import ApiError, Unauthenticated
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.metadata_api.roles.me import describe_principal
from fieldstone.engine.server.browsers.cookies import SESSION, read_cookie, set_cookie
from fieldstone.engine.server.browsers.mount import mount_of
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.responses import Header, Headers
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author, author_of, note
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.workspaces.sessions import EndedSession, UserFacts, create_session, hash_session
from fieldstone.sql.errors import DatabaseError

if TYPE_CHECKING:
    from starlette.types import Scope

_LOG = logging.getLogger(__name__)


class SessionCookies(NamedTuple):
    """The lengths of sessions, and how their cookies are set.

    Attributes:
        seconds: the length of a session.
        idle_seconds: that of a time without a use that ends one; 0 is none.
        is_secure: whether browsers reach this server by TLS.
        mount: the path that the app is mounted at.
    """

    seconds: int
    idle_seconds: int
    is_secure: bool
    mount: str = ""

    @classmethod
    def build(cls, settings: Settings) -> "SessionCookies":
        """Return those of the settings."""
        idle = timedelta(minutes=settings.session_idle_minutes)
        return cls(settings.session_hours * 3_600, int(idle.total_seconds()), settings.is_behind_tls)

    def at(self, scope: "Scope") -> "SessionCookies":
        """Return those of the place at which a request finds the app."""
        return self._replace(mount=mount_of(scope))

    def read(self, given: Mapping[bytes, bytes]) -> bytes | None:
        """Return the hash of the session that a request's cookie has; None where it has none."""
        cookie = read_cookie(given, SESSION, secure=self.is_secure, mount=self.mount)
        return None if cookie is None else hash_session(cookie)

    def clear(self) -> Header:
        """Return the header that removes the cookie."""
        return self._set("", 0)

    async def open(
        self,
        services: Services,
        principal: Principal,
        address: str | None,
        headers: Headers,
        *,
        key_hash: bytes | None = None,
        user: UserFacts | None = None,
    ) -> tuple[Header, bytes]:
        """Begin a session; return the header that sets its cookie, and the hash under which it is stored.

        Args:
            services: those of the process.
            principal: of the key or the user that signs in.
            address: of the client.
            headers: of the answer; they get those about the rate limit.
            key_hash: of the key's token; None if a user signs in.
            user: the facts of the user; None if a key signs in.

        Raises:
            RateLimitExceeded: the sessions of the key or the user have used up their operations.
            Unauthenticated: the key has another token by now.
            DatabaseError: the database fails.
        """
        # A session and a row of the audit log are written, so it counts like an operation of the sessions.
        await services.limiter.count(replace(principal, session_id=principal.subject_id), 1, headers)
        async with services.foundation.database.session() as connection, connection.transaction():
            try:
                session_id, token = await create_session(
                    connection,
                    workspace_id=principal.workspace_id,
                    seconds=self.seconds,
                    idle_seconds=self.idle_seconds,
                    address=address,
                    key=principal if user is None else None,
                    key_hash=key_hash,
                    user=user,
                )
            except UnknownObject:
                services.audit.fail(key_hash, address)
                raise Unauthenticated("The API key has been rotated: sign in by its new token.") from None
            await note(
                connection,
                AuditEntry(
                    workspace_id=principal.workspace_id,
                    action=AuditAction.SIGN_IN,
                    author=author_of(principal, address),
                    subject_id=session_id,
                    subject_name=principal.name,
                ),
            )
        return self._set(token, self.seconds), hash_session(token)

    async def replace(self, runtime: Runtime, given: Mapping[bytes, bytes]) -> None:
        """End the session that a browser had before a sign-in, if it had one: it may be that of another workspace.

        Where its database fails, it ends by itself: the browser has the new session.
        """
        if (token_hash := self.read(given)) is None:
            return
        try:
            await self._revoke(runtime, token_hash)
        except (ApiError, DatabaseError) as error:
            _LOG.warning("a session that a sign-in replaces was not ended: %s", error)

    async def end(self, runtime: Runtime, given: Mapping[bytes, bytes], address: str | None) -> None:
        """End the session of a request's cookie, if it has one: its person signs out."""
        if (token_hash := self.read(given)) is None:
            return
        services, ended = await self._revoke(runtime, token_hash)
        if ended is None:
            return
        kind = SubjectKind.API_KEY if ended.is_of_key else SubjectKind.USER
        services.audit.add(
            AuditEntry(
                workspace_id=ended.workspace_id,
                action=AuditAction.SIGN_OUT,
                author=Author(kind=kind.value, id=ended.subject_id, name=ended.name, address=address),
                subject_id=ended.id,
                subject_name=ended.name,
            )
        )

    def _set(self, value: str, seconds: int) -> Header:
        return set_cookie(SESSION, value, seconds=seconds, secure=self.is_secure, mount=self.mount)

    async def _revoke(self, runtime: Runtime, token_hash: bytes) -> tuple[Services, EndedSession | None]:
        """End a session in the database of its workspace, and return that one's services."""

        async def revoke(services: Services) -> tuple[Services, EndedSession | None]:
            return services, await services.identity.sessions.revoke_own(token_hash)

        return await runtime.serve(Presented(Credential(CredentialKind.SESSION, token_hash)), revoke)


async def describe_session(services: Services, principal: Principal) -> dict[str, JsonValue]:
    """Return the members of a session, which are those of `me`.

    Raises:
        Forbidden: its role is not there any more.
    """
    model = await services.foundation.current.get(principal.workspace_id)
    return describe_principal(services.facts, model, principal)
