"""The heads that were parsed once and are known by their bytes, with their meaning."""

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple, TypeAlias

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.errors import ApiError
from fieldstone.engine.identity.credential import Credential, read_credential
from fieldstone.engine.server.browsers.cross_origin import CrossOrigin
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.fast_path.forms import GraphQLForm
from fieldstone.engine.server.fast_path.passing_lines import NO_LINES, PassingLines, set_apart
from fieldstone.engine.server.fast_path.rest_request import ENDPOINT, is_read, split_read
from fieldstone.engine.server.http.requests.incoming import read_headers
from fieldstone.engine.server.http.requests.negotiation import choose_media_type, is_json, takes_json

_MOST_HEADS: Final = 4_096
_LONGEST_HEAD: Final = 4_096
"""Bytes; with the most heads 16 MiB in all, whatever clients with a key send."""
_ELSEWHERE: Final = (
    b"transfer-encoding",
    b"content-encoding",
    b"expect",
    b"upgrade",
    b"cookie",
    b"idempotency-key",
    b"x-fieldstone-",
)
"""The beginnings of the names of headers that send a request to the ordinary path.

A remembered head stands for its key alone: a header that could change the principal must never be part of one.
"""


class Head(NamedTuple):
    """The meaning of the head of a POST of an operation, or a read of REST, on a connection that stays open.

    Attributes:
        path: the address of the API.
        form: of the reply; None for a read of REST, whose address has a part in it.
        accept: the header Accept.
        length: bytes of its body.
        lines: headers of each reply besides its own, for the page of another origin that asks.
    """

    path: str
    credential: Credential
    form: GraphQLForm | None
    accept: bytes | None
    length: int
    lines: bytes


Found: TypeAlias = tuple[Head, bytes, PassingLines]
"""The meaning of a request's head, the body or the address of a read of REST, and the lines of this request alone."""


class Heads:
    """The remembered heads of an app.

    Args:
        paths: those that the APIs stand at.
        largest_body: the most bytes of a request's body.
        find_services: returns the services that answer for a credential; None until they are ready.
        cross_origin: the rules for origins, if pages of others than ours may ask.
        elsewhere: the names of further headers that send a request to the ordinary path.
    """

    def __init__(
        self,
        *,
        paths: Collection[str],
        largest_body: int,
        find_services: Callable[[Credential], Services | None],
        cross_origin: CrossOrigin | None = None,
        elsewhere: Collection[bytes] = (),
    ) -> None:
        self._paths = paths
        self._largest_body = min(LARGE, largest_body)
        self._find_services = find_services
        self._cross_origin = cross_origin
        self._elsewhere = (*_ELSEWHERE, *elsewhere)
        self._known: dict[bytes, Head] = {}

    def find(self, data: bytes, end: int) -> Found | None:
        """Return the meaning of a request's head; None if it was not learned.

        Args:
            data: the bytes of the request.
            end: the end of its head.
        """
        whole = data[:end]
        if (head := self._known.get(whole)) is not None:
            return head, data[end:], NO_LINES
        read = split_read(data, end)
        if read is not None and (head := self._known.get(read[1])) is not None:
            return head, read[0], NO_LINES
        body, lines = read or (data[end:], whole)
        apart = set_apart(lines)
        if apart is None or (head := self._known.get(apart[0])) is None:
            return None
        return head, body, apart[1]

    def learn(self, head: bytes, scope: Mapping[str, Any], *, length: int) -> None:
        """Keep the meaning of a head's bytes, if it is one of those that are answered on the fast path.

        Args:
            head: its bytes, with the empty line behind it.
            scope: the head as a parser has read it, in ASGI's terms.
            length: bytes of the body that came with it.
        """
        path = scope["path"]
        is_rest = is_read(scope)
        if len(head) > _LONGEST_HEAD or not (is_rest or (scope["method"] == "POST" and path in self._paths)):
            return
        if scope["http_version"] != "1.1":
            return
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        if any(
            name.startswith(self._elsewhere) or (name == b"connection" and value != b"keep-alive")
            for name, value in headers
        ):
            return
        try:
            given = read_headers(headers)
        except ApiError:
            return
        accept = given.get(b"accept")
        form = None if is_rest else self._find_form(path, given, length)
        if form is None and not (is_rest and takes_json(accept) and not length and b"content-length" not in given):
            return
        credential = read_credential(given.get(b"authorization"))
        # Nobody without a key can drive out the others' heads.
        if credential is None or (services := self._find_services(credential)) is None:
            return
        if services.identity.find_fresh(credential) is None:
            return
        if len(self._known) >= _MOST_HEADS:
            del self._known[next(iter(self._known))]
        origins = [value for name, value in headers if name == b"origin"]
        if len(origins) > 1:
            return
        lines = self._cross_origin.answer_lines(origins[0]) if origins and self._cross_origin else b""
        key = head[head.index(b"\r\n") :] if is_rest else head
        if (apart := set_apart(key)) is not None:
            key = apart[0]
        self._known[key] = Head(ENDPOINT if is_rest else path, credential, form, accept, length, lines)

    def _find_form(self, path: str, given: Mapping[bytes, bytes], length: int) -> GraphQLForm | None:
        """Return the form of the answers to operations with these headers; None if they are not answered here."""
        media_type = choose_media_type(given.get(b"accept"))
        if media_type is None or not is_json(given.get(b"content-type")):
            return None
        if given.get(b"content-length") != b"%d" % length or length > self._largest_body:
            return None
        return GraphQLForm(path, media_type)
