"""Secrets that are sealed under one key, opened by each, and by nobody else."""

import pytest

from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.errors import SecretUnreadable

OLD, NEW = "o" * 32, "n" * 44
TEXTS = ("s", "whsec_x", "sealed", "Zoë\n🔑", "x" * 500)


@pytest.mark.parametrize("text", TEXTS)
def test_a_sealed_secret_opens_and_does_not_show_itself(text: str) -> None:
    box = SecretBox([OLD])
    stored = box.seal(text)
    assert stored.startswith(f"sealed:{box.names[0]}:")
    assert text not in stored.removeprefix(box.prefix) or len(text) == 1
    assert box.open(stored) == text
    assert box.seal(text) != stored


def test_the_first_key_seals_and_each_one_opens() -> None:
    before, during, after = SecretBox([OLD]), SecretBox([NEW, OLD]), SecretBox([NEW])
    stored = before.seal("known")
    assert during.open(stored) == "known"
    again = during.seal(during.open(stored))
    assert again.startswith(after.prefix)
    assert after.open(again) == "known"
    with pytest.raises(SecretUnreadable, match=f"under the key {before.names[0]}, which FIELDSTONE_SECRET_KEY does"):
        after.open(stored)
    with pytest.raises(SecretUnreadable, match="FIELDSTONE_SECRET_KEY"):
        SecretBox().open(stored)


def test_without_a_key_a_secret_is_stored_as_it_is_and_with_one_it_still_opens() -> None:
    assert SecretBox().seal("plain") == "plain"
    assert SecretBox().open("plain") == SecretBox([OLD]).open("plain") == "plain"


def test_a_secret_that_was_changed_does_not_open() -> None:
    box = SecretBox([OLD])
    stored = box.seal("known")
    for changed in (
        stored[:-3] + "AAA",
        stored[: stored.rindex(":") + 1],
        stored[:40] + ("A" if stored[40] != "A" else "B") + stored[41:],
        SecretBox([NEW]).seal("known"),
    ):
        named_ours = box.prefix + changed.rpartition(":")[2]
        with pytest.raises(SecretUnreadable) as refused:
            box.open(named_ours)
        assert "known" not in str(refused.value)


def test_the_name_of_a_key_is_short_and_not_its_key() -> None:
    (name,) = SecretBox([OLD]).names
    assert len(name) == 12
    assert name == SecretBox([OLD]).names[0] != SecretBox([NEW]).names[0]
