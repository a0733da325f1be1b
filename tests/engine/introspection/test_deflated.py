"""A text in compressed pieces is itself, as plain bytes and as an encoding of HTTP."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.engine.introspection.deflated import CHUNK, DeflatedText, deflate


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), max_size=8))
def test_pieces_are_joined(parts: list[str]) -> None:
    text = DeflatedText(map(deflate, parts))
    plain = "".join(parts).encode()
    assert bytes(text) == plain
    assert len(text) == len(plain)
    encoded = b"".join(text.encoded())
    assert zlib.decompress(encoded) == plain
    assert text.encoded_length == len(encoded)


def test_a_piece_may_stand_anywhere() -> None:
    one, other = deflate("abc" * 1_000), deflate("cba" * 1_000)
    assert bytes(DeflatedText([other, one, other])) == (b"cba" * 1_000) + (b"abc" * 1_000) + (b"cba" * 1_000)


@pytest.mark.parametrize("megabytes", [0, 1, 3])
def test_chunks_are_neither_small_nor_large(megabytes: int) -> None:
    text = DeflatedText([deflate("x" * 10_000)] * (100 * megabytes))
    sizes = [len(chunk) for chunk in text.plain()]
    assert sum(sizes) == len(text)
    assert all(CHUNK <= size < CHUNK + 10_000 for size in sizes[:-1])
