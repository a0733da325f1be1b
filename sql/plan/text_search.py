"""The search over all objects, as the functions and numbers that its statements and its indexes have in common."""

from collections.abc import Sequence
from typing import Final

from fieldstone.sql.text_order import fold

WORDS: Final = "fieldstone.search_words_1"
"""The function from a text to the vector of its words."""

LIKENESS: Final = "fieldstone.likeness"
"""The function from a query and a label, both folded, to how much of the one is in the other, from 0 to 1."""

IS_LIKE: Final = "fieldstone.is_like"
"""The function from the same to whether that is enough for a query with a typing error."""

LONGEST: Final = 50_000
"""The characters of a record's texts that are searched: PostgreSQL refuses the vector of a text of a megabyte."""

LABEL: Final = 200
"""The characters of a label that a query is compared with."""

_PUNCTUATION = str.maketrans(dict.fromkeys("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", " "))
_MOST_WORDS = 30


def words_of(query: str) -> str:
    """Return the query's words in the syntax of to_tsquery, each as the beginning of one; "" where it has none."""
    words = dict.fromkeys(fold(query).translate(_PUNCTUATION).split())
    return " & ".join(f"'{word}':*" for word in [*words][:_MOST_WORDS])


def share_of(texts: Sequence[object]) -> int:
    """Return the characters of each text that are searched."""
    return LONGEST // max(len(texts), 1)
