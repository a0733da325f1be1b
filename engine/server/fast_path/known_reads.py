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

from fieldstone.engine.planner.arguments.input_values import is_of
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
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

_MOST = 4_096
_SHARE = _MOST // 8
"""Reads of one workspace."""
_LONGEST = 512
"""Characters of an address; with the most reads 2 MiB in all."""
_RECORD = re.compile(
    r"([A-Za-z0-9]+/)([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12})(\?.*)?"
)
_VALUES = re.compile(
    r"(?<=[?&])"
    r"(filter=[A-Za-z0-9_.]+(?:\[|%5[Bb])[A-Za-z0-9_]+(?:\]|%5[Dd])(?::|%3[Aa])|starting_after=|ending_before=)"
    r"([^&]+)"
)
_PLAIN = re.compile(r"[^\"'\\,()\[\]{}]+")
"""A value of a filter that means itself."""
_BLANK = " \t\n\r"
_NOT_PLAIN = (GraphQLBoolean, SCALARS[scalars.JSON.name])
_VARIABLES: Mapping[str | None, str] = {"starting_after=": "after", "ending_before=": "before"}


class _Gap(NamedTuple):
    """The place of a value in the variables.

    Attributes:
        type: its type; None: it is a text, as cursors are.
        names: those that lead to it below the variable.
    """

    variable: str
    type: GraphQLScalarType | None = None
    names: Sequence[str] = ()

    def fill(self, given: str) -> JsonValue:
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
        request: its GraphQL request, whose variables do not matter.
        variables: all of them, with the values of the request that it was read from; a record's is its id.
    """

    view: "ref[Snapshot]"
    action: Action
    request: GraphQLRequest
    variables: Mapping[str, JsonValue]
    gaps: Sequence[_Gap]

    def fill(self, values: Sequence[str]) -> Mapping[str, JsonValue] | None:
        """Return the variables with the values of an address; None if one has to be read with more care."""
        variables = {**self.variables}
        for gap, value in zip(self.gaps, values, strict=True):
            variables[gap.variable] = filled = gap.fill(value)
            if filled is None:
                return None
        return variables


_Key = tuple[int, int | None, tuple[str | None, ...]]
"""The id of the view, the role's largest page, which the document depends on, and the text around the values."""


class KnownReads:
    """The known reads by workspace, the first ones out: one with its share has its own driven out, not the others'."""

    def __init__(self) -> None:
        self._kept: dict[int, dict[_Key, _KnownRead]] = {}
        self._number = 0

    def find(self, api: RestApi, principal: Principal, address: str) -> tuple[Ready, Action] | None:
        """Return the read that an address behind the root of REST is, and its action.

        It is None if the read is not known, or its values have to be read with more care.
        """
        seen, own = api.ready.see(principal), self._kept.get(principal.workspace_id.int, {})
        around, values, id_ = _split(address)
        known = None if seen is None else own.get((id(seen.view), seen.limits.page, around))
        if seen is None or known is None or known.view() is not seen.view:
            return None
        variables = known.fill(values) if id_ is None else {"id": id_}
        ready = None if variables is None else api.ready.find(principal, known.request, variables, checked=seen)
        return None if ready is None else (ready, known.action)

    def learn(self, api: RestApi, address: str, asked: Asked, ready: Ready) -> None:
        """Keep a read that is ready, if its values stand where they can be replaced."""
        if len(address) > _LONGEST:
            return
        around, values, id_ = _split(address)
        variables, seen = ready.given, ready.route.seen
        gaps = [] if id_ is not None else _find_gaps(api, seen, asked, around[1::2], variables)
        request = ready.route.document.apart()
        known = _KnownRead(ref(seen.view), asked.action, request, variables, gaps)
        if asked.id == id_ and len(gaps) == len(values) and known.fill(values) == variables:
            self._keep(seen.principal.workspace_id.int, (id(seen.view), seen.limits.page, around), known)

    def _keep(self, workspace: int, key: _Key, known: _KnownRead) -> None:
        own = self._kept.pop(workspace, {})
        self._number -= len(own)
        own[key] = known
        if len(own) > _SHARE:
            del own[next(iter(own))]
        self._kept[workspace] = own
        self._number += len(own)
        while self._number > _MOST:
            # The workspace that has learned nothing for the longest time.
            self._number -= len(self._kept.pop(next(iter(self._kept))))


def _split(address: str) -> tuple[tuple[str | None, ...], Sequence[str], str | None]:
    """Return the text around the values of an address, the values, and the id, if it is the address of a record."""
    if record := _RECORD.fullmatch(address):
        return record.group(1, 3), (), record[2]
    pieces = _VALUES.split(address)
    values = pieces[2::3]
    del pieces[2::3]
    return tuple(pieces), values, None


def _find_gaps(
    api: RestApi,
    seen: Seen,
    asked: Asked,
    prefixes: Sequence[str | None],
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
