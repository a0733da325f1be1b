"""The identity of requests: from a credential to its principal."""

from collections.abc import AsyncIterator, Awaitable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.access.new_roles import NewRoles
from fieldstone.engine.database_errors import described
from fieldstone.engine.errors import Forbidden, Unauthenticated
from fieldstone.engine.identity.anonymous import Visitors, VisitorSettings
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented
from fieldstone.engine.identity.fetching import open_fetcher
from fieldstone.engine.identity.impersonation import ActsAs, impersonate
from fieldstone.engine.identity.issuer import Issuer
from fieldstone.engine.identity.key_sets import TrustedIssuer, trust
from fieldstone.engine.identity.openid import OpenIdProvider, ProviderSettings, offered_roles
from fieldstone.engine.identity.remembered_tokens import RememberedToken
from fieldstone.engine.identity.shared_look_ups import SharedLookUps
from fieldstone.engine.identity.tokens import Tokens, refused_user
from fieldstone.metadata.roles.networks import is_within
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.denied_tokens import DeniedTokens
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import WorkspaceNames
from fieldstone.metadata.workspaces.sessions import SessionStore
from fieldstone.sql.executor import Database

_KEY: Final = CredentialKind.KEY

NEEDS_KEY: Final = "An API key is needed: send it in the header 'Authorization: Bearer KEY'."
"""The message to a request without a credential."""


class Identity(NamedTuple):
    """The sources of principals.

    Attributes:
        keys: the API keys.
        tokens: the tokens of identity providers.
        sessions: the sessions of people in browsers.
        providers: those at which people sign in, by name.
        current: the models, with the roles of their workspaces.
        roles: looks for roles that other processes have made.
        visitors: the rights of requests without a credential; None: there are none.
        shared: look-ups of keys and sessions for addresses of which too many credentials have failed.
    """

    keys: KeyStore
    tokens: Tokens
    sessions: SessionStore
    providers: Mapping[str, OpenIdProvider]
    current: CurrentSnapshots
    roles: NewRoles
    visitors: Visitors | None
    shared: Mapping[CredentialKind, SharedLookUps[Principal]]

    def find_fresh(self, credential: Credential) -> Principal | None:
        """Return the principal of a credential that was checked a moment ago."""
        # Most are keys, and each request of the fast path asks this.
        if credential.kind is _KEY:
            return self.keys.find_fresh(credential.hash)
        source = self.tokens if credential.kind is CredentialKind.TOKEN else self.sessions
        return source.find_fresh(credential.hash)

    def needs_verification(self, credential: Credential) -> bool:
        """Return whether a credential takes more than a look into a cache: a token's signature, another one's row."""
        match credential.kind:
            case CredentialKind.KEY:
                return not self.keys.knows(credential.hash)
            case CredentialKind.SESSION:
                return not self.sessions.knows(credential.hash)
            case CredentialKind.TOKEN:
                return self.tokens.are_accepted and not self.tokens.has(credential.hash)

    async def is_valid(self, credential: Credential) -> bool:
        """Return whether a key or a session is valid, by a statement shared with others; False for a token.

        Raises:
            ServiceUnavailable: it cannot be checked at the moment.
        """
        shared = self.shared.get(credential.kind)
        with described():
            return shared is not None and await shared.find(credential.hash) is not None

    def note_use(self, principal: Principal) -> None:
        """Note that a person has used a session, which would end by being idle."""
        if principal.session_id is not None:
            self.sessions.note_use(principal.session_id)

    async def resolve(self, presented: Presented) -> Principal:
        """Return the principal of a request.

        Raises:
            Unauthenticated: it presents nothing that is valid.
            Forbidden: its credential gives no role, or may not be used from its address, or may not act as another.
            BadUserInput: the headers by which it acts as another are wrong.
            ServiceUnavailable: the credential cannot be checked at the moment.
        """
        return await self._act(self._find(presented), presented.acts_as)

    async def recall(self, token: RememberedToken, workspace_id: UUID, acts_as: ActsAs | None) -> Principal:
        """Return the principal of a token that was verified before; it raises as `resolve` does."""
        return await self._act(token.recall(self.tokens, workspace_id), acts_as)

    async def _act(self, finding: Awaitable[Principal], acts_as: ActsAs | None) -> Principal:
        """Return a principal as soon as it is found, or the one as which it acts."""
        with described():
            principal = await finding
            await self.roles.look_for(principal.workspace_id, principal.role)
            if acts_as is None:
                return principal
            if acts_as.role is not None:
                await self.roles.look_for(principal.workspace_id, acts_as.role_name)
            snapshot = await self.current.get(principal.workspace_id)
        try:
            return impersonate(snapshot, principal, acts_as)
        except Forbidden as error:
            error.user = refused_user(principal) if principal.kind is SubjectKind.USER else None
            raise

    async def _find(self, presented: Presented) -> Principal:
        if presented.is_anonymous:
            if self.visitors is None:
                raise Unauthenticated(NEEDS_KEY)
            return await self.visitors.find(presented.address, presented.workspace)
        if presented.lacks_scheme:
            raise Unauthenticated(
                "The key in 'Authorization' has no 'Bearer' before it: write 'Authorization: Bearer KEY'."
            )
        credential = presented.credential
        principal = None
        if credential is not None:
            principal = self.find_fresh(credential) or await self._look_up(credential)
        if principal is None:
            raise Unauthenticated("The API key is not valid: it is unknown, expired or revoked.")
        if principal.networks and not is_within(presented.address, principal.networks):
            address = presented.address or "an unknown address"
            raise Forbidden(f"The API key may not be used from {address}.")
        return principal

    async def _look_up(self, credential: Credential) -> Principal | None:
        match credential.kind:
            case CredentialKind.KEY:
                return await self.keys.look_up(credential.hash)
            case CredentialKind.TOKEN:
                return await self.tokens.authenticate(credential.token) if self.tokens.are_accepted else None
            case CredentialKind.SESSION:
                principal = await self.sessions.look_up(credential.hash)
                if principal is None:
                    raise Unauthenticated("The session has ended: sign in again.")
                return principal


@asynccontextmanager
async def open_identity(
    database: Database,
    keys: KeyStore,
    current: CurrentSnapshots,
    *,
    issuers: Sequence[Issuer] = (),
    providers: Sequence[ProviderSettings] = (),
    visitors: VisitorSettings | None = None,
) -> AsyncIterator[Identity]:
    """Open the sources of principals for the length of the block."""
    denied, workspaces = DeniedTokens(database), WorkspaceNames(database)
    async with AsyncExitStack() as stack:
        trusted: list[TrustedIssuer] = []
        opened: dict[str, OpenIdProvider] = {}
        # The certificates that a client reads take a fifth of the time in which a server starts.
        if issuers or providers:
            fetcher = await stack.enter_async_context(open_fetcher())
            trusted += [trust(issuer, fetcher) for issuer in issuers]
            opened |= {one.name: OpenIdProvider(one, fetcher, denied, workspaces) for one in providers}
        sessions = SessionStore(database, offered_roles(providers))
        try:
            yield Identity(
                keys=keys,
                tokens=Tokens(trusted, denied, workspaces),
                sessions=sessions,
                providers=opened,
                current=current,
                roles=NewRoles(current),
                visitors=None if visitors is None else Visitors(*visitors, workspaces),
                shared={
                    CredentialKind.KEY: SharedLookUps(keys.refresh),
                    CredentialKind.SESSION: SharedLookUps(sessions.refresh),
                },
            )
        finally:
            for one in trusted:
                await one.keys.close()
            for provider in opened.values():
                await provider.close()
