"""The lines of the log: facts in their order, for a machine or for a reader."""

import inspect
import json
import logging
import re
from typing import Any

import pytest
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from fieldstone.engine.server.log import flush_log, route_standard_logging
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.settings import load_settings

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def _written(**options: Any) -> tuple[Log, list[str]]:
    lines: list[str] = []
    return Log(lines.append, **options), lines


def test_a_json_line_has_its_facts_before_its_event() -> None:
    log, lines = _written(is_json=True, first={"worker": 2})
    log.info("a worker serves", pid=7, place={1})
    (line,) = map(json.loads, lines)
    assert list(line) == ["worker", "pid", "place", "event", "level", "timestamp"]
    assert _TIME.fullmatch(line.pop("timestamp"))
    assert line == {"worker": 2, "pid": 7, "place": "{1}", "event": "a worker serves", "level": "info"}


def _break() -> None:
    try:
        json.loads("{}")["a"]
    except KeyError as cause:
        raise ValueError("b") from cause


def test_an_error_has_its_traceback_and_its_causes() -> None:
    log, lines = _written(is_json=True)
    with pytest.raises(ValueError, match="b") as raised:
        _break()
    log.write("error", "unexpected error", {"id": "x"}, error=raised.value)
    (line,) = map(json.loads, lines)
    assert list(line) == ["id", "event", "level", "timestamp", "exception"]
    assert line["exception"].startswith("Traceback")
    assert "KeyError: 'a'" in line["exception"]
    assert line["exception"].endswith("ValueError: b")


@pytest.mark.parametrize(
    ("facts", "shown"),
    [
        ({}, "it happens"),
        ({"n": 3, "of": None}, "it happens                     n=3 of=None"),
        ({"url": "http://a:1/"}, "it happens                     url=http://a:1/"),
        ({"a": "b c", "d": "e=f"}, "it happens                     a='b c' d='e=f'"),
        ({"a": "\x1b[2J\nb"}, r"it happens                     a='\x1b[2J\nb'"),
    ],
)
def test_a_line_for_a_reader_shows_where_its_values_end(facts: dict[str, object], shown: str) -> None:
    log, lines = _written(is_json=False)
    log.warning("it happens", **facts)
    (line,) = lines
    time, _, rest = line.partition(" ")
    assert _TIME.fullmatch(time)
    assert rest == f"[warning  ] {shown}"


def test_an_event_forges_no_line_and_drives_no_terminal() -> None:
    log, lines = _written(is_json=False)
    log.write("info", "a\nb\x1b[2J", {})
    assert lines[0].endswith(r" [info     ] a\nb\x1b[2J")


def test_colors_are_for_a_terminal_alone() -> None:
    log, lines = _written(is_json=False, has_colors=True)
    log.error("it breaks", pid=1)
    plain = re.sub(r"\x1b\[\d+m", "", lines[0])
    assert plain != lines[0]
    assert plain.endswith(" [error    ] it breaks                      pid=1")


def test_a_line_below_the_level_is_not_written() -> None:
    log, lines = _written(is_json=True, level="warning")
    log.info("a")
    log.warning("b")
    log.error("c")
    assert [json.loads(line)["event"] for line in lines] == ["b", "c"]


def test_a_library_logs_lines_like_ours(capsys: pytest.CaptureFixture[str]) -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    route_standard_logging(load_settings(log_format="json", log_level="info"), 3)
    try:
        library = logging.getLogger("a.library")
        library.info("%d of %s", 1, "b")
        library.debug("c")
        library.info("%d", "no number")
        library.error("e", exc_info=ValueError("d"))
        flush_log()
    finally:
        root.handlers, root.level = before, level
    said = capsys.readouterr().err
    first, last = (json.loads(line) for line in said.splitlines() if line.startswith("{"))
    assert list(first) == ["worker", "event", "level", "timestamp", "logger"]
    assert (first["worker"], first["event"], first["logger"]) == (3, "1 of b", "a.library")
    assert (last["event"], last["level"]) == ("e", "error")
    assert last["exception"].endswith("ValueError: d")
    assert "--- Logging error ---" in said


def test_text_that_is_no_utf_8_on_a_socket_leaves_no_line() -> None:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    route_standard_logging(load_settings(log_format="json", log_level="info"))
    root.handlers, root.level = before, level
    told = "Invalid UTF-8 sequence received from client."
    assert told in inspect.getsource(WebSocketsSansIOProtocol.send_receive_event_to_app)
    uvicorn, error = logging.getLogger("uvicorn.error"), UnicodeDecodeError("utf-8", b"a", 0, 1, "b")
    lines = [
        uvicorn.makeRecord(uvicorn.name, logging.ERROR, "c", 1, text, (), (type(error), error, None))
        for text in (told, "Exception in ASGI application")
    ]
    assert [bool(uvicorn.filter(line)) for line in lines] == [False, True]
