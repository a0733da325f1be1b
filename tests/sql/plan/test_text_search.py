"""The separators of words: all punctuation and symbols that folding leaves, and no letter, digit or mark."""

import re
import unicodedata
from collections.abc import Iterator

from fieldstone.sql.plan.text_search import SEPARATORS
from fieldstone.sql.text_order import fold

_KNOWN = unicodedata.ucd_3_2_0
"""The characters that each version of Python knows: a newer one has newer characters."""
_OF_EMOJI = re.compile("[\u20d0-\u20f0\ufe00-\ufe0f\u2460-\u2bff]")
"""Marks of symbols, and digits in circles."""


def left_by_folding() -> Iterator[str]:
    """Yield the characters of scripts and symbols in use that a folded text may have."""
    for one in map(chr, (*range(1, 0xD800), *range(0xF900, 0x10000), *range(0x1F000, 0x20000))):
        if _KNOWN.category(one) != "Cn" and one in fold(one):
            yield one


def test_the_separators_are_those_of_unicode() -> None:
    separates = re.compile(f"[{SEPARATORS}]").fullmatch
    for one in left_by_folding():
        category = unicodedata.category(one)
        if (category[0] in "PSZ" and category != "Sk") or category in {"Cc", "Cf"}:
            assert separates(one), ascii(one)
        elif category[0] in "LMN" and not _OF_EMOJI.fullmatch(one):
            assert not separates(one), ascii(one)
