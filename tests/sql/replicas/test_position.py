"""Positions in the WAL: their text, and their order over a promotion."""

import pytest

from fieldstone.sql.replicas.position import Position


@pytest.mark.parametrize("text", ["1:0/3000060", "2:16/B374D848", "1:FFFFFFFF/FFFFFFFF"])
def test_a_position_has_one_text(text: str) -> None:
    position = Position.read(text)
    assert position is not None
    assert str(position) == text


@pytest.mark.parametrize("text", ["", "0/3000060", "1:0/", "1:0/g", "1:0/1 ", "-1:0/1", "1:0/123456789", "1:b/1"])
def test_other_texts_are_none(text: str) -> None:
    assert Position.read(text) is None


@pytest.mark.parametrize(
    ("replayed", "needed", "is_covered"),
    [
        (Position(1, 10), Position(1, 10), True),
        (Position(1, 9), Position(1, 10), False),
        # After a promotion the same byte means another write on the old timeline.
        (Position(1, 99), Position(2, 10), False),
        # The new one has all earlier writes that outlived the promotion.
        (Position(2, 10), Position(1, 10), True),
        (Position(2, 9), Position(1, 10), False),
    ],
)
def test_a_position_covers_earlier_ones(replayed: Position, needed: Position, *, is_covered: bool) -> None:
    assert replayed.covers(needed) is is_covered
