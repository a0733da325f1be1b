"""Sign-ins at an OpenID provider.

GET /auth/login?provider=NAME&returnTo=/path   to the provider
GET /auth/callback                             back from it
"""

import time
from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from fieldstone.engine.errors import BadUserInput, Forbidden, NotFound, Unauthenticated
from fieldstone.engine.identity.credential import Presented
from fieldstone.engine.identity.identity import Identity
from fieldstone.engine.identity.json_objects import read_object
from fieldstone.engine.identity.openid import LOGIN_FOR, Login, OpenIdProvider
from fieldstone.engine.identity.tokens import refused_user
from fieldstone.engine.server.browsers.cookies import LOGIN, read_cookie, set_cookie
from fieldstone.engine.server.browsers.mount import mount_of
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.responses import Header, Headers, Reply
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.server.sign_in.sessions import SessionCookies
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.secret_box import SEALED, SecretBox
from fieldstone.metadata.errors import SecretUnreadable
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import find_role
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.workspaces.sessions import UserFacts

if TYPE_CHECKING:
    from starlette.types import Scope


_LONGEST_PATH = 2_000
"""Characters of the path that a browser comes back to: it is sealed in a cookie, of which browsers take 4,096 bytes."""


class ProviderSignIn:
    """The two ends of a sign-in at a provider.

    Args:
        settings: the public address, and the keys that seal a sign-in.
        cookies: those of the sessions that it begins.
        runtime: gives the services as soon as they are there.
    """

    def __init__(self, settings: Settings, cookies: SessionCookies, runtime: Runtime) -> None:
        self._runtime = runtime
        self._public_url = (settings.public_url or "").rstrip("/")
        self._box = SecretBox(settings.secret_key)
        self._cookies = cookies

    async def begin(self, services: Services, scope: "Scope") -> Reply:
        """Send a browser to a provider."""
        asked = _query(scope)
        provider = _find_provider(services, asked.get("provider"))
        address, login = await provider.begin(self._redirect_uri(scope), _own_path(asked.get("returnTo")))
        sealed = self._box.seal(dumps(asdict(login))).removeprefix(SEALED)
        return _redirect(address, self._set_login(scope, sealed, int(LOGIN_FOR)))

    async def come_back(
        self, scope: "Scope", given: Mapping[bytes, bytes], address: str | None, headers: Headers
    ) -> Reply:
        """Begin the session of a person that comes back from a provider; `headers` get those about the rate limit."""
        asked, login, cookies = _query(scope), self._read_login(given, mount_of(scope)), self._cookies.at(scope)
        # The home knows the workspaces of all cells by name; the session is kept in the cell of its workspace.
        services = self._runtime.services or await self._runtime.choose(Presented(None))
        provider = _find_provider(services, login.provider)
        try:
            verified = await provider.finish(login, _read_code(asked, login, provider), self._redirect_uri(scope))
        except (Unauthenticated, Forbidden) as error:
            services.audit.fail(None, address, error.user)
            raise
        principal, facts = verified.principal, verified.facts
        user = UserFacts(
            user_id=principal.subject_id,
            issuer=facts.issuer,
            subject=facts.subject,
            name=principal.name,
            role=str(principal.role),
            claims=principal.claims,
        )

        async def begin(services: Services) -> Header:
            # The denials of a workspace lie in its cell.
            try:
                await services.identity.tokens.require_allowed(facts)
                await _require_role(services.identity, principal)
            except (Unauthenticated, Forbidden):
                services.audit.fail(None, address, refused_user(principal))
                raise
            cookie, _ = await cookies.open(services, principal, address, headers, user=user)
            return cookie

        cookie = await self._runtime.serve_for(principal.workspace_id, begin)
        await cookies.replace(self._runtime, given)
        return _redirect(login.return_to, cookie, self._set_login(scope, "", 0))

    def _redirect_uri(self, scope: "Scope") -> str:
        return f"{self._public_url}{mount_of(scope)}/auth/callback"

    def _set_login(self, scope: "Scope", sealed: str, seconds: int) -> Header:
        return set_cookie(LOGIN, sealed, seconds=seconds, secure=self._cookies.is_secure, mount=mount_of(scope))

    def _read_login(self, given: Mapping[bytes, bytes], mount: str) -> Login:
        """Return the sign-in that this browser has begun.

        Raises:
            Unauthenticated: it has begun none, or too long ago.
        """
        cookie = read_cookie(given, LOGIN, secure=self._cookies.is_secure, mount=mount)
        try:
            members = None if cookie is None else read_object(self._box.open(SEALED + cookie).encode())
        except SecretUnreadable:
            members = None
        is_whole = members is not None and members.keys() == {field.name for field in fields(Login)}
        login = Login(**members) if members is not None and is_whole else None
        if login is None or not 0 <= time.time() - float(login.begun_at) < LOGIN_FOR:
            raise Unauthenticated("The sign-in has taken too long, or was begun in another browser: begin again.")
        return login


def list_providers(services: Services, mount: str) -> list[JsonValue]:
    """Return the providers, with the paths of the origin at which a sign-in begins."""
    names = services.identity.providers
    return [{"name": name, "path": f"{mount}/auth/login?provider={quote(name)}"} for name in names]


def _find_provider(services: Services, name: str | None) -> OpenIdProvider:
    providers = services.identity.providers
    found = providers.get(name) if name is not None else next(iter(providers.values()), None)
    if found is None:
        raise NotFound("There is no such identity provider.")
    return found


async def _require_role(identity: Identity, principal: Principal) -> None:
    """Return unless the workspace of a user lacks its role.

    Raises:
        Forbidden: it does.
        DatabaseError: the database fails.
    """
    await identity.roles.look_for(principal.workspace_id, principal.role)
    model = await identity.current.get(principal.workspace_id)
    if find_role(model.roles, principal.role) is None:
        raise Forbidden(
            f"The workspace {shown(model.workspace.name)} has no role {shown(str(principal.role))}, which the identity"
            " provider gives: create it, or change 'roles' in FIELDSTONE_OIDC."
        )


def _read_code(asked: Mapping[str, str], login: Login, provider: OpenIdProvider) -> str:
    """Return the code that a provider gives for a sign-in.

    Raises:
        Unauthenticated: it gives none, or one for another sign-in.
    """
    issuer = provider.settings.issuer.name
    # https://www.rfc-editor.org/rfc/rfc9207
    if asked.get("state") != login.state or asked.get("iss", issuer) != issuer:
        raise Unauthenticated("The sign-in was begun by another page: begin again.")
    if "code" not in asked:
        raise Unauthenticated("The identity provider refuses the sign-in.")
    return asked["code"]


def _query(scope: "Scope") -> dict[str, str]:
    try:
        return dict(parse_qsl(scope["query_string"].decode("ascii"), keep_blank_values=True, max_num_fields=50))
    except ValueError:
        raise BadUserInput("The query string cannot be read.") from None


def _own_path(path: str | None) -> str:
    """Return a path of this origin: an address of another one would make this server lead people astray.

    A path that is too long for the cookie is none: browsers drop a larger one, and with it the sign-in.
    """
    if path is not None and len(path) > _LONGEST_PATH:
        return "/"
    is_own = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    is_plain = path is not None and path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    return path if path is not None and is_own and is_plain else "/"


def _redirect(address: str, *cookies: Header) -> Reply:
    headers = [(b"location", address.encode("ascii", "ignore")), *cookies]
    return Reply(302, b"", headers=headers)
