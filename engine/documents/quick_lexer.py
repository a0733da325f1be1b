"""graphql-core's lexer, with the usual tokens found by a regular expression instead of letter by letter."""

import re
from typing import Final

from graphql import Lexer, Token, TokenKind

_TOKEN: Final = re.compile(
    r"[ \t,\ufeff\n]*"
    r"(?:([_A-Za-z][_0-9A-Za-z]*)"
    r"|(\.\.\.|[!$&():=@\[\]{|}])"
    r"|(-?(?:0|[1-9][0-9]*)(?![.0-9_A-Za-z]))"
    # Neither a block string, nor one with escapes, nor one that is refused.
    r'|"([^"\\\n\r\ud800-\udfff]*)"(?!"))'
)
_KINDS: Final = (None, TokenKind.NAME, None, TokenKind.INT, TokenKind.STRING)
"""The kinds of the expression's groups."""
_PUNCTUATORS: Final = {mark: TokenKind(mark) for mark in ("...", *"!$&():=@[]{|}")}


class QuickLexer(Lexer):
    """Yields the tokens and the errors of graphql-core's lexer, which reads comments, rare tokens and wrong ones."""

    def advance(self) -> Token:
        """Go to the next token that is no comment, and return it."""
        token = self.token
        if token.kind is TokenKind.EOF:
            return super().advance()
        following = token.next
        if following is None:
            following = token.next = self.read_next_token(token.end)
            following.prev = token
        if following.kind is TokenKind.COMMENT:
            return super().advance()
        self.last_token, self.token = token, following
        return following

    def read_next_token(self, start: int) -> Token:
        """Return the token behind a place in the text."""
        body = self.source.body
        found = _TOKEN.match(body, start)
        if found is None:
            return super().read_next_token(start)
        group = found.lastindex or 0
        value = found[group]
        end = found.end()
        place = end - len(value) - 2 * (group == 4)
        if place != start and (lines := body.count("\n", start, place)):
            self.line += lines
            self.line_start = body.rindex("\n", start, place) + 1
        kind = _KINDS[group]
        if kind is None:
            return Token(_PUNCTUATORS[value], place, end, self.line, 1 + place - self.line_start)
        return Token(kind, place, end, self.line, 1 + place - self.line_start, value)
