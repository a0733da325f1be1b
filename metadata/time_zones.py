"""The names of time zones that periods and groups take."""

import re

from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import STRING, shown

_ZONE = re.compile(
    r"[A-Z]+(/[A-Z_+-]+)+|Etc/GMT(0|[+-]\d|\+1[0-2]|-1[0-4])|(EST5E|CST6C|MST7M|PST8P)DT"
    r"|Cuba|Egypt|Eire|EST|GB(-Eire)?|GMT|Greenwich|Hongkong|HST|Iceland|Iran|Israel|Jamaica|Japan|Kwajalein|Libya|MST"
    r"|Navajo|NZ(-CHAT)?|Poland|Portugal|PRC|ROC|ROK|Singapore|Turkey|UCT|Universal|UTC|W-SU|Zulu",
    re.ASCII | re.IGNORECASE,
)
"""The names of time zones: those in an area, and the old ones of one word that mean a zone to PostgreSQL too.

It takes other words for offsets: +02:00 is two hours west of Greenwich, FOO-2 two hours east, and CET one hour east in
summer and in winter.
"""


def coerce_zone(value: JsonValue) -> str:
    """Return the name of a time zone; whether there is such a zone, PostgreSQL knows alone.

    Raises:
        InvalidValue: it cannot be one ("must be ...").
    """
    name = str(STRING.coerce(value))
    if not _ZONE.fullmatch(name):
        raise InvalidValue(f"must be the name of a time zone, such as Europe/Berlin or UTC, not {shown(value)}")
    return name
