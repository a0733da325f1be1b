"""The log lines of a loop that fails again and again."""

import pytest

from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.errors import DatabaseBusy, OutOfResources


def test_one_line_in_ten_seconds_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    pause, begun = LogPause(), []
    for second in (100.0, 100.5, 109.9, 110.0, 119.9, 130.0):
        monkeypatch.setattr("time.monotonic", lambda second=second: second)
        begun.append(pause.begin())
    assert begun == [True, False, False, True, False, True]


def test_another_error_is_logged_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk was not told for ten seconds, as the lost connections before it were told."""
    monkeypatch.setattr("time.monotonic", lambda: 100.0)
    pause = LogPause()
    errors = [
        DatabaseBusy("5 callers already wait for a connection"),
        DatabaseBusy("6 callers already wait for a connection"),
        OutOfResources("no space left on device", sqlstate="53100"),
        OutOfResources("too many clients", sqlstate="53300"),
        DatabaseBusy("7 callers already wait for a connection"),
    ]
    assert [pause.begin(error) for error in errors] == [True, False, True, True, False]
