"""The parameters of a request's query string: which ones an action takes, and their values."""

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.input_types import BOOLEANS, read_json
from fieldstone.engine.rest.routes import Action
from fieldstone.engine.rest.selection import DEEPEST
from fieldstone.metadata.json_text import JsonValue

_MOST = 50
_SHORT = 48
"""Bytes of a parameter that may come again and again, such as an order or a limit."""
_BOOLEANS = {**BOOLEANS, "1": True, "0": False}

TAKEN: Mapping[Action, tuple[str, ...]] = {
    Action.FIND_MANY: ("filter", "order_by", "limit", "depth", "starting_after", "ending_before", "total_count"),
    Action.FIND_ONE: ("depth",),
    Action.CREATE: ("upsert", "depth"),
    Action.CREATE_MANY: ("upsert", "depth"),
    Action.UPDATE_ONE: ("depth",),
    Action.UPDATE_MANY: ("filter", "depth"),
    Action.DELETE_ONE: ("soft_delete",),
    Action.DELETE_MANY: ("filter", "soft_delete"),
    Action.RESTORE_ONE: ("depth",),
    Action.RESTORE_MANY: ("filter", "depth"),
    Action.DUPLICATES: ("depth",),
    Action.GROUP_BY: (
        "group_by",
        "aggregate",
        "filter",
        "having",
        "order_by",
        "limit",
        "starting_after",
        "include_records_sample",
        "order_by_for_records",
        "depth",
    ),
    Action.MERGE: ("depth",),
    Action.DESCRIBE: (),
}
"""The names of the parameters that each action takes."""


class Parameters:
    """The parameters of one request; an empty one counts as absent."""

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, str]) -> None:
        self._given = given

    @property
    def names(self) -> Collection[str]:
        """The names of those that are given."""
        return self._given

    def text(self, name: str) -> str | None:
        """Return the text of a parameter."""
        return self._given.get(name)

    def required(self, name: str, hint: str) -> str:
        """Return the text of a parameter; raises BadUserInput if it is absent."""
        text = self._given.get(name)
        if text is None:
            raise BadUserInput(f"The parameter '{name}' is missing: {hint}.", field=name)
        return text

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return the value of a parameter that is true or false; raises BadUserInput."""
        text = self._given.get(name)
        if text is None:
            return default
        value = _BOOLEANS.get(text.lower())
        if value is None:
            raise BadUserInput(f"'{name}' must be true or false, not '{text[:80]}'.", field=name)
        return value

    def number(self, name: str, most: int) -> int | None:
        """Return the value of a parameter that is a number from 0 to `most`; raises BadUserInput."""
        text = self._given.get(name)
        if text is None:
            return None
        value = int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else -1
        if not 0 <= value <= most:
            raise BadUserInput(f"'{name}' must be a number from 0 to {most}, not '{text[:80]}'.", field=name)
        return value

    def json(self, name: str) -> JsonValue:
        """Return the value of a parameter that is JSON; raises BadUserInput."""
        text = self._given.get(name)
        if text is None:
            return None
        try:
            return read_json(text)
        except ValueError as error:
            raise BadUserInput(f"'{name}' is not JSON: {error}.", field=name) from None

    def replaced(self, changes: Mapping[str, str]) -> "Parameters":
        """Return these parameters with others added, or in their place."""
        return Parameters({**self._given, **changes})

    @property
    def cursors(self) -> tuple[str | None, str | None]:
        """The cursors behind and before which a page lies; raises BadUserInput if both are given."""
        after, before = self.text("starting_after"), self.text("ending_before")
        if after is not None and before is not None:
            raise BadUserInput("'starting_after' and 'ending_before' cannot be given together.", field="ending_before")
        return after, before

    @property
    def depth(self) -> int:
        """The steps across relations; raises BadUserInput."""
        return self.number("depth", DEEPEST) or 0


NO_PARAMETERS = Parameters({})


def read_parameters(query_string: bytes, action: Action) -> Parameters:
    """Return the parameters of an action; raises BadUserInput as `read_named` does."""
    return read_named(query_string, TAKEN[action])


def read_named(query_string: bytes, taken: Sequence[str]) -> Parameters:
    """Return the parameters of a query string, which may have those that are taken.

    Raises:
        BadUserInput: one is unknown, or given twice, or not percent-encoded UTF-8.
    """
    if not query_string:
        return NO_PARAMETERS
    pairs = query_string.split(b"&")
    if len(pairs) > _MOST:
        raise BadUserInput(f"The query string has more than {_MOST} parameters.")
    given: dict[str, str] = {}
    for pair in pairs:
        try:
            name, text = _read_short(pair) if len(pair) <= _SHORT else _read_pair(pair)
        except UnicodeDecodeError:
            raise BadUserInput("The query string is not percent-encoded UTF-8.") from None
        if not text:
            continue
        if name not in taken:
            raise BadUserInput(
                f"There is no parameter '{name[:80]}' here: this address takes {', '.join(taken) or 'none'}.",
                field=name[:80],
            )
        if name in given:
            raise BadUserInput(f"The parameter '{name}' is given twice.", field=name)
        given[name] = text
    return Parameters(given)


def _read_pair(pair: bytes) -> tuple[str, str]:
    """Return the name and the text of one parameter, as the query string has it; raises UnicodeDecodeError."""
    name, _, text = pair.decode("ascii").partition("=")
    return decode_text(name), decode_text(text)


_read_short = lru_cache(maxsize=1024)(_read_pair)


def decode_text(text: str) -> str:
    """Return the text that a part of a query string stands for; raises UnicodeDecodeError."""
    text = text.replace("+", " ")
    return unquote_to_bytes(text).decode() if "%" in text else text
