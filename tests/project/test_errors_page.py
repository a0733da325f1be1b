"""The errors page has each code of the errors with its status."""

import re
from collections.abc import Iterator

from fieldstone.engine.errors import ApiError
from tests.project.modules import ROOT

_ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d{3}) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)


def _classes(base: type[ApiError]) -> Iterator[type[ApiError]]:
    for child in base.__subclasses__():
        # Refusals that only HTTP knows are defined where they are made, and are listed with the statuses of HTTP.
        if child.__module__ == ApiError.__module__:
            yield child
            yield from _classes(child)


def test_the_page_has_each_code_with_its_statuses() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    rows = _ROW.findall(page)
    assert [row for row in rows if not (row[2].strip() and row[3].strip())] == []
    assert [(code, int(status)) for code, status, *_ in rows] == [(one.code, one.status) for one in _classes(ApiError)]


def test_the_common_reasons_have_codes_that_are_there() -> None:
    page = (ROOT / "docs" / "reference" / "errors.md").read_text(encoding="utf-8")
    named = {*re.findall(r"`([A-Z]+(?:_[A-Z]+)+)`", page)}
    codes = {one.code for one in _classes(ApiError)}
    assert {name for name in named if not name.startswith("FIELDSTONE_")} <= codes
    assert codes <= named | {"FORBIDDEN", "CONFLICT", "TIMEOUT", "UNAUTHENTICATED", "OVERLOADED"}
