"""The order of texts: one fixed table, as the functions that PostgreSQL has of it and as the same in Python.

The key of a text is its folded form, a border, and the text itself, each of the first 200 characters; keys are compared
byte by byte. Folding takes away case and accents. Neither ICU nor unaccent nor the database's locale has a say: the
functions use only built-ins with results that do not change, so the order is the same on every server.

A function that indexes are made of is never replaced: `CREATE OR REPLACE` would leave them silently wrong. Another
table means functions with the next number, and new indexes beside the old ones.
"""

from collections.abc import Iterator, Sequence
from typing import Final
from unicodedata import normalize

VERSION: Final = 1
"""The number of the order: part of its functions' names, of the indexes' rows in the catalog, and of cursors."""

FOLD: Final = "fieldstone.text_fold_1"
"""The function from a text to its folded form."""

KEY: Final = "fieldstone.text_key_1"
"""The function from a text to its key."""

LENGTH: Final = 200
"""The characters of a text that its key has: at most 1,601 bytes together, which a B-tree takes."""

LOW: Final = "fieldstone.text_low_1"
HIGH: Final = "fieldstone.text_high_1"
"""The functions from a text to the ends of the range of keys of the texts that are like it, or begin like it."""

_NARROWEST = 60
"""Characters of a folded text that such a range goes by."""

_COMMON_MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0309\u030a\u030b\u030c\u031b\u0323\u0326\u0327\u0328"
_MARKS = "".join(map(chr, range(0x300, 0x370)))
_WORDS = (("ß", "ss"), ("ẞ", "ss"), ("æ", "ae"), ("Æ", "ae"), ("œ", "oe"), ("Œ", "oe"), ("þ", "th"), ("Þ", "th"))
_STROKES = ("øØłŁđĐðÐıħĦŧŦ", "oollddddihhtt")

