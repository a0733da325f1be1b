"""The responses to requests of REST that ended with an error."""

from collections.abc import Sequence

from fieldstone.engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable, Unauthenticated
from fieldstone.engine.rest.errors import PROBLEM, write_error
from fieldstone.engine.server.http.errors import BodyTooLarge, BodyTooSlow
from fieldstone.engine.server.http.requests.auth import CHALLENGE
from fieldstone.engine.server.http.requests.negotiation import JSON, prefers_problem
from fieldstone.engine.server.http.responses import RETRY_SOON, Header, Headers, Reply


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
