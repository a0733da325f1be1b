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
    r"\u0001-\u002f\u003a-\u0060\u007b-\u00bf\u00d7\u00f7\u03f6\u0482\u055a-\u055f\u0589\u058a\u058d-\u058f\u05be"
    r"\u05c0\u05c3\u05c6\u05f3\u05f4\u0600-\u060f\u061b-\u061f\u066a-\u066d\u06d4\u06dd\u06de\u06e9\u06fd\u06fe"
    r"\u0700-\u070d\u070f\u07f6-\u07f9\u07fe\u07ff\u0830-\u083e\u085e\u0890\u0891\u08e2\u0964\u0965\u0970\u09f2\u09f3"
    r"\u09fa\u09fb\u09fd\u0a76\u0af0\u0af1\u0b70\u0bf3-\u0bfa\u0c77\u0c7f\u0c84\u0d4f\u0d79\u0df4\u0e3f\u0e4f\u0e5a"
    r"\u0e5b\u0f01-\u0f17\u0f1a-\u0f1f\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fcc\u0fce-\u0fda"
    r"\u104a-\u104f\u109e\u109f\u10fb\u1360-\u1368\u1390-\u1399\u1400\u166d\u166e\u1680\u169b\u169c\u16eb-\u16ed"
    r"\u1735\u1736\u17d4-\u17d6\u17d8-\u17db\u1800-\u180a\u180e\u1940\u1944\u1945\u19de-\u19ff\u1a1e\u1a1f"
    r"\u1aa0-\u1aa6\u1aa8-\u1aad\u1b5a-\u1b6a\u1b74-\u1b7e\u1bfc-\u1bff\u1c3b-\u1c3f\u1c7e\u1c7f\u1cc0-\u1cc7\u1cd3"
    r"\u2000-\u206f\u20a0-\u20ff\u2104\u2108\u2114\u2117\u2118\u211e-\u2123\u2125\u2127\u2129\u212e\u213a"
    r"\u2141-\u2144\u214a-\u214d\u214f\u218a\u218b\u2190-\u2bff\u2ce5-\u2cea\u2cf9-\u2cfc\u2cfe\u2cff\u2d70"
    r"\u2e00-\u2e2e\u2e30-\u2e99\u2e9b-\u2ef2\u2ff0-\u2ffb\u3001-\u3004\u3008-\u3020\u3030\u3037\u303d-\u303f\u30a0"
    r"\u30fb\u3190\u3191\u31c0-\u31e3\u327f\u4dc0-\u4dff\ua490-\ua4c6\ua4fe\ua4ff\ua60d-\ua60f\ua673\ua67e"
    r"\ua6f2-\ua6f7\ua828-\ua82b\ua836-\ua839\ua874-\ua877\ua8ce\ua8cf\ua8f8-\ua8fa\ua8fc\ua92e\ua92f\ua95f"
    r"\ua9c1-\ua9cd\ua9de\ua9df\uaa5c-\uaa5f\uaa77-\uaa79\uaade\uaadf\uaaf0\uaaf1\uabeb\ufd3e-\ufd4f\ufdcf"
    r"\ufdfd-\ufe0f\ufe45\ufe46\ufeff\ufff9-\ufffd\U0001d100-\U0001d126\U0001d129-\U0001d15d\U0001d16a-\U0001d16c"
    r"\U0001d173-\U0001d17a\U0001d183\U0001d184\U0001d18c-\U0001d1a9\U0001d1ae-\U0001d1ea\U0001e95e\U0001e95f"
    r"\U0001f000-\U0001faff\U000e0000-\U000e007f"
)
"""The characters between the words of a folded text, in a class of regular expressions: punctuation, symbols, emoji.

They are those of Unicode 14, without the modifiers that stand in words, and the marks of emoji.
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