# The lower case of letters left behind those and NFKD, of Unicode 14: from a letter to another, each so many further,
# and how far away the lower case is. Of Greek the final sigma is a sigma.
# fmt: off
_LOWER: Sequence[tuple[int, int, int, int]] = (
    (0x14A, 0x14A, 1, 1), (0x181, 0x181, 1, 210), (0x182, 0x184, 2, 1), (0x186, 0x186, 1, 206), (0x187, 0x187, 1, 1),
    (0x189, 0x18A, 1, 205), (0x18B, 0x18B, 1, 1), (0x18E, 0x18E, 1, 79), (0x18F, 0x18F, 1, 202),
    (0x190, 0x190, 1, 203), (0x191, 0x191, 1, 1), (0x193, 0x193, 1, 205), (0x194, 0x194, 1, 207),
    (0x196, 0x196, 1, 211), (0x197, 0x197, 1, 209), (0x198, 0x198, 1, 1), (0x19C, 0x19C, 1, 211),
    (0x19D, 0x19D, 1, 213), (0x19F, 0x19F, 1, 214), (0x1A2, 0x1A4, 2, 1), (0x1A6, 0x1A6, 1, 218), (0x1A7, 0x1A7, 1, 1),
    (0x1A9, 0x1A9, 1, 218), (0x1AC, 0x1AC, 1, 1), (0x1AE, 0x1AE, 1, 218), (0x1B1, 0x1B2, 1, 217), (0x1B3, 0x1B5, 2, 1),
    (0x1B7, 0x1B7, 1, 219), (0x1B8, 0x1B8, 1, 1), (0x1BC, 0x1BC, 1, 1), (0x1E4, 0x1E4, 1, 1), (0x1F6, 0x1F6, 1, -97),
    (0x1F7, 0x1F7, 1, -56), (0x21C, 0x21C, 1, 1), (0x220, 0x220, 1, -130), (0x222, 0x224, 2, 1),
    (0x23A, 0x23A, 1, 10795), (0x23B, 0x23B, 1, 1), (0x23D, 0x23D, 1, -163), (0x23E, 0x23E, 1, 10792),
    (0x241, 0x241, 1, 1), (0x243, 0x243, 1, -195), (0x244, 0x244, 1, 69), (0x245, 0x245, 1, 71), (0x246, 0x24E, 2, 1),
    (0x370, 0x372, 2, 1), (0x376, 0x376, 1, 1), (0x37F, 0x37F, 1, 116), (0x391, 0x3A1, 1, 32), (0x3A3, 0x3A9, 1, 32),
    (0x3C2, 0x3C2, 1, 1), (0x3CF, 0x3CF, 1, 8), (0x3D8, 0x3EE, 2, 1), (0x3F7, 0x3F7, 1, 1), (0x3FA, 0x3FA, 1, 1),
    (0x3FD, 0x3FF, 1, -130), (0x402, 0x404, 2, 80), (0x405, 0x406, 1, 80), (0x408, 0x40B, 1, 80),
    (0x40F, 0x40F, 1, 80), (0x410, 0x418, 1, 32), (0x41A, 0x42F, 1, 32), (0x460, 0x474, 2, 1), (0x478, 0x480, 2, 1),
    (0x48A, 0x4BE, 2, 1), (0x4C0, 0x4C0, 1, 15), (0x4C3, 0x4CD, 2, 1), (0x4D4, 0x4D4, 1, 1), (0x4D8, 0x4D8, 1, 1),
    (0x4E0, 0x4E0, 1, 1), (0x4E8, 0x4E8, 1, 1), (0x4F6, 0x4F6, 1, 1), (0x4FA, 0x52E, 2, 1), (0x531, 0x556, 1, 48),
    (0x10A0, 0x10C5, 1, 7264), (0x10C7, 0x10C7, 1, 7264), (0x10CD, 0x10CD, 1, 7264), (0x13A0, 0x13EF, 1, 38864),
    (0x13F0, 0x13F5, 1, 8), (0x1C90, 0x1CBA, 1, -3008), (0x1CBD, 0x1CBF, 1, -3008), (0x1EFA, 0x1EFE, 2, 1),
    (0x2132, 0x2132, 1, 28), (0x2183, 0x2183, 1, 1), (0x2C00, 0x2C2F, 1, 48), (0x2C60, 0x2C60, 1, 1),
    (0x2C62, 0x2C62, 1, -10743), (0x2C63, 0x2C63, 1, -3814), (0x2C64, 0x2C64, 1, -10727), (0x2C67, 0x2C6B, 2, 1),
    (0x2C6D, 0x2C6D, 1, -10780), (0x2C6E, 0x2C6E, 1, -10749), (0x2C6F, 0x2C6F, 1, -10783), (0x2C70, 0x2C70, 1, -10782),
    (0x2C72, 0x2C72, 1, 1), (0x2C75, 0x2C75, 1, 1), (0x2C7E, 0x2C7F, 1, -10815), (0x2C80, 0x2CE2, 2, 1),
    (0x2CEB, 0x2CED, 2, 1), (0x2CF2, 0x2CF2, 1, 1), (0xA640, 0xA66C, 2, 1), (0xA680, 0xA69A, 2, 1),
    (0xA722, 0xA72E, 2, 1), (0xA732, 0xA76E, 2, 1), (0xA779, 0xA77B, 2, 1), (0xA77D, 0xA77D, 1, -35332),
    (0xA77E, 0xA786, 2, 1), (0xA78B, 0xA78B, 1, 1), (0xA78D, 0xA78D, 1, -42280), (0xA790, 0xA792, 2, 1),
    (0xA796, 0xA7A8, 2, 1), (0xA7AA, 0xA7AA, 1, -42308), (0xA7AB, 0xA7AB, 1, -42319), (0xA7AC, 0xA7AC, 1, -42315),
    (0xA7AD, 0xA7AD, 1, -42305), (0xA7AE, 0xA7AE, 1, -42308), (0xA7B0, 0xA7B0, 1, -42258), (0xA7B1, 0xA7B1, 1, -42282),
    (0xA7B2, 0xA7B2, 1, -42261), (0xA7B3, 0xA7B3, 1, 928), (0xA7B4, 0xA7C2, 2, 1), (0xA7C4, 0xA7C4, 1, -48),
    (0xA7C5, 0xA7C5, 1, -42307), (0xA7C6, 0xA7C6, 1, -35384), (0xA7C7, 0xA7C9, 2, 1), (0xA7D0, 0xA7D0, 1, 1),
    (0xA7D6, 0xA7D8, 2, 1), (0xA7F5, 0xA7F5, 1, 1), (0x10400, 0x10427, 1, 40), (0x104B0, 0x104D3, 1, 40),
    (0x10570, 0x1057A, 1, 39), (0x1057C, 0x1058A, 1, 39), (0x1058C, 0x10592, 1, 39), (0x10594, 0x10595, 1, 39),
    (0x10C80, 0x10CB2, 1, 64), (0x118A0, 0x118BF, 1, 32), (0x16E40, 0x16E5F, 1, 32), (0x1E900, 0x1E921, 1, 34),
)
# fmt: on

