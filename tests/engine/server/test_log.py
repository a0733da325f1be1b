"""The lines of the log in both forms: those of the server, and those of libraries."""

import json
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fieldstone.engine.server.log import build_log, flush_log, route_standard_logging
from fieldstone.engine.server.log_lines import write_colored, write_plain
from fieldstone.engine.settings import Settings, load_settings

_TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def settings(**given: Any) -> Settings:
    return load_settings(None, **({"log_format": "json", "log_level": "info"} | given))


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    flush_log()
    return capsys.readouterr().err.splitlines()


def test_a_line_is_an_object_with_its_facts_in_order(capsys: pytest.CaptureFixture[str]) -> None:
    lines(capsys)
    build_log(settings(), worker=3).warning("it is full", path=Path("/a"), name='Größe "ä"\n', open=2)
    (line,) = lines(capsys)
    assert line.isascii()
    found = json.loads(line)
    assert list(found) == ["worker", "path", "name", "open", "event", "level", "timestamp"]
    assert re.fullmatch(_TIME, found.pop("timestamp"))
    assert found == {
        "worker": 3,
        "path": repr(Path("/a")),
        "name": 'Größe "ä"\n',
        "open": 2,
        "event": "it is full",
        "level": "warning",
    }


@pytest.mark.parametrize(
    ("least", "written"),
    [
        ("debug", ["debug", "info", "warning", "error"]),
        ("info", ["info", "warning", "error"]),
        ("warning", ["warning", "error"]),
        ("error", ["error"]),
    ],
)
def test_lines_below_the_level_are_not_written(
    least: str, written: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    log = build_log(settings(log_level=least))
    lines(capsys)
    for write in (log.debug, log.info, log.warning, log.error):
        write("an event")
    assert [json.loads(line)["level"] for line in lines(capsys)] == written


def fail() -> Exception:
    error = LookupError("nothing there")
    error.__cause__ = ValueError("a cause")
    return error


def test_an_error_has_its_traceback_as_one_member(capsys: pytest.CaptureFixture[str]) -> None:
    lines(capsys)
    build_log(settings()).error("unexpected error", id="7", exc_info=fail())
    (line,) = lines(capsys)
    found = json.loads(line)
    assert list(found) == ["id", "event", "level", "timestamp", "exception"]
    assert found["exception"].startswith("ValueError: a cause\n")
    assert found["exception"].endswith("LookupError: nothing there")


def test_a_line_of_a_library_is_as_ours_with_its_logger(capsys: pytest.CaptureFixture[str]) -> None:
    route_standard_logging(settings(), worker=1)
    lines(capsys)
    logging.getLogger("a.library").error("%d of %d", 1, 2, exc_info=fail())
    logging.getLogger("a.library").debug("below the level")
    (line,) = lines(capsys)
    found = json.loads(line)
    assert list(found) == ["worker", "event", "level", "timestamp", "logger", "exception"]
    assert (found["event"], found["level"], found["logger"]) == ("1 of 2", "error", "a.library")


def test_columns_show_the_facts_in_the_order_of_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    lines(capsys)
    build_log(settings(log_format="console")).error("it failed", way="a b", id="7", of=[1], exc_info=fail())
    first, *traceback = lines(capsys)
    assert re.fullmatch(rf"{_TIME} \[error    \] it failed {{22}}id=7 of=\[1\] way='a b'", first)
    assert (traceback[0], traceback[-1]) == ("ValueError: a cause", "LookupError: nothing there")


def test_colors_are_all_that_a_terminal_gets_besides() -> None:
    facts = {"event": "starting", "level": "info", "timestamp": "now", "logger": "a", "port": 80}
    plain, colored = write_plain(facts), write_colored(facts)
    assert plain == "now [info     ] starting                       [a] port=80"
    assert re.sub("\x1b\\[[0-9]+m", "", colored) == plain
    assert colored != plain
