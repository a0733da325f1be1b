"""The addresses at which people sign in and out: by an API key, by a one-time code, or at an OpenID provider.

GET    /auth/sign-in                           the ways to sign in, and the session if there is one
POST   /auth/sign-in {"key": "fs_..."}         by an API key, or {"code": "..."}
GET    /auth/session                           the session
DELETE /auth/session                           ends it
GET    /auth/login, /auth/callback             to a provider, and back from it
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from fieldstone.engine.database_errors import described
from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    Forbidden,
    MethodNotAllowed,
    NotFound,
    RateLimitExceeded,
    Unauthenticated,
)
from fieldstone.engine.identity.credential import Credential, CredentialKind, Presented, read_credential
from fieldstone.engine.server.browsers.cross_origin import is_foreign
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission
from fieldstone.engine.server.http.errors import UnsupportedMediaType
from fieldstone.engine.server.http.requests.auth import sign_in
from fieldstone.engine.server.http.requests.body import decode_json, read_body, require_plain
from fieldstone.engine.server.http.requests.incoming import read_headers
from fieldstone.engine.server.http.requests.negotiation import is_json
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import Headers, Reply, build_error_reply, send_reply
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.server.sign_in.providers import ProviderSignIn, list_providers
from fieldstone.engine.server.sign_in.sessions import SessionCookies, describe_session
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.workspaces.sign_in_codes import take_code
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_LARGEST = 4_096
"""Bytes of a body."""
_SAFE = frozenset({"GET", "HEAD"})


class _Asked(NamedTuple):
    """A request, with all that its answer needs.

    Attributes:
        cookies: those of the place at which it finds the app.
        given: its headers.
        headers: of the answer; those about the rate limit are added.
        address: of its client.
    """

    scope: "Scope"
    receive: "Receive"
    cookies: SessionCookies
    services: Services
    given: dict[bytes, bytes]
    headers: Headers
    presented: Presented

    @property
    def address(self) -> str | None:
        """The address of its client."""
        return None if self.presented.address is None else str(self.presented.address)


class SignIn:
    """An ASGI app for the addresses below /auth.

    Args:
        settings: the length of sessions, the public address, and the keys that seal a sign-in.
        runtime: gives the services as soon as they are there.
        admission: reads the credentials of requests.
    """

    def __init__(self, *, settings: Settings, runtime: Runtime, admission: Admission) -> None:
        self._runtime = runtime
        self._origins = settings.cookie_origins
        self._cookies = SessionCookies.build(settings)
        self._providers = ProviderSignIn(settings, self._cookies, runtime)
        self._presented = admission.presented
        self._deadline = Overdue(settings.body_timeout)
        self._answers: Mapping[tuple[str, str], Callable[[_Asked], Awaitable[Reply]]] = {
            ("GET", "sign-in"): self._tell_ways,
            ("POST", "sign-in"): self._sign_in,
            ("GET", "session"): self._tell_session,
            ("DELETE", "session"): self._sign_out,
            ("GET", "login"): lambda asked: self._providers.begin(asked.services, asked.scope),
            ("GET", "callback"): lambda asked: self._providers.come_back(
                asked.scope, asked.given, asked.address, asked.headers
            ),
        }

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        context_of(scope).endpoint = "/auth"
        headers: Headers = []
        try:
            with described():
                answer = self._find_answer(scope, headers)
                given = read_headers(scope["headers"])
                presented = self._presented.read(scope, given)
                services = self._runtime.services or await self._runtime.choose(presented)
                asked = _Asked(scope, receive, self._cookies.at(scope), services, given, headers, presented)
                reply = await answer(asked)
        except ApiError as error:
            reply = build_error_reply(error)
        await send_reply(send, reply, headers)

    def _find_answer(self, scope: "Scope", headers: Headers) -> Callable[[_Asked], Awaitable[Reply]]:
        """Return the function that answers a request, and add the headers of a refusal.

        Raises:
            NotFound: nothing is at its address.
            MethodNotAllowed: its method is another one.
            Forbidden: a page of another site has had a browser send it.
        """
        method, name = scope["method"], scope["path"].rpartition("/")[2]
        answer = self._answers.get((method, name))
        if answer is None:
            methods = sorted(method for method, known in self._answers if known == name)
            if not methods:
                raise NotFound("Nothing is here.")
            headers.append((b"allow", ", ".join(methods).encode()))
            raise MethodNotAllowed(f"The method must be {' or '.join(methods)}.")
        if method not in _SAFE and is_foreign(scope, dict(scope["headers"]), self._origins):
            raise Forbidden("A page of another site has sent this request: a sign-in begins on a page of this one.")
        return answer

    async def _tell_ways(self, asked: _Asked) -> Reply:
        """Tell the ways to sign in, also to those that have no session, or one that is of no use here or not any more.

        It counts as no operation, and tells of no other principal as which the session could act.
        """
        services, presented = asked.services, asked.presented._replace(acts_as=None)
        session: JsonValue = None
        if await _has_session(services, presented.credential):
            try:
                session = await describe_session(services, await self._check(asked, presented))
            except (Unauthenticated, Forbidden):
                self._clear_ended(asked)
        providers = list_providers(services, asked.cookies.mount)
        return _answer({"environment": services.facts.environment, "providers": providers, "session": session})

    async def _tell_session(self, asked: _Asked) -> Reply:
        try:
            principal = await self._find_session(asked)
        except Unauthenticated:
            self._clear_ended(asked)
            raise
        return _answer(await describe_session(asked.services, principal))

    def _clear_ended(self, asked: _Asked) -> None:
        """Have the browser forget the cookie of a session that cannot be used here: no script can remove it.

        A cookie of no session of this database may be that of another server, at another port of the host.
        """
        token_hash = asked.cookies.read(asked.given)
        if token_hash is not None and asked.services.identity.sessions.has_had(token_hash):
            asked.headers.append(asked.cookies.clear())

    async def _find_session(self, asked: _Asked) -> Principal:
        """Return the principal of a request's session, and count its operation.

        Raises:
            Unauthenticated: it has none, or another credential before it.
        """
        if asked.presented.is_anonymous:
            raise Unauthenticated("Nobody is signed in: sign in by POST /auth/sign-in.")
        principal = await self._check(asked, asked.presented)
        if principal.session_id is None:
            raise Unauthenticated("The request has no session: it has another credential in 'Authorization'.")
        await asked.services.limiter.count(principal, 1, asked.headers)
        return principal

    async def _sign_in(self, asked: _Asked) -> Reply:
        """Begin the session of a person by an API key, or by a code for one."""
        members = await self._read(asked)
        services, address = asked.services, asked.presented.address
        failed = services.failed_sign_ins
        try:
            failed.begin(address, asked.headers)
        except RateLimitExceeded:
            services.audit.fail(None, asked.address)
            raise
        presented = Presented(await self._read_secret(members), address)

        async def begin(services: Services) -> Reply:
            principal = await self._check(asked._replace(services=services), presented)
            failed.end(address)
            key_hash = None if presented.credential is None else presented.credential.hash
            cookie, token_hash = await asked.cookies.open(
                services, principal, asked.address, asked.headers, key_hash=key_hash
            )
            # An error from here on sets it, too: the session has begun.
            asked.headers.append(cookie)
            begun = await services.identity.sessions.look_up(token_hash)
            return _answer(await describe_session(services, begun or principal))

        reply = await self._runtime.serve(presented, begin)
        await asked.cookies.replace(self._runtime, asked.given)
        return reply

    async def _sign_out(self, asked: _Asked) -> Reply:
        """End the session of the cookie, if it has one."""
        await asked.cookies.end(self._runtime, asked.given, asked.address)
        return _answer({})._replace(headers=[asked.cookies.clear()])

    async def _check(self, asked: _Asked, presented: Presented) -> Principal:
        services = asked.services
        principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented, asked.headers)
        context_of(asked.scope).principal = principal
        return principal

    async def _read_secret(self, members: Mapping[str, JsonValue]) -> Credential | None:
        """Return the credential of a key, or of the key that a code is for; None where it is none.

        Raises:
            BadUserInput: there is neither, or both.
            ServiceUnavailable: a cell cannot be reached, which may have the code.
        """
        key, code = members.get("key"), members.get("code")
        if isinstance(code, str) and key is None:
            token_hash = await self._runtime.search(lambda services: take_code(services.foundation.database, code))
            return None if token_hash is None else Credential(CredentialKind.KEY, token_hash)
        if not isinstance(key, str) or code is not None:
            raise BadUserInput('The body must be {"key": "fs_..."} or {"code": "..."}.', field="key")
        credential = read_credential(b"Bearer " + key.strip().encode("utf-8", "replace"))
        return credential if credential is not None and credential.kind is CredentialKind.KEY else None

    async def _read(self, asked: _Asked) -> Mapping[str, JsonValue]:
        """Return the JSON object of a body, which no page of another site can send without a preflight."""
        given = asked.given
        if not is_json(given.get(b"content-type")):
            raise UnsupportedMediaType("The request's Content-Type must be application/json, in UTF-8.")
        require_plain(given, "body")
        declared = given.get(b"content-length")
        body = await read_body(asked.receive, declared=declared, limit=_LARGEST, deadline=self._deadline)
        members = decode_json(body)
        if not isinstance(members, Mapping):
            raise BadUserInput("The request's body must be a JSON object.")
        return members


async def _has_session(services: Services, credential: Credential | None) -> bool:
    """Return whether a credential is the cookie of a session of this database, also of one that has ended."""
    if credential is None or credential.kind is not CredentialKind.SESSION:
        return False
    identity = services.identity
    if identity.needs_verification(credential):
        await identity.is_valid(credential)
    # A cookie that could not be looked up may be one: the sign-in says why it cannot be checked.
    return identity.needs_verification(credential) or identity.sessions.has_had(credential.hash)


def _answer(data: Mapping[str, JsonValue]) -> Reply:
    return Reply(200, dumps({"data": dict(data)}).encode())
