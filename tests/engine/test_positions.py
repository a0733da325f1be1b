"""The form of positions for clients: numbers, or texts that tell nothing and that nobody can make."""

from dataclasses import replace
from itertools import pairwise

import pytest

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.positions import EPOCH, Positions

KEY = b"k" * 32
WHOLE = Positions(key=KEY, epoch=0, sealed=False)
SEALED = replace(WHOLE, sealed=True)
NUMBERS = [0, 1, 2, 50_000, EPOCH - 1]


def refused(positions: Positions, text: object) -> None:
    with pytest.raises(BadUserInput) as caught:
        positions.read(text, "after")
    assert caught.value.formatted()["extensions"] == {
        "code": "BAD_USER_INPUT",
        "field": "after",
        "reason": "POSITION_UNKNOWN",
    }


def test_a_principal_with_all_rights_sees_numbers_and_may_give_sealed_ones() -> None:
    for number in NUMBERS:
        assert WHOLE.write(number) == str(number)
        assert WHOLE.read(str(number), "after") == WHOLE.read(SEALED.write(number), "after") == number


def test_a_sealed_position_tells_neither_its_number_nor_its_equal() -> None:
    texts = [SEALED.write(number) for number in NUMBERS for _ in range(2)]
    assert {len(text) for text in texts} == {44}
    assert len({text[:8] for text in texts}) == len({text[-8:] for text in texts}) == len(texts)
    assert [SEALED.read(text, "after") for text in texts] == [number for number in NUMBERS for _ in range(2)]


def test_an_event_has_one_text_by_which_clients_know_it_again() -> None:
    texts = [SEALED.seal(number) for number in NUMBERS]
    assert texts == [WHOLE.seal(number) for number in NUMBERS]
    assert {len(text) for text in texts} == {44}
    assert all(one[:8] != other[:8] for one, other in pairwise(sorted(texts)))
    assert [SEALED.read(text, "after") for text in texts] == NUMBERS


def test_an_altered_foreign_or_made_up_position_is_none() -> None:
    text = SEALED.write(7)
    for place, old in enumerate(text):
        refused(SEALED, text[:place] + ("A" if old != "A" else "B") + text[place + 1 :])
    for made_up in ("7", "0", "", "A" * 44, text + "=", text[:-4], f" {text}", text + "\n", "é" * 44, 7, None, True):
        refused(SEALED, made_up)
    refused(replace(SEALED, key=b"l" * 32), text)
    refused(replace(WHOLE, key=b"l" * 32), text)
    for number in ("-1", "1.0", "9" * 20, str(2**63), "\u0661"):
        refused(WHOLE, number)


def test_base64_has_no_second_text_for_a_position() -> None:
    """Python's decoder skips characters that are none, and takes those of the other alphabet."""
    text = next(one for one in (SEALED.write(7) for _ in range(1_000)) if "-" in one)
    refused(SEALED, text.replace("-", "+"))
    refused(SEALED, text[:4] + "!" + text[4:])


def test_positions_tell_the_epoch_of_their_workspace() -> None:
    moved = [replace(one, epoch=2) for one in (WHOLE, SEALED)]
    assert [one.read(one.write(5), "after") for one in moved] == [2 * EPOCH + 5] * 2
