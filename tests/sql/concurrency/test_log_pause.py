"""The log lines of a loop that fails again and again."""

import pytest

from fieldstone.sql.concurrency.log_pause import LogPause


def test_one_line_in_ten_seconds_is_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    pause, begun = LogPause(), []
    for second in (100.0, 100.5, 109.9, 110.0, 119.9, 130.0):
        monkeypatch.setattr("time.monotonic", lambda second=second: second)
        begun.append(pause.begin())
    assert begun == [True, False, False, True, False, True]
