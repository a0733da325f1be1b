"""The warm reads of REST: a head is known by the lines behind its first one, and its address is read each time.

The address names a record or a page, so that the bytes of a whole head come back seldom.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.rest.answers import build_answer
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import read_parameters
from fieldstone.engine.rest.routes import Action, find_place
from fieldstone.engine.server.fast_path.known_reads import KnownReads
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.server.rest.endpoint import ROOT
from fieldstone.engine.server.rest.replies import build_rest_error
from fieldstone.metadata.roles.principal import Principal

ENDPOINT = ROOT[:-1]

_READ = b"GET " + ROOT.encode()
_VERSION = b" HTTP/1.1"
_CONDITIONS = frozenset({b"if-match", b"if-none-match"})


class RestForm(NamedTuple):
    """The form of an answer of REST.

    Attributes:
        address: the path behind `ROOT`.
        accept: the header of the request.
    """

    address: str
    action: Action
    accept: bytes | None
    endpoint: str = ENDPOINT
    method: str = "GET"

    @property
    def path(self) -> str:
        """The path of the request."""
        return ROOT + self.address

    def answer(self, data: bytes) -> Reply | None:
        """Return the reply with the data of a read; None if there is no such record."""
        answer = build_answer(self.action, data, b"}")
        if answer is None:
            return None
        return Reply(200, answer.body, tag=answer.tag)

    def refuse(self, error: ApiError) -> Reply:
        """Return the reply to a read that failed with this error."""
        return build_rest_error(error, self.accept)


def split_read(data: bytes, end: int) -> tuple[bytes, bytes] | None:
    """Return the address of a read of REST, and the lines of its head behind the first one; None for another request.

    Args:
        data: the bytes of the request.
        end: the end of its head.
    """
    if not data.startswith(_READ):
        return None
    first = data.find(b"\r\n")
    if data[first - len(_VERSION) : first] != _VERSION:
        return None
    address = data[len(_READ) : first - len(_VERSION)]
    # A target with one is refused by the ordinary path.
    return None if b"#" in address else (address, data[first:end])


def is_read(scope: Mapping[str, Any]) -> bool:
    """Return whether a head is that of a read of REST without conditions."""
    if scope["method"] != "GET" or not scope["path"].startswith(ROOT):
        return False
    return not any(name in _CONDITIONS for name, _ in scope["headers"])


def form_of_refusal(address: bytes, accept: bytes | None) -> RestForm:
    """Return the form of the answer to a read that is refused, however its address is written."""
    return RestForm(address.partition(b"?")[0].decode("latin-1"), Action.FIND_MANY, accept)


def find_read(
    known: KnownReads, api: RestApi, principal: Principal, address: bytes, accept: bytes | None
) -> tuple[Ready, RestForm] | None:
    """Return the read that an address behind `ROOT` is, ready to begin; None where it takes more than is at hand."""
    try:
        text = address.decode("ascii")
    except UnicodeDecodeError:
        return None
    path, _, query = text.partition("?")
    if (found := known.find(api, principal, text)) is not None:
        return found[0], RestForm(path, found[1], accept)
    if "%" in path:
        return None
    try:
        place = find_place(path)
        action = place.action("GET")
        if action is Action.DESCRIBE:
            return None
        asked = Asked(
            action=action, plural=place.plural, id=place.id, parameters=read_parameters(query.encode(), action)
        )
    except ApiError:
        return None
    asked_before = api.find_ready(principal, asked)
    if asked_before is None:
        return None
    known.learn(api, text, asked, asked_before)
    return asked_before, RestForm(path, action, accept)
