"""The rule by which a request may see metrics with names, and the details of the server's state."""

import asyncio
from collections.abc import Mapping
from enum import Enum
from hashlib import sha256
from hmac import compare_digest
from typing import TYPE_CHECKING, Final

from fieldstone.engine.errors import ApiError
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
    NAMELESS = "nameless"
    """Neither names of workspaces, objects and fields nor the state of the database."""
    STATE = "state"
    """The state of the database, and no names: these are of all workspaces."""
    FULL = "full"


class InsightRule:
    """The insight of the requests at the port of the APIs.

    A token in the settings opens everything, and closes the metrics for requests without it. Without one a development
    server shows all, and any other server no names; where the metrics have a port of their own, it shows no metrics.
    A principal whose role has the setting METRICS sees the state all the same, and the metrics without names.

    Args:
        settings: those of the app.
        runtime: gives the services as soon as they are there.
        presented: reads all that a request presents of its principal.
    """

    def __init__(self, settings: Settings, runtime: Runtime, presented: PresentedReader) -> None:
        self._runtime = runtime
        self._presented = presented
        self._token = None if settings.metrics_token is None else _digest(settings.metrics_token.encode())
        if self._token is not None or settings.metrics_port is not None:
            self._otherwise = Insight.NONE
        else:
            self._otherwise = Insight.FULL if settings.is_development else Insight.NAMELESS

    @property
    def has_token(self) -> bool:
        """Whether a token opens the metrics."""
        return self._token is not None

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
        if self._otherwise is Insight.FULL:
            return self._otherwise
        return Insight.STATE if await self._has_setting(scope, given) else self._otherwise

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

    has_token = False

    async def of(self, scope: "Scope") -> Insight:  # noqa: ARG002 - the form of a rule
        """Return the full insight."""
        return Insight.FULL


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
