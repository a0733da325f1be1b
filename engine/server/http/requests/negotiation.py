"""Negotiates media types and codings: parses Content-Type, Accept and Accept-Encoding.

https://www.rfc-editor.org/rfc/rfc9110#name-content-negotiation
https://graphql.github.io/graphql-over-http/draft/#sec-Media-Types
"""

from dataclasses import dataclass
from functools import lru_cache

from fieldstone.sql.frozen import frozen

JSON = b"application/json; charset=utf-8"
GRAPHQL_RESPONSE = b"application/graphql-response+json; charset=utf-8"

_LONGEST_CACHED = 512
_UTF8 = frozenset({None, "utf-8", "utf8"})
"""The charsets of UTF-8; None: it is not named."""


@frozen
class MediaRange:
    """One entry of an Accept header; `*` stands for anything."""

    type: str
    subtype: str
    quality: float
    charset: str | None


@dataclass(frozen=True, slots=True, order=True)
class _Fit:
    """How well a media type fits a header: its quality, then how exactly it was named (0 to 2)."""

    quality: float
    exactness: int


def choose_media_type(accept: bytes | None) -> bytes | None:
    """Return the value for the response's Content-Type; None where the client takes neither JSON type.

    Between the two at one quality the one named more exactly wins, then `application/graphql-response+json` where
    both are named, and `application/json` where neither is (the specification's audit has it so).
    """
    if accept is None:
        return JSON
    return _choose(accept) if len(accept) > _LONGEST_CACHED else _choose_cached(accept)


def prefers_html(accept: bytes | None) -> bool:
    """Return whether the client names text/html and wants it no less than JSON, as browsers do."""
    if accept is None:
        return False
    ranges = _parse_ranges(accept)
    page = _fit(ranges, "text", "html")
    answer = max(_fit(ranges, "application", "json"), _fit(ranges, "application", "graphql-response+json"))
    return page.exactness == 2 and page.quality > 0 and page >= answer


def takes_json(accept: bytes | None) -> bool:
    """Return whether the client takes application/json, or the form of errors that is JSON too."""
    if accept is None:
        return True
    ranges = _parse_ranges(accept)
    fits = [_fit(ranges, "application", subtype) for subtype in ("json", "problem+json")]
    return not ranges or max(fits).quality > 0


def prefers_problem(accept: bytes | None) -> bool:
    """Return whether the client names application/problem+json, and wants it no less than application/json."""
    if accept is None:
        return False
    ranges = _parse_ranges(accept)
    problem = _fit(ranges, "application", "problem+json")
    return problem.exactness == 2 and problem.quality > 0 and problem >= _fit(ranges, "application", "json")


def takes_event_stream(accept: bytes | None) -> bool:
    """Return whether the client takes text/event-stream."""
    return accept is None or _fit(_parse_ranges(accept), "text", "event-stream").quality > 0


def takes_encoding(accept_encoding: bytes | None, coding: bytes) -> bool:
    """Return whether a client names a coding, such as gzip, among those that it takes.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept-encoding
    """
    for part in (accept_encoding or b"").lower().split(b","):
        name, _, weight = part.replace(b" ", b"").partition(b";")
        if name == coding:
            return not weight.startswith(b"q=0") or bool(weight.removeprefix(b"q=").strip(b"0."))
    return False


def is_json(content_type: bytes | None) -> bool:
    """Return whether a Content-Type is JSON in UTF-8."""
    if content_type is None or len(content_type) > _LONGEST_CACHED:
        return False
    return _is_json(content_type)


def says_utf8(content_type: bytes) -> bool:
    """Return whether a Content-Type names no other charset than UTF-8, or ASCII, which is a part of it."""
    _, *parameters = content_type.decode("latin-1").lower().split(";")
    return _parameter(parameters, "charset") in _UTF8 | {"us-ascii"}


@lru_cache(maxsize=64)
def _is_json(content_type: bytes) -> bool:
    media_type, _, _ = content_type.lower().partition(b";")
    return media_type.strip() == b"application/json" and says_utf8(content_type)


def _choose(accept: bytes) -> bytes | None:
    ranges = _parse_ranges(accept)
    if not ranges:
        return JSON
    plain = _fit(ranges, "application", "json")
    response = _fit(ranges, "application", "graphql-response+json")
    if max(plain, response).quality == 0:
        return None
    if response.exactness == 2:
        return GRAPHQL_RESPONSE if response >= plain else JSON
    return JSON if plain >= response else GRAPHQL_RESPONSE


_choose_cached = lru_cache(maxsize=128)(_choose)


def _fit(ranges: tuple[MediaRange, ...], kind: str, subtype: str) -> _Fit:
    """Return the fit of a media type: the most exact range decides, whatever its quality."""
    best = _Fit(0, -1)
    for media_range in ranges:
        if media_range.charset not in _UTF8 | {"*"}:
            continue
        if (media_range.type, media_range.subtype) == (kind, subtype):
            exactness = 2
        elif (media_range.type, media_range.subtype) == (kind, "*"):
            exactness = 1
        elif (media_range.type, media_range.subtype) == ("*", "*"):
            exactness = 0
        else:
            continue
        if exactness > best.exactness or (exactness == best.exactness and media_range.quality > best.quality):
            best = _Fit(media_range.quality, exactness)
    return best


def _parse_ranges(accept: bytes) -> tuple[MediaRange, ...]:
    ranges = []
    for entry in accept.decode("latin-1").lower().split(","):
        media_type, *parameters = entry.split(";")
        kind, slash, subtype = media_type.strip().partition("/")
        if slash:
            ranges.append(
                MediaRange(
                    type=kind.strip(),
                    subtype=subtype.strip(),
                    quality=_quality(_parameter(parameters, "q")),
                    charset=_parameter(parameters, "charset"),
                )
            )
    return tuple(ranges)


def _parameter(parameters: list[str], name: str) -> str | None:
    for parameter in parameters:
        key, equals, value = parameter.partition("=")
        if equals and key.strip() == name:
            return value.strip().strip('"')
    return None


def _quality(text: str | None) -> float:
    """Return the quality; a malformed one counts as 1, as if it were absent."""
    if text is None or not text.replace(".", "", 1).isdecimal() or not text.isascii():
        return 1.0
    return min(float(text), 1.0)
