"""The responses to requests of REST: the headers of an answer, and the whole response of an error."""

from collections.abc import Sequence
from typing import Final

from fieldstone.engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable, Unauthenticated
from fieldstone.engine.rest.answers import RestAnswer
from fieldstone.engine.rest.errors import PROBLEM, write_error
from fieldstone.engine.server.http.errors import BodyTooLarge, BodyTooSlow
from fieldstone.engine.server.http.requests.auth import CHALLENGE
from fieldstone.engine.server.http.requests.negotiation import JSON, prefers_problem
from fieldstone.engine.server.http.responses import RETRY_SOON, Header, Headers, Reply

_KEPT: Final[Header] = (b"cache-control", b"private, no-cache")
"""A browser may keep the answer, and asks each time by its entity tag whether it is still the same."""


def headers_of(answer: RestAnswer) -> Sequence[Header]:
    """Return the headers of an answer besides those that all have."""
    return () if answer.tag is None else ((b"etag", answer.tag), _KEPT)


def build_rest_error(error: ApiError, accept: bytes | None, *, beside: Sequence[Header] = ()) -> Reply:
    """Return the response to a request that ended with this error.

    Args:
        error: the error.
        accept: the request's header, which asks for the form.
        beside: headers that the response has already, such as a time to wait.
    """
    as_problem = prefers_problem(accept)
    headers: Headers = []
    match error:
        case Unauthenticated():
            headers.append(CHALLENGE)
        case ServiceUnavailable() | RateLimitExceeded() if all(name != b"retry-after" for name, _ in beside):
            headers.append(RETRY_SOON)
        case BodyTooLarge() | BodyTooSlow():
            # The rest of the body must not be parsed as the next request.
            headers.append((b"connection", b"close"))
    body = write_error(error, as_problem=as_problem)
    return Reply(status=error.status, body=body, media_type=PROBLEM if as_problem else JSON, headers=headers)
