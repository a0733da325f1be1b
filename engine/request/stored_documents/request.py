"""A request as a transport hands it over, and its reference to a document that the server keeps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, Self

from fieldstone.engine.request.answer import Explain
from fieldstone.engine.request.idempotency.claim import SentKey
from fieldstone.engine.request.idempotency.companion import Companion
from fieldstone.engine.request.valid_operation import PreparedMutation
from fieldstone.metadata.json_text import JsonValue, dumps

SHA256: Final = "sha256:"
"""The prefix of an id that is a hash: https://graphql.github.io/graphql-over-http/draft/"""

_OTHERS: Final[Mapping[str, JsonValue]] = MappingProxyType({})
"""The variables of a request that comes again with others."""


class DocumentReference(NamedTuple):
    """The id of a document.

    Attributes:
        is_persisted: True for `extensions.persistedQuery`, whose id is the SHA-256 of the text in hex and which may
            come with the text, to be stored.
    """

    id: str
    is_persisted: bool = False


class GraphQLRequest(NamedTuple):
    """A request as the transport hands it over.

    Attributes:
        query: the document; empty where only the reference is given.
        tells_cost: asks for its price in the answer's extensions.
        tells_roots: asks for the price of each root field there, too.
        is_large: whether its variables are so large that to look through them takes long.
        sent_key: its Idempotency-Key, which queries do not read.
        explain: says if the answer explains itself.
        reference: names a stored document.
        named_by: the reference by which the text was found, if the client has not sent it and so may not know it.
        is_new: whether the text is to be stored by its hash once it has proved valid.
        is_trial: whether a mutation is rolled back after its answer was made.
        is_rest: whether the answer has the form of REST; see `PlanContext`.
        companion: runs statements in the transaction of a mutation without `sent_key`.
        prepared: the mutation as `GraphQLApi.prepare` has planned and bound it.
    """

    query: str
    operation_name: str | None
    variables: Mapping[str, JsonValue]
    tells_cost: bool = False
    is_large: bool = False
    sent_key: SentKey | None = None
    explain: Explain = Explain.NOT
    reference: DocumentReference | None = None
    is_new: bool = False
    is_rest: bool = False
    tells_roots: bool = False
    is_trial: bool = False
    companion: Companion | None = None
    prepared: PreparedMutation | None = None
    named_by: DocumentReference | None = None

    def named(self, text: str) -> Self:
        """Return the request with the text of the document that its reference names, or that it has itself."""
        return self._replace(query=text, reference=None, named_by=None if self.query else self.reference)

    def apart(self) -> Self:
        """Return the request without its variables, as one that comes again with others."""
        return self._replace(variables=_OTHERS)

    @property
    def comes_again(self) -> bool:
        """Whether it is a request set apart from its variables."""
        return self.variables is _OTHERS

    @property
    def may_write(self) -> bool:
        """Whether it may be a mutation, as far as its text is at hand."""
        # A keyword has one spelling: a document without the word has no mutation.
        return not self.query or "mutation" in self.query

    def tell_cost(self, by_root: Mapping[str, int]) -> bytes:
        """Return the extensions that tell the price that it asks for, by the prices of its root fields."""
        if not self.tells_cost:
            return b""
        told = b'"cost":%d' % sum(by_root.values())
        return told + b',"costByRoot":' + dumps(dict(by_root)).encode() if self.tells_roots else told
