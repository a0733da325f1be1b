"""The records of a page: cut out of its body, whose numbers keep all of their digits."""

import re
from collections.abc import Iterator
from json import JSONDecoder
from json.encoder import encode_basestring as quoted
from typing import NamedTuple

from fieldstone.metadata.json_text import JsonValue


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Cut(NamedTuple):
    """A record: the bytes that PostgreSQL made of it, as text, and its members."""

    text: str
    members: dict[str, JsonValue]


class Page(NamedTuple):
    """A page of an export.

    Attributes:
        end: the cursor of its last record; None of an empty page.
        is_last: whether no records follow.
    """

    records: list[Cut]
    end: str | None
    is_last: bool


_DECODER = JSONDecoder(parse_float=Number, parse_int=Number)
_LITERALS = {None: "null", True: "true", False: "false"}
_BETWEEN = re.compile(r"[\s,]*")
_PAGE_INFO = re.compile(r'\s*\]\s*\}\s*,\s*"pageInfo"\s*:\s*')


def cut_page(body: bytes, plural: str) -> Page:
    """Return the page that the body of an answer is, of the objects with this plural name."""
    text = body.decode()
    place = len(f'{{"data":{{"{plural}":[')
    records = []
    place = _skip(text, place)
    while text[place] != "]":
        members, end = _DECODER.raw_decode(text, place)
        records.append(Cut(text[place:end], members))
        place = _skip(text, end)
    found = _PAGE_INFO.match(text, place)
    if found is None:
        raise ValueError("The page ends in another way than pages do.")
    info, _ = _DECODER.raw_decode(text, found.end())
    return Page(records, info["endCursor"], not info["hasNextPage"])


def write_json(value: JsonValue) -> str:
    """Return the JSON text of a member of a record."""
    return "".join(_write(value))


def _write(value: JsonValue) -> Iterator[str]:
    match value:
        case Number():
            yield value
        case dict():
            mark = "{"
            for name, one in value.items():
                yield f"{mark}{quoted(name)}:"
                yield from _write(one)
                mark = ","
            yield "}" if value else "{}"
        case list():
            mark = "["
            for one in value:
                yield mark
                yield from _write(one)
                mark = ","
            yield "]" if value else "[]"
        case _:
            yield _LITERALS[value] if value is None or value is True or value is False else quoted(value)


def _skip(text: str, place: int) -> int:
    found = _BETWEEN.match(text, place)
    return place if found is None else found.end()
