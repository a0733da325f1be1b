"""Texts that are only shown to people: their lengths, and no character that drives a terminal or forges a line."""

import re

from fieldstone.metadata.json_text import unstorable

LONGEST = 200
"""Characters of a label, the name of an icon, of a key, the label or color of an option."""

LONGEST_DESCRIPTION = 10_000
"""Characters of a description, which may have several lines."""

# C0, DEL, C1, the separators of lines and paragraphs, and signs that turn the direction of all that follows.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_LINES = frozenset("\n\t")


def find_problem(text: str, *, is_description: bool = False) -> str | None:
    """Return the rule that a text breaks ("must ..."), None where it breaks none."""
    if reason := unstorable(text):
        return reason
    longest = LONGEST_DESCRIPTION if is_description else LONGEST
    if len(text) > longest:
        return f"must have at most {longest:,} characters, not {len(text):,}"
    for found in _CONTROLS.finditer(text):
        if not (is_description and found.group() in _LINES):
            return f"must not contain control characters, such as U+{ord(found.group()):04X}"
    return None


def fit(text: str, *, is_description: bool = False) -> str:
    """Return a text that breaks no rule: blanks for its control characters, and cut where it is too long."""
    longest = LONGEST_DESCRIPTION if is_description else LONGEST
    kept = _LINES if is_description else frozenset[str]()
    plain = _CONTROLS.sub(lambda found: found.group() if found.group() in kept else " ", text)
    return plain if len(plain) <= longest else f"{plain[: longest - 3]}..."


def escape(text: str, *, keep_lines: bool = False) -> str:
    """Return a text as a terminal may get it: characters that cannot be printed are escaped, as Python does it."""
    return "".join(
        one if one.isprintable() or (keep_lines and one in _LINES) else one.encode("unicode_escape").decode()
        for one in text
    )
