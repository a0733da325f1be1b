"""The rule by which a request may see metrics with names, and the details of the server's state."""

from enum import Enum
from hashlib import sha256
from hmac import compare_digest

from fieldstone.engine.settings import Settings


class Insight(Enum):
    """The part of the metrics and of the state that a request may see."""

    NONE = "none"
    NAMELESS = "nameless"
    """Neither names of workspaces, objects and fields nor the state of the database."""
    FULL = "full"


class InsightRule:
    """The insight of the requests at the port of the APIs.

    A token in the settings opens everything, and closes the metrics for requests without it. Without one a development
    server shows all, and any other server no names; where the metrics have a port of their own, it shows no metrics.
    """

    def __init__(self, settings: Settings) -> None:
        self._token = None if settings.metrics_token is None else _digest(settings.metrics_token.encode())
        if self._token is not None or settings.metrics_port is not None:
            self._otherwise = Insight.NONE
        else:
            self._otherwise = Insight.FULL if settings.is_development else Insight.NAMELESS

    @property
    def has_token(self) -> bool:
        """Whether a token opens the metrics."""
        return self._token is not None

    def of(self, authorization: bytes | None) -> Insight:
        """Return the insight of a request with this Authorization header."""
        scheme, _, token = (authorization or b"").partition(b" ")
        if self._token is None or scheme.lower() != b"bearer":
            return self._otherwise
        # The hashes have one length, so that the comparison takes the same time for every token.
        return Insight.FULL if compare_digest(_digest(token.strip()), self._token) else self._otherwise


class Everything:
    """The rule of the port that serves nothing but the state: all requests see all."""

    has_token = False

    def of(self, authorization: bytes | None) -> Insight:  # noqa: ARG002 - the form of a rule
        """Return the full insight."""
        return Insight.FULL


def _digest(token: bytes) -> bytes:
    return sha256(token).digest()
