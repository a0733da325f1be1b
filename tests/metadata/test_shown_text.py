"""Texts that are only shown: the characters that they may hold, their form after an import, and on a terminal."""

import pytest

from fieldstone.metadata.shown_text import LONGEST, LONGEST_DESCRIPTION, escape, find_problem, fit

FINE = ["Größe", "日本", "a" * LONGEST, "👩‍👩‍👧", 'it\'s "quoted" \\ and / so on']
WRONG = {
    "an escape sequence": "\x1b]0;title\x07",
    "a line break": "one\ntwo",
    "a carriage return": "one\rtwo",
    "a delete": "a\x7f",
    "a C1 control": "a\x9b31m",
    "a line separator": "a\u2028b",
    "another direction": "abc\u202edef",
    "NUL": "a\x00",
    "too long": "a" * (LONGEST + 1),
}


@pytest.mark.parametrize("text", FINE)
def test_what_is_fine(text: str) -> None:
    assert find_problem(text) is None
    assert fit(text) == text


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_what_is_not(text: str) -> None:
    assert find_problem(text)
    assert find_problem(fit(text)) is None
    assert len(fit(text)) <= len(text)


def test_a_description_has_lines() -> None:
    text = "one\n\ttwo"
    assert find_problem(text, is_description=True) is None
    assert fit(text, is_description=True) == text
    assert find_problem("a\x1b", is_description=True) == "must not contain control characters, such as U+001B"
    long = "a" * (LONGEST_DESCRIPTION + 1)
    assert find_problem(long, is_description=True) == "must have at most 10,000 characters, not 10,001"
    assert find_problem(fit(long, is_description=True), is_description=True) is None


def test_a_terminal_gets_what_can_be_printed() -> None:
    assert escape("Größe 日本") == "Größe 日本"
    assert escape("a\x1b[31m\r\nb\u202e") == r"a\x1b[31m\r\nb\u202e"
    assert escape("one\n\ttwo\x07", keep_lines=True) == "one\n\ttwo\\x07"
