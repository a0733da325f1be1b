"""What is known of one request while it is answered: the line that the log gets, and the marks on the metrics."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from fieldstone.engine.server.connections.place import PLACE, Place
from fieldstone.metadata.workspaces.api_keys import Principal

if TYPE_CHECKING:
    from starlette.types import Scope

_KEY = "fieldstone.exchange"

CLIENT_GONE = 499
"""The status of a request whose client left before the answer, as nginx writes it in its log."""


@dataclass(slots=True, kw_only=True)
class Exchange:
    """Filled in as the request passes through the layers.

    Attributes:
        endpoint: the address that answers it, one of a few; `other` where there is none.
        status: that of the response; 0 before it begins.
        principal: who asked, once that is known.
        operations: how many it asked for.
        error_id: under which an unexpected error was logged.
    """

    endpoint: str = "other"
    status: int = 0
    principal: Principal | None = None
    operations: int = 0
    error_id: str | None = None


def begin_exchange(scope: "Scope") -> Exchange:
    """Put a new exchange into the scope, for `exchange_of` to find."""
    scope[_KEY] = exchange = Exchange()
    return exchange


def exchange_of(scope: "Scope") -> Exchange:
    """Return the exchange of a request."""
    exchange: Exchange = scope[_KEY]
    return exchange


def note_key(scope: "Scope") -> None:
    """Note that the client of a request or a socket has shown a valid key, where connections are ours to judge."""
    place = scope.get("state", {}).get(PLACE)
    if isinstance(place, Place):
        place.is_known = True
