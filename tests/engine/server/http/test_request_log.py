"""The log's line of a request: put together by hand, equal to the line of `Log`, and written soon."""

import json
from typing import Any
from uuid import UUID

import pytest

from fieldstone.engine.server.http.requests.request_log import RequestContext, build_request_log
from fieldstone.engine.server.log import build_log, flush_log, hold_line
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN
from tests.waiting import until

ASKED_BY = Principal(subject_id=UUID(int=1), rate_key=UUID(int=1), name="a key", workspace_id=UUID(int=2), role=ADMIN)


def settings(**given: Any) -> Settings:
    return load_settings(None, log_format="json", **given)


async def written(scope: dict[str, Any], context: RequestContext, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    flush_log()
    capsys.readouterr()
    build_request_log(settings(log_level="info"), build_log(settings(log_level="info")))(
        scope["method"], scope["path"], context, 200, 0.00123
    )
    flush_log()
    (line,) = capsys.readouterr().err.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize(
    "context",
    [
        RequestContext(),
        RequestContext(principal=ASKED_BY, operations=3),
        RequestContext(principal=ASKED_BY, error_id='a "b"'),
    ],
    ids=["nobody", "a key", "an error"],
)
async def test_a_line_has_what_the_log_would_have_given_it(
    context: RequestContext, capsys: pytest.CaptureFixture[str]
) -> None:
    scope = {"method": 'GE"T', "path": '/ä"\\\n' + "x" * 300}
    line = await written(scope, context, capsys)
    facts = {key: value for key, value in line.items() if key not in {"event", "level", "timestamp"}}
    build_log(settings(log_level="info")).info("request", **facts)
    flush_log()
    expected = json.loads(capsys.readouterr().err)
    assert list(line) == list(expected)
    assert {**line, "timestamp": ""} == {**expected, "timestamp": ""}
    assert line["timestamp"][:13] <= expected["timestamp"][:13]
    assert len(line["timestamp"]) == len("2026-01-31T12:00:00.123456Z")
    assert line["path"] == '/\\xe4"\\\\\\n' + "x" * 195
    assert line["ms"] == 1.23


async def test_a_line_that_is_held_back_is_written_in_a_moment(capsys: pytest.CaptureFixture[str]) -> None:
    flush_log()
    capsys.readouterr()
    hold_line("first")
    hold_line("second")
    assert capsys.readouterr().err == ""
    seen: list[str] = []

    def is_written() -> bool:
        seen.append(capsys.readouterr().err)
        return "".join(seen) == "first\nsecond\n"

    await until(is_written)


async def test_what_is_written_at_once_comes_after_what_was_held_back(capsys: pytest.CaptureFixture[str]) -> None:
    flush_log()
    capsys.readouterr()
    hold_line("first")
    build_log(settings(log_level="error")).error("second")
    flush_log()
    first, second = capsys.readouterr().err.splitlines()
    assert first == "first"
    assert json.loads(second)["event"] == "second"


async def test_nothing_is_written_where_only_errors_are_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = settings(log_level="error")
    build_request_log(quiet, build_log(quiet))("GET", "/", RequestContext(), 200, 0.1)
    flush_log()
    assert capsys.readouterr().err == ""
