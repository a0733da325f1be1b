"""Errors of the HTTP layer itself, raised before an operation is read.

    BadUserInput
    ├── MethodNotAllowed      405  (of engine.errors: a mutation by GET is one too)
    ├── NotAcceptable         406
    ├── BodyTooSlow           408
    ├── BodyTooLarge          413
    └── UnsupportedMediaType  415

https://graphql.github.io/graphql-over-http/draft/
"""

from fieldstone.engine.errors import BadUserInput


class NotAcceptable(BadUserInput):
    """The client accepts none of the media types offered."""

    status = 406


class BodyTooSlow(BadUserInput):
    """The body did not arrive in time."""

    status = 408


class BodyTooLarge(BadUserInput):
    """The body has more bytes than the limit allows."""

    status = 413


class UnsupportedMediaType(BadUserInput):
    """The body is not declared to be JSON in UTF-8."""

    status = 415


class ClientGone(Exception):
    """The client closed the connection: the answer has no receiver."""
