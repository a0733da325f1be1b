"""The search over all objects, as the functions and numbers that its statements and its indexes have in common."""

import re
from collections.abc import Sequence
from typing import Final

from fieldstone.sql.text_order import fold

WORDS: Final = "fieldstone.search_words_2"
"""The function from a text to the vector of its words."""

LIKENESS: Final = "fieldstone.likeness"
"""The function from a query and a label, both folded, to how much of the one is in the other, from 0 to 1."""

IS_LIKE: Final = "fieldstone.is_like"
"""The function from the same to whether that is enough for a query with a typing error."""

LONGEST: Final = 50_000
"""The characters of a record's texts that are searched: PostgreSQL refuses the vector of a text of a megabyte."""

LABEL: Final = 200
"""The characters of a label that a query is compared with."""

SEPARATORS: Final = (
    r"\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u055a-\u055f\u0589\u058a\u05be\u05c0\u05c3\u05c6\u05f3\u05f4"
    r"\u060c\u061b\u061e\u061f\u066a-\u066d\u06d4\u0964\u0965\u0e3f\u0e4f\u2000-\u206f\u20a0-\u20ff\u2190-\u2bff"
    r"\u2e00-\u2e2e\u2e30-\u2e7f\u3001-\u3004\u3008-\u3020\u3030\u303d-\u303f\u30a0\u30fb\ufe00-\ufe0f\ufeff\ufffc\ufffd"
    r"\U0001f000-\U0001faff"
)
"""The characters between the words of a folded text, in a class of regular expressions: punctuation, symbols, emoji.

If the database has the locale C, as the embedded one has, PostgreSQL's parser takes those beyond ASCII for letters.
"""

_SEPARATOR = re.compile(f"[{SEPARATORS}]")
_MOST_WORDS = 30
_RUN = re.compile("[a-z]+|[0-9]+")
"""A run of characters that stay together in each word of to_tsvector."""


def words_of(query: str) -> str:
    """Return the query's words in the syntax of to_tsquery, each as the beginning of one; "" where it has none."""
    return " & ".join(f"'{word}':*" for word in _words(query))


def patterns_of(query: str) -> Sequence[str]:
    """Return patterns of LIKE that the folded text of each record with the query's words has: to try them is cheap."""
    runs = dict.fromkeys(run[0] for word in _words(query) if (run := _RUN.match(word)))
    return [f"%{run}%" for run in runs]


def _words(query: str) -> Sequence[str]:
    return [*dict.fromkeys(_SEPARATOR.sub(" ", fold(query)).split())][:_MOST_WORDS]


def share_of(texts: Sequence[object]) -> int:
    """Return the characters of each text that are searched."""
    return LONGEST // max(len(texts), 1)
