"""SQL laid out for people: line breaks at clauses and inside long parentheses, white space alone is changed."""

import re
from collections.abc import Iterator

_WIDTH = 110
_TOKEN = re.compile(
    r"""
    [EeBbXx]?'(?:[^']|'')*'      # a string
    | "(?:[^"]|"")*"             # a quoted name
    | \$\d+
    | [A-Za-z_][\w$]*
    | \d[\w.]*
    | ::|\|\||<=|>=|<>|!=|->>?|@>|<@|&&|[-+*/<>=~!@\#%^&|?]+
    | [^\s]
    """,
    re.VERBOSE,
)
_CLAUSES = {
    "SELECT", "FROM", "WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "OFFSET", "UNION", "WINDOW", "VALUES",
    "SET", "RETURNING", "LEFT", "FULL", "INNER", "CROSS", "JOIN", "INSERT", "UPDATE", "DELETE", "WITH", "ON",
}  # fmt: skip
_OPENING, _CLOSING = {"(", "["}, {")", "]"}


def lay_out(statement: str) -> str:
    """Return a statement with line breaks at its clauses; ``tokens`` of both are the same.

    A parenthesis that fits a line stays on it; a longer one has its content on lines of their own, indented by two.
    """
    words = list(_TOKEN.finditer(statement))
    texts = [word.group() for word in words]
    spaced = [index > 0 and words[index - 1].end() < word.start() for index, word in enumerate(words)]
    return "\n".join(_lines(texts, spaced, 0, len(texts), 0))


def tokens(statement: str) -> list[str]:
    """Return the tokens of a statement, white space between them left out."""
    return [word.group() for word in _TOKEN.finditer(statement)]


def _lines(texts: list[str], spaced: list[bool], start: int, end: int, depth: int) -> Iterator[str]:
    """Yield the lines of the tokens from ``start`` to ``end``, each indented by ``depth`` levels."""
    indent = "  " * depth
    for first, last in _clauses(texts, start, end):
        yield from _clause(texts, spaced, first, last, indent, depth)


def _clause(texts: list[str], spaced: list[bool], first: int, last: int, indent: str, depth: int) -> Iterator[str]:
    whole = _joined(texts, spaced, first, last)
    if len(indent) + len(whole) <= _WIDTH:
        yield indent + whole
        return
    line, index = "", first
    while index < last:
        space = " " if line and spaced[index] else ""
        closing = _closing(texts, index, last) if texts[index] in _OPENING else None
        inner = _joined(texts, spaced, index, closing + 1) if closing is not None else texts[index]
        if closing is not None and len(indent) + len(line) + len(inner) > _WIDTH and closing > index + 1:
            yield indent + line + space + texts[index]
            yield from _lines(texts, spaced, index + 1, closing, depth + 1)
            line, index = texts[closing], closing + 1
            continue
        may_break = spaced[index] or texts[index - 1] == ","
        if line and len(indent) + len(line) + len(space) + len(inner) > _WIDTH and may_break:
            yield indent + line
            line, space = "  ", ""
        line += space + inner
        index = closing + 1 if closing is not None else index + 1
    if line:
        yield indent + line


def _clauses(texts: list[str], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the spans of the clauses between two places, by the keywords that begin them outside parentheses."""
    first, nesting = start, 0
    for index in range(start, end):
        if texts[index] in _OPENING:
            nesting += 1
        elif texts[index] in _CLOSING:
            nesting -= 1
        elif not nesting and index > first and texts[index] in (*_CLAUSES, ",") and _begins(texts, index):
            yield first, index
            first = index
    yield first, end


def _begins(texts: list[str], index: int) -> bool:
    before, word = texts[index - 1], texts[index]
    if word == ",":
        return texts[index + 2 : index + 4] in (["AS", "("], ["AS", "MATERIALIZED"], ["AS", "NOT"])
    if word == "JOIN":
        return before not in {"LEFT", "FULL", "INNER", "CROSS"}
    if word == "ON":
        return texts[index + 1] == "CONFLICT"
    if word in {"FROM", "UPDATE"}:
        return before not in {"DISTINCT", "DELETE", "DO", "FOR"}
    return True


def _closing(texts: list[str], opening: int, end: int) -> int:
    nesting = 0
    for index in range(opening, end):
        nesting += (texts[index] in _OPENING) - (texts[index] in _CLOSING)
        if not nesting:
            return index
    return end - 1


def _joined(texts: list[str], spaced: list[bool], start: int, end: int) -> str:
    return "".join((" " if spaced[index] and index > start else "") + texts[index] for index in range(start, end))
