"""The quick lexer yields graphql-core's tokens, and its errors."""

import pytest
from graphql import GraphQLSyntaxError, Lexer, Source, TokenKind
from graphql.language.parser import Parser
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.documents.quick_lexer import QuickLexer
from tests.operations import examples

pytestmark = pytest.mark.long

PIECES = (
    *"!$&():=@[]{|}.#'\"\\-+0127eEx_ ,\t\n\r\ufeffé\ud83d\ude00\U0001f600\x00",
    "...", '""', '"""', '"a"', '"\\n"', "\\u00e9", "\r\n", "-0", "01", "1.5", "1e3", "12x", "name", "on",
    "# x\n", "\n# x\n\n",
)  # fmt: skip


def read(lexer: Lexer) -> list[object]:
    """The tokens of a text, with their places, and the error that ends it."""
    found: list[object] = []
    try:
        while lexer.token.kind is not TokenKind.EOF:
            lexer.advance()
            found.append((lexer.token, lexer.line, lexer.line_start, lexer.token.prev))
    except GraphQLSyntaxError as error:
        found.append((error.message, error.positions))
    return found


@given(pieces=st.lists(st.sampled_from(PIECES), max_size=12))
@examples(1_500)
def test_any_text_has_the_same_tokens(pieces: list[str]) -> None:
    text = "".join(pieces)
    assert read(QuickLexer(Source(text))) == read(Lexer(Source(text)))


TEXTS = (
    '{ a(b: "c" d: -12) ...F @x }\n\n  query ($v: [Int!] = 0) { a }',
    '# a\n# b\n{ a # c\n b(c: """d""" e: 1.5) }\n# f',
    "# a",
)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("most", [*range(1, 30), 10_000])
def test_a_text_is_parsed_the_same_within_a_limit_of_tokens(text: str, most: int) -> None:
    def outcome(lexer: Lexer) -> object:
        try:
            return Parser(lexer.source, max_tokens=most, lexer=lexer).parse_document()
        except GraphQLSyntaxError as error:
            return error.message, error.positions

    assert outcome(QuickLexer(Source(text))) == outcome(Lexer(Source(text)))
