"""The syntax of filters: the parameter `filter` becomes the JSON of a filter input.

    conditions  condition ("," condition)*                    all of them hold
    condition   ("and" | "or" | "not") "(" conditions ")"
                path "[" operator "]" ":" value               employees[gt]:5, company.name[eq]:"Acme"
    value       "[" value ("," value)* "]"                    stage[in]:[NEW,MEETING]
                quoted text, JSON object, or bare text        which ends at a comma or an unbalanced ")"

A backslash before a quote, a backslash, a comma, a parenthesis or a bracket stands for that character; any other one is
itself, so that patterns of `like` keep theirs.
"""

import re
from collections.abc import Mapping
from json import JSONDecoder

from graphql import GraphQLInputObjectType

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.rest.input_types import Input, Text, Token, read_json
from fieldstone.metadata.api_names import JUNCTIONS
from fieldstone.metadata.json_text import JsonValue

DEEPEST = 50
"""The deepest nesting of conjunctions and lists."""

_ESCAPED = frozenset("\"'\\,()[]")
_BLANK = " \t\n\r"
_PLAIN = re.compile(r"[^\"'\\,()\[\]]+")
_SIMPLE = re.compile(r"([A-Za-z0-9_]+(?:\.[A-Za-z0-9_]+)*)\[([A-Za-z0-9_]+)\]:")
"""A path and an operator without blanks, as most conditions have them."""
_JSON = JSONDecoder()


def read_filter(text: str, type_: GraphQLInputObjectType) -> dict[str, JsonValue]:
    """Return the JSON of the filter input `type_` that a text means.

    Raises:
        BadUserInput: it has another syntax, or names a member that the input does not have.
    """
    return _Reader(text, type_).read()


class _Reader:
    """Reads one text from its start to its end."""

    def __init__(self, text: str, type_: GraphQLInputObjectType) -> None:
        self._text = text
        self._place = 0
        self._type = type_

    def read(self) -> dict[str, JsonValue]:
        found = self._conditions(0)
        if self._place < len(self._text):
            raise self._error("the end, or a comma")
        return found[0] if len(found) == 1 else {"and": found}

    def _conditions(self, depth: int) -> list[dict[str, JsonValue]]:
        if depth > DEEPEST:
            raise BadUserInput(f"'filter' is nested more than {DEEPEST} levels deep.", field="filter")
        found = [self._condition(depth)]
        while self._takes(","):
            found.append(self._condition(depth))
        return found

    def _condition(self, depth: int) -> dict[str, JsonValue]:
        self._skip_blanks()
        if simple := _SIMPLE.match(self._text, self._place):
            self._place = simple.end()
            names = [*simple[1].split("."), simple[2]]
            return Input(self._type, "filter").build(names, self._value(0, ends=",)"))
        names = [self._name()]
        if names[0] in JUNCTIONS and self._takes("("):
            if self._takes(")"):
                raise self._error("a condition between the parentheses")
            inner: JsonValue = self._conditions(depth + 1)
            if not self._takes(")"):
                raise self._error("a comma or ')'")
            if names[0] != "not":
                return {names[0]: inner}
            return {"not": inner[0] if len(inner) == 1 else {"and": inner}}
        while self._takes("."):
            names.append(self._name())
        if not self._takes("["):
            raise self._error("an operator such as '[eq]'")
        names.append(self._name())
        if not (self._takes("]") and self._takes(":")):
            raise self._error("']:' and a value")
        return Input(self._type, "filter").build(names, self._value(0, ends=",)"))

    def _name(self) -> str:
        start = self._place
        while self._place < len(self._text) and (self._text[self._place].isalnum() or self._text[self._place] == "_"):
            self._place += 1
        if start == self._place:
            raise self._error("a name")
        return self._text[start : self._place]

    def _value(self, depth: int, *, ends: str) -> Token:
        self._skip_blanks()
        first = self._text[self._place : self._place + 1]
        if first == "[":
            return self._list(depth)
        if first == "{":
            return self._json()
        if first and first in "\"'":
            return self._quoted(first)
        return self._bare(ends)

    def _list(self, depth: int) -> Token:
        if depth > DEEPEST:
            raise BadUserInput(f"'filter' is nested more than {DEEPEST} levels deep.", field="filter")
        self._place += 1
        items: list[Token] = []
        if self._takes("]"):
            return items
        while True:
            items.append(self._value(depth + 1, ends=",]"))
            if self._takes("]"):
                return items
            if not self._takes(","):
                raise self._error("a comma or ']'")

    def _json(self) -> Mapping[str, JsonValue]:
        try:
            _, end = _JSON.raw_decode(self._text, self._place)
            value: Mapping[str, JsonValue] = read_json(self._text[self._place : end])
        except (ValueError, RecursionError):
            raise self._error("a JSON object") from None
        self._place = end
        return value

    def _quoted(self, quote: str) -> Text:
        start, self._place = self._place, self._place + 1
        pieces: list[str] = []
        while self._place < len(self._text):
            plain = _PLAIN.match(self._text, self._place)
            if plain is not None:
                pieces.append(plain[0])
                self._place = plain.end()
            elif self._text[self._place] == quote:
                self._place += 1
                return Text("".join(pieces), is_quoted=True)
            else:
                pieces.append(self._character())
        self._place = start
        raise self._error(f"a closing {quote}")

    def _bare(self, ends: str) -> Text:
        pieces: list[str] = []
        open_ = 0
        while self._place < len(self._text):
            plain = _PLAIN.match(self._text, self._place)
            if plain is not None:
                pieces.append(plain[0])
                self._place = plain.end()
                continue
            character = self._text[self._place]
            if not open_ and character in ends:
                break
            open_ += (character == "(") - (character == ")" and open_ > 0)
            pieces.append(self._character())
        text = "".join(pieces).strip(_BLANK)
        if not text:
            raise self._error('a value, "" for an empty text')
        return Text(text, is_quoted=False)

    def _character(self) -> str:
        """Return the character at the place, unescaped, and pass over it."""
        text, place = self._text, self._place
        if text[place] == "\\" and text[place + 1 : place + 2] in _ESCAPED and place + 1 < len(text):
            self._place += 2
            return text[place + 1]
        self._place += 1
        return text[place]

    def _takes(self, character: str) -> bool:
        self._skip_blanks()
        if self._text[self._place : self._place + 1] != character:
            return False
        self._place += 1
        return True

    def _skip_blanks(self) -> None:
        while self._text[self._place : self._place + 1] in _BLANK and self._place < len(self._text):
            self._place += 1

    def _error(self, expected: str) -> BadUserInput:
        found = self._text[self._place : self._place + 20]
        shown = f"'{found}'" if found else "its end"
        return BadUserInput(
            f"'filter' is not valid at character {self._place + 1}: {expected} is expected, not {shown};"
            ' right is, for instance, and(city[eq]:"Berlin",or(name[ilike]:%a%,employees[gt]:5)).',
            field="filter",
        )
