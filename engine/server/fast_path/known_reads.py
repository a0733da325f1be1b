"""The reads of REST that come again with other values: an address that was read once is known without its values.

A client asks the same page of other values of a filter, or behind another cursor. The text around these values says
all else: the document and the other variables. So these are put into the request as they are, and are not checked
against their types again.
"""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple
from weakref import ref

from graphql import GraphQLBoolean, GraphQLNonNull, GraphQLScalarType

from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.variables import is_of
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.input_types import Text, read_leaf
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import decode_text
from fieldstone.engine.rest.routes import Action
from fieldstone.engine.schema.values.scalars import SCALARS
from fieldstone.metadata import scalars
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Seen, Snapshot
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import RoleLimits

_MOST = 4_096
_LONGEST = 512
"""Bytes of an address; with the most reads 2 MiB in all."""
_UUID = rb"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_RECORD = re.compile(rb"([A-Za-z0-9]+/)(%b)(\?.*)?" % _UUID)
_VALUES = re.compile(
    rb"(?<=[?&])"
    rb"(filter=[A-Za-z0-9_.]+(?:\[|%5[Bb])[A-Za-z0-9_]+(?:\]|%5[Dd])(?::|%3[Aa])|starting_after=|ending_before=)"
    rb"([^&]+)"
)
_PLAIN = re.compile(r"[^\"'\\,()\[\]{}]+")
"""A value of a filter that means itself."""
_BLANK = " \t\n\r"
_NOT_PLAIN = (GraphQLBoolean, SCALARS[scalars.JSON.name])
_VARIABLES: Mapping[bytes | None, str] = {b"starting_after=": "after", b"ending_before=": "before"}


class _Gap(NamedTuple):
    """The place of a value in the variables.

    Attributes:
        type: its type; None: it is a text, as cursors and ids are.
        names: those that lead to it below the variable.
    """

    variable: str
    type: GraphQLScalarType | None = None
    names: Sequence[str] = ()

    def fill(self, given: bytes) -> JsonValue:
        """Return the variable with the value that an address gives; None if the value has to be read with more care."""
        try:
            text = decode_text(given)
        except UnicodeDecodeError:
            return None
        type_ = self.type
        if type_ is None:
            return text
        if not _PLAIN.fullmatch(text) or text[0] in _BLANK or text[-1] in _BLANK:
            return None
        value = read_leaf(Text(text, is_quoted=False), type_)
        if value is None or not is_of(type_, value):
            return None
        for name in reversed(self.names):
            value = {name: value}
        return value


class _KnownRead(NamedTuple):
    """A read without its values.

    Attributes:
        view: the model that it was read under.
        root: the response key of its GraphQL data.
        document: the text of its GraphQL request.
        variables: all of them, with the values of the request that it was read from.
    """

    view: "ref[Snapshot]"
    action: Action
    root: str
    document: str
    variables: Mapping[str, JsonValue]
    gaps: Sequence[_Gap]


_Key = tuple[int, RoleLimits, tuple[bytes | None, ...]]


class KnownReads:
    """The known reads of all workspaces, the first ones out."""

    def __init__(self) -> None:
        self._kept: dict[_Key, _KnownRead] = {}

    def find(self, api: RestApi, principal: Principal, address: bytes) -> tuple[Ready, Action, str] | None:
        """Return the read that an address behind the root of REST is, its action and its response key.

        It is None if the read is not known, or its values have to be read with more care.
        """
        seen = api.ready.see(principal)
        if seen is None:
            return None
        around, values = _split(address)
        known = self._kept.get((id(seen.view), seen.limits, around))
        if known is None or known.view() is not seen.view:
            return None
        variables = known.variables
        if values:
            variables = {**variables}
            for gap, value in zip(known.gaps, values, strict=True):
                variables[gap.variable] = filled = gap.fill(value)
                if filled is None:
                    return None
        request = GraphQLRequest(known.document, None, variables, is_rest=True)
        ready = api.ready.find(principal, request, checked=seen)
        return None if ready is None else (ready, known.action, known.root)

    def learn(self, api: RestApi, address: bytes, asked: Asked, ready: Ready, root: str) -> None:
        """Keep a read that is ready, if its values stand where they can be replaced."""
        if len(address) > _LONGEST:
            return
        around, values = _split(address)
        variables, seen = ready.request.variables, ready.seen
        gaps = [_Gap("id")] if asked.id is not None else _find_gaps(api, seen, asked, around[1::2], variables)
        if len(gaps) != len(values):
            return
        if any(gap.fill(value) != variables.get(gap.variable) for gap, value in zip(gaps, values, strict=True)):
            return
        if len(self._kept) >= _MOST:
            del self._kept[next(iter(self._kept))]
        key = (id(seen.view), seen.limits, around)
        self._kept[key] = _KnownRead(ref(seen.view), asked.action, root, ready.request.query, variables, gaps)


def _split(address: bytes) -> tuple[tuple[bytes | None, ...], Sequence[bytes]]:
    """Return the text around the values of an address, and the values."""
    if record := _RECORD.fullmatch(address):
        return (record[1], record[3]), (record[2],)
    pieces = _VALUES.split(address)
    values = pieces[2::3]
    del pieces[2::3]
    return tuple(pieces), values


def _find_gaps(
    api: RestApi,
    seen: Seen,
    asked: Asked,
    prefixes: Sequence[bytes | None],
    variables: Mapping[str, JsonValue],
) -> list[_Gap]:
    """Return the gaps for the values behind these texts of an address, without those that no text alone can fill."""
    found: list[_Gap] = []
    for prefix in prefixes:
        if prefix in _VARIABLES:
            found.append(_Gap(_VARIABLES[prefix]))
            continue
        names: list[str] = []
        value = variables.get("filter")
        while isinstance(value, dict) and len(value) == 1:
            ((name, value),) = value.items()
            names.append(name)
        type_ = api.find_filter_type(seen, asked.plural, names)
        type_ = type_.of_type if isinstance(type_, GraphQLNonNull) else type_
        if isinstance(type_, GraphQLScalarType) and type_ not in _NOT_PLAIN:
            found.append(_Gap("filter", type_, names))
    return found