# The letters between which PostgreSQL's translate finds most: it walks its list.
_GREEK_AND_CYRILLIC = range(0x370, 0x530)
_COMMON_LETTERS = "".join(map(chr, (*range(0x3B1, 0x3C2), *range(0x3C3, 0x3CA), *range(0x430, 0x450))))


def fold(text: str) -> str:
    """Return the text without case and accents, as the function `FOLD` does."""
    return normalize("NFKD", text).translate(_TABLE)


def _pairs() -> Iterator[tuple[str, str]]:
    """Yield each letter of `_LOWER` with its lower case."""
    for first, last, step, distance in _LOWER:
        for code in range(first, last + 1, step):
            yield chr(code), chr(code + distance)


_TABLE = str.maketrans(
    dict.fromkeys(_MARKS, "")
    | dict(_WORDS)
    | dict(zip(*_STROKES, strict=True))
    | dict(_pairs())
    | {chr(code): chr(code + 32) for code in range(ord("A"), ord("Z") + 1)}
)


def functions() -> str:
    """Return the statements that create the functions: the text of the catalog's migration."""
    near, far = _lists(near=True), _lists(near=False)
    near = (_COMMON_LETTERS + near[0], _COMMON_LETTERS + near[1])
    words = "s"
    for letter, instead in _WORDS:
        words = f"pg_catalog.replace({words}, '{letter}', '{instead}')"
    return _TEMPLATE.lstrip().format(
        length=LENGTH,
        narrowest=_NARROWEST,
        common_marks=_escaped(_COMMON_MARKS),
        marks=_escaped(_MARKS),
        words=words,
        strokes=_STROKES[0],
        plain=_STROKES[1],
        near=near,
        far=far,
        far_class=_character_class(far[0]),
    )


def _lists(*, near: bool) -> tuple[str, str]:
    """Return the letters and their lower case, those of Greek and Cyrillic or the others."""
    found = [pair for pair in _pairs() if (ord(pair[0]) in _GREEK_AND_CYRILLIC) is near]
    return "".join(letter for letter, _ in found), "".join(lower for _, lower in found)


def _escaped(characters: str) -> str:
    return "".join(f"\\u{ord(character):04x}" for character in characters)


def _character_class(characters: str) -> str:
    """Return the inside of a regular expression's class of exactly these characters."""
    runs: list[list[int]] = []
    for code in sorted(map(ord, characters)):
        if runs and runs[-1][1] == code - 1:
            runs[-1][1] = code
        else:
            runs.append([code, code])
    return "".join(chr(first) if first == last else f"{chr(first)}-{chr(last)}" for first, last in runs)


