"""The addresses at which people sign in and out: by an API key, or at an OpenID provider.

GET  /auth/login?provider=NAME&returnTo=/path   to the provider
GET  /auth/callback                             back from it
POST /auth/key      {"key": "fs_..."}           by an API key
POST /auth/logout   {}                          ends the session
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, fields
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from fieldstone.engine.errors import ApiError, BadUserInput, Forbidden, MethodNotAllowed, NotFound, Unauthenticated
from fieldstone.engine.identity.credential import CredentialKind, Presented, read_credential
from fieldstone.engine.identity.json_objects import read_object
from fieldstone.engine.identity.openid import LOGIN_FOR, Login, OpenIdProvider
from fieldstone.engine.server.browsers.cookies import LOGIN, SESSION, read_cookie, set_cookie
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission, read_headers
from fieldstone.engine.server.http.auth import sign_in
from fieldstone.engine.server.http.body import decode_json, read_body
from fieldstone.engine.server.http.errors import UnsupportedMediaType
from fieldstone.engine.server.http.negotiation import is_json
from fieldstone.engine.server.http.request_log import context_of
from fieldstone.engine.server.http.responses import Header, Reply, build_error_reply, send_reply
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.catalog.audit import AuditAction, AuditEntry, Author, author_of, note
from fieldstone.metadata.catalog.secret_box import SEALED, SecretBox
from fieldstone.metadata.errors import SecretUnreadable
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.workspaces.sessions import UserFacts, create_session, hash_session
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_FRESH: Header = (b"cache-control", b"no-store")
_LARGEST = 4_096
"""Bytes of a body."""


class SignIn:
    """An ASGI app for the addresses below /auth.

    Args:
        settings: the length of sessions, the public address, and the keys that seal a sign-in.
        runtime: gives the services as soon as they are there.
        admission: reads the credentials of requests.
    """

    def __init__(self, *, settings: Settings, runtime: Runtime, admission: Admission) -> None:
        self._seconds = settings.session_hours * 3_600
        self._public_url = (settings.public_url or "").rstrip("/")
        self._runtime = runtime
        self._presented = admission.presented
        self._box = SecretBox(settings.secret_key)
        self._deadline = Overdue(settings.body_timeout)
        self._answers: Mapping[tuple[str, str], Callable[[Scope, Receive, dict[bytes, bytes]], Awaitable[Reply]]] = {
            ("GET", "login"): self._begin,
            ("GET", "callback"): self._come_back,
            ("POST", "key"): self._sign_in_by_key,
            ("POST", "logout"): self._sign_out,
        }

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        context_of(scope).endpoint = "/auth"
        name = scope["path"].rpartition("/")[2]
        try:
            answer = self._answers.get((scope["method"], name))
            if answer is None:
                methods = {method for method, known in self._answers if known == name}
                raise (
                    MethodNotAllowed(f"The method must be {methods.pop()}.")
                    if methods
                    else NotFound("Nothing is here.")
                )
            reply = await answer(scope, receive, read_headers(scope["headers"]))
        except ApiError as error:
            reply = build_error_reply(error)
        await send_reply(send, reply, [_FRESH])

    async def _begin(self, scope: "Scope", _receive: "Receive", _given: dict[bytes, bytes]) -> Reply:
        """Send a browser to a provider."""
        asked = _query(scope)
        services = await self._services()
        provider = _find_provider(services, asked.get("provider"))
        address, login = await provider.begin(self._redirect_uri(), _own_path(asked.get("returnTo")))
        sealed = self._box.seal(dumps(asdict(login))).removeprefix(SEALED)
        cookie = set_cookie(LOGIN, sealed, seconds=int(LOGIN_FOR), secure=self._presented.is_secure)
        return _redirect(address, cookie)

    async def _come_back(self, scope: "Scope", _receive: "Receive", given: dict[bytes, bytes]) -> Reply:
        """Begin the session of a person that comes back from a provider."""
        asked = _query(scope)
        services, login = await self._services(), self._read_login(given)
        provider = _find_provider(services, login.provider)
        address = self._presented.address(scope, given)
        shown = None if address is None else str(address)
        try:
            verified = await provider.finish(login, _read_code(asked, login, provider), self._redirect_uri())
        except (Unauthenticated, Forbidden):
            services.audit.fail(None, shown)
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
        cookie = await self._open_session(services, principal, shown, user=user)
        return _redirect(login.return_to, cookie, set_cookie(LOGIN, "", seconds=0, secure=self._presented.is_secure))

    async def _sign_in_by_key(self, scope: "Scope", receive: "Receive", given: dict[bytes, bytes]) -> Reply:
        """Begin the session of a person by an API key."""
        members = await self._read(receive, given)
        key = members.get("key")
        if not isinstance(key, str):
            raise BadUserInput('The body must be {"key": "fs_..."}.', field="key")
        services = await self._services()
        credential = read_credential(b"Bearer " + key.encode("utf-8", "replace"))
        if credential is not None and credential.kind is not CredentialKind.KEY:
            credential = None
        address = self._presented.address(scope, given)
        principal = await sign_in(
            services.identity, services.audit, services.failed_tokens, Presented(credential, address)
        )
        cookie = await self._open_session(services, principal, None if address is None else str(address))
        context_of(scope).principal = principal
        shown = {"kind": principal.kind.value, "id": str(principal.subject_id), "name": principal.name}
        return Reply(200, dumps({"data": shown}).encode(), headers=[cookie])

    async def _sign_out(self, scope: "Scope", receive: "Receive", given: dict[bytes, bytes]) -> Reply:
        """End the session of the cookie, if it has one."""
        await self._read(receive, given)
        services = await self._services()
        cookie = read_cookie(given, SESSION, secure=self._presented.is_secure)
        ended = None if cookie is None else await services.identity.sessions.revoke_own(hash_session(cookie))
        if ended is not None:
            address = self._presented.address(scope, given)
            kind = SubjectKind.API_KEY if ended.is_of_key else SubjectKind.USER
            services.audit.add(
                AuditEntry(
                    workspace_id=ended.workspace_id,
                    action=AuditAction.SIGN_OUT,
                    author=Author(
                        kind=kind.value,
                        id=ended.subject_id,
                        name=ended.name,
                        address=None if address is None else str(address),
                    ),
                    subject_id=ended.id,
                    subject_name=ended.name,
                )
            )
        cleared = set_cookie(SESSION, "", seconds=0, secure=self._presented.is_secure)
        return Reply(200, b'{"data":{}}', headers=[cleared])

    async def _open_session(
        self, services: Services, principal: Principal, address: str | None, *, user: UserFacts | None = None
    ) -> Header:
        async with services.foundation.database.session() as connection, connection.transaction():
            session_id, token = await create_session(
                connection,
                workspace_id=principal.workspace_id,
                seconds=self._seconds,
                address=address,
                key=principal if user is None else None,
                user=user,
            )
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
        return set_cookie(SESSION, token, seconds=self._seconds, secure=self._presented.is_secure)

    async def _read(self, receive: "Receive", given: dict[bytes, bytes]) -> Mapping[str, JsonValue]:
        """Return the JSON object of a body, which no page of another site can send without a preflight."""
        if not is_json(given.get(b"content-type")):
            raise UnsupportedMediaType("The request's Content-Type must be application/json, in UTF-8.")
        declared = given.get(b"content-length")
        body = await read_body(receive, declared=declared, limit=_LARGEST, deadline=self._deadline)
        members = decode_json(body)
        if not isinstance(members, Mapping):
            raise BadUserInput("The request's body must be a JSON object.")
        return members

    async def _services(self) -> Services:
        return self._runtime.services or await self._runtime.ready()

    def _redirect_uri(self) -> str:
        return f"{self._public_url}/auth/callback"

    def _read_login(self, given: Mapping[bytes, bytes]) -> Login:
        """Return the sign-in that this browser has begun.

        Raises:
            Unauthenticated: it has begun none, or too long ago.
        """
        cookie = read_cookie(given, LOGIN, secure=self._presented.is_secure)
        try:
            members = None if cookie is None else read_object(self._box.open(SEALED + cookie).encode())
        except SecretUnreadable:
            members = None
        is_whole = members is not None and members.keys() == {field.name for field in fields(Login)}
        login = Login(**members) if members is not None and is_whole else None
        if login is None or not 0 <= time.time() - float(login.begun_at) < LOGIN_FOR:
            raise Unauthenticated("The sign-in has taken too long, or was begun in another browser: begin again.")
        return login


def _find_provider(services: Services, name: str | None) -> OpenIdProvider:
    providers = services.identity.providers
    found = providers.get(name) if name is not None else next(iter(providers.values()), None)
    if found is None:
        raise NotFound("There is no such identity provider.")
    return found


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
    """Return a path of this origin: an address of another one would make this server lead people astray."""
    is_own = path is not None and path.startswith("/") and not path.startswith(("//", "/\\"))
    is_plain = path is not None and path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    return path if path is not None and is_own and is_plain else "/"


def _redirect(address: str, *cookies: Header) -> Reply:
    headers = [(b"location", address.encode("ascii", "ignore")), *cookies]
    return Reply(302, b"", headers=headers)
