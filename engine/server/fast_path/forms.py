"""The forms in which warm requests are answered, and logged."""

from typing import NamedTuple, Protocol

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.answer import data_body, refusal
from fieldstone.engine.server.http.graphql import build_reply
from fieldstone.engine.server.http.responses import Reply


class Form(Protocol):
    """The form of the answer to one request.

    Attributes:
        endpoint: the address that counts it, one of a few.
        method: of the request.
        path: of the request.
    """

    @property
    def endpoint(self) -> str: ...  # noqa: D102
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def path(self) -> str: ...  # noqa: D102

    def answer(self, data: bytes) -> Reply | None:
        """Return the reply with an operation's data; None if there is more to say, which the ordinary path does."""
        ...

    def refuse(self, error: ApiError) -> Reply:
        """Return the reply to a request that failed with this error."""
        ...


class GraphQLForm(NamedTuple):
    """The form of an answer of GraphQL.

    Attributes:
        endpoint: the address of the API.
        media_type: of the reply.
    """

    endpoint: str
    media_type: bytes
    method: str = "POST"

    @property
    def path(self) -> str:
        """The address of the API."""
        return self.endpoint

    def answer(self, data: bytes) -> Reply | None:
        """Return the reply with an operation's data."""
        return Reply(200, data_body(data), self.media_type)

    def refuse(self, error: ApiError) -> Reply:
        """Return the reply to an operation that failed with this error."""
        return build_reply(refusal([error]), self.media_type)
