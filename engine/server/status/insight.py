"""The rule by which a request may see metrics with names, and the details of the server's state."""

import asyncio
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from fieldstone.engine.errors import ApiError, NotFound, Unauthenticated
from fieldstone.engine.server.http.requests.auth import PresentedReader, sign_in
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.roles.role import Setting, find_role
from fieldstone.sql.errors import SqlError

if TYPE_CHECKING:
    from starlette.types import Scope

_READ: Final = frozenset({b"authorization", b"cookie", b"x-forwarded-for"})
_PATIENCE: Final = 2.0
"""Seconds; a probe is answered without insight after them."""


class Insight(Enum):
    """The part of the metrics and of the state that a request may see."""

    NONE = "none"
    STATE = "state"
    """The state of the database, and no names of objects and fields: these are of all workspaces."""
    FULL = "full"


class InsightRule:
    """The insight of the requests at the port of the APIs.

    A token in the settings opens everything. A development server shows all if it has no token and its metrics have no
    port of their own. A principal whose role has the setting METRICS sees the state, and the metrics without names. All
    others see nothing.

    Args:
        settings: those of the app.
        runtime: gives the services as soon as they are there.
        presented: reads all that a request presents of its principal.
    """

    def __init__(self, settings: Settings, runtime: Runtime, presented: PresentedReader) -> None:
        self._runtime = runtime
        self._presented = presented
        self._token = None if settings.metrics_token is None else _digest(settings.metrics_token.encode())
        self._has_port = settings.metrics_port is not None
        self._is_open = settings.is_development and self._token is None and not self._has_port

    async def of_metrics(self, scope: "Scope") -> Insight:
        """Return the insight of a request for the metrics.

        Raises:
            Unauthenticated: it has none; the message says how to get it.
            NotFound: the metrics have a port of their own.
        """
        if (insight := await self.of(scope)) is not Insight.NONE:
            return insight
        if self._token is not None:
            raise Unauthenticated("The metrics need the token of the server: send it as 'Authorization: Bearer TOKEN'.")
        if self._has_port:
            raise NotFound(
                "The metrics are at the port of FIELDSTONE_METRICS_PORT, or where an application that embeds Fieldstone"
                " mounts the app's `state_pages`: such a one opens no port."
            )
        raise Unauthenticated(
            "The metrics are closed: set FIELDSTONE_METRICS_TOKEN and send it as 'Authorization: Bearer TOKEN', or give"
            " them a port by FIELDSTONE_METRICS_PORT; a key whose role has the setting METRICS sees them without names."
        )

    async def of(self, scope: "Scope") -> Insight:
        """Return the insight of a request."""
        given = {name: value for name, value in scope["headers"] if name in _READ}
        scheme, _, token = given.get(b"authorization", b"").partition(b" ")
        # The hashes have one length, so that the comparison takes the same time for every token.
        if (
            self._token is not None
            and scheme.lower() == b"bearer"
            and compare_digest(_digest(token.strip()), self._token)
        ):
            return Insight.FULL
        if self._is_open:
            return Insight.FULL
        return Insight.STATE if await self._has_setting(scope, given) else Insight.NONE

    async def _has_setting(self, scope: "Scope", given: Mapping[bytes, bytes]) -> bool:
        """Return whether the role of a request has the setting METRICS; False for a request without a credential."""
        presented = self._presented.read(scope, given)
        if presented.credential is None or not any(self._runtime.opened().values()):
            return False
        try:
            async with asyncio.timeout(_PATIENCE):
                services = await self._runtime.choose(presented)
                principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented)
                model = await services.foundation.current.get(principal.workspace_id)
        except (ApiError, SqlError, MetadataError, TimeoutError):
            return False
        role = find_role(model.roles, principal.role)
        return role is not None and Setting.METRICS in effective_settings(model, role)


class Everything:
    """The rule of the port that serves nothing but the state: all requests see all."""

    async def of(self, scope: "Scope") -> Insight:  # noqa: ARG002 - the form of a rule
        """Return the full insight."""
        return Insight.FULL

    async def of_metrics(self, scope: "Scope") -> Insight:
        """Return the full insight."""
        return await self.of(scope)


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