_TEMPLATE = r"""
-- Written by sql/text_order.py, which explains the order. These functions must never be replaced: indexes are made of
-- them. pg_restore calls them with an empty search path, so each name is qualified. STRICT and SET would keep those in
-- SQL from being inlined. Few texts go the slow way: with PostgreSQL's usual COST of 100 it would rather sort a page by
-- a pattern than read it in the order of an index.
CREATE FUNCTION fieldstone.text_fold_slow_1(t text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $$
DECLARE
    s text COLLATE pg_catalog."C" := pg_catalog.normalize(t, 'NFKD');
BEGIN
    s := pg_catalog.translate(s, E'{common_marks}', '');
    IF pg_catalog.octet_length(s) OPERATOR(pg_catalog.=) pg_catalog.char_length(s) THEN
        RETURN pg_catalog.lower(s);
    END IF;
    s := {words};
    s := pg_catalog.translate(s, '{strokes}', '{plain}');
    IF pg_catalog.octet_length(s) OPERATOR(pg_catalog.=) pg_catalog.char_length(s) THEN
        RETURN pg_catalog.lower(s);
    END IF;
    IF s OPERATOR(pg_catalog.~) '[\u0300-\u036f]' THEN
        s := pg_catalog.translate(s, E'{marks}', '');
    END IF;
    IF s OPERATOR(pg_catalog.~) '[\u0370-\u052f]' THEN
        s := pg_catalog.translate(s,
            '{near[0]}',
            '{near[1]}');
    END IF;
    IF s OPERATOR(pg_catalog.~) '[{far_class}]' THEN
        s := pg_catalog.translate(s,
            '{far[0]}',
            '{far[1]}');
    END IF;
    RETURN pg_catalog.lower(s);
END $$;

CREATE FUNCTION fieldstone.text_fold_1(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN pg_catalog.octet_length(t) OPERATOR(pg_catalog.=) pg_catalog.char_length(t)
            THEN pg_catalog.lower(t COLLATE pg_catalog."C")
        WHEN t IS NULL THEN NULL
        ELSE fieldstone.text_fold_slow_1(t) END $$;

CREATE FUNCTION fieldstone.text_key_slow_1(t text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE COST 10 AS $$
DECLARE
    s text COLLATE pg_catalog."C" := pg_catalog.left(t, {length});
BEGIN
    RETURN pg_catalog.translate(
        pg_catalog.left(fieldstone.text_fold_slow_1(s), {length}), E'\x01\U0010FFFF', E'\x02\U0010FFFE')
        OPERATOR(pg_catalog.||) E'\x01' OPERATOR(pg_catalog.||) s;
END $$;

CREATE FUNCTION fieldstone.text_key_1(t text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE
        WHEN pg_catalog.octet_length(t) OPERATOR(pg_catalog.=) pg_catalog.char_length(t)
            THEN pg_catalog.translate(pg_catalog.lower(pg_catalog.left(t, {length}) COLLATE pg_catalog."C"),
                E'\x01', E'\x02') OPERATOR(pg_catalog.||) E'\x01' OPERATOR(pg_catalog.||) pg_catalog.left(t, {length})
        WHEN t IS NULL THEN NULL
        ELSE fieldstone.text_key_slow_1(t) END $$;

-- The keys of the texts that are a text when they are folded (or, if not whole, that begin with it) are in the range
-- from the one to below the other. Of a long text only the beginning counts, as a longer text with many accents on
-- their own has fewer letters in its key. No index is made of these two.
CREATE FUNCTION fieldstone.text_low_1(t text, whole boolean) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.left(s, {narrowest}) OPERATOR(pg_catalog.||)
        CASE WHEN whole AND pg_catalog.char_length(s) OPERATOR(pg_catalog.<=) {narrowest} THEN E'\x01' ELSE '' END
    FROM pg_catalog.split_part(fieldstone.text_key_1(t), E'\x01', 1) AS s $$;
CREATE FUNCTION fieldstone.text_high_1(t text, whole boolean) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT pg_catalog.left(s, {narrowest}) OPERATOR(pg_catalog.||)
        CASE WHEN whole AND pg_catalog.char_length(s) OPERATOR(pg_catalog.<=) {narrowest}
            THEN E'\x02' ELSE E'\U0010FFFF' END
    FROM pg_catalog.split_part(fieldstone.text_key_1(t), E'\x01', 1) AS s $$;
"""
