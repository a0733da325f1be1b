"""How long is waited."""

from datetime import UTC, datetime

import pytest

from fieldstone.engine.webhooks.sending.backoff import LONGEST, LONGEST_ASKED, next_pause, read_retry_after

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(("attempts", "most"), [(1, 2.0), (2, 4.0), (5, 32.0), (12, LONGEST), (5_000, LONGEST)])
def test_pauses_double_up_to_an_hour_and_are_never_in_step(attempts: int, most: float) -> None:
    pauses = [next_pause(attempts, 2.0) for _ in range(200)]
    assert all(most / 2 <= pause <= most for pause in pauses)
    assert len(set(pauses)) > 100


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7 ", 7.0),
        ("99999999", LONGEST_ASKED),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tuesday, 24-Nov-26 12:01:30 GMT", 90.0),
        ("Tue Nov 24 12:01:30 2026", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 0.0),
        ("Fri, 24 Nov 2126 12:00:00 GMT", LONGEST_ASKED),
        (None, None),
        ("", None),
        ("soon", None),
        ("-1", None),
        ("1.5", None),
        ("\u0663", None),
        ("Tue, 99 Nov 2026 12:01:30 GMT", None),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", None),
        ("Tue, 24 Nov 2026 12:01:30 +999999999999999999", None),
    ],
)
def test_a_target_says_when_in_seconds_or_as_a_date(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value, NOW) == seconds
